package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
)

// SinkConfig is everything a [Sink] task is made of. The converters and the chain are shared by all invocations.
type SinkConfig struct {
	Policy errpolicy.Policy

	Key, Value      convert.Converter
	Header          convert.HeaderConverter
	KeyClass        string // Java class names, for dead letters and logs
	ValueClass      string
	HeaderClass     string
	Chain           Chain // nil for no transforms
	Open            func(context.Context) (connect.Sink, error)
	OpenDeadLetters func(context.Context) (connect.Sink, error) // nil exactly when Policy.DeadLetters says nowhere
	Reports         bool                                        // the mapping reports items: a partial answer is understood
	Log             *slog.Logger
	poison          bool // tests: recycled memory is overwritten
}

// Chain is the transforms of a connector. An error is an *errpolicy.Failure that names the class of the transform; any
// other error counts as one of a transform without a name.
type Chain interface {
	Apply(r *connect.Record) (keep bool, err error)
}

// Sink runs a sink connector. It is safe for concurrent use: each invocation has a lane (a connector instance and
// memory) of its own.
type Sink struct {
	cfg      SinkConfig
	progress *Progress
	state    atomic.Pointer[State]

	warm sync.WaitGroup // a Warm that runs

	mu    sync.Mutex
	lanes []*lane

	letters *DeadLetters
}

// State is what a status call shows: RUNNING, or FAILED with the error.
type State struct {
	Failed bool
	Trace  string
}

// NewSink returns a task; it opens nothing yet.
func NewSink(cfg SinkConfig) *Sink {
	s := &Sink{cfg: cfg, progress: NewProgress(), letters: NewDeadLetters(cfg.OpenDeadLetters, cfg.Log)}
	s.state.Store(&State{})
	return s
}

// Warm opens the connector, and lets it make its connections, while nothing has to be delivered yet; the first Run waits
// for it. It returns at once.
func (s *Sink) Warm(ctx context.Context) {
	s.warm.Go(func() {
		l := s.acquire()
		defer s.release(ctx, l)
		if s.open(ctx, l) != nil { // the first invocation says why
			return
		}
		if w, ok := l.sink.(connect.Warmer); ok {
			w.Warm(ctx)
		}
	})
}

// State is the task's state after the last invocation.
func (s *Sink) State() State { return *s.state.Load() }

// Close closes the connector's and the dead letters' clients. No invocation may run.
func (s *Sink) Close() error {
	s.mu.Lock()
	lanes := s.lanes
	s.lanes = nil
	s.mu.Unlock()
	var errs []error
	for _, l := range lanes {
		errs = append(errs, l.close())
	}
	return errors.Join(append(errs, s.letters.Close())...)
}

// lane is what one invocation has for itself: the connector's instance and all memory of a batch.
type lane struct {
	sink     connect.Sink
	arena    *data.Arena
	messages trigger.Messages
	records  []connect.Record
	batch    []*connect.Record
	of       []int32 // the message of each record of the batch
	outcomes []outcome
	parts    []part
	target   []byte // scratch of [Sink.target]
	lost     bool   // somebody may still read the memory, or the sink is in an unknown state
	busy     bool   // the sink's Put still runs
}

// outcome is what became of a message.
type outcome struct {
	fate fate
	err  *errpolicy.Failure // of dead and failed
}

type fate uint8

const (
	held     fate = iota // not tried: an earlier record of its partition failed, or time ran out
	durable              // written
	repeated             // written by an earlier try of this batch
	filtered             // dropped by a transform
	dead                 // never can be written; tolerated, its letter not yet written
	buried               // dead letter written, or tolerated without one
	failed               // must come again
)

// part is a partition within a batch.
type part struct {
	topic   string
	id      int32
	stopped bool  // a record failed before Put: nothing after it may be written
	point   int64 // the first offset that must come again; noPoint for none
	first   int64
}

const noPoint = math.MaxInt64

func (s *Sink) acquire() *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.lanes); n > 0 {
		l := s.lanes[n-1]
		s.lanes = s.lanes[:n-1]
		return l
	}
	l := &lane{arena: data.NewArena()}
	if s.cfg.poison {
		l.arena.PoisonOnReset()
	}
	return l
}

// release recycles a lane, or drops one whose memory may still be read: the garbage collector keeps that as long as
// anybody has it.
func (s *Sink) release(ctx context.Context, l *lane) {
	if l.lost {
		abandon(ctx, s.cfg.Log, l.sink)
		return
	}
	l.arena.Reset()
	s.mu.Lock()
	s.lanes = append(s.lanes, l)
	s.mu.Unlock()
}

