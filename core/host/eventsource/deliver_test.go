package eventsource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/connectless/connectless/core/host"
)

// gave is one call per element; values are partition:value.
type gave = [][]string

func TestBatches(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   gave
	}{
		{"batch size", func(c *Config) { c.BatchSize = 2 }, gave{{"0:a", "0:b"}, {"0:c", "0:d"}, {"0:e"}}},
		{"one at a time", func(c *Config) { c.BatchSize = 1 }, gave{{"0:a"}, {"0:b"}, {"0:c"}, {"0:d"}, {"0:e"}}},
		{"default", nil, gave{{"0:a", "0:b", "0:c", "0:d", "0:e"}}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			inWorld(t, 1, func(t *testing.T, w *world) {
				w.produce(0, "a", "b", "c", "d", "e")
				f := &function{}
				m := w.start(f, tc.change)
				settle(time.Second)
				w.close(m)
				if diff := cmp.Diff(tc.want, gave(f.received())); diff != "" {
					t.Errorf("invocations (-want +got):\n%s", diff)
				}
				if s := m.Status(); s.Delivered != 5 || s.Invocations != int64(len(tc.want)) || s.LastProcessingResult != "OK" {
					t.Errorf("status %+v", s)
				}
			})
		})
	}
}

// The window opens with the first record and closes the batch, unless it is full before.
func TestWindow(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		f := &function{}
		m := w.start(f, func(c *Config) { c.MaximumBatchingWindow, c.BatchSize = nil, 3 }) // nil: 500 ms
		settle(10 * time.Second)
		begin := time.Now()
		w.produce(0, "a")
		settle(300 * time.Millisecond)
		w.produce(0, "b")
		settle(300 * time.Millisecond) // 600 ms after a
		w.produce(0, "c", "d", "e")
		settle(100 * time.Millisecond)
		if diff := cmp.Diff(gave{{"0:a", "0:b"}, {"0:c", "0:d", "0:e"}}, gave(f.received())); diff != "" {
			t.Errorf("invocations (-want +got):\n%s", diff)
		}
		if d := f.calls[0].at.Sub(begin); d < 500*time.Millisecond || d > 520*time.Millisecond {
			t.Errorf("the first batch was sent after %s, want 500ms", d)
		}
		w.close(m)
	})
}

// A batch closes before its event would exceed 6 MB.
func TestPayloadLimit(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		const n, size = 10, 900_000 // five of them are 6.0 MB in base64, and 5.7 MiB
		for i := range n {
			w.produceRecord(&kgo.Record{Value: bytes.Repeat([]byte{byte('a' + i)}, size)})
		}
		f := &function{}
		var sizes []int
		m := w.start(f, func(c *Config) {
			c.MaximumBatchingWindow = new(time.Second)
			c.OnInvocation = func(i Invocation) { sizes = append(sizes, i.Bytes) }
		})
		settle(10 * time.Second)
		w.close(m)
		for i, got := range f.received() {
			if len(got) != 5 || sizes[i] > host.MaxRequestBytes || sizes[i] < 5*size*4/3 {
				t.Errorf("invocation %d has %d records in %d bytes", i, len(got), sizes[i])
			}
		}
		if got := w.committed(0); got != n {
			t.Errorf("the group is at %d, want %d", got, n)
		}
	})
}

func TestOnDemandRepeatsTheWholeBatch(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		w.produce(0, "a", "b", "c")
		f := &function{script: fails(5)}
		var attempts []int
		m := w.start(f, func(c *Config) {
			c.BatchSize = 2
			c.OnInvocation = func(i Invocation) { attempts = append(attempts, i.Attempt) }
		})
		settle(500 * time.Millisecond)
		if got := w.committed(0); got != 0 {
			t.Errorf("while it fails the group is at %d, want 0", got)
		}
		if s := m.Status(); s.State != Enabled || s.LastProcessingResult != "PROBLEM: function call failed: function error: Boom: told to" {
			t.Errorf("while it fails: %s, %q", s.State, s.LastProcessingResult)
		}
		settle(time.Minute)
		ab := []string{"0:a", "0:b"}
		if diff := cmp.Diff(gave{ab, ab, ab, ab, ab, ab, {"0:c"}}, gave(f.received())); diff != "" {
			t.Errorf("invocations (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 1}, attempts); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
		for i, want := range []time.Duration{100, 200, 400, 800, 1000} { // doubling to the maximum
			if got := f.calls[i+1].at.Sub(f.calls[i].at); got.Round(10*time.Millisecond) != want*time.Millisecond {
				t.Errorf("delay %d is %s, want %dms", i+1, got, want)
			}
		}
		if s := m.Status(); s.LastProcessingResult != "OK" || s.Failed != 5 || s.Invocations != 7 {
			t.Errorf("status %+v", s)
		}
		w.close(m)
	})
}

