package lambdahost

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/connectless/connectless/core/host"
)

// ErrClosed is the error of a call to a closed function.
var ErrClosed = errors.New("lambdahost: function is closed")

// Function is a Lambda function and its execution environments. Its methods may be called concurrently.
type Function struct {
	cfg Config

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever a waiter may find something new
	closed   bool
	inflight int // invocations that hold or wait for an environment
	envs     map[*environment]struct{}
	idle     []*environment // waiting for work, the most recently used last
	started  int
	crashes  int       // in a row
	notUntil time.Time // no process is started before; zero after a success
	stats    Stats
	hist     struct{ duration, init, first histogram }

	logMu sync.Mutex
}

// New checks the configuration. It starts no process: the first Invoke or Warm does.
func New(cfg Config) (*Function, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Function{cfg: cfg, changed: make(chan struct{}), envs: make(map[*environment]struct{})}, nil
}

// ARN returns the function's name as AWS writes it.
func (f *Function) ARN() string { return f.cfg.arn() }

// Timeout returns how long one invocation may take.
func (f *Function) Timeout() time.Duration { return f.cfg.Timeout }

// Warm starts an execution environment if there is none that is free, and returns once it asks for work. The error is a
// *host.InitError when it does not get that far.
func (f *Function) Warm(ctx context.Context) error {
	e, err := f.acquire(ctx)
	if err != nil {
		return err
	}
	f.release(e)
	return nil
}

// Invoke implements [host.Invoker]. Cancelling ctx kills the environment that works on the event.
func (f *Function) Invoke(ctx context.Context, event []byte) (host.Response, error) {
	if len(event) > host.MaxRequestBytes {
		return host.Response{}, fmt.Errorf("lambdahost: %s: the event has %d bytes, a synchronous invocation takes at most %d", f.cfg.Name, len(event), host.MaxRequestBytes)
	}
	e, err := f.acquire(ctx)
	if err != nil {
		return host.Response{}, err
	}
	resp, err := e.invoke(ctx, event)

	f.mu.Lock()
	defer f.mu.Unlock()
	f.leave()
	if _, ok := errors.AsType[*notDelivered](err); ok {
		return host.Response{}, err
	}
	f.record(event, resp, err)
	return resp, err
}

// record adds one invocation to the statistics. The caller holds f.mu.
func (f *Function) record(event []byte, resp host.Response, err error) {
	s := &f.stats
	s.Invocations++
	s.RequestBytes += int64(len(event))
	s.ResponseBytes += int64(len(resp.Body))
	s.Billed += resp.Billed
	f.hist.duration.add(resp.Duration)
	if resp.Cold {
		f.hist.first.add(resp.Init + resp.Duration)
	}
	if err == nil {
		f.crashes, f.notUntil = 0, time.Time{}
		return
	}
	s.Errors++
	if fe, ok := errors.AsType[*host.FunctionError](err); ok && fe.Type == host.ErrorTypeTimeout {
		s.Timeouts++
	}
}

// Stats returns what happened so far.
func (f *Function) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	for e := range f.envs {
		f.stats.PeakRSS = max(f.stats.PeakRSS, e.memory())
	}
	s := f.stats
	s.Environments = len(f.envs)
	s.Duration, s.Init, s.FirstResponse = f.hist.duration.distribution(), f.hist.init.distribution(), f.hist.first.distribution()
	s.GBSeconds = s.Billed.Seconds() * float64(f.cfg.MemoryMB) / 1024
	return s
}

// Close lets running invocations finish until ctx is done, then shuts every process down and returns when none is left.
// Its error says that invocations were cut off. It may be called again.
func (f *Function) Close(ctx context.Context) error {
	f.mu.Lock()
	f.closed = true
	f.notify()
	for f.inflight > 0 && ctx.Err() == nil {
		f.wait(ctx, nil)
	}
	running := f.inflight
	envs := slices.Collect(maps.Keys(f.envs))
	f.mu.Unlock()

	for _, e := range envs {
		e.shutdown()
	}
	for _, e := range envs {
		<-e.exited
	}
	if running > 0 {
		return fmt.Errorf("lambdahost: %s: closed with %d invocations running: %w", f.cfg.Name, running, ctx.Err())
	}
	return nil
}

// acquire returns a free environment and counts the caller in. An environment that has answered but not yet asked for
// more belongs to nobody; as long as there are as many environments as callers, it is worth waiting for one.
func (f *Function) acquire(ctx context.Context) (*environment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.inflight >= f.cfg.MaxConcurrency && !f.closed {
		if err := f.wait(ctx, nil); err != nil {
			return nil, err
		}
	}
	f.inflight++
	for {
		if f.closed {
			f.leave()
			return nil, ErrClosed
		}
		if n := len(f.idle); n > 0 {
			e := f.idle[n-1]
			f.idle = f.idle[:n-1]
			return e, nil
		}
		var err error
		switch delay := time.Until(f.notUntil); {
		case len(f.envs) >= f.inflight:
			err = f.wait(ctx, nil)
		case delay > 0:
			t := time.NewTimer(delay)
			err = f.wait(ctx, t.C)
			t.Stop()
		default:
			err = f.start(ctx)
		}
		if err != nil {
			f.leave()
			return nil, err
		}
	}
}

// release gives back an environment that was not used.
func (f *Function) release(e *environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leave()
	f.offer(e)
}

// leave ends what acquire began. The caller holds f.mu.
func (f *Function) leave() {
	f.inflight--
	f.notify()
}

// offer makes an environment available that waits for work. The caller holds f.mu.
func (f *Function) offer(e *environment) {
	if _, alive := f.envs[e]; alive && !slices.Contains(f.idle, e) {
		f.idle = append(f.idle, e)
		f.notify()
	}
}

func (f *Function) notify() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// wait gives up f.mu until something changed, timer fired or ctx is done, which is its only error.
func (f *Function) wait(ctx context.Context, timer <-chan time.Time) error {
	changed := f.changed
	f.mu.Unlock()
	defer f.mu.Lock()
	select {
	case <-changed:
	case <-timer:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// start runs a new process and gives up f.mu until it asks for work, which makes it idle, or ends, which is an error.
func (f *Function) start(ctx context.Context) error {
	f.started++
	e, err := f.newEnvironment(f.started)
	if err != nil {
		return err
	}
	f.envs[e] = struct{}{}
	f.mu.Unlock()
	defer f.mu.Lock()
	select {
	case <-e.ready:
		return nil
	case <-e.exited:
		return e.initError()
	case <-ctx.Done():
		return ctx.Err() // the process goes on starting and will serve somebody else
	}
}

// ended forgets an environment whose process is gone. crashed says that it went by itself.
func (f *Function) ended(e *environment, crashed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.envs, e)
	f.idle = slices.DeleteFunc(f.idle, func(i *environment) bool { return i == e })
	f.stats.PeakRSS = max(f.stats.PeakRSS, e.memory())
	if f.closed {
		f.notify()
		return
	}
	if !e.isReady() {
		f.stats.InitErrors++
		crashed = true // also when it was us who ended it, for its time or the error it posted
	}
	if crashed {
		f.stats.Crashes++
		f.crashes++
		f.notUntil = time.Now().Add(f.cfg.CrashBackoff.Delay(f.crashes))
	}
	f.notify()
}

func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var _ host.Invoker = (*Function)(nil)
