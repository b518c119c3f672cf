package task

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
)

// observed is what became of three records, k=1 v=a, k=2 v=boom and k=3 v=b of one partition.
type observed struct {
	State     string
	Puts      []int64 // offsets that the connector was given, in order, repetitions included
	Committed int64   // -1: nothing was
	Letters   []observedLetter
}

type observedLetter struct {
	Key, Value string
	Headers    [][2]string
}

// boom fails on the value boom, so many times: as a transform, or as a converter of values where the error is one to try
// again (a transform of Kafka's throws none).
type boom struct {
	text
	err   error
	times int // < 0: always
}

func (b *boom) fails(value string) bool {
	if value != "boom" || b.times == 0 {
		return false
	}
	b.times--
	return true
}

func (b *boom) Apply(r *connect.Record) (bool, error) {
	if b.fails(r.Value.Text()) {
		return false, &errpolicy.Failure{Stage: errpolicy.Transformation, Class: "x.Boom", Err: b.err}
	}
	return true, nil
}

func (b *boom) ToConnect(a *data.Arena, topic string, v []byte) (*data.Schema, data.Value, error) {
	if b.fails(string(v)) {
		return nil, data.Value{}, b.err
	}
	return b.text.ToConnect(a, topic, v)
}

// probe records what it is given, and answers as it is told.
type probe struct {
	seen   *observed
	answer func(call int, batch []*connect.Record) error
	calls  int
}

func (p *probe) Put(_ context.Context, batch []*connect.Record) error {
	p.calls++
	for _, r := range batch {
		p.seen.Puts = append(p.seen.Puts, r.Offset())
	}
	if p.answer == nil {
		return nil
	}
	return p.answer(p.calls, batch)
}

type probeLetters struct{ seen *observed }

func (p probeLetters) Put(_ context.Context, batch []*connect.Record) error {
	for _, r := range batch {
		l := observedLetter{Key: string(r.Key.Raw()), Value: string(r.Value.Raw())}
		for _, h := range r.Headers {
			text, _, _ := strings.Cut(string(h.Raw), "\n") // of a stack trace: class and message
			l.Headers = append(l.Headers, [2]string{h.Key, text})
		}
		p.seen.Letters = append(p.seen.Letters, l)
	}
	return nil
}

const retriable = "org.apache.kafka.connect.errors.RetriableException"

var (
	errBoom  = data.Errorf("java.lang.IllegalStateException", "boom!")
	errAgain = connect.Retriable(data.Errorf(retriable, "boom!"))
	errRow   = connect.DataError(data.Errorf(data.DataException, "bad row"))
)