// A function that answers a partial batch response to a mapping that does not report items loses what it reported: AWS takes any
// body for success. Whoever changes this test changes what the local cloud is for.
func TestWithoutReportingAnyBodyIsSuccess(t *testing.T) {
	for _, body := range []string{reports(0, 1).body, `not json`, `{"errorMessage":"x"}`, ``} {
		for _, provisioned := range []*Provisioned{nil, {}} {
			inWorld(t, 1, func(t *testing.T, w *world) {
				w.produce(0, "a", "b", "c")
				f := &function{script: []answer{{body: body}}}
				m := w.start(f, func(c *Config) { c.Provisioned = provisioned })
				settle(time.Minute)
				w.close(m)
				if n, at := len(f.received()), w.committed(0); n != 1 || at != 3 {
					t.Errorf("body %q: %d invocations, the group is at %d; want 1 and 3", body, n, at)
				}
			})
		}
	}
}

func reporting(c *Config) {
	c.Provisioned = &Provisioned{}
	c.ReportBatchItemFailures = true
}

func TestPartialBatchResponse(t *testing.T) {
	abc := []string{"0:a", "0:b", "0:c"}
	tests := []struct {
		name   string
		script []answer
		want   gave
	}{
		{"success", []answer{{body: `{"batchItemFailures":[]}`}}, gave{abc}},
		{"null is success", []answer{{body: `null`}}, gave{abc}},
		{"empty is success", []answer{{}}, gave{abc}},
		{"object without the list is success", []answer{{body: `{}`}}, gave{abc}},
		{"from the lowest", []answer{reports(0, 1)}, gave{abc, {"0:b", "0:c"}}},
		{"step by step", []answer{reports(0, 1), reports(0, 2)}, gave{abc, {"0:b", "0:c"}, {"0:c"}}},
		{"the first record", []answer{reports(0, 0)}, gave{abc, abc}},
		{"an error repeats what is left", []answer{reports(0, 2), fails(1)[0]}, gave{abc, {"0:c"}, {"0:c"}}},
		{"unknown offset", []answer{reports(0, 3)}, gave{abc, abc}},
		{"unknown partition", []answer{reports(1, 0)}, gave{abc, abc}},
		{"broken", []answer{{body: `{"batchItemFailures":`}}, gave{abc, abc}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			inWorld(t, 1, func(t *testing.T, w *world) {
				w.produce(0, "a", "b", "c")
				f := &function{script: tc.script}
				m := w.start(f, reporting)
				settle(time.Minute)
				w.close(m)
				if diff := cmp.Diff(tc.want, gave(f.received())); diff != "" {
					t.Errorf("invocations (-want +got):\n%s", diff)
				}
				if got := w.committed(0); got != 3 {
					t.Errorf("the group is at %d, want 3", got)
				}
			})
		})
	}
}

