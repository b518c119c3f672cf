package herder_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/rest/herder"
)

func TestSinkOffsets(t *testing.T) {
	r := newRunner(t)
	r.topics = []string{"rt", "other"}
	_, api := serve(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
	api.want(201, "POST", "/connectors", `{"name": "c", "config": `+sink()+`, "initial_state": "STOPPED"}`)
	const path = "/connectors/c/offsets"
	alter := func(partition, offset string) string {
		return fmt.Sprintf(`{"offsets": [{"partition": %s, "offset": %s}]}`, partition, offset)
	}
	const zero = `{"kafka_topic": "rt", "kafka_partition": 0}`
	for _, tc := range []struct {
		name, body string
		code       int
		says       string
	}{
		{"two", `{"offsets": [{"partition": {"kafka_topic": "rt", "kafka_partition": 0}, "offset": {"kafka_offset": 10}}, {"partition": {"kafka_topic": "other", "kafka_partition": 1}, "offset": {"kafka_offset": 9007199254740993}}]}`, 200, "altered successfully. However"},
		{"numbers as text", alter(`{"kafka_topic": "rt", "kafka_partition": "0"}`, `{"kafka_offset": "7"}`), 200, "altered"},
		{"no partition", `{"offsets": [{"offset": {"kafka_offset": 1}}]}`, 400, "cannot be null or missing"},
		{"null partition", alter(`null`, `null`), 400, "cannot be null or missing"},
		{"null topic", alter(`{"kafka_topic": null, "kafka_partition": 0}`, `null`), 400, "Kafka topic names must be valid strings"},
		{"null number", alter(`{"kafka_topic": "rt", "kafka_partition": null}`, `null`), 400, "Kafka partitions must be valid numbers"},
		{"partition too large", alter(`{"kafka_topic": "rt", "kafka_partition": 2147483648}`, `null`), 400, "need to be integers"},
		{"fraction", alter(`{"kafka_topic": "rt", "kafka_partition": 0.5}`, `null`), 400, "'0.5'"},
		{"nested partition", alter(`{"kafka_topic": "rt", "kafka_partition": [0]}`, `null`), 400, "need to be integers"},
		{"null offset value", alter(zero, `{"kafka_offset": null}`), 400, "Offset values for sink connectors need to be integers"},
		{"offset of words", alter(zero, `{"kafka_offset": "first"}`), 400, "'first'"},
		{"negative offset", alter(zero, `{"kafka_offset": -1}`), 400, "'-1'"},
		{"a list for a partition", alter(`[]`, `null`), 500, "from Array value"},
		{"a list of numbers", `{"offsets": [1]}`, 500, "from Integer value"},
		{"no list", `{"offsets": {}}`, 500, "from Object value"},
		{"an unknown field", `{"offset": []}`, 500, `Unrecognized field \"offset\"`},
		{"an unknown field of one", `{"offsets": [{"topic": "rt"}]}`, 500, `Unrecognized field \"topic\"`},
		{"nothing", ``, 400, "no body"},
	} {
		if got := api.want(tc.code, "PATCH", path, tc.body); !strings.Contains(got, tc.says) {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.says)
		}
	}
	want := `{"offsets":[{"partition":{"kafka_partition":0,"kafka_topic":"rt"},"offset":{"kafka_offset":7}},` +
		`{"partition":{"kafka_partition":1,"kafka_topic":"other"},"offset":{"kafka_offset":9007199254740993}}]}`
	if diff := cmp.Diff(want, api.want(200, "GET", path, "")); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
	if got := api.want(200, "DELETE", path, ""); !strings.Contains(got, "reset successfully. However") {
		t.Errorf("reset: %s", got)
	}
	if got := api.want(200, "GET", path, ""); got != `{"offsets":[]}` {
		t.Errorf("offsets after the reset: %s", got)
	}
	api.want(404, "PATCH", "/connectors/d/offsets", alter(zero, `null`))
}

// Kafka does not say why a group cannot be reached; the log does.
func TestOffsetsFail(t *testing.T) {
	r := newRunner(t)
	_, api := serve(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
	api.want(201, "POST", "/connectors", `{"name": "c", "config": `+sink()+`, "initial_state": "STOPPED"}`)
	r.fail = func(context.Context, string, string) error { return errors.New("broker gone") }
	for method, want := range map[string]string{
		"GET":    "Failed to retrieve consumer group offsets for sink connector c",
		"PATCH":  "Failed to alter consumer group offsets for connector c",
		"DELETE": "Failed to reset consumer group offsets for connector c",
	} {
		got := api.want(500, method, "/connectors/c/offsets", `{"offsets": [{"partition": {"kafka_topic": "rt", "kafka_partition": 0}}]}`)
		var e struct{ Message string }
		if err := json.Unmarshal([]byte(got), &e); err != nil || e.Message != want {
			t.Errorf("%s: %s, want %s", method, got, want)
		}
	}
}

// sinksOnly is a Runner without sources.
type sinksOnly struct{ herder.Runner }

func TestNoSources(t *testing.T) {
	_, api := serve(t, herder.Options{Catalog: recordedCatalog(t), Runner: sinksOnly{newRunner(t)}})
	api.want(201, "POST", "/connectors", `{"name": "s", "config": {"connector.class": "FileStreamSource", "topic": "t"}, "initial_state": "STOPPED"}`)
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		if got := api.want(500, method, "/connectors/s/offsets", `{"offsets": [{"partition": {"filename": "f"}}]}`); !strings.Contains(got, "sources do not run here") {
			t.Errorf("%s: %s", method, got)
		}
	}
}

// Offsets change only when the connector has really stopped, and not while it is being resumed.
func TestOffsetsWaitForStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t)
		r.fail = func(_ context.Context, method, _ string) error {
			if method == "stop" || method == "set positions" {
				time.Sleep(20 * time.Second)
			}
			return nil
		}
		h := open(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
		defer closeHerder(t, h)
		api := &client{t, handler(h)}
		api.want(201, "PUT", "/connectors/c/config", sink())
		r.took()
		begin := time.Now()
		api.want(204, "PUT", "/connectors/c/stop", "") // after 3 s
		done := make(chan struct{})
		go func() {
			defer close(done)
			api.want(200, "PATCH", "/connectors/c/offsets", `{"offsets": [{"partition": {"kafka_topic": "rt", "kafka_partition": 0}, "offset": {"kafka_offset": 5}}]}`)
		}()
		time.Sleep(25 * time.Second) // the positions are being set
		api.want(202, "PUT", "/connectors/c/resume", "")
		<-done
		if took := time.Since(begin); took != 40*time.Second {
			t.Errorf("it took %v", took)
		}
		settled(t, h)
		if diff := cmp.Diff([]string{"stop c", "set positions c", "start c"}, r.took()); diff != "" {
			t.Errorf("the Runner was told (-want +got):\n%s", diff)
		}
	})
}

// A client that goes away does not wait for a stop.
func TestOffsetsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t)
		r.fail = func(_ context.Context, method, _ string) error {
			if method == "stop" {
				time.Sleep(time.Minute)
			}
			return nil
		}
		h := open(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
		defer closeHerder(t, h)
		api := &client{t, handler(h)}
		api.want(201, "PUT", "/connectors/c/config", sink())
		api.want(204, "PUT", "/connectors/c/stop", "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.ResetOffsets(ctx, "c"); err == nil || !strings.Contains(err.Error(), "Request timed out") {
			t.Errorf("error %v", err)
		}
		settled(t, h)
	})
}
