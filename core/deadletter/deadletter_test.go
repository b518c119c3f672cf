package deadletter

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
)

// service is S3 or SQS, in place of the network: it keeps requests and answers with what answer writes.
type service struct {
	answer func(w http.ResponseWriter, r *http.Request, body []byte)

	mu   sync.Mutex
	seen []string // method and URL of each request
	bad  []string // requests without a signature
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, r.Method+" "+r.URL.String())
	auth := r.Header.Get("Authorization")
	if !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 Credential=AKID/") || !strings.Contains(auth, "x-amz-content-sha256") || r.Header.Get("X-Amz-Security-Token") != "token" {
		s.bad = append(s.bad, fmt.Sprint(r.Header))
	}
	w := httptest.NewRecorder()
	s.answer(w, r, body)
	return w.Result(), nil
}

// open opens the target with a service behind it.
func open(t *testing.T, target string, answer func(http.ResponseWriter, *http.Request, []byte)) (connect.Sink, *service) {
	t.Helper()
	for k, v := range map[string]string{"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "", "AWS_ENDPOINT_URL_SQS": ""} {
		t.Setenv(k, v)
	}
	at, err := config.ParseDeadLetterTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	sink, err := Open(at)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{answer: answer}
	switch sink := sink.(type) {
	case *bucket:
		sink.http.Transport = s
	case *queue:
		sink.http.Transport = s
	}
	return sink, s
}

// letters are dead letters of records of orders-3 from offset 40.
func letters(n int, value string) []*connect.Record {
	p := errpolicy.Policy{Connector: "c", Headers: true}
	all := make([]*connect.Record, n)
	for i := range all {
		m := &trigger.Message{Topic: "orders", Partition: 3, Offset: 40 + int64(i), Timestamp: 1234, Value: []byte(value),
			Headers: []trigger.Header{{Key: "h", Value: []byte{0xff, 0}}, {Key: "h"}, {Key: "h", Value: []byte{}}}}
		all[i] = p.Letter(m, &errpolicy.Failure{Stage: errpolicy.ValueConverter, Class: "C", Err: &data.Error{Class: "E", Message: "<broken>"}})
	}
	return all
}

const inS3 = "s3://dead/orders/eu/"

func TestObjects(t *testing.T) {
	objects := map[string][]byte{}
	sink, s := open(t, inS3, func(w http.ResponseWriter, r *http.Request, body []byte) { objects[r.URL.String()] = body })
	for range 2 { // the second time in place of the first
		if err := sink.Put(t.Context(), letters(30, "")); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.seen) != 60 || len(objects) != 30 || len(s.bad) > 0 {
		t.Fatalf("%d requests made %d objects; badly signed: %v", len(s.seen), len(objects), s.bad)
	}
	var got map[string]any
	body := objects["https://dead.s3.eu-central-1.amazonaws.com/orders/eu/orders/3/0000000000000000042.json"]
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	text := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	headers := []any{map[string]any{"key": "h", "value": "/wA="}, map[string]any{"key": "h", "value": nil}, map[string]any{"key": "h", "value": ""}}
	for _, h := range [][2]string{{"topic", "orders"}, {"partition", "3"}, {"offset", "42"}, {"connector.name", "c"}, {"task.id", "0"}, {"stage", "VALUE_CONVERTER"},
		{"class.name", "C"}, {"exception.class.name", "E"}, {"exception.message", "<broken>"}, {"exception.stacktrace", "E: <broken>"}} {
		headers = append(headers, map[string]any{"key": "__connect.errors." + h[0], "value": text(h[1])})
	}
	want := map[string]any{"topic": "orders", "partition": 3.0, "offset": 42.0, "timestamp": 1234.0, "key": nil, "value": "", "headers": headers}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

func TestWhereObjectsGo(t *testing.T) {
	const at = "/orders/3/0000000000000000040.json"
	for _, tc := range []struct{ target, endpoint, want string }{
		{"s3://dead", "", "https://dead.s3.eu-central-1.amazonaws.com" + at},
		{"s3://dead.letters/a", "", "https://s3.eu-central-1.amazonaws.com/dead.letters/a" + at},
		{"s3://dead/day=1/(a)", "", "https://dead.s3.eu-central-1.amazonaws.com/day%3D1/%28a%29" + at},
		{"s3://dead/a", "http://s3.local:9000/", "http://s3.local:9000/dead/a" + at},
	} {
		sink, s := open(t, tc.target, func(http.ResponseWriter, *http.Request, []byte) {})
		sink.(*bucket).endpoint = strings.TrimSuffix(tc.endpoint, "/")
		if err := sink.Put(t.Context(), letters(1, "v")); err != nil || !slices.Equal(s.seen, []string{"PUT " + tc.want}) {
			t.Errorf("%s: %v, %v; want %s", tc.target, err, s.seen, tc.want)
		}
	}
}

// A bucket of another region says where it is.
func TestBucketElsewhere(t *testing.T) {
	sink, s := open(t, inS3, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		if !strings.Contains(r.Host, "us-east-2") || !strings.Contains(r.Header.Get("Authorization"), "/us-east-2/s3/") {
			w.Header().Set("X-Amz-Bucket-Region", "us-east-2")
			w.WriteHeader(http.StatusMovedPermanently)
		}
	})
	for range 2 {
		if err := sink.Put(t.Context(), letters(1, "v")); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.seen) != 3 {
		t.Errorf("requests %v, want one to the wrong region", s.seen)
	}
}