// What was delivered before the reported record is committed while the rest is still being repeated.
func TestPartialProgressIsCommitted(t *testing.T) {
	inWorld(t, 6, func(t *testing.T, w *world) {
		w.produce(0, "a", "b", "c")
		w.produce(5, "x")
		f := &function{}
		for range 1000 {
			f.script = append(f.script, reports(0, 2))
		}
		m := w.start(f, func(c *Config) {
			reporting(c)
			c.Provisioned.MaximumPollers = 1 // five lanes for six partitions: 0 and 5 share one
			c.MaximumBatchingWindow = new(time.Second)
		})
		settle(10 * time.Second)
		if diff := cmp.Diff([]string{"0:a", "0:b", "0:c", "5:x"}, f.received()[0]); diff != "" {
			t.Fatalf("first invocation (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"0:c"}, f.received()[1]); diff != "" {
			t.Errorf("second invocation (-want +got):\n%s", diff)
		}
		if a, b := w.committed(0), w.committed(5); a != 2 || b != 1 {
			t.Errorf("the group is at %d and %d, want 2 and 1", a, b)
		}
		w.close(m)
	})
}

// A lane that fails does not hold up the others; partitions of one lane share their payload and its fate.
func TestLanes(t *testing.T) {
	run := func(t *testing.T, lanes int) (a, b int64, f *function) {
		f = &function{}
		inWorld(t, 2, func(t *testing.T, w *world) {
			w.produce(0, "bad")
			w.produce(1, "good")
			fail := invokerFunc(func(ctx context.Context, event []byte) (host.Response, error) {
				r, err := f.Invoke(ctx, event)
				if err == nil && bytes.Contains(event, []byte(`"orders-0"`)) {
					err = &host.FunctionError{Type: "Boom"}
				}
				return r, err
			})
			m := w.start(fail, func(c *Config) { c.Lanes, c.MaximumBatchingWindow = lanes, new(time.Second) })
			settle(time.Minute)
			if s := m.Status(); s.LastProcessingResult != "PROBLEM: function call failed: function error: Boom" {
				t.Errorf("%d lanes, one of them stuck: %q", lanes, s.LastProcessingResult)
			}
			w.close(m)
			a, b = w.committed(0), w.committed(1)
		})
		return a, b, f
	}
	if a, b, _ := run(t, 0); a != 0 || b != 1 {
		t.Errorf("a lane each: the group is at %d and %d, want 0 and 1", a, b)
	}
	a, b, f := run(t, 1)
	if a != 0 || b != 0 {
		t.Errorf("one lane: the group is at %d and %d, want 0 and 0", a, b)
	}
	if diff := cmp.Diff([]string{"0:bad", "1:good"}, f.received()[0]); diff != "" {
		t.Errorf("one lane: first payload (-want +got):\n%s", diff)
	}
}

// destination collects what it is sent, after refusing as often as it is told to.
type destination struct {
	mu       sync.Mutex
	refuse   int
	failures []*Failure
}

func (d *destination) Send(_ context.Context, f *Failure) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse > 0 {
		d.refuse--
		return errors.New("queue is away")
	}
	d.failures = append(d.failures, f)
	return nil
}

func TestRetryLimits(t *testing.T) {
	tests := []struct {
		name        string
		change      func(*Config)
		destination bool
		calls       int
	}{
		{"none", func(c *Config) { c.MaximumRetryAttempts = new(0) }, false, 1},
		{"three", func(c *Config) { c.MaximumRetryAttempts = new(3) }, false, 4},
		{"three and a destination", func(c *Config) { c.MaximumRetryAttempts = new(3) }, true, 4},
		{"for ever is ten with a destination", func(c *Config) { c.MaximumRetryAttempts = new(-1) }, true, 11},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			inWorld(t, 1, func(t *testing.T, w *world) {
				w.produce(0, "a", "b")
				f, d := &function{script: fails(tc.calls)}, &destination{}
				m := w.start(f, func(c *Config) {
					c.Provisioned, c.BatchSize = &Provisioned{}, 2
					if tc.destination {
						c.OnFailure = d
					}
					tc.change(c)
				})
				settle(time.Minute)
				if s := m.Status(); s.Err != nil || s.LastProcessingResult != "PROBLEM: gave up on 2 records of orders-0: RetryAttemptsExhausted" {
					t.Errorf("status %+v", s)
				}
				w.produce(0, "next")
				settle(time.Minute)
				w.close(m)
				got := f.received()
				if len(got) != tc.calls+1 || got[tc.calls][0] != "0:next" {
					t.Errorf("%d invocations, want %d and then the next record: %v", len(got), tc.calls, got)
				}
				if got := w.committed(0); got != 3 {
					t.Errorf("the group is at %d, want 3", got)
				}
				if s := m.Status(); s.GivenUp != 2 || s.Delivered != 1 || s.LastProcessingResult != "OK" {
					t.Errorf("given up %d, delivered %d; want 2 and 1", s.GivenUp, s.Delivered)
				}
				if n := len(d.failures); tc.destination != (n == 1) {
					t.Errorf("the destination received %d records", n)
				}
			})
		})
	}
}

