package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
)

// text is a converter for tests: a value is a string, "!" is broken, "?" needs a registry that is away.
type text struct{}

func (text) ToConnect(_ *data.Arena, _ string, b []byte) (*data.Schema, data.Value, error) {
	switch {
	case b == nil:
		return nil, data.Value{}, nil
	case b[0] == '!':
		return nil, data.Value{}, data.Errorf(data.DataException, "broken %s", b)
	case b[0] == '?':
		return nil, data.Value{}, connect.Retriable(errors.New("registry away"))
	}
	return data.Of(data.TypeString, true), data.OfString(string(b)), nil
}

func (text) FromConnect(dst []byte, _ string, _ *data.Schema, _ *data.Value) ([]byte, bool, error) {
	return dst, true, nil
}

func (t text) ToHeader(a *data.Arena, topic, _ string, b []byte) (*data.Schema, data.Value, error) {
	return t.ToConnect(a, topic, b)
}

func (t text) FromHeader(dst []byte, _, _ string, _ *data.Schema, _ *data.Value) ([]byte, bool, error) {
	return dst, true, nil
}

// world is a scriptable outside: what Put does with a record is decided by fail, what was delivered is in puts.
type world struct {
	fail    func(r *connect.Record) error
	each    time.Duration // time one record takes
	puts    []string      // partition@offset:value, in order
	letters []string
	letter  func(i int) error // error of the i-th dead letter ever written
	opened  int
	closed  atomic.Int32
	block   chan struct{} // the first Put waits for it, whatever its context says
	calls   atomic.Int32
	ctx     context.Context // of the Put that runs
}

type fakeSink struct{ w *world }

// documents is a fakeSink that tells which document a record writes: what its value has before "=".
type documents struct{ fakeSink }

func document(r *connect.Record) string {
	name, _, _ := strings.Cut(r.Value.Text(), "=")
	return name
}

func (*documents) AppendTarget(dst []byte, r *connect.Record) ([]byte, bool) {
	return append(dst, document(r)...), true
}

func (s *fakeSink) Put(ctx context.Context, batch []*connect.Record) error {
	if s.w.calls.Add(1) == 1 && s.w.block != nil {
		<-s.w.block
	}
	s.w.ctx = ctx
	var be connect.BatchError
	blocked := map[string]bool{}
	for i, r := range batch {
		key := r.Key.Text()
		if key == "" {
			key = document(r)
		}
		if s.w.each > 0 && !errpolicy.Sleep(ctx, s.w.each) {
			be.Fail(i, connect.Retriable(context.DeadlineExceeded))
			blocked[key] = true
			continue
		}
		if blocked[key] {
			be.Fail(i, connect.Retriable(errors.New("after a failure of its key")))
			continue
		}
		if s.w.fail != nil {
			if err := s.w.fail(r); err != nil {
				be.Fail(i, err)
				blocked[key] = connect.Classify(err) != connect.ClassData
				continue
			}
		}
		s.w.puts = append(s.w.puts, fmt.Sprintf("%d@%d:%s", r.Origin.Partition, r.Offset(), r.Value.Text()))
	}
	return be.ErrOrNil()
}

func (s *fakeSink) Close() error { s.w.closed.Add(1); return nil }

type fakeLetters struct{ w *world }

func (s *fakeLetters) Put(_ context.Context, batch []*connect.Record) error {
	var be connect.BatchError
	for i, r := range batch {
		n := len(s.w.letters)
		if s.w.letter != nil {
			if err := s.w.letter(n); err != nil {
				be.Fail(i, err)
				continue
			}
		}
		headers := map[string]string{}
		for _, h := range r.Headers {
			headers[h.Key] = string(h.Raw)
		}
		s.w.letters = append(s.w.letters, fmt.Sprintf("%s/%s@%s %s: %s", r.Topic, headers[errpolicy.HeaderPartition], headers[errpolicy.HeaderOffset],
			headers[errpolicy.HeaderStage], r.Value.Raw()))
	}
	return be.ErrOrNil()
}

func newTask(w *world, change func(*SinkConfig)) *Sink {
	cfg := SinkConfig{
		Policy: errpolicy.Policy{Connector: "c", MaxDelay: time.Minute, TolerateAll: true, Topic: "dlq", Headers: true},
		Key:    text{}, Value: text{}, Header: text{},
		KeyClass: "x.Key", ValueClass: "x.Value", HeaderClass: "x.Header",
		Open:            func(context.Context) (connect.Sink, error) { w.opened++; return &fakeSink{w}, nil },
		OpenDeadLetters: func(context.Context) (connect.Sink, error) { return &fakeLetters{w}, nil },
		Log:             slog.New(slog.DiscardHandler),
		poison:          true,
	}
	if change != nil {
		change(&cfg)
	}
	return NewSink(cfg)
}

