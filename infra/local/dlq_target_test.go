package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/deadletter"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
)

// aws is as much of S3 and SQS as dead letters need: one bucket, listed in pages of three, and one queue.
type aws struct {
	mu       sync.Mutex
	objects  map[string]string
	messages []string
	hidden   map[int]bool
}

func newAWS(t *testing.T) *aws {
	t.Helper()
	a := &aws{objects: map[string]string{}, hidden: map[int]bool{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKID/") {
			t.Errorf("%s %s: %v, signed %q", r.Method, r.URL, err, r.Header.Get("Authorization"))
		}
		if action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS."); ok {
			a.queue(t, w, action, body)
			return
		}
		a.bucket(w, r, string(body))
	}))
	t.Cleanup(s.Close)
	for k, v := range map[string]string{"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_ENDPOINT_URL": s.URL} {
		t.Setenv(k, v)
	}
	return a
}

func (a *aws) bucket(w http.ResponseWriter, r *http.Request, body string) {
	key := strings.TrimPrefix(r.URL.Path, "/dead/")
	query := r.URL.Query()
	switch object, known := a.objects[key]; {
	case r.Method == http.MethodPut:
		a.objects[key] = body
	case query.Get("list-type") == "2":
		var page struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Contents []struct{ Key string }
			Next     string `xml:"NextContinuationToken,omitempty"`
		}
		for _, k := range slices.Sorted(maps.Keys(a.objects)) {
			if strings.HasPrefix(k, query.Get("prefix")) && k > query.Get("continuation-token") {
				if len(page.Contents) == 3 {
					page.Next = page.Contents[2].Key
					break
				}
				page.Contents = append(page.Contents, struct{ Key string }{k})
			}
		}
		_ = xml.NewEncoder(w).Encode(page) // a client that is gone has failed the test already
	case known:
		_, _ = io.WriteString(w, object)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
	}
}

