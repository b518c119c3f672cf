package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/connectless/connectless/infra/local/events"
)

const (
	startTime = time.Minute
	stopTime  = 20 * time.Second
)

// local is a running `connectless local`.
type local struct {
	cmd       *exec.Cmd
	stderr    bytes.Buffer // to be read when ended is closed
	ended     chan struct{}
	exit      error
	ready     chan *events.Addresses
	addresses *events.Addresses

	mu    sync.Mutex
	calls []*events.Invocation
}

// startLocal starts the command and returns when it is ready.
func startLocal(ctx context.Context, o *options, dir string) (*local, error) {
	l := &local{ended: make(chan struct{}), ready: make(chan *events.Addresses, 1)}
	args := []string{"local", "--log-format", "json", "--data-dir", filepath.Join(dir, "data"), "--functions", o.functions,
		"--kafka-addr", o.kafkaAddr, "--cosmos-addr", o.cosmosAddr, "--rest-addr", o.rest}
	if o.terraform == "" {
		args = append(args, "--connector", o.connector)
	}
	l.cmd = exec.Command(o.command, args...)
	l.cmd.Stderr = &l.stderr
	l.cmd.SysProcAttr = ownGroup() // Ctrl-C reaches this process only, which then stops the other in order
	for _, v := range os.Environ() {
		// The connector's references are to mean the embedded Cosmos DB, whatever the user's environment has.
		if !strings.HasPrefix(v, "COSMOS_ENDPOINT=") && !strings.HasPrefix(v, "COSMOS_KEY=") {
			l.cmd.Env = append(l.cmd.Env, v)
		}
	}
	stdout, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("connectless local: %w", err)
	}
	if err := l.start(stdout); err != nil {
		return nil, fmt.Errorf("connectless local: %w (make build makes %s)", err, o.command)
	}
	timeout := time.NewTimer(startTime)
	defer timeout.Stop()
	select {
	case l.addresses = <-l.ready:
		return l, nil
	case <-l.ended:
		return nil, l.failure()
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), l.stop())
	case <-timeout.C:
		return nil, errors.Join(fmt.Errorf("connectless local was not ready within %s", startTime), l.stop())
	}
}

// start starts the process and reads its events until it ends.
func (l *local) start(stdout io.Reader) error {
	started := make(chan error)
	go func() {
		// The kernel ends the child when the thread that started it does: keep that until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := l.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		l.read(stdout)
		l.exit = l.cmd.Wait()
		close(l.ended)
	}()
	return <-started
}

func (l *local) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return // the process has ended; how is told by Wait
		}
		var e events.Event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		switch e.Kind {
		case events.Ready:
			l.ready <- e.Addresses
		case events.Invoked:
			l.mu.Lock()
			l.calls = append(l.calls, e.Invocation)
			l.mu.Unlock()
		}
	}
}

// invocations are those that ended so far, in the order of their ends.
func (l *local) invocations() []*events.Invocation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// context is done when the process ends by itself, which is its cause.
func (l *local) context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	go func() {
		select {
		case <-l.ended:
			cancel(l.failure())
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// failure is why the process ended, in its own words.
func (l *local) failure() error {
	if said := strings.TrimPrefix(strings.TrimSpace(l.stderr.String()), "connectless: "); said != "" {
		return errors.New(said)
	}
	return fmt.Errorf("connectless local ended: %w", l.exit)
}

// stop ends the process and everything it started, in order, and returns when they are gone.
func (l *local) stop() error {
	if l.cmd.Process.Signal(os.Interrupt) != nil { // it has ended, or this platform cannot interrupt
		_ = l.cmd.Process.Kill()
	}
	timeout := time.NewTimer(stopTime)
	defer timeout.Stop()
	select {
	case <-l.ended:
		return nil
	case <-timeout.C:
	}
	_ = l.cmd.Process.Kill() // it may end this moment
	<-l.ended
	return fmt.Errorf("connectless local did not stop within %s and was killed", stopTime)
}