func TestFailureDocument(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		for _, v := range []string{"a", "b"} {
			w.produceRecord(&kgo.Record{Value: []byte(v), Timestamp: eventTime})
		}
		d := &destination{refuse: 2}
		m := w.start(&function{script: fails(2)}, func(c *Config) {
			c.Provisioned, c.MaximumRetryAttempts, c.OnFailure = &Provisioned{}, new(1), d
			c.FunctionARN, c.EventSourceARN = "arn:f", "arn:c"
			c.RetryBackoff.Min = time.Minute
			c.RetryBackoff.Max = time.Minute
		})
		settle(90 * time.Second) // both attempts are over, the destination refuses
		if s := m.Status(); s.LastProcessingResult != "PROBLEM: on-failure destination: queue is away" || w.committed(0) != 0 {
			t.Errorf("the destination is away: %q, the group is at %d", s.LastProcessingResult, w.committed(0))
		}
		settle(3 * time.Minute)
		w.close(m)
		if at := w.committed(0); at != 2 || len(d.failures) != 1 {
			t.Fatalf("the group is at %d after %d failures", at, len(d.failures))
		}
		f := d.failures[0]
		var got map[string]any
		if err := json.Unmarshal(f.Metadata, &got); err != nil {
			t.Fatal(err)
		}
		stamp := "2018-12-17T22:10:50.987Z"
		info := got["KafkaBatchInfo"].(map[string]any)
		size := info["payloadSize"]
		want := map[string]any{
			"requestContext":  map[string]any{"requestId": "id", "functionArn": "arn:f", "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 2.0},
			"responseContext": map[string]any{"statusCode": 200.0, "executedVersion": "$LATEST", "functionError": "Unhandled"},
			"version":         "1.0", "timestamp": got["timestamp"],
			"KafkaBatchInfo": map[string]any{
				"batchSize": 2.0, "eventSourceArn": "arn:c", "bootstrapServers": "localhost:9092", "payloadSize": size,
				"recordsInfo": map[string]any{"orders-0": map[string]any{
					"firstRecordOffset": "0", "lastRecordOffset": "1", "firstRecordTimestamp": stamp, "lastRecordTimestamp": stamp,
				}},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("document (-want +got):\n%s", diff)
		}
		var s3 struct{ Payload string }
		if err := json.Unmarshal(f.WithPayload(), &s3); err != nil {
			t.Fatal(err)
		}
		var e event
		if err := json.Unmarshal([]byte(s3.Payload), &e); err != nil || len(e.Records["orders-0"]) != 2 || float64(len(s3.Payload)) != size {
			t.Errorf("payload %q, %v", s3.Payload, err)
		}
	})
}

func TestKafkaDestination(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		w.produce(0, "a")
		w.produceRecord(&kgo.Record{Value: []byte("no key")})
		m := w.start(&function{script: fails(3)}, func(c *Config) {
			c.Provisioned, c.MaximumRetryAttempts, c.OnFailureTopic, c.BatchSize = &Provisioned{}, new(2), "dlq", 2
		})
		settle(time.Minute)
		if s := m.Status(); !strings.Contains(s.LastProcessingResult, "on-failure destination: UNKNOWN_TOPIC") || w.committed(0) != 0 {
			t.Errorf("without the topic: %q, the group is at %d", s.LastProcessingResult, w.committed(0))
		}
		if err := w.broker.Cluster().CreateTopic("dlq", 1, nil); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		w.close(m)
		if at := w.committed(0); at != 2 {
			t.Errorf("the group is at %d, want 2", at)
		}
		cl, err := kgo.NewClient(append(w.clientOptions(), kgo.SeedBrokers("localhost:9092"), kgo.ConsumeTopics("dlq"))...)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		records := cl.PollRecords(t.Context(), 2).Records()
		if len(records) != 2 || string(records[0].Key) != "ka" || records[1].Key != nil {
			t.Fatalf("the topic has %d records", len(records))
		}
		var got struct {
			RequestContext struct {
				Condition   string
				InvokeCount int `json:"approximateInvokeCount"`
			}
			KafkaBatchInfo struct {
				BatchSize  int
				RecordInfo struct{ Offset, Timestamp string }
			}
			Payload event
		}
		if err := json.Unmarshal(records[0].Value, &got); err != nil {
			t.Fatal(err)
		}
		if got.RequestContext.Condition != "RetriesExhausted" || got.RequestContext.InvokeCount != 3 || got.KafkaBatchInfo.BatchSize != 1 || got.KafkaBatchInfo.RecordInfo.Offset != "0" {
			t.Errorf("message %s", records[0].Value)
		}
		if r := got.Payload.Records["orders-0"]; len(r) != 1 || string(*r[0].Value) != "a" {
			t.Errorf("payload %+v", got.Payload)
		}
	})
}

