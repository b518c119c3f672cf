package chaos

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/connectors/cosmos/cosmossink"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/kafka"
	"github.com/connectless/connectless/core/platform/awslambda"
	"github.com/connectless/connectless/core/task"
	"github.com/connectless/connectless/core/trigger"
)

// Dial makes a connection.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// FleetConfig is what functions are made of and what they can reach.
type FleetConfig struct {
	Document func(process string) *function.Document // for a process of that name
	Timeout  time.Duration
	Account  Dial
	Kafka    Dial
	Log      *slog.Logger
	Rand     *rand.Rand // which idle process gets an invocation
}

// Fleet is a Lambda function whose execution environments are objects of this process: the Cosmos DB sink as its binary
// runs it, from the event's bytes to the answer's. Killing one cuts its connections at once and for good, which is all
// that the outside can see of a SIGKILL. It is an [host.Invoker] and may run in virtual time.
type Fleet struct {
	cfg FleetConfig

	mu    sync.Mutex
	all   []*process
	idle  []*process
	made  int
	stats FleetStats

	running sync.WaitGroup // handlers, of killed processes too
}

// FleetStats counts what happened to a fleet.
type FleetStats struct {
	Invocations, Errors, Timeouts, Kills, Processes int
}

// NewFleet returns a fleet without processes: invocations make them.
func NewFleet(cfg FleetConfig) *Fleet { return &Fleet{cfg: cfg} }

// process is an execution environment.
type process struct {
	name   string
	ctx    context.Context
	cancel context.CancelCauseFunc
	task   *task.Sink
	handle interface {
		Invoke(ctx context.Context, payload []byte) ([]byte, error)
	}
	transport *http.Transport
	retired   bool // guarded by Fleet.mu, and so is killed
	killed    bool

	mu    sync.Mutex
	dead  bool
	conns map[net.Conn]struct{}
}

var errKilled = errors.New("signal: killed")

func (f *Fleet) start(ctx context.Context) (*process, error) {
	f.mu.Lock()
	f.made++
	p := &process{name: fmt.Sprintf("process-%d", f.made), conns: map[net.Conn]struct{}{}}
	f.stats.Processes++
	f.mu.Unlock()
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	p.transport = &http.Transport{DialContext: p.through(f.cfg.Account), MaxIdleConnsPerHost: 32, DisableCompression: true, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: 15 * time.Second}
	o := function.Options{OpenProducer: func(props map[string]string) (connect.Sink, error) {
		return kafka.NewProducer(props, kgo.Dialer(p.through(f.cfg.Kafka)))
	}}
	doc := f.cfg.Document(p.name)
	var err error
	if p.task, err = o.NewSink(ctx, cosmos.Sink, cosmossink.Options{Transport: p.transport}.Open, doc, f.cfg.Log); err != nil {
		return nil, &host.InitError{Type: host.ErrorTypeExit, Message: err.Error()}
	}
	p.handle = awslambda.NewHandler(func(ctx context.Context, decode trigger.Decode) trigger.Result {
		result, _ := p.task.Run(ctx, decode)
		return result
	}, doc.Trigger.ReportBatchItemFailures)
	f.mu.Lock()
	f.all = append(f.all, p)
	f.mu.Unlock()
	return p, nil
}

// through dials for the process, as long as it lives.
func (p *process) through(dial Dial) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.dead {
			return nil, errors.Join(errKilled, c.Close())
		}
		p.conns[c] = struct{}{}
		return &conn{Conn: c, p: p}, nil
	}
}

// conn is a connection of a process.
type conn struct {
	net.Conn
	p *process
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.p.mu.Lock()
	delete(c.p.conns, c.Conn)
	c.p.mu.Unlock()
	return c.Conn.Close()
}

// kill ends the process as seen from outside.
func (p *process) kill() {
	p.mu.Lock()
	p.dead = true
	conns := p.conns
	p.conns = nil
	p.mu.Unlock()
	for c := range conns {
		_ = c.Close() // nobody is left to be told
	}
	p.cancel(errKilled)
}

// Timeout is the function's.
func (f *Fleet) Timeout() time.Duration { return f.cfg.Timeout }

