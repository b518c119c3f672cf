package errpolicy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

func message() *trigger.Message {
	return &trigger.Message{Topic: "orders", Partition: 3, Offset: 42, Timestamp: 1234, Key: []byte("k"), Value: []byte(`{"a":`),
		Headers: []trigger.Header{{Key: "h", Value: []byte{0, 1}}, {Key: "h"}}}
}

func TestDelay(t *testing.T) {
	p := Policy{MaxDelay: time.Second}
	for attempt, want := range map[int]time.Duration{1: 300 * time.Millisecond, 2: 600 * time.Millisecond} {
		if got := p.Delay(attempt); got != want {
			t.Errorf("after try %d: %v, want %v", attempt, got, want)
		}
	}
	for attempt := 3; attempt < 100; attempt++ {
		if got := p.Delay(attempt); got < 0 || got >= time.Second {
			t.Errorf("after try %d: %v, want a part of the maximum", attempt, got)
		}
	}
	if got := (&Policy{}).Delay(1); got != 0 {
		t.Errorf("with a maximum of 0: %v", got)
	}
}

func TestTry(t *testing.T) {
	away := connect.Retriable(errors.New("away"))
	for _, tc := range []struct {
		name     string
		retryFor time.Duration
		deadline time.Duration // of the context, 0 for none
		failures int           // before success
		err      error
		tries    int
		ok       bool
	}{
		{"never", 0, 0, 1, away, 0, false},
		{"recovers", time.Minute, 0, 3, away, 3, true},
		{"for ever", -1, 0, 50, away, 50, true},
		{"gives up when its time is over", time.Second, 0, 100, away, 3, false},
		{"ends before the deadline", -1, 2 * time.Second, 100, away, 2, false},
		{"other errors are not tried again", time.Minute, 0, 1, errors.New("broken"), 0, false},
		{"waits as asked", time.Minute, 0, 1, connect.RetriableAfter(50*time.Second, errors.New("busy")), 1, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tc.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tc.deadline)
					defer cancel()
				}
				p := Policy{RetryFor: tc.retryFor, MaxDelay: time.Minute}
				calls := 0
				start := time.Now()
				tries, err := p.Try(ctx, func() error {
					if calls++; calls <= tc.failures {
						return tc.err
					}
					return nil
				})
				if tries != tc.tries || (err == nil) != tc.ok {
					t.Errorf("%d tries, %v; want %d and success: %v", tries, err, tc.tries, tc.ok)
				}
				if tc.retryFor > 0 && time.Since(start) > tc.retryFor {
					t.Errorf("took %v of %v", time.Since(start), tc.retryFor)
				}
				if asked := connect.RetryAfter(tc.err); tc.ok && time.Since(start) < asked {
					t.Errorf("waited %v, asked for %v", time.Since(start), asked)
				}
			})
		})
	}
}

