package eventsource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/host"
)

// Invocation tells of one invocation, successful or not.
type Invocation struct {
	RequestID  string
	Partitions []Range // what the event held
	Records    int
	Bytes      int // of the event
	Attempt    int // from 1, counted for the records it begins with

	Start          time.Time
	Duration       time.Duration // of the call, waiting for a free execution environment and a cold start included
	Function       host.Response // what the function's host measured; Body is the function's answer
	Oldest, Newest time.Time     // record timestamps

	// Err is why the batch, or what Failed names of it, comes again. Nil is success.
	Err error
	// Failed is the first failed offset by partition key when the function gave a partial batch response.
	Failed map[string]int64
}

// Range is a run of records of a partition in an event.
type Range struct {
	Partition   int32
	First, Last int64 // offsets
	Records     int
}

// deliver brings a batch to its end: delivered, given up, or left for the next session when this one stops.
func (l *lane) deliver(first *unit) {
	cfg := &l.s.cfg
	pending := []*unit{first}
	for len(pending) > 0 && l.s.stop.Err() == nil {
		u := pending[0]
		if !l.prune(u) {
			return
		}
		if len(u.slices) == 0 {
			pending = pending[1:]
			continue
		}
		inv := l.invoke(u)
		u.last = outcome{condition: ConditionRetries, requestID: inv.RequestID, attempts: inv.Attempt, called: true}
		switch {
		case inv.Err == nil:
			l.commit(u.deliveredAll())
			l.s.m.delivered(l, inv)
			pending = pending[1:]
			continue
		case cfg.BisectBatchOnFunctionError && u.size() > 1 && (counts(inv.Err) && len(inv.Failed) == 0 || u.stuck(cfg.Topic, inv.Failed)):
			a, b := u.halve()
			pending = append([]*unit{a, b}, pending[1:]...)
			l.s.m.failed(l, inv)
			continue
		case len(inv.Failed) > 0:
			done, err := u.resume(cfg.Topic, inv.Failed)
			if err != nil {
				panic("eventsource: " + err.Error()) // invoke has checked the report against the unit
			}
			l.commit(done)
		case !counts(inv.Err): // the function was not run
		default:
			for i := range u.slices {
				u.slices[i].attempts++
			}
		}
		u.tries++
		l.s.m.failed(l, inv)
		over := u.exhausted(cfg.retries())
		if !l.giveUp(over, u.last) {
			return
		}
		for _, s := range over {
			l.commit([]position{{s.part, s.end}})
		}
		if len(inv.Failed) > 0 || len(over) > 0 {
			l.encoded = nil
		}
		if len(u.slices) > 0 && !l.s.sleep(cfg.RetryBackoff.Delay(max(u.tries, 1))) {
			return
		}
	}
}

// refuse deals with a record that fits in no event: it goes to the on-failure destination, or else the partition stands
// still, visibly, until the record expires or the mapping is changed.
func (l *lane) refuse(u *unit) {
	cfg := &l.s.cfg
	if cfg.hasDestination() {
		if l.giveUp(u.slices, outcome{condition: ConditionTooLarge}) {
			l.commit(u.deliveredAll())
		}
		return
	}
	u.last.condition = ConditionTooLarge
	s := u.slices[0]
	err := fmt.Errorf("record %s@%d is %d bytes as an event, more than the %d of an invocation; it blocks its partition, set an on-failure destination to skip it",
		partitionKey(cfg.Topic, s.part.id), s.records[0].Offset, len(cfg.encodeAny(s.records)), host.MaxRequestBytes)
	for n := 1; !l.lost(s.part); n++ {
		l.s.m.problem(l, err)
		if !l.s.sleep(cfg.RetryBackoff.Delay(n)) {
			return
		}
		u.tries = n
		if !l.prune(u) || len(u.slices) == 0 {
			return
		}
	}
}