// Invoke implements [host.Invoker].
func (f *Fleet) Invoke(ctx context.Context, event []byte) (host.Response, error) {
	if len(event) > host.MaxRequestBytes {
		return host.Response{}, fmt.Errorf("chaos: the event has %d bytes", len(event))
	}
	p, err := f.acquire(ctx)
	if err != nil {
		return host.Response{}, err
	}
	type answer struct {
		body []byte
		err  error
	}
	answered, ended := make(chan answer, 1), make(chan struct{})
	deadline, cancel := context.WithTimeout(p.ctx, f.cfg.Timeout)
	payload := slices.Clone(event)
	f.running.Go(func() {
		defer close(ended)
		defer cancel()
		body, err := p.handle.Invoke(deadline, payload)
		for i := range payload { // the runtime's memory is the next event's
			payload[i] = 0xF7
		}
		answered <- answer{body, err}
	})
	timeout := time.NewTimer(f.cfg.Timeout)
	defer timeout.Stop()
	var a answer
	select {
	case a = <-answered:
		if a.err != nil {
			a.err = &host.FunctionError{Type: "Error", Message: a.err.Error()}
		}
		if p.ctx.Err() != nil {
			a.err = &host.FunctionError{Type: host.ErrorTypeExit, Message: errKilled.Error()}
		}
	case <-p.ctx.Done():
		a.err = &host.FunctionError{Type: host.ErrorTypeExit, Message: errKilled.Error()}
	case <-timeout.C:
		f.kill(p)
		a.err = &host.FunctionError{Type: host.ErrorTypeTimeout, Message: "Task timed out"}
	case <-ctx.Done():
		f.kill(p)
		a.err = ctx.Err()
	}
	f.release(p, a.err, ended)
	return host.Response{Body: a.body}, a.err
}

func (f *Fleet) acquire(ctx context.Context) (*process, error) {
	f.mu.Lock()
	if n := len(f.idle); n > 0 {
		i := f.cfg.Rand.IntN(n)
		p := f.idle[i]
		f.idle = slices.Delete(f.idle, i, i+1)
		f.mu.Unlock()
		return p, nil
	}
	f.mu.Unlock()
	return f.start(ctx)
}

// release takes a process back from an invocation whose handler closes ended.
func (f *Fleet) release(p *process, err error, ended <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Invocations++
	if err != nil {
		f.stats.Errors++
	}
	if failed, ok := errors.AsType[*host.FunctionError](err); ok && failed.Type == host.ErrorTypeTimeout {
		f.stats.Timeouts++
	}
	if !p.killed && !p.retired {
		f.idle = append(f.idle, p)
		return
	}
	f.forget(p)
	f.running.Go(func() {
		<-ended
		f.end(p)
	})
}

// forget removes a process from the lists. The caller holds f.mu.
func (f *Fleet) forget(p *process) {
	is := func(o *process) bool { return o == p }
	f.all, f.idle = slices.DeleteFunc(f.all, is), slices.DeleteFunc(f.idle, is)
}

// end gives up what a process without work has in memory. What a killed one was doing ends by itself first, in time.
func (f *Fleet) end(p *process) {
	if p.ctx.Err() != nil {
		sleep(context.Background(), f.cfg.Timeout)
	}
	_ = p.task.Close() // of a killed process nothing works, and of a retired one nothing is left to do
	p.transport.CloseIdleConnections()
}

// kill kills a process that is at work.
func (f *Fleet) kill(p *process) { f.killWhere(func(o *process, _ bool) bool { return o == p }, 1) }

// KillNamed kills the process of a name and says whether it lived.
func (f *Fleet) KillNamed(name string) bool {
	return f.killWhere(func(p *process, _ bool) bool { return p.name == name }, 1) > 0
}

// KillBusy kills up to n processes that are at work.
func (f *Fleet) KillBusy(n int) int {
	return f.killWhere(func(_ *process, busy bool) bool { return busy }, n)
}

// KillAll kills all processes.
func (f *Fleet) KillAll() int {
	return f.killWhere(func(*process, bool) bool { return true }, -1)
}

func (f *Fleet) killWhere(which func(p *process, busy bool) bool, most int) int {
	f.mu.Lock()
	var gone []*process
	for _, p := range slices.Clone(f.all) {
		idle := slices.Contains(f.idle, p)
		if len(gone) == most || !which(p, !idle) {
			continue
		}
		gone = append(gone, p)
		p.killed = true
		f.stats.Kills++
		f.forget(p)
		if idle { // the others are ended when they are released
			f.running.Go(func() {
				p.kill()
				f.end(p)
			})
		}
	}
	f.mu.Unlock()
	for _, p := range gone {
		p.kill()
	}
	return len(gone)
}

// Redeploy retires all processes: those at work when they have answered.
func (f *Fleet) Redeploy() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.all {
		p.retired = true
	}
	for _, p := range slices.Clone(f.idle) {
		f.forget(p)
		f.running.Go(func() { f.end(p) })
	}
}

// States are those of the living tasks, FAILED ones first.
func (f *Fleet) States() []task.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	var states []task.State
	for _, p := range f.all {
		states = append(states, p.task.State())
	}
	slices.SortStableFunc(states, func(a, b task.State) int {
		if a.Failed && !b.Failed {
			return -1
		}
		return 0
	})
	return states
}

// Stats returns what happened so far.
func (f *Fleet) Stats() FleetStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Close kills what is left and returns when nothing of it runs.
func (f *Fleet) Close() {
	f.KillAll()
	f.running.Wait()
}

var _ host.Invoker = (*Fleet)(nil)