func (l *lane) close() error {
	c, ok := l.sink.(io.Closer)
	l.sink = nil
	if !ok {
		return nil
	}
	return c.Close()
}

// Run takes one event through the connector. The answer is final: what it does not name as failed is durable, dropped
// by a transform, dead-lettered, or tolerated by the policy.
//
// Everything ends before the context's deadline, with a reserve for the dead letters and the answer.
func (s *Sink) Run(ctx context.Context, decode trigger.Decode) (trigger.Result, Stats) {
	start := time.Now()
	s.warm.Wait()
	l := s.acquire()
	result, stats := s.run(ctx, l, decode)
	s.release(ctx, l)
	stats.Duration = time.Since(start)
	s.note(result)
	return result, stats
}

// note keeps the state that a fatal error leaves until something is delivered again.
func (s *Sink) note(r trigger.Result) {
	switch {
	case r.Err == nil:
		if s.state.Load().Failed {
			s.state.Store(&State{})
		}
	case connect.Classify(r.Err) == connect.ClassFatal:
		s.state.Store(&State{Failed: true, Trace: errpolicy.StackTrace(r.Err)})
	}
}

func (s *Sink) run(ctx context.Context, l *lane, decode trigger.Decode) (trigger.Result, Stats) {
	var stats Stats
	if err := decode(&l.messages, l.arena.Alloc); err != nil {
		return trigger.Result{Err: connect.Fatal(err)}, stats
	}
	messages := l.messages.Messages
	stats.Read, stats.Bytes, stats.Newest = len(messages), l.messages.Bytes, newest(messages)
	if len(messages) == 0 {
		return trigger.Result{}, stats
	}
	answer, reserve := deadlines(ctx)
	l.begin()
	if err := s.open(ctx, l); err != nil {
		l.failAll(&errpolicy.Failure{Stage: errpolicy.TaskPut, Class: errpolicy.SinkTaskClass, Err: err})
		return s.finish(ctx, l, &stats)
	}
	s.recall(l)
	s.prepare(ctx, reserve, l, &stats)
	if planted == commitBeforePut {
		l.lost = true
		go s.put(context.WithoutCancel(ctx), reserve, l, new(Stats))
		return trigger.Result{}, stats
	}
	s.put(ctx, reserve, l, &stats)
	l.findPoints()
	if planted == staleSpan {
		l.arena.PoisonOnReset()
		l.arena.Reset()
	}
	s.bury(ctx, answer, l, &stats)
	return s.finish(ctx, l, &stats)
}

// deadlines derives, from the host's deadline, when the answer must be under way and when Put must be done.
func deadlines(ctx context.Context) (answer, put time.Time) {
	end, ok := ctx.Deadline()
	if !ok {
		return time.Time{}, time.Time{}
	}
	left := time.Until(end)
	reserve := min(max(left/10, 200*time.Millisecond), 5*time.Second, left/2)
	return end.Add(-reserve / 4), end.Add(-reserve)
}

// until is ctx with a deadline, or ctx itself for the zero time.
func until(ctx context.Context, t time.Time) (context.Context, context.CancelFunc) {
	if t.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, t)
}

func newest(messages []trigger.Message) int64 {
	ts := int64(trigger.NoTimestamp)
	for i := range messages {
		ts = max(ts, messages[i].Timestamp)
	}
	return ts
}

// begin readies the lane's slices for its messages.
func (l *lane) begin() {
	n := len(l.messages.Messages)
	if cap(l.records) < n {
		l.records, l.outcomes = make([]connect.Record, n), make([]outcome, n)
	}
	l.records, l.outcomes = l.records[:n], l.outcomes[:n]
	clear(l.outcomes)
	l.batch, l.of, l.parts = l.batch[:0], l.of[:0], l.parts[:0]
}

// part finds a message's partition; the last one found is nearly always the one.
func (l *lane) part(m *trigger.Message) *part {
	for i := len(l.parts) - 1; i >= 0; i-- {
		if p := &l.parts[i]; p.id == m.Partition && p.topic == m.Topic {
			return p
		}
	}
	l.parts = append(l.parts, part{topic: m.Topic, id: m.Partition, point: noPoint, first: m.Offset})
	return &l.parts[len(l.parts)-1]
}

func (l *lane) failAll(f *errpolicy.Failure) {
	for i := range l.outcomes {
		m := &l.messages.Messages[i]
		if p := l.part(m); p.point == noPoint {
			p.point = m.Offset
		}
		l.outcomes[i] = outcome{failed, f}
	}
}

