package herder_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/rest/herder"
)

// recordedWorker is the address of the recorded worker.
const recordedWorker = "127.0.0.1:18084"

// different lists the calls whose answer is another than the recorded one, on purpose. Their status is the same.
var different = map[int]string{
	92: "type, default and importance of an overridden client setting are the client library's business: shown as no default, MEDIUM",
}

// TestReplay makes the calls that were made to a worker of Apache Kafka 3.9.0, in their order, and compares the answers.
func TestReplay(t *testing.T) {
	r := newRunner(t)
	// What the recorded worker had not yet done when call 52 came: give the connector its second task.
	slow, starts := make(chan struct{}), atomic.Int32{}
	r.fail = func(_ context.Context, method, name string) error {
		if method == "start" && name == "c1" && starts.Add(1) == 2 {
			<-slow
		}
		return nil
	}
	h, api := serve(t, herder.Options{
		Catalog: recordedCatalog(t), Runner: r, Address: recordedWorker,
		Commit: "dd5272687e8adf9e", Cluster: "kfake",
		Levels: herder.NewLevels("org.apache.kafka.connect.runtime.Worker",
			"org.apache.kafka.connect.file.FileStreamSinkConnector", "org.apache.kafka.connect.file.FileStreamSourceConnector"),
		TaskClass: func(class string) string { return class + "$T" },
	})
	calls := recording(t)
	matching := 0
	for i, c := range calls {
		name := fmt.Sprintf("%d %s %s %s", i, c.Method, c.Path, c.Note)
		if i == 53 {
			close(slow)
			if err := h.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		got := api.do(c.Method, c.Path, requestText(t, c))
		if got.Code != c.Status {
			t.Errorf("%s: status %d, want %d: %s", name, got.Code, c.Status, got.Body)
			continue
		}
		want := answer{Body: normal(t, c.JSON)}
		if c.ContentType != nil {
			want.ContentType = *c.ContentType
		}
		if c.Location != nil {
			want.Location = *c.Location
		}
		diff := cmp.Diff(want, answer{got.Header().Get("Content-Type"), got.Header().Get("Location"), normal(t, got.Body.Bytes())})
		reason, known := different[i]
		switch {
		case diff == "" && known:
			t.Errorf("%s: as recorded, but listed as different: %s", name, reason)
		case diff == "":
			matching++
		case known:
			t.Logf("%s: different: %s", name, reason)
		default:
			t.Errorf("%s (-recorded +ours):\n%s", name, diff)
		}
	}
	fmt.Printf("%d of %d calls match\n", matching, len(calls))
}

type answer struct {
	ContentType, Location string
	Body                  any
}

func requestText(t *testing.T, c call) string {
	t.Helper()
	if len(c.Request) == 0 || string(c.Request) == "null" {
		return ""
	}
	var text string
	if json.Unmarshal(c.Request, &text) == nil { // a body that is no JSON is recorded as text
		return text
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, c.Request); err != nil {
		t.Fatal(err)
	}
	return compact.String()
}

// column is where in its body the recorded client had put what is wrong. Spaces between its values are not recorded.
var column = regexp.MustCompile(`column: \d+\] \(through`)

// normal is a body without what differs from run to run, and without documentation, which is everybody's own.
func normal(t *testing.T, text []byte) any {
	t.Helper()
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return normalize(v)
}

func normalize(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = normalize(v[i])
		}
	case map[string]any:
		if v["type"] != "sink" && v["type"] != "source" && v["class"] != nil {
			delete(v, "version") // of plug-ins that the recorded worker was given beside Kafka's own
		}
		delete(v, "documentation")
		for key := range v {
			v[key] = normalize(v[key])
		}
		if _, ok := v["last_modified"].(float64); ok {
			v["last_modified"] = "a time"
		}
	case string:
		return column.ReplaceAllString(v, "column: N] (through")
	}
	return v
}

// client makes calls to the API of a Herder.
type client struct {
	t       testing.TB
	handler http.Handler
}

func (c *client) do(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(c.t.Context(), method, "http://"+recordedWorker+path, bytes.NewReader([]byte(body)))
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

// serve opens a Herder and returns it with its API. A worker map with converters is added to the options.
func serve(t testing.TB, o herder.Options) (*herder.Herder, *client) {
	t.Helper()
	h := open(t, o)
	t.Cleanup(func() { closeHerder(t, h) })
	return h, &client{t, handler(h)}
}

func open(t testing.TB, o herder.Options) *herder.Herder {
	t.Helper()
	if o.Worker == nil {
		o.Worker = map[string]string{"bootstrap.servers": "127.0.0.1:9092", "key.converter": convert.StringConverter, "value.converter": convert.JSONConverter}
	}
	o.Log = slog.New(slog.DiscardHandler)
	h, err := herder.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
