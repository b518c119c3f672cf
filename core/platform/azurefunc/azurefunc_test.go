package azurefunc

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/trigger"
)

func heap(n int) []byte { return make([]byte, n) }

func readBatch(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/kafka-batch.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecode(t *testing.T) {
	var got trigger.Messages
	if err := Decode(readBatch(t), &got, heap); err != nil {
		t.Fatal(err)
	}
	want := []trigger.Message{
		{Topic: "orders", Partition: 0, Offset: 15, Timestamp: 1545084650987, Key: []byte("k1"), Value: []byte(`{"a":1}`),
			Headers: []trigger.Header{{Key: "h", Value: []byte{0, 255}}, {Key: "h"}}},
		{Topic: "orders", Partition: 1, Offset: 7, Timestamp: 1545084650988},
	}
	if diff := cmp.Diff(want, got.Messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tc := range []struct{ name, body, want string }{
		{"nothing", ``, "unexpected end"},
		{"no binding", `{"Data":{},"Metadata":{}}`, "0 members"},
		{"single cardinality", `{"Data":{"records":"\"YQ==\""},"Metadata":{}}`, "cardinality must be many"},
		{"no offsets", `{"Data":{"records":"[\"YQ==\"]"},"Metadata":{"TopicArray":"[\"t\"]","PartitionArray":"[0]"}}`, "Metadata.OffsetArray: missing"},
		{"lengths", `{"Data":{"records":"[\"YQ==\"]"},"Metadata":{"TopicArray":["t"],"PartitionArray":[0,1],"OffsetArray":[1]}}`, "2 items for 1 values"},
		{"text mode", `{"Data":{"records":["not base64!"]},"Metadata":{"TopicArray":["t"],"PartitionArray":[0],"OffsetArray":[1]}}`, "value 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var m trigger.Messages
			if err := Decode([]byte(tc.body), &m, heap); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one about %q", err, tc.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(readBatch(f))
	f.Fuzz(func(t *testing.T, body []byte) {
		var m trigger.Messages
		if Decode(body, &m, heap) == nil {
			for _, r := range m.Messages {
				if r.Value != nil && len(r.Value) == 0 {
					t.Error("an empty value cannot be told from null here")
				}
			}
		}
	})
}

func TestHandler(t *testing.T) {
	for _, tc := range []struct {
		name, method string
		result       trigger.Result
		status       int
		body         string
	}{
		{"ready", http.MethodGet, trigger.Result{}, 200, ""},
		{"success is an object", http.MethodPost, trigger.Result{}, 200, "{}"},
		{"failure", http.MethodPost, trigger.Result{Failed: []trigger.Position{{Topic: "t"}}, Err: errors.New("store away")}, 500, `{"error":"store away"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := Handler(func(ctx context.Context, decode trigger.Decode) trigger.Result {
				if _, ok := ctx.Deadline(); !ok {
					t.Error("a call without a deadline")
				}
				var m trigger.Messages
				if err := decode(&m, heap); err != nil || len(m.Messages) != 2 {
					t.Errorf("%d messages, %v", len(m.Messages), err)
				}
				return tc.result
			}, time.Minute)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(tc.method, "/cosmos-sink", strings.NewReader(string(readBatch(t)))))
			if w.Code != tc.status || strings.TrimSpace(w.Body.String()) != tc.body {
				t.Errorf("answer %d %s, want %d %s", w.Code, w.Body, tc.status, tc.body)
			}
		})
	}
}

func TestFunctionTimeout(t *testing.T) {
	for _, tc := range []struct {
		host string
		want time.Duration
		bad  bool
	}{
		{`{"functionTimeout":"00:10:00"}`, 10 * time.Minute, false},
		{`{"functionTimeout":"01:00:05"}`, time.Hour + 5*time.Second, false},
		{`{}`, defaultTimeout, false},
		{`{"functionTimeout":"10m"}`, 0, true},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "host.json"), []byte(tc.host), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := functionTimeout(dir)
		if got != tc.want || (err != nil) != tc.bad {
			t.Errorf("%s: %v, %v; want %v", tc.host, got, err, tc.want)
		}
	}
	if got, err := functionTimeout(t.TempDir()); got != defaultTimeout || err != nil {
		t.Errorf("without host.json: %v, %v", got, err)
	}
}

func TestServe(t *testing.T) {
	t.Setenv(portVariable, "0")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Serve(ctx, nil); err != nil {
		t.Errorf("ended by its context: %v", err)
	}
}
