package connecttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/connectless/connectless/core/connect"
)

// A flaw is something that a sink of this test does wrong.
type flaw string

const (
	none          flaw = ""
	loses         flaw = "loses every tenth record"
	reorders      flaw = "writes a batch backwards"
	appends       flaw = "writes a replay again"
	goesOn        flaw = "writes on after a failure of an id"
	failsAll      flaw = "fails a batch for one bad record"
	callsFatal    flaw = "calls a refusal fatal"
	claimsAll     flaw = "reports nothing of a failure"
	ignoresCancel flaw = "does not look at the context"
	callsData     flaw = "calls a cancelled record a data error"
	keepsMemory   flaw = "keeps the memory of a batch"
	leaks         flaw = "leaves a goroutine behind"
	closesOnce    flaw = "fails the second Close"
	stumbles      flaw = "fails an empty batch"
	dropsNull     flaw = "drops tombstones"
	needsKey      flaw = "refuses records without key"
)

// target is a table or a log in memory.
type target struct {
	mu      sync.Mutex
	rows    []Row
	seen    map[string]bool // topic-partition-offset
	keeps   bool
	refused string
	stalled string
	reached chan struct{}
	gate    chan struct{}
	end     chan struct{} // of the test
}

func (t *target) write(ctx context.Context, at string, row Row, again bool) error {
	t.mu.Lock()
	refused, stalled, reached, gate := t.refused == row.ID, t.stalled == row.ID, t.reached, t.gate
	t.mu.Unlock()
	if refused {
		return errors.New("the target refuses")
	}
	if stalled {
		select {
		case <-reached:
		default:
			close(reached)
		}
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.rows, func(r Row) bool { return r.ID == row.ID })
	switch {
	case t.keeps && t.seen[at] && !again:
	case !t.keeps && i >= 0:
		t.rows[i] = row
	default:
		t.rows = append(t.rows, row)
	}
	t.seen[at] = true
	return nil
}

type memorySink struct {
	flaw   flaw
	target *target
	closed bool
}

func (s *memorySink) Put(ctx context.Context, batch []*connect.Record) error {
	switch s.flaw {
	case stumbles:
		if len(batch) == 0 {
			return errors.New("nothing to do")
		}
	case ignoresCancel:
		ctx = context.Background()
	case leaks:
		go func() { <-s.target.end }()
	}
	var failed connect.BatchError
	down := map[string]error{}
	order := slices.Collect(func(yield func(int) bool) {
		for i := range batch {
			if s.flaw == reorders {
				i = len(batch) - 1 - i
			}
			if !yield(i) {
				return
			}
		}
	})
	for _, i := range order {
		if err := s.deliver(ctx, i, batch[i], down); err != nil {
			failed.Fail(i, err)
		}
	}
	switch {
	case s.flaw == claimsAll:
		return nil
	case s.flaw == failsAll && failed.Len() > 0:
		return connect.DataError(errors.New(failed.Error()))
	}
	return failed.ErrOrNil()
}

func (s *memorySink) deliver(ctx context.Context, i int, r *connect.Record, down map[string]error) error {
	if r.Value.IsNull() {
		if s.flaw == dropsNull {
			return nil
		}
		return connect.DataError(errors.New("a tombstone"))
	}
	if r.Value.Get("id") == nil || s.flaw == needsKey && r.Key.IsNull() {
		return connect.DataError(errors.New("no id"))
	}
	row := Row{ID: strings.Clone(r.Value.Get("id").Text()), N: int(r.Value.Get("n").Int())}
	if s.flaw == keepsMemory {
		row.ID = r.Value.Get("id").Text()
	}
	if s.flaw == loses && i%10 == 9 {
		return nil
	}
	if err := down[row.ID]; err != nil && s.flaw != goesOn {
		return err
	}
	at := fmt.Sprintf("%s-%d-%d", r.Origin.Topic, r.Origin.Partition, r.Origin.Offset)
	err := s.target.write(ctx, at, row, s.flaw == appends)
	switch {
	case err == nil:
		return nil
	case s.flaw == callsFatal:
		err = connect.Fatal(err)
	case s.flaw == callsData && ctx.Err() != nil:
		err = connect.DataError(err)
	}
	down[row.ID] = err
	if s.flaw == goesOn { // one write fails, the next of the id does not
		s.target.mu.Lock()
		s.target.refused = ""
		s.target.mu.Unlock()
	}
	return err
}

func (s *memorySink) Close() error {
	if s.closed && s.flaw == closesOnce {
		return errors.New("closed already")
	}
	s.closed = true
	return nil
}

func driver(f flaw, keeps bool) SinkDriver {
	return SinkDriver{
		KeepsAll: keeps,
		Spoil:    func(r *connect.Record) { r.Value.Delete("id") },
		New: func(tb testing.TB) *SinkTarget {
			t := &target{keeps: keeps, seen: map[string]bool{}, end: make(chan struct{})}
			tb.Cleanup(func() { close(t.end) })
			return &SinkTarget{
				Open: func(context.Context) (connect.Sink, error) { return &memorySink{flaw: f, target: t}, nil },
				Written: func() []Row {
					t.mu.Lock()
					defer t.mu.Unlock()
					return slices.Clone(t.rows)
				},
				Refuse: func(id string) func() {
					t.mu.Lock()
					defer t.mu.Unlock()
					t.refused = id
					return func() {
						t.mu.Lock()
						defer t.mu.Unlock()
						t.refused = ""
					}
				},
				Stall: func(id string) (<-chan struct{}, func()) {
					t.mu.Lock()
					defer t.mu.Unlock()
					t.stalled, t.reached, t.gate = id, make(chan struct{}), make(chan struct{})
					return t.reached, sync.OnceFunc(func() {
						t.mu.Lock()
						defer t.mu.Unlock()
						t.stalled = ""
						close(t.gate)
					})
				},
			}
		},
	}
}

func TestSinkPassesTheSuite(t *testing.T) {
	t.Run("a row per id", func(t *testing.T) { Sink(t, driver(none, false)) })
	t.Run("every record", func(t *testing.T) { Sink(t, driver(none, true)) })
}

// recorder takes the failures of a check instead of failing the test.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func TestSuiteFindsFlaws(t *testing.T) {
	for f, want := range map[flaw]string{
		ignoresCancel: "a cancelled Put returns soon",
		loses:         "all records of a batch are written",
		reorders:      "the last record of an id wins within a batch",
		goesOn:        "nothing follows a failure of its id",
		failsAll:      "a record that can never be delivered fails alone",
		callsFatal:    "nothing follows a failure of its id",
		claimsAll:     "a failed batch is delivered when it comes again",
		callsData:     "a cancelled Put returns soon",
		keepsMemory:   "no memory of a batch is read after Put",
		leaks:         "no goroutine outlives Close",
		closesOnce:    "closing twice is fine",
		stumbles:      "an empty batch is fine",
		dropsNull:     "a tombstone",
		needsKey:      "a record without key",
	} {
		t.Run(string(f), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { mustFind(t, driver(f, false), want) })
		})
	}
	t.Run(string(appends), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { mustFind(t, driver(appends, true), "a replay changes nothing") })
	})
}

func mustFind(t *testing.T, d SinkDriver, want string) {
	t.Helper()
	found := map[string][]string{}
	for _, c := range sinkChecks {
		r := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.run(r, &d)
		}()
		<-done
		if len(r.failures) > 0 {
			found[c.name] = r.failures
		}
	}
	if found[want] == nil {
		t.Errorf("the check %q passed; failed: %s", want, strings.Join(slices.Sorted(maps.Keys(found)), "; "))
	}
}