func (s *Sink) open(ctx context.Context, l *lane) (err error) {
	if l.sink != nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	l.sink, err = s.cfg.Open(ctx)
	return err
}

func panicked(p any) error {
	return fmt.Errorf("task: panic: %v\n%s", p, debug.Stack())
}

// recall marks what an earlier try of this batch has dealt with.
//
// A process that does not know of that try may have begun the batch since and written older versions of a target over
// newer ones. Where several records of a target were written, the last of them is therefore written again, after which
// only newer ones follow; one that was written alone can only have been overwritten with itself.
func (s *Sink) recall(l *lane) {
	if s.progress.Empty() {
		return
	}
	for i := range l.messages.Messages {
		l.part(&l.messages.Messages[i])
	}
	for i := range l.parts {
		s.progress.Begin(l.parts[i].topic, l.parts[i].id, l.parts[i].first)
	}
	if s.progress.Empty() {
		return
	}
	type target struct {
		part partition
		hash uint64
	}
	type versions struct{ count, last int }
	of := make(map[target]versions)
	for i := range l.messages.Messages {
		m := &l.messages.Messages[i]
		hash, known := s.progress.Known(m)
		if !known {
			continue
		}
		l.outcomes[i].fate = repeated
		if hash != noTarget {
			t := target{partition{m.Topic, m.Partition}, hash}
			of[t] = versions{of[t].count + 1, i}
		}
	}
	for _, v := range of {
		if v.count > 1 {
			l.outcomes[v.last].fate = held
		}
	}
}

// prepare converts and transforms every message that is not known to be durable, into the batch for Put.
func (s *Sink) prepare(ctx context.Context, deadline time.Time, l *lane, stats *Stats) {
	ctx, cancel := until(ctx, deadline)
	defer cancel()
	for i := range l.messages.Messages {
		m := &l.messages.Messages[i]
		if l.outcomes[i].fate == repeated {
			stats.Repeated++
			continue
		}
		p := l.part(m)
		if p.stopped {
			continue
		}
		if i&255 == 0 && ctx.Err() != nil {
			s.stop(l, p, i, &errpolicy.Failure{Stage: errpolicy.ValueConverter, Class: s.cfg.ValueClass, Err: connect.Retriable(ctx.Err())})
			continue
		}
		r := &l.records[i]
		keep, f := s.convert(ctx, l.arena, m, r, stats)
		switch {
		case f == nil && keep:
			l.batch, l.of = append(l.batch, r), append(l.of, int32(i))
		case f == nil:
			l.outcomes[i].fate = filtered
			stats.Filtered++
		case s.tolerates(f):
			l.outcomes[i] = outcome{dead, f}
		default:
			s.stop(l, p, i, f)
			s.cfg.Policy.LogFailure(ctx, s.cfg.Log, m, f)
		}
	}
}

func (s *Sink) stop(l *lane, p *part, i int, f *errpolicy.Failure) {
	l.outcomes[i] = outcome{failed, f}
	p.stopped = true
}

// tolerates says whether a record's failure makes it a dead letter. What may go away never does, nor what concerns
// every record.
func (s *Sink) tolerates(f *errpolicy.Failure) bool {
	if !s.cfg.Policy.TolerateAll {
		return false
	}
	if connect.IsMarked(f.Err) {
		return connect.Classify(f.Err) == connect.ClassData
	}
	return f.Stage != errpolicy.TaskPut
}

