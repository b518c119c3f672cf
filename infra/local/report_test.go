package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/infra/local/events"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

func TestReportText(t *testing.T) {
	inv := &events.Invocation{
		Topic: "t", Records: 3, Bytes: 2048, Attempt: 1, DurationMS: 12.4, Cold: true, InitMS: 33.2,
		Partitions: []events.Range{{Partition: 0, First: 7, Last: 8, Records: 2}, {Partition: 2, First: 0, Last: 0, Records: 1}},
	}
	failed := &events.Invocation{Topic: "t", Records: 1, Bytes: 3 << 20, Attempt: 2, DurationMS: 1, Error: "no"}
	for _, tc := range []struct {
		name    string
		event   events.Event
		verbose bool
		want    string
	}{
		{"invocation", events.Event{Kind: events.Invoked, Connector: "c", Invocation: inv}, false,
			"03:04:05.678 c: 3 records, 2.0 KB in 12 ms (cold start 33 ms) t-0@7-8 t-2@0-0\n"},
		{"failed invocation", events.Event{Kind: events.Invoked, Connector: "c", Invocation: failed}, false,
			"03:04:05.678 c: 1 records, 3.0 MB in 1 ms, attempt 2 failed: no\n"},
		{"an ordinary line of a function", events.Event{Kind: events.Log, Connector: "c", Message: `{"level":"INFO","msg":"x"}`}, false, ""},
		{"the same, wanted", events.Event{Kind: events.Log, Connector: "c", Message: `{"level":"INFO","msg":"x"}`}, true, "03:04:05.678 c | {\"level\":\"INFO\",\"msg\":\"x\"}\n"},
		{"a warning of a function", events.Event{Kind: events.Log, Connector: "c", Message: `{"level":"WARN","msg":"x"}`}, false, "03:04:05.678 c | {\"level\":\"WARN\",\"msg\":\"x\"}\n"},
		{"a failure that its invocation tells", events.Event{Kind: events.Log, Connector: "c", Message: `{"level":"ERROR","msg":"invocation"}`}, false, ""},
		{"the same, by the Lambda library", events.Event{Kind: events.Log, Connector: "c", Message: `2026/01/02 03:04:05 {"errorMessage":"x","errorType":"y"}`}, false, ""},
		{"a panic", events.Event{Kind: events.Log, Connector: "c", Message: "goroutine 1"}, false, "03:04:05.678 c | goroutine 1\n"},
		{"a problem of a connector", events.Event{Kind: events.Problem, Connector: "c", Message: "x"}, false, "03:04:05.678 c: problem: x\n"},
		{"a problem of all", events.Event{Kind: events.Problem, Message: "x"}, false, "03:04:05.678 problem: x\n"},
		{"the end", events.Event{Kind: events.Stopped}, false, "03:04:05.678 stopped\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out strings.Builder
			tc.event.Time = at
			(&reporter{out: &out, verbose: tc.verbose}).report(tc.event)
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReportJSON(t *testing.T) {
	var out strings.Builder
	r := &reporter{out: &out, json: true}
	want := events.Event{Time: at, Kind: events.Ready, Addresses: &events.Addresses{Kafka: "k:1", REST: "http://r"}}
	r.report(want)
	if got, text := out.String(), `{"time":"2026-01-02T03:04:05.678Z","event":"ready","addresses":{"kafka":"k:1","rest":"http://r"}}`+"\n"; got != text {
		t.Errorf("line:\n%swant\n%s", got, text)
	}
	var got events.Event
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