func (a *aws) queue(t *testing.T, w http.ResponseWriter, action string, body []byte) {
	type entry struct{ Id, MessageBody, ReceiptHandle string }
	var in struct{ Entries []entry }
	if err := json.Unmarshal(body, &in); err != nil {
		t.Error(err)
	}
	type message struct{ MessageId, ReceiptHandle, Body string }
	var out struct {
		Successful []entry
		Messages   []message
		Attributes map[string]string
	}
	switch action {
	case "SendMessageBatch":
		for _, e := range in.Entries {
			a.messages = append(a.messages, e.MessageBody)
		}
		out.Successful = in.Entries
	case "ReceiveMessage":
		for i, m := range a.messages {
			if !a.hidden[i] && len(out.Messages) < 2 {
				a.hidden[i] = true
				out.Messages = append(out.Messages, message{fmt.Sprintf("m%d", i), strconv.Itoa(i), m})
			}
		}
	case "ChangeMessageVisibilityBatch":
		for _, e := range in.Entries {
			i, err := strconv.Atoi(e.ReceiptHandle)
			if err != nil {
				t.Error(err)
			}
			delete(a.hidden, i)
		}
	case "GetQueueAttributes": // five more than it gives out
		out.Attributes = map[string]string{"ApproximateNumberOfMessages": "5", "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(len(a.hidden))}
	default:
		t.Errorf("action %s", action)
	}
	if err := json.NewEncoder(w).Encode(out); err != nil {
		t.Error(err)
	}
}

// TestDLQTargets lists, shows and replays letters that a function has put into a bucket or a queue.
func TestDLQTargets(t *testing.T) {
	for _, target := range []string{"s3://dead/shop", "arn:aws:sqs:eu-central-1:123456789012:dead", "arn:aws:sqs:eu-central-1:123456789012:dead.fifo"} {
		t.Run(target, func(t *testing.T) {
			d := newDeadLetters(t)
			cloud := newAWS(t)
			cloud.objects["elsewhere/notes.txt"] = "no letter"
			at, err := config.ParseDeadLetterTarget(target)
			if err != nil {
				t.Fatal(err)
			}
			sink, err := deadletter.Open(at)
			if err != nil {
				t.Fatal(err)
			}
			p := errpolicy.Policy{Connector: "shop", Headers: true}
			var letters []*connect.Record
			for i := range 7 {
				f := &errpolicy.Failure{Stage: errpolicy.ValueConverter, Class: converterClass, Err: data.Errorf(data.DataException, "broken at column %d", i)}
				m := &trigger.Message{Topic: "orders", Partition: int32(i % 2), Offset: int64(i), Timestamp: 1000, Key: []byte{0xff, byte(i)}, Headers: []trigger.Header{{Key: "h"}}}
				letters = append(letters, p.Letter(m, f))
			}
			letters = append(letters, letters[0]) // a copy, which a bucket does not have
			if err := sink.Put(t.Context(), letters); err != nil {
				t.Fatal(err)
			}
			n := 7
			if at.Queue != "" {
				n = 8
			}
			connector := d.connector(map[string]string{"errors.deadletterqueue.topic.name": "", "errors.deadletterqueue.target": target})

			got := d.run("list", "--connector", connector)
			if want := fmt.Sprintf("%d letters of 7 records in %s\n", n, at); got.code != 0 || !strings.HasSuffix(got.out, want) || !strings.Contains(got.out, "66b77947  7        ") {
				t.Errorf("list: exit %d, it printed\n%s%swant\n%s", got.code, got.out, got.stderr, want)
			}
			if warned := strings.Contains(got.stderr, "warning: deadletter: the queue has 13 messages and gave out 8"); warned != at.FIFO() {
				t.Errorf("list said\n%s", got.stderr)
			}
			got = d.run("show", "--target", target, "--limit", "1")
			for _, want := range []string{"orders-0@0\n", "connector  shop, task 0", "broken at column 0", "key        0xff00 (2 bytes)", "value      null", "header     h = null"} {
				if !strings.Contains(got.out, want) {
					t.Errorf("show did not say %q: exit %d\n%s%s", want, got.code, got.out, got.stderr)
				}
			}
			for _, want := range []string{"replayed 7 records to orders\n", "replayed nothing\n"} { // the second time the journal has them
				got = d.run("replay", "--target", target, "--yes")
				if got.code != 0 || !strings.HasPrefix(got.out, want) {
					t.Errorf("replay: exit %d, it printed\n%s%swant\n%s", got.code, got.out, got.stderr, want)
				}
			}
			for _, r := range d.read("orders", 7) {
				if want := []byte{0xff, r.Key[1]}; !slices.Equal(r.Key, want) || r.Value != nil || r.Partition != int32(r.Key[1]%2) || len(r.Headers) != 1 || r.Headers[0].Value != nil || r.Timestamp.UnixMilli() != 1000 {
					t.Errorf("replayed %+v", r)
				}
			}
			if len(cloud.hidden) > 0 || at.Queue != "" && len(cloud.messages) != 8 || at.Queue == "" && len(cloud.objects) != 8 {
				t.Errorf("afterwards %d messages, %d of them hidden, and %d objects", len(cloud.messages), len(cloud.hidden), len(cloud.objects))
			}
			if at.Bucket != "" {
				if got := d.run("list", "--target", target, "--offset", "3-5", "--partition", "1"); !strings.HasSuffix(got.out, "2 letters of 2 records in s3://dead/shop\n") {
					t.Errorf("a part: it printed\n%s%s", got.out, got.stderr)
				}
				if got := d.run("list", "--target", "s3://dead"); got.code != 1 || !strings.Contains(got.stderr, "s3://dead/elsewhere/notes.txt is no dead letter") {
					t.Errorf("something else in the bucket: exit %d, it said\n%s", got.code, got.stderr)
				}
			}
			t.Setenv("AWS_SECRET_ACCESS_KEY", "")
			if got := d.run("list", "--target", target); got.code != 1 || !strings.Contains(got.stderr, "there are no AWS credentials") {
				t.Errorf("without credentials: exit %d, it said\n%s", got.code, got.stderr)
			}
		})
	}
}