// convert fills r from m: key, value, headers, then the transforms. The first failure ends it.
func (s *Sink) convert(ctx context.Context, a *data.Arena, m *trigger.Message, r *connect.Record, stats *Stats) (keep bool, f *errpolicy.Failure) {
	stage, class := errpolicy.KeyConverter, s.cfg.KeyClass
	defer func() {
		if p := recover(); p != nil {
			f = &errpolicy.Failure{Stage: stage, Class: class, Err: panicked(p)}
		}
	}()
	headers := r.Headers[:0]
	*r = connect.Record{Topic: m.Topic, Partition: m.Partition, Timestamp: m.Timestamp, TimestampType: m.TimestampType, Origin: m, Arena: a}
	var err error
	if r.KeySchema, r.Key, err = s.cfg.Key.ToConnect(a, m.Topic, m.Key); err != nil {
		if err = s.retry(ctx, stats, err, func() error {
			r.KeySchema, r.Key, err = s.cfg.Key.ToConnect(a, m.Topic, m.Key)
			return err
		}); err != nil {
			return false, &errpolicy.Failure{Stage: stage, Class: class, Err: err}
		}
	}
	stage, class = errpolicy.ValueConverter, s.cfg.ValueClass
	if r.ValueSchema, r.Value, err = s.cfg.Value.ToConnect(a, m.Topic, m.Value); err != nil {
		if err = s.retry(ctx, stats, err, func() error {
			r.ValueSchema, r.Value, err = s.cfg.Value.ToConnect(a, m.Topic, m.Value)
			return err
		}); err != nil {
			return false, &errpolicy.Failure{Stage: stage, Class: class, Err: err}
		}
	}
	stage, class = errpolicy.HeaderConverter, s.cfg.HeaderClass
	for _, h := range m.Headers {
		header := connect.Header{Key: h.Key}
		if header.Schema, header.Value, err = s.cfg.Header.ToHeader(a, m.Topic, h.Key, h.Value); err != nil {
			return false, &errpolicy.Failure{Stage: stage, Class: class, Err: err}
		}
		headers = append(headers, header)
	}
	r.Headers = headers
	if s.cfg.Chain == nil {
		return true, nil
	}
	stage, class = errpolicy.Transformation, ""
	if keep, err = s.cfg.Chain.Apply(r); err != nil {
		if errors.As(err, &f) {
			return false, f
		}
		return false, &errpolicy.Failure{Stage: stage, Class: class, Err: err}
	}
	return keep, nil
}

// retry repeats a conversion that failed with a retriable error (a registry out of reach) as the policy allows. It is
// apart from the first try so that the usual case makes no closure.
func (s *Sink) retry(ctx context.Context, stats *Stats, err error, again func() error) error {
	if !connect.IsRetriable(err) {
		return err
	}
	first := true
	tries, err := s.cfg.Policy.Try(ctx, func() error {
		if first {
			first = false
			return err
		}
		return again()
	})
	stats.Retried += tries
	return err
}

// findPoints sets each partition's fail point from its messages' outcomes.
func (l *lane) findPoints() {
	for i := range l.outcomes {
		if l.outcomes[i].fate != failed && l.outcomes[i].fate != held {
			continue
		}
		m := &l.messages.Messages[i]
		if p := l.part(m); m.Offset < p.point || planted == holeInPartition {
			p.point = m.Offset
		}
	}
}

func (l *lane) anyFailed() bool {
	for i := range l.parts {
		if l.parts[i].point != noPoint {
			return true
		}
	}
	return false
}

// finish makes the answer and remembers what a repetition need not do again.
func (s *Sink) finish(ctx context.Context, l *lane, stats *Stats) (trigger.Result, Stats) {
	var result trigger.Result
	whole := l.anyFailed() && !s.cfg.Reports
	for i := range l.parts {
		p := &l.parts[i]
		switch {
		case whole:
			s.progress.Repeat(p.topic, p.id, p.first)
		case p.point != noPoint:
			s.progress.Repeat(p.topic, p.id, p.point)
		default:
			s.progress.Forget(p.topic, p.id)
		}
		if p.point != noPoint {
			result.Failed = append(result.Failed, trigger.Position{Topic: p.topic, Partition: p.id, Offset: p.point})
		}
	}
	for i := range l.outcomes {
		m, o := &l.messages.Messages[i], &l.outcomes[i]
		switch o.fate {
		case failed, held:
			stats.Failed++
			if o.err != nil && (result.Err == nil || worse(o.err, result.Err)) {
				result.Err = fmt.Errorf("%s-%d offset %d: %w", m.Topic, m.Partition, m.Offset, o.err)
			}
		case durable:
			stats.Written++
			if l.busy || !whole && m.Offset < l.part(m).point {
				continue // while its Put runs the connector cannot be asked for targets
			}
			if target, ok := s.target(l, &l.records[i]); ok {
				s.progress.Remember(m, target)
			}
		case buried:
			if whole || m.Offset >= l.part(m).point {
				s.progress.Remember(m, noTarget)
			}
		case dead:
			stats.Failed++
		}
	}
	return result, *stats
}

// target tells what a written record has in common with others that overwrite it, or that it overwrites.
func (s *Sink) target(l *lane, r *connect.Record) (target uint64, ok bool) {
	if t, is := l.sink.(connect.Targeter); is {
		l.target, ok = t.AppendTarget(l.target[:0], r)
		return s.progress.Target(l.target), ok
	}
	if r.Origin.Key == nil {
		return noTarget, true
	}
	return s.progress.Target(r.Origin.Key), true
}

// worse says whether a failure says more than the one the answer names so far: fatal before all others.
func worse(f *errpolicy.Failure, than error) bool {
	return connect.Classify(f) == connect.ClassFatal && connect.Classify(than) != connect.ClassFatal
}