// prune takes out of a unit what is not to be delivered (any more): partitions that were lost, records that expired
// from the topic while they were retried, and records that are too old. It returns false when the session stops.
func (l *lane) prune(u *unit) bool {
	before := u.size()
	kept := u.slices[:0:0]
	for _, s := range u.slices {
		if !l.lost(s.part) {
			kept = append(kept, s)
		}
	}
	u.slices = kept
	if u.tries > 0 {
		if start, err := l.s.logStart(); err == nil { // unknown is not expired
			expired := u.filter(func(r *kgo.Record) bool { return r.Offset >= start[r.Partition] })
			if !l.giveUp(expired, u.last) {
				return false
			}
		}
	}
	if age := l.s.cfg.MaximumRecordAge; age > 0 {
		limit := time.Now().Add(-age)
		old := u.filter(func(r *kgo.Record) bool { return !r.Timestamp.Before(limit) })
		why := u.last
		why.condition = ConditionAge
		if !l.giveUp(old, why) {
			return false
		}
	}
	if u.size() != before {
		l.encoded = nil
		l.commit(u.begins())
	}
	return true
}

// invoke sends the unit to the function once and reads the answer as the mapping is configured to.
func (l *lane) invoke(u *unit) Invocation {
	cfg := &l.s.cfg
	if l.encoded != u {
		l.enc.reset()
		for _, s := range u.slices {
			for _, r := range s.records {
				l.enc.add(r) // it fitted before, in a larger event
			}
		}
		l.encoded = u
	}
	event := l.enc.event()
	inv := Invocation{Partitions: u.ranges(), Records: u.size(), Bytes: len(event), Attempt: u.attempt()}
	inv.Oldest, inv.Newest = u.times()
	cfg.BeforeInvocation()
	inv.Start = time.Now()
	inv.Function, inv.Err = cfg.Function.Invoke(l.s.kill, event)
	inv.Duration = time.Since(inv.Start)
	inv.RequestID = inv.Function.RequestID
	if inv.Err == nil && cfg.ReportBatchItemFailures {
		inv.Failed, inv.Err = l.readReport(u, inv.Function.Body)
	}
	cfg.OnInvocation(inv)
	return inv
}

// readReport returns what the function reported as failed, and with it an error.
func (l *lane) readReport(u *unit, body []byte) (map[string]int64, error) {
	lowest, err := decodeReport(body)
	if err != nil || len(lowest) == 0 {
		return nil, err
	}
	trial := *u
	if _, err := trial.resume(l.s.cfg.Topic, lowest); err != nil {
		return nil, err
	}
	return lowest, fmt.Errorf("%w: failed from %v", errReport, lowest)
}

// counts tells whether a failed call uses up a retry: the function ran, or tried to start, and failed.
func counts(err error) bool {
	_, failed := errors.AsType[*host.FunctionError](err)
	_, init := errors.AsType[*host.InitError](err)
	return failed || init || errors.Is(err, errReport)
}

// giveUp sends slices to the on-failure destination, if there is one. It returns false when the session stops first.
func (l *lane) giveUp(slices []slice, o outcome) bool {
	for _, s := range slices {
		for n := 1; l.s.cfg.hasDestination(); n++ {
			err := l.send(s, o)
			if err == nil {
				break
			}
			l.s.m.problem(l, fmt.Errorf("on-failure destination: %w", err))
			if !l.s.sleep(l.s.cfg.RetryBackoff.Delay(n)) {
				return false
			}
		}
		l.s.m.gaveUp(l, s, o)
	}
	return true
}

func (l *lane) send(s slice, o outcome) error {
	ctx, cancel := context.WithTimeout(l.s.kill, requestTimeout)
	defer cancel()
	cfg := &l.s.cfg
	if cfg.OnFailure != nil {
		return cfg.OnFailure.Send(ctx, cfg.failure(o, s))
	}
	messages := make([]*kgo.Record, len(s.records))
	for i, r := range s.records {
		messages[i] = cfg.deadLetter(o, r)
	}
	return l.s.admin.ProduceSync(ctx, messages...).FirstErr()
}

// commit moves positions. One that fails is not repeated: the next one of the partition covers it, and until then the
// records would come again.
func (l *lane) commit(done []position) {
	offsets := make(map[int32]kgo.EpochOffset, len(done))
	for _, d := range done {
		if !l.lost(d.part) {
			offsets[d.part.id] = kgo.EpochOffset{Epoch: -1, Offset: d.offset}
		}
	}
	if len(offsets) == 0 {
		return
	}
	if err := l.s.commit(offsets); err != nil {
		l.s.m.problem(l, fmt.Errorf("commit: %w", err))
	}
}

func joinBrokers(brokers []string) string { return strings.Join(brokers, ",") }
