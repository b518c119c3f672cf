package lambdahost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"github.com/connectless/connectless/core/host"
)

// keptLines is how many lines of output an InitError shows.
const keptLines = 10

// environment is one execution environment: a process and the Runtime API server it talks to.
//
// Its life: starting (ready open) → idle (in Function.idle, a GET next pending) → busy (current set) → answered, until
// the next GET next makes it idle again. exited closes when the process is gone and all its output was read.
type environment struct {
	f       *Function
	number  int
	cmd     *exec.Cmd
	server  *http.Server
	spawned time.Time
	work    chan *invocation // unbuffered, from invoke to the handler of GET next
	ready   chan struct{}    // closed by the first GET next
	exited  chan struct{}

	mu         sync.Mutex
	current    *invocation // handed out and not answered
	served     bool        // has had an invocation
	waiting    bool        // a GET next is pending
	killer     *time.Timer // ends an environment that answered but does not ask for more in time
	stopping   bool        // the host ends the process: its exit is no crash
	extension  bool        // registered one: gets SIGTERM
	postedInit *host.InitError
	initTook   time.Duration
	exit       error
	lines      []string
	peak       int64
	sampled    time.Time
}

type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	sent     chan struct{} // closed when the handler no longer reads event
	answer   chan answer   // buffered, at most one is sent
}

type answer struct {
	body []byte
	err  error
}

// notDelivered is an invocation that never reached the process.
type notDelivered struct{ error }

func (e *notDelivered) Unwrap() error { return e.error }

// newEnvironment starts the process. It does not wait for it.
func (f *Function) newEnvironment(number int) (*environment, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambdahost: %s: runtime API: %w", f.cfg.Name, err)
	}
	e := &environment{
		f: f, number: number, spawned: time.Now(),
		work: make(chan *invocation), ready: make(chan struct{}), exited: make(chan struct{}),
	}
	e.server = &http.Server{Handler: e.handler(), ReadHeaderTimeout: 10 * time.Second}
	stream := e.spawned.UTC().Format("2006/01/02/") + fmt.Sprintf("[$LATEST]%032d", number)
	e.cmd = exec.Command(f.cfg.Path, f.cfg.Args...)
	e.cmd.Dir = f.cfg.TaskRoot
	e.cmd.Env = f.cfg.environ(ln.Addr().String(), stream)
	e.cmd.SysProcAttr = childAttributes()
	e.cmd.WaitDelay = time.Second // a grandchild that keeps the pipes open does not hold us
	stdout := &lineWriter{mu: &f.logMu, emit: func(s string) { e.log("stdout", s) }}
	stderr := &lineWriter{mu: &f.logMu, emit: func(s string) { e.log("stderr", s) }}
	e.cmd.Stdout, e.cmd.Stderr = stdout, stderr

	started := make(chan error)
	go func() {
		// Pdeathsig fires when the thread that started the child ends, so this goroutine keeps its thread until the
		// child is gone. Waiting blocks a thread anyway.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := e.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		err = e.cmd.Wait()
		stdout.flush()
		stderr.flush()
		e.finish(err)
	}()
	if err := <-started; err != nil {
		ln.Close()
		return nil, &host.InitError{Type: "Runtime.InvalidEntrypoint", Message: err.Error()}
	}
	go e.server.Serve(ln) // its error is always ErrServerClosed: finish closes it
	time.AfterFunc(f.cfg.InitTimeout, func() {
		if !e.isReady() {
			e.mu.Lock()
			e.postedInit = &host.InitError{Type: host.ErrorTypeTimeout, Message: fmt.Sprintf("initialisation took longer than %s", f.cfg.InitTimeout)}
			e.mu.Unlock()
			e.kill()
		}
	})
	return e, nil
}

// finish records the end of the process and wakes everybody who waits for it.
func (e *environment) finish(err error) {
	e.mu.Lock()
	if err == nil {
		err = errors.New("exit status 0")
	}
	e.exit = err
	e.peak = max(e.peak, exitRSS(e.cmd.ProcessState))
	if e.killer != nil {
		e.killer.Stop()
	}
	crashed := !e.stopping
	e.mu.Unlock()
	e.server.Close()
	e.f.ended(e, crashed)
	close(e.exited)
}