// poison fails on events with a value, by error.
func poison(f *function, value string) host.Invoker {
	return invokerFunc(func(ctx context.Context, event []byte) (host.Response, error) {
		r, err := f.Invoke(ctx, event)
		f.mu.Lock()
		defer f.mu.Unlock()
		if last := f.calls[len(f.calls)-1]; err == nil && slices.Contains(last.values, value) {
			err = &host.FunctionError{Type: "Boom", Message: value}
		}
		return r, err
	})
}

// Splitting finds the record that fails, without using up retries, in order.
func TestBisect(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		w.produce(0, "a", "b", "c", "d", "e", "f", "g")
		f, d := &function{}, &destination{}
		m := w.start(poison(f, "0:e"), func(c *Config) {
			c.Provisioned, c.BisectBatchOnFunctionError, c.MaximumRetryAttempts, c.OnFailure, c.BatchSize = &Provisioned{}, true, new(2), d, 7
		})
		settle(time.Minute)
		w.close(m)
		want := gave{
			{"0:a", "0:b", "0:c", "0:d", "0:e", "0:f", "0:g"},
			{"0:a", "0:b", "0:c"},
			{"0:d", "0:e", "0:f", "0:g"},
			{"0:d", "0:e"},
			{"0:d"},
			{"0:e"}, {"0:e"}, {"0:e"},
			{"0:f", "0:g"},
		}
		if diff := cmp.Diff(want, gave(f.received())); diff != "" {
			t.Errorf("invocations (-want +got):\n%s", diff)
		}
		if len(d.failures) != 1 || !bytes.Contains(d.failures[0].Metadata, []byte(`"firstRecordOffset":"4","lastRecordOffset":"4"`)) {
			t.Errorf("the destination received %d failures", len(d.failures))
		}
		if s := m.Status(); s.GivenUp != 1 || s.Delivered != 6 || w.committed(0) != 7 {
			t.Errorf("given up %d, delivered %d, the group is at %d", s.GivenUp, s.Delivered, w.committed(0))
		}
	})
}

// A reported record that stays in front uses up its retries; what comes after it goes with it, unless splitting is on.
func TestReportedRecordThatStays(t *testing.T) {
	abc, bc, b := []string{"0:a", "0:b", "0:c"}, []string{"0:b", "0:c"}, []string{"0:b"}
	for _, tc := range []struct {
		bisect  bool
		script  []answer
		want    gave
		givenUp int64
	}{
		{false, []answer{reports(0, 1), reports(0, 1), reports(0, 1)}, gave{abc, bc, bc}, 2},
		{true, []answer{reports(0, 1), reports(0, 1), reports(0, 1), reports(0, 1)}, gave{abc, bc, b, b, {"0:c"}}, 1},
	} {
		t.Run(fmt.Sprint("bisect ", tc.bisect), func(t *testing.T) {
			inWorld(t, 1, func(t *testing.T, w *world) {
				w.produce(0, "a", "b", "c")
				f := &function{script: tc.script}
				m := w.start(f, func(c *Config) {
					reporting(c)
					c.MaximumRetryAttempts, c.BisectBatchOnFunctionError = new(2), tc.bisect
				})
				settle(time.Minute)
				w.close(m)
				if diff := cmp.Diff(tc.want, gave(f.received())); diff != "" {
					t.Errorf("invocations (-want +got):\n%s", diff)
				}
				if s := m.Status(); s.GivenUp != tc.givenUp || w.committed(0) != 3 {
					t.Errorf("given up %d, want %d; the group is at %d", s.GivenUp, tc.givenUp, w.committed(0))
				}
			})
		})
	}
}

