package chaos

import (
	"testing"
	"time"
)

// An account that takes a twentieth of what is offered for half a minute gets ten minutes of backlog. It drains at the
// account's pace, and memory stays what it was.
func TestBackpressure(t *testing.T) {
	const points = "azure.cosmos.sink.bulk.enabled"
	for _, tc := range []struct {
		name      string
		mode      Mode
		connector map[string]string
	}{
		{"on-demand", OnDemand, nil}, {"provisioned", Provisioned, nil}, {"reporting", Reporting, nil},
		{"on-demand, point writes", OnDemand, map[string]string{points: "false"}},
		{"reporting, point writes", Reporting, map[string]string{points: "false"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			const (
				units   = 40 // request units a second; a record costs five
				offered = 20 * units / 5
				offer   = 30 * time.Second
				records = offered * int(offer/time.Second)
			)
			p := &Plan{Mode: tc.mode, BatchSize: 40, Latency: 5 * time.Millisecond}
			inCloud(t, CloudConfig{
				Partitions: 4, Seed: 30, Timeout: 30 * time.Second, Throughput: units, Mapping: p.mapping, Connector: tc.connector,
			}, func(t *testing.T, c *Cloud) {
				c.faults.begin(p)
				begun := time.Now()
				for i := range records / 100 {
					good(t, c, int32(i%4), 100, 50)
					sleep(t.Context(), time.Until(begun.Add(time.Duration(i+1)*offer*100/time.Duration(records))))
				}
				sleep(t.Context(), 30*time.Second)
				before := heap()
				drain(t, c, 20*time.Minute)
				if took := time.Since(begun); took < 9*time.Minute || took > 14*time.Minute {
					t.Errorf("the backlog took %v, want about ten minutes", took)
				}
				grown := heap() - before
				requests, useful := c.faults.writes, c.faults.useful()
				t.Logf("%d records in %v: %d requests, %d useful, heap %+.1f MB, %+v", records, time.Since(begun), requests, useful, float64(grown)/1e6, c.Fleet.Stats())
				if requests*10 > useful*13 {
					t.Errorf("%d requests, of which %d were useful: more than 1.3 for each", requests, useful)
				}
				if grown > 8<<20 {
					t.Errorf("the heap grew by %d bytes", grown)
				}
			})
		})
	}
}