// event makes a batch: "0:a,b 1:c" is a and b in partition 0 and c in partition 1, offsets from 10, each its own key.
func event(spec string) trigger.Decode {
	return func(m *trigger.Messages, alloc func(int) []byte) error {
		m.Messages = m.Messages[:0]
		for _, p := range strings.Fields(spec) {
			id, values, _ := strings.Cut(p, ":")
			for i, v := range strings.Split(values, ",") {
				b := alloc(len(v))
				copy(b, v)
				m.Messages = append(m.Messages, trigger.Message{Topic: "t", Partition: int32(id[0] - '0'), Offset: int64(10 + i),
					Timestamp: 1000, Key: append(alloc(0), "k"+v...), Value: b})
			}
		}
		return nil
	}
}

func positions(r trigger.Result) string {
	var s []string
	for _, p := range r.Failed {
		s = append(s, fmt.Sprintf("%d@%d", p.Partition, p.Offset))
	}
	sort.Strings(s)
	return strings.Join(s, " ")
}

func failOn(value string, err error) func(*connect.Record) error {
	return func(r *connect.Record) error {
		if r.Value.Text() == value {
			return err
		}
		return nil
	}
}

var errPlain = errors.New("unclassified")

// One invocation, from the outside: what was written, what was dead-lettered, what must come again.
func TestRun(t *testing.T) {
	none := func(c *SinkConfig) { c.Policy.TolerateAll = false }
	reports := func(c *SinkConfig) { c.Reports = true }
	both := func(c *SinkConfig) { none(c); reports(c) }
	for _, tc := range []struct {
		name    string
		change  func(*SinkConfig)
		fail    func(*connect.Record) error
		event   string
		puts    string
		letters string
		failed  string
	}{
		{name: "all delivered", event: "0:a,b 1:c", puts: "0@10:a 0@11:b 1@10:c"},
		{name: "tolerated conversion error is dead-lettered", event: "0:a,!,b", puts: "0@10:a 0@12:b", letters: "dlq/0@11 VALUE_CONVERTER: !"},
		{name: "tolerated data error of the connector is dead-lettered", event: "0:a,x,b", fail: failOn("x", connect.DataError(errPlain)),
			puts: "0@10:a 0@12:b", letters: "dlq/0@11 TASK_PUT: x"},
		{name: "untolerated conversion error stops its partition only", change: none, event: "0:a,!,b 1:c", puts: "0@10:a 1@10:c", failed: "0@11"},
		{name: "untolerated data error of the connector fails its point", change: none, event: "0:a,x,b", fail: failOn("x", connect.DataError(errPlain)),
			puts: "0@10:a 0@12:b", failed: "0@11"},
		{name: "a registry out of reach is not tolerated", event: "0:a,?,b", puts: "0@10:a", failed: "0@11"},
		{name: "unclassified error comes again", event: "0:a,x,b", fail: failOn("x", errPlain), puts: "0@10:a 0@12:b", failed: "0@11"},
		{name: "no dead letter while the whole batch comes again", event: "0:!,x 1:!", fail: failOn("x", errPlain), failed: "0@11"},
		{name: "dead letters below the points when items are reported", change: reports, event: "0:!,x,! 1:!,a", fail: failOn("x", errPlain),
			puts: "1@11:a", letters: "dlq/0@10 VALUE_CONVERTER: ! dlq/1@10 VALUE_CONVERTER: !", failed: "0@11"},
		{name: "several points", change: both, event: "0:!,a 1:b,! 2:c", puts: "1@10:b 2@10:c", failed: "0@10 1@11"},
		{name: "without a topic tolerated records are dropped", change: func(c *SinkConfig) { c.Policy.Topic = "" }, event: "0:a,!,b", puts: "0@10:a 0@12:b"},
		{name: "a fatal error is never tolerated", event: "0:x", fail: failOn("x", connect.Fatal(errPlain)), failed: "0@10"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{fail: tc.fail}
				s := newTask(w, tc.change)
				result, stats := s.Run(t.Context(), event(tc.event))
				if got := strings.Join(w.puts, " "); got != tc.puts {
					t.Errorf("written %q, want %q", got, tc.puts)
				}
				if got := strings.Join(w.letters, " "); got != tc.letters {
					t.Errorf("dead letters %q, want %q", got, tc.letters)
				}
				if got := positions(result); got != tc.failed {
					t.Errorf("failed %q, want %q", got, tc.failed)
				}
				if (result.Err != nil) != (tc.failed != "") {
					t.Errorf("Err = %v with failed %q", result.Err, tc.failed)
				}
				if sum := stats.Written + stats.Repeated + stats.Filtered + stats.DeadLettered + stats.Dropped + stats.Failed; sum != stats.Read {
					t.Errorf("the counts do not add up: %+v", stats)
				}
			})
		})
	}
}