func TestMaximumRecordAge(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		now := time.Now()
		// Timestamps need not be in order: the middle one is old, the first one is not.
		for i, age := range []time.Duration{10 * time.Second, 2 * time.Hour, 0} {
			w.produceRecord(&kgo.Record{Value: fmt.Append(nil, i), Timestamp: now.Add(-age)})
		}
		f, d := &function{script: fails(1000)}, &destination{}
		m := w.start(f, func(c *Config) {
			c.Provisioned, c.MaximumRecordAge, c.OnFailure, c.MaximumRetryAttempts, c.BatchSize = &Provisioned{}, time.Minute, d, new(10000), 3
		})
		settle(30 * time.Second)
		if diff := cmp.Diff([]string{"0:0", "0:2"}, f.received()[0]); diff != "" {
			t.Errorf("first invocation (-want +got):\n%s", diff)
		}
		if at := w.committed(0); at != 0 {
			t.Errorf("the group is at %d, past a record that was not delivered", at)
		}
		settle(25 * time.Second) // 55 s: the first is too old now
		if at := w.committed(0); at != 2 {
			t.Errorf("the group is at %d, want 2", at)
		}
		settle(time.Minute)
		w.close(m)
		if at := w.committed(0); at != 3 || len(d.failures) != 3 {
			t.Errorf("the group is at %d after %d failures, want 3 and 3", at, len(d.failures))
		}
		for i, f := range d.failures {
			if f.Condition != ConditionAge {
				t.Errorf("failure %d is %s", i, f.Condition)
			}
		}
		if !bytes.Contains(d.failures[0].Metadata, []byte(`"responseContext":null`)) {
			t.Errorf("a record that was never sent has a response: %s", d.failures[0].Metadata)
		}
	})
}

// Records that expire from the topic while they are retried are what ends the retries of an on-demand mapping.
func TestExpiredRecords(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		w.produce(0, "a", "b", "c")
		f, d := &function{}, &destination{}
		m := w.start(poison(f, "0:a"), func(c *Config) { c.OnFailure, c.BatchSize = d, 3 })
		settle(time.Minute)
		if at := w.committed(0); at != 0 {
			t.Errorf("the group is at %d, want 0", at)
		}
		if err := w.broker.Cluster().DeleteRecords("orders", 0, 1); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		w.close(m)
		got := f.received()
		if diff := cmp.Diff([]string{"0:b", "0:c"}, got[len(got)-1]); diff != "" {
			t.Errorf("last invocation (-want +got):\n%s", diff)
		}
		if s := m.Status(); w.committed(0) != 3 || s.GivenUp != 1 || len(d.failures) != 1 || d.failures[0].Condition != ConditionRetries {
			t.Errorf("the group is at %d, given up %d, %d failures", w.committed(0), s.GivenUp, len(d.failures))
		}
	})
}

func produceLarge(t *testing.T, w *world) {
	t.Helper()
	cl, err := kgo.NewClient(append(w.clientOptions(), kgo.SeedBrokers("localhost:9092"), kgo.ProducerBatchMaxBytes(20<<20))...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if _, err := w.adm.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: "max.message.bytes", Value: new("20000000")}}, "orders"); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "orders", Value: bytes.Repeat([]byte("large"), 1_000_000)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// A record that fits in no event blocks its partition visibly, or goes to the destination.
func TestOversizedRecord(t *testing.T) {
	for _, withDestination := range []bool{false, true} {
		t.Run(fmt.Sprint(withDestination), func(t *testing.T) {
			inWorld(t, 1, func(t *testing.T, w *world) {
				w.produce(0, "before")
				produceLarge(t, w)
				w.produce(0, "after")
				f, d := &function{}, &destination{}
				m := w.start(f, func(c *Config) {
					if withDestination {
						c.OnFailure = d
					}
				})
				settle(time.Minute)
				if withDestination {
					if diff := cmp.Diff(gave{{"0:before"}, {"0:after"}}, gave(f.received())); diff != "" {
						t.Errorf("invocations (-want +got):\n%s", diff)
					}
					if len(d.failures) != 1 || d.failures[0].Condition != ConditionTooLarge || w.committed(0) != 3 {
						t.Errorf("%d failures, the group is at %d", len(d.failures), w.committed(0))
					}
				} else {
					s := m.Status()
					if !strings.Contains(s.LastProcessingResult, "record orders-0@1 is 6666") || !strings.Contains(s.LastProcessingResult, "more than the 6291456") || w.committed(0) != 1 {
						t.Errorf("%q, the group is at %d", s.LastProcessingResult, w.committed(0))
					}
					if err := w.broker.Cluster().DeleteRecords("orders", 0, 2); err != nil { // it expires
						t.Fatal(err)
					}
					settle(time.Minute)
					if diff := cmp.Diff(gave{{"0:before"}, {"0:after"}}, gave(f.received())); diff != "" {
						t.Errorf("after it expired (-want +got):\n%s", diff)
					}
				}
				w.close(m)
			})
		})
	}
}

