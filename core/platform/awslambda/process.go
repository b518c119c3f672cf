package awslambda

import (
	"context"
	"fmt"
	"io"
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
	go func() { p.registered <- register() }()
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

func register() error {
	base := "http://" + os.Getenv(runtimeAPI) + "/2020-01-01/extension/"
	req, err := http.NewRequest(http.MethodPost, base+"register", strings.NewReader(`{"events":[]}`))
	if err != nil {
		return fmt.Errorf("awslambda: extension: %w", err)
	}
	req.Header.Set("Lambda-Extension-Name", "connectless")
	id, err := call(req)
	if err != nil {
		return err
	}
	// Lambda counts an extension as ready when it asks for an event. There will be none: the answer is never read.
	next, err := http.NewRequestWithContext(context.Background(), http.MethodGet, base+"event/next", nil)
	if err != nil {
		return fmt.Errorf("awslambda: extension: %w", err)
	}
	next.Header.Set(identifier, id)
	go func() { _, _ = call(next) }()
	return nil
}

// call returns the extension's identifier.
func call(req *http.Request) (string, error) {
	resp, err := (&http.Client{}).Do(req)
	if err != nil {
		return "", fmt.Errorf("awslambda: extension: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return "", fmt.Errorf("awslambda: extension: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("awslambda: extension: %s", resp.Status)
	}
	return resp.Header.Get(identifier), nil
}
