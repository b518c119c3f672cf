package cosmossink

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/connect/connecttest"
	"github.com/connectless/connectless/core/data"
)

// Every record a request, and all in one transactional batch.
func TestSuite(t *testing.T) {
	for _, path := range []string{"/id", "/tenant"} {
		t.Run(path[1:], func(t *testing.T) {
			connecttest.Sink(t, connecttest.SinkDriver{
				New: func(t testing.TB) *connecttest.SinkTarget { return newTarget(t, path) },
				Fill: func(r *connect.Record, _ string, _ int) {
					r.Value.Set("tenant", data.OfString("one"))
				},
				Spoil: func(r *connect.Record) { r.Value.Set("id", data.OfString("")) },
			})
		})
	}
}

func newTarget(t testing.TB, path string) *connecttest.SinkTarget {
	s := cosmostest.NewServer(t, cosmostest.Options{})
	if err := s.AddContainer(database, "records", cosmostest.ContainerOptions{Partitions: 2}, path); err != nil {
		t.Fatal(err)
	}
	cfg := parse(t, map[string]string{
		"account.endpoint": s.Endpoint(), "sink.containers.topicMap": "records#records", "sink.maxRetryCount": "3",
	})
	return &connecttest.SinkTarget{
		Open: func(ctx context.Context) (connect.Sink, error) { return Open(ctx, cfg) },
		Written: func() []connecttest.Row {
			var rows []connecttest.Row
			for _, d := range s.Documents(database, "records") {
				var row struct{ N int }
				if err := json.Unmarshal(d.Body, &row); err != nil {
					t.Fatal(err)
				}
				rows = append(rows, connecttest.Row{ID: d.ID, N: row.N})
			}
			return rows
		},
		Refuse: func(id string) func() {
			return s.Inject(cosmostest.Rule{ID: id, Fault: cosmostest.Fail(503)}).Remove
		},
		Stall: func(id string) (<-chan struct{}, func()) {
			reached := make(chan struct{})
			var once sync.Once
			rule := s.Inject(cosmostest.Rule{ID: id, Fault: cosmostest.Fault{Stall: cosmostest.StallBefore}, Match: func(*cosmostest.Request) bool {
				once.Do(func() { close(reached) })
				return true
			}})
			return reached, rule.Remove
		},
	}
}
