package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
)

// put hands the batch to the connector, and what failed with a retriable error again, as long as time is left.
func (s *Sink) put(ctx context.Context, deadline time.Time, l *lane, stats *Stats) {
	ctx, cancel := until(ctx, deadline)
	defer cancel()
	ctx, retries := connect.CountingRetries(ctx)
	defer func() { stats.Retried += int(retries.Load()) }()
	batch, of := l.batch, l.of
	for attempt := 1; len(batch) > 0; attempt++ {
		err, lost := deliver(ctx, l.sink, batch)
		l.lost = l.lost || lost
		l.busy = errors.Is(err, errBusy)
		var wait time.Duration
		n := 0
		for i, at := range of {
			e := errorOf(err, i)
			if e == nil {
				l.outcomes[at] = outcome{fate: durable}
				continue
			}
			f := &errpolicy.Failure{Stage: errpolicy.TaskPut, Class: errpolicy.SinkTaskClass, Err: e}
			if s.tolerates(f) {
				l.outcomes[at] = outcome{dead, f}
				continue
			}
			l.outcomes[at] = outcome{failed, f}
			// What a connector was opened with may have been mended when the batch comes again.
			l.lost = l.lost || connect.Classify(e) == connect.ClassFatal
			if connect.IsRetriable(e) {
				wait = max(wait, connect.RetryAfter(e))
				batch[n], of[n] = batch[i], at
				n++
			}
		}
		// A failure that will not go away has to be answered; waiting for the others to succeed only delays that, but
		// costs the repetition less.
		batch, of = batch[:n], of[:n]
		if n == 0 || l.lost || !errpolicy.Sleep(ctx, max(wait, s.cfg.Policy.Delay(attempt))) {
			break
		}
		stats.Retried += n
	}
	s.logFailed(ctx, l)
}

func (s *Sink) logFailed(ctx context.Context, l *lane) {
	for i := range l.outcomes {
		if o := &l.outcomes[i]; o.fate == failed && o.err.Stage == errpolicy.TaskPut {
			s.cfg.Policy.LogFailure(ctx, s.cfg.Log, &l.messages.Messages[i], o.err)
		}
	}
}

// errorOf is the error of the batch's record i.
func errorOf(err error, i int) error {
	if err == nil {
		return nil
	}
	var be *connect.BatchError
	if errors.As(err, &be) {
		return be.Failed(i)
	}
	return err
}

// grace is how long after its context's end a Put may still return before its memory is given up for lost.
const grace = 100 * time.Millisecond

// errBusy is that a Put still runs.
var errBusy = errors.New("task: the connector did not return within 100ms of its deadline") // grace

// deliver calls Put. A panic is an error; a Put that does not return when its time is over is left alone with its
// memory. lost says that neither the sink nor the memory may be used again.
func deliver(ctx context.Context, sink connect.Sink, batch []*connect.Record) (err error, lost bool) {
	type answer struct {
		err  error
		lost bool
	}
	done := make(chan answer, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- answer{panicked(p), true}
			}
		}()
		err := sink.Put(ctx, batch)
		done <- answer{err, connect.IsStillReading(err)}
	}()
	select {
	case a := <-done:
		return a.err, a.lost
	case <-ctx.Done():
	}
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case a := <-done:
		return a.err, a.lost
	case <-t.C:
		return errBusy, true
	}
}

// bury writes the dead letters that the answer lets the position pass: those below their partition's fail point, and
// none while the whole batch will be repeated anyway. A letter that cannot be written fails its record.
func (s *Sink) bury(ctx context.Context, deadline time.Time, l *lane, stats *Stats) {
	if l.anyFailed() && !s.cfg.Reports {
		return
	}
	var letters []*connect.Record
	var of []int
	for i := range l.outcomes {
		m, o := &l.messages.Messages[i], &l.outcomes[i]
		if o.fate != dead || m.Offset >= l.part(m).point {
			continue
		}
		s.cfg.Policy.LogFailure(ctx, s.cfg.Log, m, o.err)
		if s.cfg.Policy.DeadLetters() == "" {
			o.fate = buried
			stats.Dropped++
			continue
		}
		letters, of = append(letters, s.cfg.Policy.Letter(m, o.err)), append(of, i)
	}
	if len(letters) == 0 {
		return
	}
	if planted == dlqNotAwaited {
		l.lost = true
		for _, i := range of {
			l.outcomes[i].fate = buried
		}
		go func() {
			ctx, cancel := until(context.WithoutCancel(ctx), deadline)
			defer cancel()
			// Through a client of their own: in virtual time nobody may wait for a lock.
			own := NewDeadLetters(s.cfg.OpenDeadLetters, s.cfg.Log)
			own.Write(ctx, letters)
			_ = own.Close()
		}()
		return
	}
	ctx, cancel := until(ctx, deadline)
	defer cancel()
	err, lost := s.letters.Write(ctx, letters)
	l.lost = l.lost || lost
	for k, i := range of {
		m, o := &l.messages.Messages[i], &l.outcomes[i]
		e := errorOf(err, k)
		if e == nil {
			o.fate = buried
			stats.DeadLettered++
			continue
		}
		o.fate = failed
		o.err = &errpolicy.Failure{Stage: o.err.Stage, Class: o.err.Class, Err: fmt.Errorf("dead letter %s: %w (dead letter of: %v)", s.cfg.Policy.DeadLetters(), e, o.err.Err)}
		if p := l.part(m); m.Offset < p.point {
			p.point = m.Offset
		}
	}
}

// Stats counts one invocation. Every record read is exactly one of Written, Repeated, Filtered, DeadLettered, Dropped
// and Failed.
type Stats struct {
	Read         int
	Written      int
	Repeated     int // known to be durable from an earlier try of the batch
	Filtered     int // dropped by a transform
	DeadLettered int
	Dropped      int   // tolerated with nowhere for a dead letter to go
	Failed       int   // will come again
	Retried      int   // tries of conversions and records after the first, the connector's own included
	Bytes        int   // size of the event
	Newest       int64 // newest record's timestamp, milliseconds; trigger.NoTimestamp for none
	Duration     time.Duration
}

// Lag is the age of the newest record at a time, 0 when it is not known.
func (s *Stats) Lag(now time.Time) time.Duration {
	if s.Newest == trigger.NoTimestamp {
		return 0
	}
	return max(0, now.Sub(time.UnixMilli(s.Newest)))
}