func refuse(status int, code string) func(http.ResponseWriter, *http.Request, []byte) {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) {
		w.WriteHeader(status)
		if r.Header.Get("X-Amz-Target") != "" {
			fmt.Fprintf(w, `{"__type":"com.amazonaws.sqs#%s","message":"AKID may not"}`, code)
		} else if r.Method != http.MethodHead {
			fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>AKID may not</Message></Error>`, code)
		}
	}
}

const fifo = "arn:aws:sqs:eu-west-1:123456789012:dead.fifo"

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		target   string
		status   int
		code     string
		want     connect.Class
		requests int
	}{
		{inS3, 503, "SlowDown", connect.ClassRetriable, tries},
		{inS3, 500, "InternalError", connect.ClassRetriable, tries},
		{inS3, 400, "RequestTimeout", connect.ClassRetriable, tries},
		{inS3, 403, "AccessDenied", connect.ClassFatal, 1},
		{inS3, 404, "NoSuchBucket", connect.ClassFatal, 1},
		{inS3, 400, "EntityTooLarge", connect.ClassData, 1},
		{fifo, 400, "RequestThrottled", connect.ClassRetriable, tries},
		{fifo, 500, "InternalFailure", connect.ClassRetriable, tries},
		{fifo, 400, "QueueDoesNotExist", connect.ClassFatal, 1},
		{fifo, 403, "AccessDeniedException", connect.ClassFatal, 1},
		{fifo, 400, "InvalidMessageContents", connect.ClassData, 1},
	} {
		t.Run(tc.code, func(t *testing.T) {
			sink, s := open(t, tc.target, refuse(tc.status, tc.code))
			synctest.Test(t, func(t *testing.T) {
				ctx, retried := connect.CountingRetries(t.Context())
				err := errorOf(sink.Put(ctx, letters(1, "v")), 0)
				if connect.Classify(err) != tc.want || err == nil || !strings.Contains(err.Error(), tc.code) || strings.Contains(err.Error(), "AKID") {
					t.Errorf("error %v, want a %v one that names %s", err, tc.want, tc.code)
				}
				if len(s.seen) != tc.requests || int(retried.Load()) != tc.requests-1 {
					t.Errorf("%d requests, %d retries counted; want %d", len(s.seen), retried.Load(), tc.requests)
				}
			})
		})
	}
}

func errorOf(err error, i int) error {
	var be *connect.BatchError
	if errors.As(err, &be) {
		return be.Failed(i)
	}
	return err
}

// What refuses one letter for good refuses the others: they are not all tried.
func TestFatalEndsTheBatch(t *testing.T) {
	for _, target := range []string{inS3, fifo} {
		sink, s := open(t, target, refuse(403, "AccessDenied"))
		err := sink.Put(t.Context(), letters(100, "v"))
		for i := range 100 {
			if e := errorOf(err, i); connect.Classify(e) != connect.ClassFatal {
				t.Fatalf("%s: letter %d: %v", target, i, e)
			}
		}
		if len(s.seen) > inFlight {
			t.Errorf("%s: %d requests", target, len(s.seen))
		}
	}
}

func TestThrottledThenTaken(t *testing.T) {
	for _, target := range []string{inS3, fifo} {
		n := 0
		sink, s := open(t, target, func(w http.ResponseWriter, r *http.Request, body []byte) {
			if n++; n < tries {
				refuse(503, "SlowDown")(w, r, body)
				return
			}
			take(w, r, body)
		})
		synctest.Test(t, func(t *testing.T) {
			if err := sink.Put(t.Context(), letters(1, "v")); err != nil || len(s.seen) != tries {
				t.Errorf("%s: %v after %d requests", target, err, len(s.seen))
			}
		})
	}
}

// take confirms every message of a request.
func take(w http.ResponseWriter, _ *http.Request, body []byte) {
	var in struct{ Entries []struct{ Id string } }
	_ = json.Unmarshal(body, &in) // S3 sends something else
	_ = json.NewEncoder(w).Encode(map[string]any{"Successful": in.Entries})
}

func TestMessages(t *testing.T) {
	type message struct{ Id, MessageBody, MessageGroupId, MessageDeduplicationId string }
	for _, target := range []string{"https://sqs.eu-west-1.amazonaws.com/123456789012/dead", fifo} {
		ordered := target == fifo
		var sent []message
		var sizes []int
		sink, s := open(t, target, func(w http.ResponseWriter, r *http.Request, body []byte) {
			var in struct {
				QueueUrl string
				Entries  []message
			}
			if err := json.Unmarshal(body, &in); err != nil || !strings.HasPrefix(in.QueueUrl, "https://sqs.eu-west-1.amazonaws.com/123456789012/dead") ||
				r.Header.Get("X-Amz-Target") != "AmazonSQS.SendMessageBatch" || !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/sqs/") {
				t.Errorf("%v %v: %s", err, r.Header, body)
			}
			sent, sizes = append(sent, in.Entries...), append(sizes, len(in.Entries))
			take(w, r, body)
		})
		if err := sink.Put(t.Context(), letters(23, "v")); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{10, 10, 3}, sizes); diff != "" || len(s.bad) > 0 || s.seen[0] != "POST https://sqs.eu-west-1.amazonaws.com/" {
			t.Errorf("%s: requests %v, badly signed: %v (-want +got):\n%s", target, s.seen, s.bad, diff)
		}
		unique := map[string]bool{}
		for i, m := range sent {
			unique[m.MessageDeduplicationId] = true
			want, err := encode(letters(23, "v")[i])
			if err != nil || m.MessageBody != string(want) || (m.MessageGroupId != "") != ordered || len(m.MessageGroupId) > 128 || m.MessageGroupId != sent[0].MessageGroupId {
				t.Errorf("%s: message %d is %+v", target, i, m)
			}
		}
		if want := map[bool]int{true: 23, false: 1}[ordered]; len(unique) != want {
			t.Errorf("%s: %d deduplication ids, want %d", target, len(unique), want)
		}
	}
}

func TestMessagesThatFail(t *testing.T) {
	sink, _ := open(t, fifo, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		_, _ = io.WriteString(w, `{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"InvalidMessageContents","SenderFault":true},
			{"Id":"2","Code":"KmsAccessDenied","SenderFault":true},{"Id":"3","Code":"InternalError","SenderFault":false}]}`)
	})
	err := sink.Put(t.Context(), letters(5, "v"))
	got := make([]string, 5)
	for i := range got {
		if e := errorOf(err, i); e != nil {
			got[i] = connect.Classify(e).String()
		}
	}
	if diff := cmp.Diff([]string{"", "data", "fatal", "retriable", "retriable"}, got); diff != "" { // nothing was said of the last one
		t.Errorf("errors (-want +got):\n%s\n%v", diff, err)
	}
}

// A request is bounded in bytes as well as in messages, and a message that is too large says where it would fit.
func TestLargeMessages(t *testing.T) {
	sink, s := open(t, fifo, take)
	if err := sink.Put(t.Context(), letters(4, strings.Repeat("v", 300_000))); err != nil || len(s.seen) != 2 {
		t.Errorf("%v after %d requests, want two: 400 kB each in base64", err, len(s.seen))
	}
	batch := append(letters(1, strings.Repeat("v", 800_000)), letters(1, "v")...)
	err := sink.Put(t.Context(), batch)
	if e := errorOf(err, 0); connect.Classify(e) != connect.ClassData || !strings.Contains(fmt.Sprint(e), "use errors.deadletterqueue.target=s3://") || errorOf(err, 1) != nil {
		t.Errorf("error %v", err)
	}
}

func TestProbe(t *testing.T) {
	for _, target := range []string{inS3, fifo} {
		sink, _ := open(t, target, take)
		if f := sink.(connect.Prober).Probe(t.Context()); len(f) != 1 || f[0].Level != connect.LevelOK {
			t.Errorf("%s: %+v", target, f)
		}
		sink, _ = open(t, target, refuse(404, "QueueDoesNotExist"))
		if f := sink.(connect.Prober).Probe(t.Context()); len(f) != 1 || f[0].Level != connect.LevelError || f[0].Remedy == "" {
			t.Errorf("%s: %+v", target, f)
		}
	}
}

func TestWithoutCredentials(t *testing.T) {
	sink, s := open(t, inS3, take)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if err := errorOf(sink.Put(t.Context(), letters(1, "v")), 0); connect.Classify(err) != connect.ClassFatal || len(s.seen) > 0 {
		t.Errorf("%v after %v", err, s.seen)
	}
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	if _, err := Open(config.DeadLetterTarget{Bucket: "dead"}); connect.Classify(err) != connect.ClassFatal || err == nil {
		t.Errorf("without a region: %v", err)
	}
}

func TestDeadlineEndsAPut(t *testing.T) {
	for _, target := range []string{inS3, fifo} {
		sink, _ := open(t, target, refuse(503, "SlowDown"))
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), firstWait/2)
			defer cancel()
			if err := errorOf(sink.Put(ctx, letters(1, "v")), 0); !connect.IsRetriable(err) || ctx.Err() != nil {
				t.Errorf("%s: %v, %v; want the failure before the deadline", target, err, ctx.Err())
			}
		})
	}
}