// While a batch is repeated, what is durable is not written again, dead letters are written once nothing else is left,
// and the batch ends.
func TestRepeatedBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := true
		w := &world{fail: func(r *connect.Record) error {
			if r.Value.Text() == "x" && away {
				return errPlain
			}
			return nil
		}}
		s := newTask(w, nil)
		for range 3 {
			if result, _ := s.Run(t.Context(), event("0:a,!,x,b 1:c")); positions(result) != "0@12" {
				t.Fatalf("failed %q, want 0@12", positions(result))
			}
		}
		away = false
		result, stats := s.Run(t.Context(), event("0:a,!,x,b 1:c"))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		if diff := cmp.Diff([]string{"0@10:a", "0@13:b", "1@10:c", "0@12:x"}, w.puts); diff != "" {
			t.Errorf("written (-want +got):\n%s", diff)
		}
		if len(w.letters) != 1 || stats.DeadLettered != 1 || stats.Repeated != 3 {
			t.Errorf("letters %v, stats %+v", w.letters, stats)
		}
		// The batch is over: the same offsets are new records if they come once more.
		s.Run(t.Context(), event("0:a"))
		if len(w.puts) != 5 {
			t.Errorf("a record that came again after its batch was answered was not written: %v", w.puts)
		}
	})
}

// An offset is no proof: a topic that was created anew has other records at it.
func TestRepeatedOffsetWithOtherContent(t *testing.T) {
	w := &world{fail: failOn("x", errPlain)}
	s := newTask(w, nil)
	s.Run(t.Context(), event("0:a,x"))
	s.Run(t.Context(), event("0:other,x"))
	if diff := cmp.Diff([]string{"0@10:a", "0@10:other"}, w.puts); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
}

// versions makes a batch of partition 0 from an offset on, of records "key=value".
func versions(from int64, records ...string) trigger.Decode {
	return func(m *trigger.Messages, alloc func(int) []byte) error {
		m.Messages = m.Messages[:0]
		for i, r := range records {
			key, _, _ := strings.Cut(r, "=")
			b := alloc(len(r))
			copy(b, r)
			m.Messages = append(m.Messages, trigger.Message{Topic: "t", Offset: from + int64(i), Timestamp: 1000, Key: append(alloc(0), key...), Value: b})
		}
		return nil
	}
}

// What a process remembers must not keep it from mending what came after: an earlier batch that comes again, or another
// process that began the same batch, leaves older versions where newer ones were.
func TestStaleProgress(t *testing.T) {
	for _, tc := range []struct {
		name  string
		comes func(ctx context.Context, w *world, s, other *Sink)
	}{
		{"the batch before comes again, with this one", func(ctx context.Context, w *world, s, _ *Sink) {
			s.Run(ctx, versions(8, "k=1", "j=1", "x=0", "k=2", "j=2", "k=3", "l=1"))
		}},
		{"another process delivers some, and the rest comes here", func(ctx context.Context, w *world, s, other *Sink) {
			other.Run(ctx, versions(10, "x=0", "k=2", "j=2"))
			s.Run(ctx, versions(13, "k=3", "l=1"))
		}},
		{"another process begins the batch", func(ctx context.Context, w *world, s, other *Sink) {
			w.fail = func(r *connect.Record) error {
				if r.Value.Text() == "k=2" {
					return nil
				}
				return errPlain
			}
			other.Run(ctx, versions(10, "x=0", "k=2", "j=2", "k=3", "l=1"))
			w.fail = nil
			s.Run(ctx, versions(10, "x=0", "k=2", "j=2", "k=3", "l=1"))
		}},
	} {
		for _, reports := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reporting %t", tc.name, reports), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := &world{}
					s, other := newTask(w, func(c *SinkConfig) { c.Reports = reports }), newTask(w, func(c *SinkConfig) { c.Reports = reports })
					w.fail = failOn("x=0", errPlain)
					s.Run(t.Context(), versions(10, "x=0", "k=2", "j=2", "k=3", "l=1"))
					w.fail = nil
					tc.comes(t.Context(), w, s, other)
					last := map[string]string{}
					for _, put := range w.puts {
						_, value, _ := strings.Cut(put, ":")
						key, _, _ := strings.Cut(value, "=")
						last[key] = value
					}
					if diff := cmp.Diff(map[string]string{"x": "x=0", "k": "k=3", "j": "j=2", "l": "l=1"}, last); diff != "" {
						t.Errorf("what stays (-want +got):\n%s\nwritten %v", diff, w.puts)
					}
				})
			})
		}
	}
}

