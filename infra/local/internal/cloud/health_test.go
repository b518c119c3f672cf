package cloud

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/eventsource"
	"github.com/connectless/connectless/core/rest/herder"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

func TestHealthOf(t *testing.T) {
	call := func(class string) error {
		return fmt.Errorf("call: %w", &host.FunctionError{Type: class, Message: "m"})
	}
	for _, tc := range []struct {
		name string
		err  error
		want herder.Health
	}{
		{"a failure that comes again", call(data.ConnectException), herder.Health{Failed: true, Trace: data.ConnectException + ": m"}},
		{"a record that never can", call(data.DataException), herder.Health{Failed: true, Trace: data.DataException + ": m"}},
		{"a crash", call(host.ErrorTypeExit), herder.Health{Failed: true, Trace: "Runtime.ExitError: m"}},
		{"what may pass", call(data.RetriableException), herder.Health{Trace: data.RetriableException + ": m"}},
		{"too slow", call(host.ErrorTypeTimeout), herder.Health{Trace: "Sandbox.Timedout: m"}},
		{"a function that refuses", &host.InitError{Type: data.ConnectException, Message: "m"}, herder.Health{Failed: true, Trace: "the function does not start: m"}},
		{"a report of items", errors.New("partial batch response"), herder.Health{Trace: "partial batch response"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, healthOf(tc.err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHealth checks which task shows what happens to which partition.
func TestHealth(t *testing.T) {
	fatal := &host.FunctionError{Type: "T", Message: "m"}
	again := &host.FunctionError{Type: data.RetriableException, Message: "later"}
	of := func(err error, partitions ...int32) eventsource.Invocation {
		inv := eventsource.Invocation{Err: err}
		for _, p := range partitions {
			inv.Partitions = append(inv.Partitions, eventsource.Range{Partition: p})
		}
		return inv
	}
	items := of(errors.New("items"), 0, 1)
	items.Failed = map[string]int64{"t-1": 7}
	var well herder.Health
	failed, trying := herder.Health{Failed: true, Trace: "T: m"}, herder.Health{Trace: data.RetriableException + ": later"}

	for _, tc := range []struct {
		name        string
		invocations []eventsource.Invocation
		want        []herder.Health
	}{
		{"nothing", nil, []herder.Health{well, well}},
		{"success", []eventsource.Invocation{of(nil, 0)}, []herder.Health{well, well}},
		{"each partition has its task", []eventsource.Invocation{of(fatal, 3)}, []herder.Health{well, failed}},
		{"what failed is more than what is tried again", []eventsource.Invocation{of(again, 0), of(fatal, 2), of(again, 4)}, []herder.Health{failed, well}},
		{"another partition's success does not mend it", []eventsource.Invocation{of(fatal, 0), of(nil, 2)}, []herder.Health{failed, well}},
		{"its own does", []eventsource.Invocation{of(fatal, 0, 1), of(nil, 0, 1)}, []herder.Health{well, well}},
		{"what failed last counts", []eventsource.Invocation{of(fatal, 0), of(again, 0)}, []herder.Health{trying, well}},
		{"only what a report names", []eventsource.Invocation{of(fatal, 0), items}, []herder.Health{well, {Trace: "items"}}},
		{"what we gave up ourselves", []eventsource.Invocation{of(context.Canceled, 0)}, []herder.Health{well, well}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &running{d: Deployment{Connector: &connector.Connector{TasksMax: 2}}, faults: map[part]herder.Health{}}
			for _, inv := range tc.invocations {
				r.note("t", inv)
			}
			if diff := cmp.Diff(tc.want, r.health()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	r := &running{d: Deployment{Connector: &connector.Connector{TasksMax: 1}}, faults: map[part]herder.Health{}, refused: failed}
	if diff := cmp.Diff([]herder.Health{failed}, r.health()); diff != "" {
		t.Errorf("a function that did not start again (-want +got):\n%s", diff)
	}
	r.note("t", of(nil, 0))
	if diff := cmp.Diff([]herder.Health{well}, r.health()); diff != "" {
		t.Errorf("and then did (-want +got):\n%s", diff)
	}
}