// A call that could not be made is repeated without counting as a retry.
func TestCallsThatCannotBeMade(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		w.produce(0, "a")
		f := &function{script: []answer{{err: errors.New("no capacity")}, {err: errors.New("no capacity")}, fails(1)[0], {}}}
		m := w.start(f, func(c *Config) { c.Provisioned, c.MaximumRetryAttempts = &Provisioned{}, new(1) })
		settle(time.Minute)
		w.close(m)
		if s := m.Status(); len(f.received()) != 4 || s.Delivered != 1 || s.GivenUp != 0 {
			t.Errorf("%d calls, %+v", len(f.received()), s)
		}
	})
}

// A commit that fails is shown, and the next one covers it.
func TestCommitFails(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		f := &function{}
		m := w.start(f, nil)
		settle(time.Second)
		fault := w.broker.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.OffsetMetadataTooLarge, Count: -1})
		w.produce(0, "a")
		settle(time.Second)
		if at := w.committed(0); at != 0 {
			t.Errorf("the group is at %d, want 0", at)
		}
		fault.Remove()
		w.produce(0, "b")
		settle(time.Second)
		w.close(m)
		if at := w.committed(0); at != 2 || len(flat(f.received())) != 2 {
			t.Errorf("the group is at %d after %v", at, f.received())
		}
	})
}

func TestInvocationReport(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		w.produce(0, "a", "b")
		var got []Invocation
		begun := 0
		f := &function{script: []answer{reports(0, 1)}, during: func(call) {
			if begun != len(got)+1 {
				t.Errorf("told of %d invocations before number %d", begun, len(got)+1)
			}
			pass(time.Second)
		}}
		m := w.start(f, func(c *Config) {
			reporting(c)
			c.BeforeInvocation = func() { begun++ }
			c.OnInvocation = func(i Invocation) { got = append(got, i) }
		})
		settle(time.Minute)
		w.close(m)
		if len(got) != 2 {
			t.Fatalf("%d invocations", len(got))
		}
		first, second := got[0], got[1]
		if diff := cmp.Diff([]Range{{Partition: 0, First: 0, Last: 1, Records: 2}}, first.Partitions); diff != "" {
			t.Errorf("ranges (-want +got):\n%s", diff)
		}
		if first.Err == nil || first.Failed["orders-0"] != 1 || first.Duration != time.Second || first.RequestID != "id" || first.Records != 2 || first.Oldest.IsZero() {
			t.Errorf("first %+v", first)
		}
		if second.Err != nil || second.Failed != nil || second.Records != 1 || second.Attempt != 2 {
			t.Errorf("second %+v", second)
		}
	})
}

// A partition that cannot make progress keeps a bounded part of its backlog in memory.
func TestQueueIsBounded(t *testing.T) {
	cl, err := kgo.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	l := newLane(&session{cl: cl, cfg: Config{Topic: "orders", BatchSize: 1}})
	p := &partition{id: 3, lane: l}
	l.parts = []*partition{p}
	paused := func() bool { return len(cl.PauseFetchPartitions(nil)["orders"]) == 1 }

	record := &kgo.Record{Partition: 3, Value: make([]byte, queueBytes/8)}
	l.push(p, slices.Repeat([]*kgo.Record{record}, 8))
	if paused() {
		t.Error("paused below the bound")
	}
	l.push(p, []*kgo.Record{record})
	if !paused() {
		t.Error("not paused above the bound")
	}
	l.drop(p, 4)
	if !paused() {
		t.Error("resumed before half of the queue was free")
	}
	l.drop(p, 2)
	if paused() {
		t.Error("not resumed when half of the queue was free")
	}
	l.push(p, slices.Repeat([]*kgo.Record{{Partition: 3}}, queueRecords))
	if !paused() {
		t.Error("not paused above the bound of records")
	}
}