// Whatever Kafka's keys say, the last record of a document is what stays where the connector tells documents apart: no
// keys, and keys that are another for each record.
func TestStaleProgressOfDocuments(t *testing.T) {
	for name, key := range map[string]func(i int) []byte{
		"no keys":      func(int) []byte { return nil },
		"keys of each": func(i int) []byte { return []byte{'a' + byte(i)} },
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{}
			opened := func(c *SinkConfig) {
				c.Open = func(context.Context) (connect.Sink, error) { return &documents{fakeSink{w}}, nil }
			}
			s, other := newTask(w, opened), newTask(w, opened)
			batch := func(m *trigger.Messages, alloc func(int) []byte) error {
				err := versions(10, "x=0", "k=1", "j=1", "k=2")(m, alloc)
				for i := range m.Messages {
					m.Messages[i].Key = key(i)
				}
				return err
			}
			w.fail = failOn("x=0", errPlain)
			s.Run(t.Context(), batch)
			w.fail = func(r *connect.Record) error {
				if r.Value.Text() == "k=1" {
					return nil
				}
				return errPlain
			}
			other.Run(t.Context(), batch) // another process begins the batch, and writes k=1 over k=2
			w.puts, w.fail = nil, nil
			s.Run(t.Context(), batch)
			if diff := cmp.Diff([]string{"0@10:x=0", "0@13:k=2"}, w.puts); diff != "" {
				t.Errorf("written when the batch comes again (-want +got):\n%s", diff)
			}
		})
	}
}

// A target's last version is all that is written again of what is known.
func TestRepeatedKeys(t *testing.T) {
	w := &world{fail: failOn("x=0", errPlain)}
	s := newTask(w, nil)
	batch := versions(10, "k=1", "k=2", "x=0", "j=1", "k=3")
	s.Run(t.Context(), batch)
	w.puts, w.fail = nil, nil
	_, stats := s.Run(t.Context(), batch)
	if diff := cmp.Diff([]string{"0@12:x=0", "0@14:k=3"}, w.puts); diff != "" || stats.Repeated != 3 {
		t.Errorf("written (-want +got):\n%s\n%d repeated", diff, stats.Repeated)
	}
}

// A batch worth three deadlines finishes although each invocation fails.
func TestBatchLongerThanTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{each: time.Second}
		s := newTask(w, nil)
		values := make([]string, 25)
		for i := range values {
			values[i] = fmt.Sprint("v", i)
		}
		spec := "0:" + strings.Join(values, ",")
		for invocation := 1; ; invocation++ {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			start := time.Now()
			result, _ := s.Run(ctx, event(spec))
			cancel()
			if d := time.Since(start); d >= 10*time.Second {
				t.Fatalf("invocation took %v of its 10 s", d)
			}
			if result.Err == nil {
				if invocation < 3 || len(w.puts) != 25 {
					t.Errorf("done after %d invocations with %d writes, want each of 25 records once", invocation, len(w.puts))
				}
				return
			}
			if invocation == 5 {
				t.Fatalf("not done after %d invocations, %d of 25 written", invocation, len(w.puts))
			}
		}
	})
}

// Retriable failures are tried again within the invocation, after the wait the other side asked for; what was written
// is not written again.
func TestRetryWithinTheInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		w := &world{}
		w.fail = func(r *connect.Record) error {
			if r.Value.Text() == "x" {
				if tries++; tries < 3 {
					connect.CountRetries(w.ctx, 10)
					return connect.RetriableAfter(7*time.Second, errors.New("throttled"))
				}
			}
			return nil
		}
		s := newTask(w, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		result, stats := s.Run(ctx, event("0:a,x,b"))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		if d := time.Since(start); d != 14*time.Second {
			t.Errorf("waited %v, want twice 7s", d)
		}
		// Two tries of the engine, and ten before each of the two failures of the connector itself.
		if diff := cmp.Diff([]string{"0@10:a", "0@12:b", "0@11:x"}, w.puts); diff != "" || stats.Retried != 22 {
			t.Errorf("written (-want +got):\n%s\nretried %d", diff, stats.Retried)
		}
	})
}