func TestLetter(t *testing.T) {
	p := Policy{Connector: "c", Task: 1, Topic: "dlq", Headers: true}
	cause := data.Errorf(data.SerializationException, "eof")
	f := &Failure{Stage: ValueConverter, Class: "org.example.Converter", Err: data.Errorf(data.DataException, "broken").Because(cause)}
	m := message()
	r := p.Letter(m, f)
	if r.Topic != "dlq" || r.Partition >= 0 || r.Timestamp != 1234 || string(r.Key.Raw()) != "k" || string(r.Value.Raw()) != `{"a":` {
		t.Errorf("letter %+v is not the original record", r)
	}
	var got [][2]string
	for _, h := range r.Headers {
		got = append(got, [2]string{h.Key, string(h.Raw)})
	}
	want := [][2]string{
		{"h", "\x00\x01"}, {"h", ""},
		{"__connect.errors.topic", "orders"}, {"__connect.errors.partition", "3"}, {"__connect.errors.offset", "42"},
		{"__connect.errors.connector.name", "c"}, {"__connect.errors.task.id", "1"}, {"__connect.errors.stage", "VALUE_CONVERTER"},
		{"__connect.errors.class.name", "org.example.Converter"}, {"__connect.errors.exception.class.name", data.DataException},
		{"__connect.errors.exception.message", "broken"},
		{"__connect.errors.exception.stacktrace", data.DataException + ": broken\nCaused by: " + data.SerializationException + ": eof"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if r.Headers[1].Raw != nil {
		t.Error("a null header became empty")
	}

	p.Headers = false
	m.Key, m.Value = nil, []byte{}
	if r := p.Letter(m, f); len(r.Headers) != 2 || r.Key.Kind() != data.Null || r.Value.Kind() != data.Bytes {
		t.Errorf("letter without context %+v: key must be null, value empty, headers the record's own", r)
	}
	p.Headers = true
	r = p.Letter(m, &Failure{Stage: TaskPut, Class: SinkTaskClass, Err: data.Errorf(data.DataException, "")})
	for _, h := range r.Headers {
		if h.Key == HeaderExceptionMessage && h.Raw != nil {
			t.Errorf("message %q, want null when the exception has none", h.Raw)
		}
	}
}

func TestException(t *testing.T) {
	for _, tc := range []struct {
		err            error
		class, message string
	}{
		{data.Errorf(data.IllegalArgument, "x"), data.IllegalArgument, "x"},
		{connect.DataError(errors.New("too large")), data.DataException, "too large"},
		{connect.Fatal(errors.New("revoked")), data.ConnectException, "revoked"},
		{connect.Retriable(errors.New("busy")), data.RetriableException, "busy"},
		{errors.New("who knows"), data.RetriableException, "who knows"},
	} {
		if class, message := Exception(tc.err); class != tc.class || message != tc.message {
			t.Errorf("%v: %s: %s, want %s: %s", tc.err, class, message, tc.class, tc.message)
		}
	}
}

// The line is Kafka's, byte for byte; its exception is beside it, and nothing of the record's content.
func TestLogFailure(t *testing.T) {
	f := &Failure{Stage: Transformation, Class: "x.Boom", Err: data.Errorf(data.DataException, "no")}
	for _, tc := range []struct {
		name      string
		policy    Policy
		timestamp trigger.TimestampType
		want      string
	}{
		{"off", Policy{Connector: "c", LogMessages: true}, trigger.CreateTime, ""},
		{"without messages", Policy{Connector: "c", Log: true}, trigger.CreateTime, "Error encountered in task c-0. Executing stage 'TRANSFORMATION' with class 'x.Boom'."},
		{"with messages", Policy{Connector: "c", Task: 2, Log: true, LogMessages: true}, trigger.CreateTime,
			"Error encountered in task c-2. Executing stage 'TRANSFORMATION' with class 'x.Boom', where consumed record is {topic='orders', partition=3, offset=42, timestamp=1234, timestampType=CreateTime}."},
		{"the broker's time", Policy{Connector: "c", Log: true, LogMessages: true}, trigger.LogAppendTime,
			"Error encountered in task c-0. Executing stage 'TRANSFORMATION' with class 'x.Boom', where consumed record is {topic='orders', partition=3, offset=42, timestamp=1234, timestampType=LogAppendTime}."},
		{"without a time", Policy{Connector: "c", Log: true, LogMessages: true}, trigger.NoTimestampType,
			"Error encountered in task c-0. Executing stage 'TRANSFORMATION' with class 'x.Boom', where consumed record is {topic='orders', partition=3, offset=42}."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := message()
			m.TimestampType = tc.timestamp
			var b bytes.Buffer
			tc.policy.LogFailure(t.Context(), slog.New(slog.NewJSONHandler(&b, nil)), m, f)
			if tc.want == "" {
				if b.Len() > 0 {
					t.Errorf("log %s", b.String())
				}
				return
			}
			var line map[string]string
			if err := json.Unmarshal(b.Bytes(), &line); err != nil {
				t.Fatalf("%v: %s", err, b.String())
			}
			delete(line, "time")
			want := map[string]string{"level": "ERROR", "msg": tc.want, "exception": data.DataException, "error": "no"}
			if diff := cmp.Diff(want, line); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}
