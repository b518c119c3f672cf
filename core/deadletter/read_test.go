package deadletter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// What is written is what is read, null and empty told apart.
func TestDecode(t *testing.T) {
	for _, value := range []string{"", "v", "\xff\x00"} {
		r := letters(1, value)[0]
		r.Key, r.Timestamp = data.Value{}, trigger.NoTimestamp
		body, err := encode(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(body, "here")
		if err != nil {
			t.Fatal(err)
		}
		want := &Stored{At: "here", Message: trigger.Message{Topic: "orders", Partition: 3, Offset: 40, Timestamp: trigger.NoTimestamp, Value: []byte(value)}}
		for _, h := range r.Headers {
			want.Headers = append(want.Headers, trigger.Header{Key: h.Key, Value: h.Raw})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", value, diff)
		}
	}
	for _, body := range []string{"", "{", "{}", `{"topic":1}`, `{"topic":"t","value":"%"}`} {
		if _, err := decode([]byte(body), "object k"); err == nil || !strings.Contains(err.Error(), "object k is no dead letter") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// Messages are given back whatever ends the reading; one that comes again because that took long counts once.
func TestReadAQueue(t *testing.T) {
	messages := []received{}
	for i := range 25 {
		body, err := encode(letters(25, "v")[i])
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, received{fmt.Sprintf("m%d", i), fmt.Sprintf("h%d", i), string(body)})
	}
	messages = append(messages, received{"m0", "h0again", messages[0].Body})
	var next int
	visible := "0"
	released := map[string]bool{}
	sink, _ := open(t, fifo, func(w http.ResponseWriter, r *http.Request, body []byte) {
		switch r.Header.Get("X-Amz-Target") {
		case "AmazonSQS.ReceiveMessage":
			end := min(next+mostEntries, len(messages))
			_ = json.NewEncoder(w).Encode(map[string]any{"Messages": messages[next:end]})
			next = end
		case "AmazonSQS.GetQueueAttributes":
			fmt.Fprintf(w, `{"Attributes":{"ApproximateNumberOfMessages":%q,"ApproximateNumberOfMessagesNotVisible":"25"}}`, visible)
		case "AmazonSQS.ChangeMessageVisibilityBatch":
			var in struct {
				Entries []struct {
					ReceiptHandle     string
					VisibilityTimeout *int
				}
			}
			if err := json.Unmarshal(body, &in); err != nil || len(in.Entries) > mostEntries {
				t.Errorf("%v: %s", err, body)
			}
			for _, e := range in.Entries {
				released[e.ReceiptHandle] = e.VisibilityTimeout != nil && *e.VisibilityTimeout == 0
			}
		}
	})
	n := 0
	if err := sink.(*queue).read(t.Context(), func(*Stored) error { n++; return nil }); err != nil || n != 25 || len(released) != 25 || !released["h0again"] {
		t.Errorf("%d letters, %d released, %v", n, len(released), err)
	}
	next, n, visible = 0, 0, "7" // which it keeps back because of those that were received
	clear(released)
	var more *MoreError
	if err := sink.(*queue).read(t.Context(), func(*Stored) error { n++; return nil }); !errors.As(err, &more) || *more != (MoreError{25, 32}) || n != 25 || len(released) != 25 {
		t.Errorf("with more behind: %d letters, %d released, %v", n, len(released), err)
	}
	next, n = 0, 0
	clear(released)
	enough := errors.New("enough")
	err := sink.(*queue).read(t.Context(), func(*Stored) error {
		if n++; n == 12 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 12 || len(released) != 12 {
		t.Errorf("%d letters, %d released, %v", n, len(released), err)
	}
}

// Objects are read page by page, from where the bucket is, and in order.
func TestReadABucket(t *testing.T) {
	body, err := encode(letters(1, "v")[0])
	if err != nil {
		t.Fatal(err)
	}
	page := func(token string, keys ...string) string {
		var b strings.Builder
		b.WriteString("<ListBucketResult>")
		for _, k := range keys {
			fmt.Fprintf(&b, "<Contents><Key>%s</Key></Contents>", k)
		}
		if token != "" {
			fmt.Fprintf(&b, "<NextContinuationToken>%s</NextContinuationToken>", token)
		}
		return b.String() + "</ListBucketResult>"
	}
	var first []string
	for i := range 40 {
		first = append(first, fmt.Sprintf("orders/eu/orders/3/%d (a).json", 100+i))
	}
	sink, s := open(t, inS3, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		switch q := r.URL.Query(); {
		case !strings.Contains(r.Host, "us-east-2"):
			w.Header().Set("X-Amz-Bucket-Region", "us-east-2")
			w.WriteHeader(http.StatusMovedPermanently)
		case q.Get("list-type") == "":
			_, _ = w.Write(body)
		case q.Get("continuation-token") == "a +/=":
			_, _ = io.WriteString(w, page("", "orders/eu/last.json"))
		case q.Get("prefix") == "orders/eu/":
			_, _ = io.WriteString(w, page("a +/=", first...))
		}
	})
	var got []string
	if err := sink.(*bucket).read(t.Context(), func(l *Stored) error { got = append(got, l.At); return nil }); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, k := range append(first, "orders/eu/last.json") {
		want = append(want, "s3://dead/"+k)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(s.bad) > 0 {
		t.Errorf("badly signed: %v (-want +got):\n%s", s.bad, diff)
	}
	sink, _ = open(t, inS3, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		if r.URL.Query().Get("list-type") == "" {
			refuse(403, "AccessDenied")(w, r, nil)
			return
		}
		_, _ = io.WriteString(w, page("", "orders/eu/x.json"))
	})
	if err := sink.(*bucket).read(t.Context(), func(*Stored) error { return nil }); err == nil || !strings.Contains(err.Error(), "AccessDenied") || !strings.Contains(err.Error(), "orders/eu/x.json") {
		t.Errorf("an object that may not be read: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, value := range []string{"", "v", "\xff"} {
		body, err := encode(letters(1, value)[0])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"topic":"t","headers":[{"key":"a","value":null},{}],"timestamp":-1e3}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		l, err := decode(body, "x")
		if err != nil {
			return
		}
		r := &connect.Record{Timestamp: l.Timestamp, Origin: &l.Message}
		if l.Key != nil {
			r.Key = data.OfBytes(l.Key)
		}
		if l.Value != nil {
			r.Value = data.OfBytes(l.Value)
		}
		for _, h := range l.Headers {
			r.Headers = append(r.Headers, connect.Header{Key: h.Key, Raw: h.Value, Encoded: true})
		}
		again, err := encode(r)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decode(again, "x"); err != nil || !cmp.Equal(l, back) {
			t.Errorf("%v (-first +again):\n%s", err, cmp.Diff(l, back))
		}
	})
}

// Whatever a service answers, each letter has an outcome, and none is taken for written that was not confirmed.
func FuzzAnswers(f *testing.F) {
	f.Add(200, []byte(`{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"InternalError"}]}`))
	f.Add(400, []byte(`{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}`))
	f.Add(503, []byte(`<Error><Code>SlowDown</Code></Error>`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 || status >= 500 || status == 429 { // which are waited for
			status = 200
		}
		for _, target := range []string{inS3, fifo} {
			asked := 0
			sink, _ := open(t, target, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
				if asked++; asked > 4 {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				w.WriteHeader(status)
				_, _ = w.Write(body)
			})
			ctx, cancel := context.WithTimeout(t.Context(), firstWait/2) // no second try
			err := sink.Put(ctx, letters(2, "v"))
			cancel()
			var result struct{ Successful []struct{ Id string } }
			_ = json.Unmarshal(body, &result) // not JSON: nothing is confirmed
			for i := range 2 {
				confirmed := status < 300
				if target == fifo {
					ok := false
					for _, s := range result.Successful {
						ok = ok || s.Id == fmt.Sprint(i)
					}
					confirmed = confirmed && ok
				}
				if e := errorOf(err, i); e == nil && !confirmed {
					t.Errorf("%s: letter %d counts as written after %d %q", target, i, status, body)
				}
			}
		}
	})
}