func TestDeadLetterTopicAway(t *testing.T) {
	w := &world{letter: func(i int) error {
		if i == 1 {
			return connect.Retriable(errors.New("broker away"))
		}
		return nil
	}}
	s := newTask(w, nil)
	result, stats := s.Run(t.Context(), event("0:!1,a,!2 1:b"))
	if positions(result) != "0@12" || stats.DeadLettered != 1 || stats.Failed != 1 {
		t.Fatalf("failed %q, stats %+v; want the record whose letter was lost", positions(result), stats)
	}
	w.letter = nil
	if result, _ = s.Run(t.Context(), event("0:!1,a,!2 1:b")); result.Err != nil {
		t.Fatal(result.Err)
	}
	want := []string{"dlq/0@10 VALUE_CONVERTER: !1", "dlq/0@12 VALUE_CONVERTER: !2"}
	if diff := cmp.Diff(want, w.letters); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
}

// Credentials of the dead letter topic may be mended while the task lives: its client is opened anew.
func TestFatalDeadLetterReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := true
		w := &world{letter: func(int) error {
			if refused {
				return connect.Fatal(errors.New("not authorized"))
			}
			return nil
		}}
		opened := 0
		s := newTask(w, func(c *SinkConfig) {
			open := c.OpenDeadLetters
			c.OpenDeadLetters = func(ctx context.Context) (connect.Sink, error) { opened++; return open(ctx) }
		})
		if result, _ := s.Run(t.Context(), event("0:!")); positions(result) != "0@10" || !s.State().Failed {
			t.Fatalf("failed %q, state %+v; want the record to come again and FAILED", positions(result), s.State())
		}
		refused = false
		if result, _ := s.Run(t.Context(), event("0:!")); result.Err != nil || opened != 2 || s.State().Failed {
			t.Errorf("result %v, opened %d, state %+v; want a new client and RUNNING", result, opened, s.State())
		}
	})
}

func TestPanicFailsTheBatchAndReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.fail = func(r *connect.Record) error {
			if r.Value.Text() == "x" {
				panic("boom")
			}
			return nil
		}
		s := newTask(w, nil)
		result, _ := s.Run(t.Context(), event("0:a,x"))
		if result.Err == nil || !strings.Contains(result.Err.Error(), "boom") || positions(result) != "0@10" {
			t.Fatalf("result %v, want the panic and all of the batch again", result)
		}
		result, _ = s.Run(t.Context(), event("0:b"))
		synctest.Wait()
		if result.Err != nil || w.opened != 2 || w.closed.Load() != 1 {
			t.Errorf("after the panic: %v, opened %d, closed %d; want a new connector", result.Err, w.opened, w.closed.Load())
		}
	})
}

// A connector that ignores its context is left alone: the answer comes in time, and its memory is not recycled.
func TestStalledPut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{block: make(chan struct{})}
		s := newTask(w, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		result, _ := s.Run(ctx, event("0:a,b"))
		if result.Err == nil || time.Since(start) >= 10*time.Second {
			t.Fatalf("result %v after %v", result, time.Since(start))
		}
		if result, _ := s.Run(t.Context(), event("0:ccccc,ddddd")); result.Err != nil {
			t.Fatal(result.Err)
		}
		close(w.block)
		synctest.Wait()
		if diff := cmp.Diff([]string{"0@10:ccccc", "0@11:ddddd", "0@10:a", "0@11:b"}, w.puts); diff != "" {
			t.Errorf("the stalled Put saw other bytes (-want +got):\n%s", diff)
		}
	})
}

func TestFatalStateAndRecovery(t *testing.T) {
	w := &world{fail: failOn("x", connect.Fatal(errors.New("key revoked")))}
	s := newTask(w, nil)
	s.Run(t.Context(), event("0:x"))
	if st := s.State(); !st.Failed || !strings.Contains(st.Trace, "key revoked") {
		t.Errorf("state %+v, want FAILED with the reason", st)
	}
	w.fail = nil
	if result, _ := s.Run(t.Context(), event("0:x")); result.Err != nil || s.State().Failed || w.opened != 2 {
		t.Errorf("result %v, state %+v, opened %d; want a new connector and RUNNING", result, s.State(), w.opened)
	}
}