// More than the queue holds is delivered all the same.
func TestBackpressure(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		const n, size = 20, 900_000
		for range n {
			w.produceRecord(&kgo.Record{Value: make([]byte, size)})
		}
		f := &function{script: fails(5)}
		m := w.start(f, func(c *Config) { c.BatchSize = 1 })
		settle(10 * time.Minute)
		w.close(m)
		if at := w.committed(0); at != n {
			t.Errorf("the group is at %d, want %d", at, n)
		}
	})
}

// Whatever fails, in whatever way, the batches of a partition come in order, one at a time, and the group never passes a record that
// was not in a successful invocation.
func TestOrderUnderFailures(t *testing.T) {
	for seed := range uint64(8) {
		inWorld(t, 5, func(t *testing.T, w *world) {
			var mu sync.Mutex
			chaos := rand.New(rand.NewPCG(seed, 0)) // guarded by mu
			rng := rand.New(rand.NewPCG(seed, 1))
			busy := map[int32]bool{}
			next := map[int32]int64{} // first offset not delivered successfully
			f := invokerFunc(func(_ context.Context, payload []byte) (host.Response, error) {
				var e event
				if err := json.Unmarshal(payload, &e); err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, records := range e.Records {
					p := records[0].Partition
					if busy[p] {
						t.Errorf("partition %d is in two invocations at once", p)
					}
					busy[p] = true
					if records[0].Offset != next[p] {
						t.Errorf("partition %d: an event begins at %d, want %d", p, records[0].Offset, next[p])
					}
					for i := range records {
						if records[i].Offset != records[0].Offset+int64(i) {
							t.Errorf("partition %d: a hole before %d", p, records[i].Offset)
						}
					}
				}
				fate, pause, cut := chaos.IntN(4), chaos.IntN(300), chaos.IntN(100)
				mu.Unlock()
				pass(time.Duration(pause) * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				var failed []string
				for _, records := range e.Records {
					p, end := records[0].Partition, records[len(records)-1].Offset+1
					busy[p] = false
					switch {
					case fate == 0: // all fails
						continue
					case fate == 1 && cut%2 == int(p)%2: // partly
						end = records[cut%len(records)].Offset
						failed = append(failed, fmt.Sprintf(`{"itemIdentifier":{"partition":"orders-%d","offset":%d}}`, p, end))
					}
					next[p] = end
				}
				if fate == 0 {
					return host.Response{}, &host.FunctionError{Type: "Boom"}
				}
				return host.Response{Body: []byte(`{"batchItemFailures":[` + strings.Join(failed, ",") + `]}`)}, nil
			})
			check := func() {
				for p := range int32(5) {
					at := w.committed(p)
					mu.Lock()
					if at > next[p] {
						t.Errorf("partition %d: the group is at %d, delivered is up to %d", p, at, next[p])
					}
					mu.Unlock()
				}
			}
			change := func(c *Config) {
				reporting(c)
				c.Provisioned.MaximumPollers = 1 + int(seed%2)
				c.BisectBatchOnFunctionError = seed%4 < 2
				c.BatchSize = 7
				c.MaximumBatchingWindow = new(50 * time.Millisecond)
			}
			m := w.start(f, change)
			for i := range 60 {
				w.produce(int32(rng.IntN(5)), fmt.Sprint(i))
				if i%7 == 0 {
					settle(time.Duration(rng.IntN(1000)) * time.Millisecond)
					check()
				}
				if i%20 == 19 { // and between sessions
					if err := m.Update(t.Context(), func(c *Config) { c.BatchSize++ }); err != nil {
						t.Fatal(err)
					}
				}
			}
			settle(5 * time.Minute)
			w.close(m)
			check()
			var total int64
			for p := range int32(5) {
				total += w.committed(p)
			}
			if total != 60 {
				t.Errorf("seed %d: %d records committed, want 60", seed, total)
			}
		})
	}
}