// TestErrorsAsInKafka runs what was observed on a worker of Apache Kafka 3.9.0: state, records that reach the connector,
// committed position and dead letters, headers included. Where we differ on purpose the case says what ours is, and why;
// core/conformance/DIFFERENCES.md has the same.
func TestErrorsAsInKafka(t *testing.T) {
	text, err := os.ReadFile("testdata/kafka-errors.json")
	if err != nil {
		t.Fatal(err)
	}
	var kafka map[string]observed
	if err := json.Unmarshal(text, &kafka); err != nil {
		t.Fatal(err)
	}
	all := errpolicy.Policy{TolerateAll: true}
	report := func(_ int, batch []*connect.Record) error { // what ErrantRecordReporter.report is in Java
		var be connect.BatchError
		for i := range batch {
			be.Fail(i, errRow)
		}
		return &be
	}
	const (
		comesAgain = "nothing stops a task: the record and those after it come again until they succeed, those before it are delivered once"
		noLetter   = "a record that comes again was not given up, so there is no letter of it"
	)
	for name, tc := range map[string]struct {
		policy    errpolicy.Policy
		letters   bool
		transform *boom
		converter *boom
		put       func(int, []*connect.Record) error
		differs   string
		ours      func(o *observed) // changes what Kafka did into what we do
	}{
		"none-ISE": {transform: &boom{err: errBoom, times: -1}, differs: comesAgain,
			ours: func(o *observed) { o.State, o.Puts, o.Committed = "RUNNING", []int64{0}, 1 }},
		"none-ISE-dlq": {letters: true, transform: &boom{err: errBoom, times: -1}, differs: comesAgain + "; " + noLetter,
			ours: func(o *observed) { o.State, o.Puts, o.Committed, o.Letters = "RUNNING", []int64{0}, 1, nil }},
		"none-Retriable": {converter: &boom{err: errAgain, times: -1}, differs: "Kafka drops the record; " + comesAgain,
			ours: func(o *observed) { o.Puts, o.Committed = []int64{0}, 1 }},
		"none-Retriable-dlq": {letters: true, converter: &boom{err: errAgain, times: -1}, differs: "Kafka drops the record; " + comesAgain + "; " + noLetter,
			ours: func(o *observed) { o.Puts, o.Committed, o.Letters = []int64{0}, 1, nil }},
		"none-Retriable-recovers": {policy: errpolicy.Policy{RetryFor: 10 * time.Second}, converter: &boom{err: errAgain, times: 2}},
		"all-ISE":                 {policy: all, transform: &boom{err: errBoom, times: -1}},
		"all-ISE-dlq":             {policy: all, letters: true, transform: &boom{err: errBoom, times: -1}},
		"all-OOM":                 {policy: all, letters: true, transform: &boom{err: data.Errorf("java.lang.RuntimeException", "boom!"), times: -1}},
		"put-retry": {put: func(call int, _ []*connect.Record) error {
			if call < 3 {
				return connect.Retriable(errors.New("busy"))
			}
			return nil
		}},
		"put-fail-all": {policy: all, letters: true, put: func(int, []*connect.Record) error { return connect.Fatal(errors.New("no")) }},
		"report-none": {letters: true, put: report, differs: noLetter + "; " + comesAgain,
			ours: func(o *observed) { o.State, o.Letters = "RUNNING", nil }},
		"report-all":         {policy: all, letters: true, put: report},
		"report-all-nodlq":   {policy: all, put: report},
		"report-all-logonly": {policy: errpolicy.Policy{TolerateAll: true, Log: true}, put: report},
	} {
		want, ok := kafka[name]
		if !ok {
			t.Errorf("%s was not observed", name)
		}
		delete(kafka, name)
		t.Run(name, func(t *testing.T) {
			same := want
			if tc.ours != nil {
				tc.ours(&want)
			}
			if (tc.differs != "") == cmp.Equal(same, want) {
				t.Errorf("the case says %q of a difference that is none", tc.differs)
			}
			synctest.Test(t, func(t *testing.T) {
				got := observed{State: "RUNNING", Committed: -1}
				s := newTask(&world{}, func(c *SinkConfig) {
					c.Policy = tc.policy
					c.Policy.Connector, c.Policy.MaxDelay, c.Policy.Headers = name, time.Minute, true
					c.Open = func(context.Context) (connect.Sink, error) { return &probe{seen: &got, answer: tc.put}, nil }
					c.OpenDeadLetters, c.Policy.Topic = nil, ""
					if tc.letters {
						c.Policy.Topic = "dlq"
						c.OpenDeadLetters = func(context.Context) (connect.Sink, error) { return probeLetters{&got}, nil }
					}
					if tc.transform != nil {
						c.Chain = tc.transform
					}
					if tc.converter != nil {
						c.Value = tc.converter
					}
					c.Reports = true
				})
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				result, _ := s.Run(ctx, func(m *trigger.Messages, _ func(int) []byte) error {
					for i, v := range []string{"a", "boom", "b"} {
						m.Messages = append(m.Messages, trigger.Message{Topic: "t-" + name, Offset: int64(i), Timestamp: 1, Key: []byte(strconv.Itoa(i + 1)), Value: []byte(v)})
					}
					return nil
				})
				if got.Committed = 3; len(result.Failed) > 0 {
					got.Committed = result.Failed[0].Offset
				}
				if got.Committed == 0 {
					got.Committed = -1
				}
				if s.State().Failed {
					got.State = "FAILED"
				}
				// How often a put that is answered with an error is repeated within one invocation is a matter of time.
				if got.Committed < 0 {
					got.Puts, want.Puts = slices.Compact(slices.Sorted(slices.Values(got.Puts))), slices.Compact(slices.Sorted(slices.Values(want.Puts)))
				}
				if diff := cmp.Diff(normal(want), normal(got)); diff != "" {
					t.Errorf("%v (-want +got):\n%s", result.Err, diff)
				}
			})
		})
	}
	for name := range kafka {
		t.Errorf("%s was observed and is not run", name)
	}
}

// normal makes nothing and an empty list the same.
func normal(o observed) observed {
	if len(o.Puts) == 0 {
		o.Puts = nil
	}
	if len(o.Letters) == 0 {
		o.Letters = nil
	}
	return o
}