func TestOpenFailure(t *testing.T) {
	w := &world{}
	s := newTask(w, func(c *SinkConfig) {
		c.Open = func(context.Context) (connect.Sink, error) {
			return nil, connect.Fatal(errors.New("no such container"))
		}
	})
	result, stats := s.Run(t.Context(), event("0:a,b 1:c"))
	if positions(result) != "0@10 1@10" || stats.Failed != 3 || !s.State().Failed {
		t.Errorf("failed %q, stats %+v, state %+v", positions(result), stats, s.State())
	}
}

func TestBrokenEvent(t *testing.T) {
	s := newTask(&world{}, nil)
	result, _ := s.Run(t.Context(), func(*trigger.Messages, func(int) []byte) error { return errors.New("not an event") })
	if result.Err == nil || len(result.Failed) != 0 {
		t.Errorf("result %+v, want an error without positions", result)
	}
}

type filter struct{}

func (filter) Apply(r *connect.Record) (bool, error) {
	if r.Value.Text() == "bad" {
		return false, &errpolicy.Failure{Stage: errpolicy.Transformation, Class: "x.Smt", Err: data.Errorf(data.DataException, "no")}
	}
	return r.Value.Text() != "drop", nil
}

func TestChain(t *testing.T) {
	w := &world{}
	s := newTask(w, func(c *SinkConfig) { c.Chain = filter{} })
	result, stats := s.Run(t.Context(), event("0:a,drop,bad"))
	if result.Err != nil || stats.Filtered != 1 || stats.DeadLettered != 1 || stats.Written != 1 {
		t.Errorf("result %v, stats %+v", result, stats)
	}
	if len(w.letters) != 1 || w.letters[0] != "dlq/0@12 TRANSFORMATION: bad" {
		t.Errorf("letters %v", w.letters)
	}
}

// Invocations run at the same time, each with its own connector and memory.
func TestConcurrentInvocations(t *testing.T) {
	var mu sync.Mutex
	written := 0
	s := newTask(&world{}, func(c *SinkConfig) {
		c.Open = func(context.Context) (connect.Sink, error) {
			return sinkFunc(func(batch []*connect.Record) error {
				mu.Lock()
				defer mu.Unlock()
				for _, r := range batch {
					if v := r.Value.Text(); v != "abc" {
						t.Errorf("read %q", v)
					}
					written++
				}
				return nil
			}), nil
		}
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if result, _ := s.Run(t.Context(), event("0:abc,abc 1:abc")); result.Err != nil {
					t.Error(result.Err)
				}
			}
		})
	}
	wg.Wait()
	if written != 8*50*3 {
		t.Errorf("%d records written, want %d", written, 8*50*3)
	}
}

type sinkFunc func([]*connect.Record) error

func (f sinkFunc) Put(_ context.Context, batch []*connect.Record) error { return f(batch) }

type warmSink struct {
	fakeSink
	warmed chan struct{}
}

func (s *warmSink) Warm(ctx context.Context) { <-s.warmed }

// What a connector does before its first event is done when that is delivered, by the same instance.
func TestWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		warmed := make(chan struct{})
		s := newTask(w, func(c *SinkConfig) {
			c.Open = func(context.Context) (connect.Sink, error) { w.opened++; return &warmSink{fakeSink{w}, warmed}, nil }
		})
		s.Warm(t.Context())
		done := make(chan trigger.Result, 1)
		go func() {
			result, _ := s.Run(t.Context(), event("0:a"))
			done <- result
		}()
		synctest.Wait()
		if len(done) > 0 || len(w.puts) > 0 {
			t.Error("the event did not wait")
		}
		close(warmed)
		if result := <-done; result.Err != nil || len(w.puts) != 1 || w.opened != 1 {
			t.Errorf("result %v, written %v, opened %d times", result, w.puts, w.opened)
		}
	})
}

func TestWarmFailure(t *testing.T) {
	fail := errors.New("not yet")
	w := &world{}
	s := newTask(w, func(c *SinkConfig) {
		c.Open = func(context.Context) (connect.Sink, error) {
			if err := fail; err != nil {
				fail = nil
				return nil, err
			}
			return &fakeSink{w}, nil
		}
	})
	s.Warm(t.Context())
	if result, _ := s.Run(t.Context(), event("0:a")); result.Err != nil || len(w.puts) != 1 {
		t.Errorf("result %v, written %v; want the connector opened again", result, w.puts)
	}
}
