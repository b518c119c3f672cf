package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/host/eventsource"
)

// inCloud runs a test in virtual time and checks every promise in the end.
func inCloud(t *testing.T, cfg CloudConfig, f func(t *testing.T, c *Cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if *story {
			cfg.Log = t.Output()
		}
		c, err := NewCloud(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}()
		f(t, c)
		violations, err := c.Finish(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range violations {
			t.Errorf("violated: %v", v)
		}
	})
}

// good produces n records, of so many keys, into a partition.
func good(t *testing.T, c *Cloud, partition int32, n, keys int) {
	t.Helper()
	g := newRecords(&Plan{Seed: c.cfg.Seed + uint64(c.History.Produced()), Keys: keys})
	var batch []*Record
	for i := range n {
		r := &Record{Partition: partition, ID: fmt.Sprintf("p%d-%d", partition, i%keys)}
		g.produce(c.History, r)
		batch = append(batch, r)
	}
	if err := c.Produce(t.Context(), batch...); err != nil {
		t.Fatal(err)
	}
}

func bad(t *testing.T, c *Cloud, partition int32) {
	t.Helper()
	r := &Record{Partition: partition, ID: "poison", Bad: true}
	newRecords(&Plan{}).produce(c.History, r)
	if err := c.Produce(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, c *Cloud, patience time.Duration) {
	t.Helper()
	if err := c.WaitDrained(t.Context(), patience); err != nil {
		t.Fatal(err)
	}
}

// A batch worth three deadlines is delivered although the mapping repeats the whole of it each time: what is written stays
// known, and little is written twice.
func TestBatchWorthThreeDeadlines(t *testing.T) {
	const records = 1000
	inCloud(t, CloudConfig{
		Partitions: 1, Seed: 1, Timeout: 3 * time.Second, Connector: map[string]string{"azure.cosmos.sink.bulk.enabled": "false"},
		Mapping: func(m *eventsource.Config) { m.BatchSize = records },
	}, func(t *testing.T, c *Cloud) {
		c.faults.begin(&Plan{Latency: 144 * time.Millisecond}) // 16 at a time: 1000 take 9 s
		good(t, c, 0, records, records)
		drain(t, c, 5*time.Minute)
		s := c.Mapping.Status()
		if s.Failed < 2 || s.Invocations > 6 {
			t.Errorf("%d invocations, %d failed; want about four and all but one failed", s.Invocations, s.Failed)
		}
		if writes := c.faults.writes; writes > records*11/10 {
			t.Errorf("%d writes of %d records", writes, records)
		}
		if k := c.Fleet.Stats(); k.Timeouts > 0 {
			t.Errorf("%d invocations ran into the deadline instead of answering before it", k.Timeouts)
		}
	})
}

// The same where the batch does not only have single records of each key: the last of each is confirmed in each round.
func TestBatchOfRepeatedKeysWorthThreeDeadlines(t *testing.T) {
	const records = 1000
	inCloud(t, CloudConfig{
		Partitions: 1, Seed: 2, Timeout: 3 * time.Second, Connector: map[string]string{"azure.cosmos.sink.bulk.enabled": "false"},
		Mapping: func(m *eventsource.Config) { m.BatchSize = records },
	}, func(t *testing.T, c *Cloud) {
		c.faults.begin(&Plan{Latency: 144 * time.Millisecond})
		good(t, c, 0, records, 100)
		drain(t, c, 5*time.Minute)
		if s := c.Mapping.Status(); s.Invocations > 7 || c.faults.writes > records*3/2 {
			t.Errorf("%d invocations and %d writes for %d records", s.Invocations, c.faults.writes, records)
		}
	})
}

// Where bad records are not tolerated, one blocks its partition and no other, and the mapping's status says which and why.
func TestPoisonBlocksItsPartitionOnly(t *testing.T) {
	for _, mode := range []Mode{OnDemand, Provisioned, Reporting} {
		t.Run(mode.String(), func(t *testing.T) {
			p := &Plan{Mode: mode, BatchSize: 10}
			inCloud(t, CloudConfig{Partitions: 3, Seed: 10 + uint64(mode), Timeout: 5 * time.Second, Connector: NoLetters, Mapping: p.mapping}, func(t *testing.T, c *Cloud) {
				good(t, c, 1, 20, 5)
				bad(t, c, 1)
				for _, partition := range []int32{0, 1, 2} {
					good(t, c, partition, 30, 5)
				}
				sleep(t.Context(), time.Minute)
				at, err := c.Committed(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if at[0] != 30 || at[2] != 30 || at[1] > 20 {
					t.Errorf("committed %v, want 30 in the partitions 0 and 2 and at most 20 in partition 1", at)
				}
				if mode == Reporting && at[1] != 20 {
					t.Errorf("committed %d, want the bad record's offset: everything before it is delivered", at[1])
				}
				if result := c.Mapping.Status().LastProcessingResult; mode != Reporting && !strings.Contains(result, "orders-1 offset 20") || !strings.Contains(result, "20") {
					t.Errorf("the status says %q, want the partition and the offset", result)
				}
				// It is mended by hand: the record is skipped.
				if err := c.Mapping.SetEnabled(t.Context(), false); err != nil {
					t.Fatal(err)
				}
				if err := c.skip(t.Context(), 1, 21); err != nil {
					t.Fatal(err)
				}
				if err := c.Mapping.SetEnabled(t.Context(), true); err != nil {
					t.Fatal(err)
				}
				drain(t, c, time.Minute)
			})
		})
	}
}

// When the account's key is revoked the connector is FAILED after one attempt, and keeps asking rarely. It recovers by
// itself when a new key is where the configuration refers to, without a new deployment.
func TestRevokedKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets.properties")
	put := func(key string) {
		if err := os.WriteFile(file, []byte("key="+key+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(cosmostest.Key)
	inCloud(t, CloudConfig{
		Partitions: 1, Seed: 20, Timeout: 5 * time.Second, Connector: map[string]string{"azure.cosmos.account.key": "${file:" + file + ":key}"}, Dir: t.TempDir(),
	}, func(t *testing.T, c *Cloud) {
		good(t, c, 0, 50, 10)
		drain(t, c, time.Minute)

		const rotated = "YW5vdGhlciBrZXkgb2YgdGhlIHNhbWUgYWNjb3VudCwgYWxzbyBubyBzZWNyZXQuLi4uLi4uLi4uLi4uLg=="
		if err := c.Rekey(rotated); err != nil {
			t.Fatal(err)
		}
		before := c.Fleet.Stats()
		good(t, c, 0, 500, 100)
		sleep(t.Context(), 2*time.Second)
		if states := c.Fleet.States(); len(states) == 0 || !states[0].Failed || !strings.Contains(states[0].Trace, "401") {
			t.Errorf("states %+v, want FAILED with the account's answer", states)
		}
		if result := c.Mapping.Status().LastProcessingResult; !strings.Contains(result, "401") {
			t.Errorf("the mapping says %q", result)
		}
		sleep(t.Context(), 5*time.Minute)
		attempts := c.Fleet.Stats().Invocations - before.Invocations
		refused := c.faults.refused()
		if attempts > 110 || refused > 3*attempts {
			t.Errorf("%d attempts with %d refused requests in five minutes of a revoked key; the mapping waits up to 3 s between them", attempts, refused)
		}

		put(rotated)
		drain(t, c, time.Minute)
		if states := c.Fleet.States(); states[0].Failed {
			t.Errorf("states %+v, want RUNNING", states)
		}
		if after := c.Fleet.Stats(); after.Processes != before.Processes {
			t.Errorf("%d processes, were %d: it recovered by being started anew", after.Processes, before.Processes)
		}
	})
}