// invoke hands one event to the process and waits for the answer, its end or the deadline.
func (e *environment) invoke(ctx context.Context, event []byte) (host.Response, error) {
	inv := &invocation{id: newUUID(), event: event, sent: make(chan struct{}), answer: make(chan answer, 1)}
	begin := time.Now()
	inv.deadline = begin.Add(e.f.cfg.Timeout)
	e.mu.Lock()
	e.current = inv
	resp := host.Response{RequestID: inv.id, Cold: !e.served}
	if resp.Cold {
		resp.Init = e.initTook
	}
	e.served = true
	e.mu.Unlock()

	timeout := time.NewTimer(e.f.cfg.Timeout)
	defer timeout.Stop()
	var a answer
	select {
	case e.work <- inv:
	case <-e.exited: // died while idle
		close(inv.sent)
		a.err = e.exitError(inv)
	case <-ctx.Done():
		e.withdraw()
		return resp, &notDelivered{ctx.Err()}
	}
	if a.err == nil {
		select {
		case a = <-inv.answer:
		case <-e.exited:
			select {
			case a = <-inv.answer: // it answered and then ended
			default:
				a.err = e.exitError(inv)
			}
		case <-timeout.C:
			e.kill()
			a.err = &host.FunctionError{
				Type: host.ErrorTypeTimeout, RequestID: inv.id,
				Message: fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", inv.id, e.f.cfg.Timeout.Seconds()),
			}
		case <-ctx.Done():
			e.kill()
			a.err = ctx.Err()
		}
	}
	resp.Body = a.body
	resp.Duration = time.Since(begin)
	resp.Billed = (resp.Init + resp.Duration + time.Millisecond - 1).Truncate(time.Millisecond)
	<-inv.sent // the caller may reuse event
	return resp, a.err
}

// withdraw takes back an event that the process did not get; the environment is free again.
func (e *environment) withdraw() {
	e.mu.Lock()
	e.current = nil
	e.mu.Unlock()
	e.f.mu.Lock()
	e.f.offer(e)
	e.f.mu.Unlock()
}

// shutdown ends the process as Lambda does: SIGTERM and a grace for one that registered an extension, SIGKILL.
func (e *environment) shutdown() {
	e.memory()
	e.mu.Lock()
	polite := e.extension && !e.stopping
	e.stopping = true
	e.mu.Unlock()
	if polite && terminate(e.cmd.Process) == nil {
		time.AfterFunc(e.f.cfg.ShutdownGrace, e.kill)
		return
	}
	e.kill()
}

// kill ends the process at once. It may be gone already, which is as good.
func (e *environment) kill() {
	e.memory()
	e.mu.Lock()
	e.stopping = true
	e.mu.Unlock()
	_ = e.cmd.Process.Kill()
}

func (e *environment) isReady() bool {
	select {
	case <-e.ready:
		return true
	default:
		return false
	}
}

// memory returns the highest resident memory seen, in bytes.
func (e *environment) memory() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.exit == nil {
		e.peak = max(e.peak, peakRSS(e.cmd.Process.Pid))
		e.sampled = time.Now()
	}
	return e.peak
}

// exitError is the failure of an invocation whose process ended, worded as Lambda words it.
func (e *environment) exitError(inv *invocation) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &host.FunctionError{
		Type: host.ErrorTypeExit, RequestID: inv.id,
		Message: fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %v", inv.id, e.exit),
	}
}

// initError is why the process ended before it asked for work.
func (e *environment) initError() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := &host.InitError{Type: host.ErrorTypeExit, Message: fmt.Sprintf("it exited before its first request for work: %v", e.exit)}
	if e.postedInit != nil {
		err = e.postedInit
	}
	err.Output = e.lines
	return err
}

func (e *environment) log(stream, text string) {
	l := LogLine{Time: time.Now(), Environment: e.number, Stream: stream, Text: text}
	e.mu.Lock()
	if e.current != nil {
		l.RequestID = e.current.id
	}
	if !e.isReady() {
		if len(e.lines) == keptLines {
			e.lines = e.lines[1:]
		}
		e.lines = append(e.lines, text)
	}
	e.mu.Unlock()
	e.f.cfg.Log(l)
}
