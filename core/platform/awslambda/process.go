package awslambda

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/connectless/connectless/core/trigger"
)

// Process is this process as Lambda sees it: one execution environment of a function.
type Process struct {
	registered chan error
}

// Begin prepares the process for SIGTERM, which Lambda sends only to functions with an extension: it registers one that
// listens for nothing, while the caller reads its configuration (AWS Lambda developer guide, "Lambda Extensions API").
// aws-lambda-go's WithEnableSIGTERM does the same, but makes the start wait for it.
func Begin() *Process {
	p := &Process{registered: make(chan error, 1)}
	e, err := introduce()
	if err != nil {
		p.registered <- err
		return p
	}
	go func() {
		err := e.register()
		p.registered <- err
		if err == nil {
			_, _ = e.conn.Read(make([]byte, 1)) // the answer never comes, and the connection has to stay
		}
		_ = e.conn.Close() // nothing is left to be said on it
	}()
	return p
}

// Serve answers invocations until Lambda ends the process; it does not return. reports says that the event source mapping has
// ReportBatchItemFailures. stop is called on SIGTERM, with the few hundred milliseconds Lambda leaves, to close clients,
// if there was an event; then the process exits. unregistered is told why there will be no SIGTERM, if there will be none.
func (p *Process) Serve(run Runner, reports bool, stop func(), unregistered func(error)) {
	if err := <-p.registered; err != nil { // must be done before the first request for work, which ends the init phase
		unregistered(err)
	}
	var once sync.Once
	lambda.Start(NewHandler(func(ctx context.Context, decode trigger.Decode) trigger.Result {
		once.Do(func() { go end(stop) }) // before there was an event there is nothing to close
		return run(ctx, decode)
	}, reports))
}

// end waits for SIGTERM.
func end(stop func()) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	<-ended
	stop()
	os.Exit(0)
}

const identifier = "Lambda-Extension-Identifier"

// extension is the connection of an extension that is being registered. There is no client between: what net/http's makes
// for its first connection would be most of what a cold start waits for here.
type extension struct {
	conn net.Conn
	req  *http.Request // the registration
}

// introduce sends the registration.
func introduce() (*extension, error) {
	api := os.Getenv(runtimeAPI)
	req, err := http.NewRequest(http.MethodPost, "http://"+api+"/2020-01-01/extension/register", strings.NewReader(`{"events":[]}`))
	if err != nil {
		return nil, fmt.Errorf("awslambda: extension: %w", err)
	}
	req.Header.Set("Lambda-Extension-Name", "connectless")
	conn, err := net.Dial("tcp", api)
	if err != nil {
		return nil, fmt.Errorf("awslambda: extension: %w", err)
	}
	if err := req.Write(conn); err != nil {
		return nil, fmt.Errorf("awslambda: extension: %w", errors.Join(err, conn.Close()))
	}
	return &extension{conn, req}, nil
}

// register reads the answer, and asks for an event: by that Lambda counts an extension as ready. There will be none.
func (e *extension) register() error {
	resp, err := http.ReadResponse(bufio.NewReaderSize(e.conn, 1<<10), e.req)
	if err != nil {
		return fmt.Errorf("awslambda: extension: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return fmt.Errorf("awslambda: extension: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("awslambda: extension: %s", resp.Status)
	}
	next, err := http.NewRequest(http.MethodGet, "http://"+e.req.Host+"/2020-01-01/extension/event/next", nil)
	if err != nil {
		return fmt.Errorf("awslambda: extension: %w", err)
	}
	next.Header.Set(identifier, resp.Header.Get(identifier))
	if err := next.Write(e.conn); err != nil {
		return fmt.Errorf("awslambda: extension: %w", err)
	}
	return nil
}
