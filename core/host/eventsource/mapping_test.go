package eventsource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/connectless/connectless/core/host"
)

// These tests are about a mapping's life: starting, positions, the group, changes, the end. What happens to batches is in
// deliver_test.go.

func TestStartingPositions(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config, time.Time)
		before int64 // the group's position before the mapping starts; -1 none
		want   []string
	}{
		{"trim horizon", nil, -1, []string{"0:a", "0:b", "0:new"}},
		{"latest", func(c *Config, _ time.Time) { c.StartingPosition = Latest }, -1, []string{"0:new"}},
		{"timestamp", func(c *Config, b time.Time) { c.StartingPosition, c.StartingPositionTimestamp = AtTimestamp, b }, -1, []string{"0:b", "0:new"}},
		{"timestamp after the last record", func(c *Config, b time.Time) {
			c.StartingPosition, c.StartingPositionTimestamp = AtTimestamp, b.Add(time.Second)
		}, -1, []string{"0:new"}},
		{"a committed offset wins", func(c *Config, _ time.Time) { c.StartingPosition = Latest }, 1, []string{"0:b", "0:new"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			inWorld(t, 1, func(t *testing.T, w *world) {
				w.produce(0, "a")
				settle(time.Minute)
				b := time.Now()
				w.produce(0, "b")
				settle(time.Minute)
				if tc.before >= 0 {
					offsets := make(kadm.Offsets)
					offsets.AddOffset("orders", 0, tc.before, -1)
					if err := w.adm.CommitAllOffsets(t.Context(), "connect-orders", offsets); err != nil {
						t.Fatal(err)
					}
				}
				f := &function{}
				m := w.start(f, func(c *Config) {
					if tc.change != nil {
						tc.change(c, b)
					}
				})
				settle(time.Second)
				w.produce(0, "new")
				settle(time.Second)
				w.close(m)
				if diff := cmp.Diff(tc.want, flat(f.received())); diff != "" {
					t.Errorf("delivered (-want +got):\n%s", diff)
				}
				if got := w.committed(0); got != 3 {
					t.Errorf("the group is at %d, want 3", got)
				}
			})
		})
	}
}

// flat is all values in the order of delivery.
func flat(calls [][]string) (all []string) {
	for _, c := range calls {
		all = append(all, c...)
	}
	return all
}

// LATEST means the end when the mapping was created, not when it was last started.
func TestLatestIsDecidedOnce(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		w.produce(0, "old")
		f := &function{}
		latest := func(c *Config) { c.StartingPosition = Latest }
		m := w.start(f, latest)
		settle(time.Second)
		if got := w.committed(0); got != 1 {
			t.Errorf("the idle group is at %d, want 1: its lag must be visible", got)
		}
		w.close(m)
		w.produce(0, "while down")
		m = w.start(f, latest)
		settle(time.Second)
		w.close(m)
		if diff := cmp.Diff([]string{"0:while down"}, flat(f.received())); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
	})
}

func TestRestartContinues(t *testing.T) {
	inWorld(t, 2, func(t *testing.T, w *world) {
		f := &function{}
		for i := range 3 {
			w.produce(int32(i%2), fmt.Sprint(i))
			m := w.start(f, nil)
			settle(time.Second)
			w.close(m)
		}
		if diff := cmp.Diff([]string{"0:0", "1:1", "0:2"}, flat(f.received())); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
	})
}

func TestGroupIsVisible(t *testing.T) {
	inWorld(t, 2, func(t *testing.T, w *world) {
		blocked := &function{script: fails(1000)}
		w.produce(0, "a", "b")
		w.produce(1, "c")
		m := w.start(blocked, nil)
		settle(time.Second)
		lags, err := w.adm.Lag(t.Context(), "connect-orders")
		if err != nil {
			t.Fatal(err)
		}
		lag := lags["connect-orders"]
		if lag.State != "Stable" || len(lag.Members) != 1 || lag.Lag.Total() != 3 {
			t.Errorf("group is %s with %d members and lag %d, want Stable, 1 and 3", lag.State, len(lag.Members), lag.Lag.Total())
		}
		w.close(m)
		described, err := w.adm.DescribeGroups(t.Context(), "connect-orders")
		if err != nil {
			t.Fatal(err)
		}
		if g := described["connect-orders"]; g.State != "Empty" {
			t.Errorf("after Close the group is %s, want Empty", g.State)
		}
	})
}

// A group belongs to one mapping. The other one says so, delivers nothing, and takes over when the group is free.
func TestGroupInUse(t *testing.T) {
	inWorld(t, 2, func(t *testing.T, w *world) {
		f, g := &function{}, &function{}
		first := w.start(f, nil)
		settle(time.Second)
		second := w.start(g, nil)
		settle(30 * time.Second)
		if s := second.Status(); s.State != Creating || !errors.Is(s.Err, ErrGroupInUse) || !strings.HasPrefix(s.LastProcessingResult, "PROBLEM: the consumer group is in use") {
			t.Errorf("second mapping: %s, %q", s.State, s.LastProcessingResult)
		}
		w.produce(0, "a")
		w.produce(1, "b")
		settle(time.Second)
		if len(flat(f.received())) != 2 || len(g.received()) != 0 {
			t.Errorf("first received %v, second %v", f.received(), g.received())
		}
		w.close(first)
		w.produce(0, "c")
		if err := second.WaitEnabled(t.Context()); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		w.close(second)
		if diff := cmp.Diff([][]string{{"0:c"}}, g.received()); diff != "" {
			t.Errorf("second, after the first was closed (-want +got):\n%s", diff)
		}
	})
}

// Any other consumer in the group is kept out as well, by the broker.
func TestOtherConsumersAreRefused(t *testing.T) {
	inWorld(t, 2, func(t *testing.T, w *world) {
		m := w.start(&function{}, nil)
		settle(time.Second)
		other, err := kgo.NewClient(append(w.clientOptions(), kgo.SeedBrokers("localhost:9092"), kgo.ConsumerGroup("connect-orders"), kgo.ConsumeTopics("orders"))...)
		if err != nil {
			t.Fatal(err)
		}
		if err := other.PollFetches(t.Context()).Err(); err == nil || !strings.Contains(err.Error(), "INCONSISTENT_GROUP_PROTOCOL") {
			t.Errorf("another consumer got %v", err)
		}
		other.Close()
		if s := m.Status(); s.Partitions != 2 || s.Err != nil {
			t.Errorf("status %+v", s)
		}
		w.close(m)
	})
}

func TestTopicMissing(t *testing.T) {
	inWorld(t, 0, func(t *testing.T, w *world) {
		f := &function{}
		m := w.start(f, nil)
		settle(time.Minute)
		if s := m.Status(); s.State != Creating || !errors.Is(s.Err, ErrTopicMissing) || s.LastProcessingResult != "PROBLEM: the topic does not exist: orders" {
			t.Errorf("%s, %q", s.State, s.LastProcessingResult)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := m.WaitEnabled(ctx); !errors.Is(err, ErrTopicMissing) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitEnabled: %v", err)
		}
		create := func() {
			if err := w.broker.Cluster().CreateTopic("orders", 1, nil); err != nil {
				t.Fatal(err)
			}
		}
		create()
		w.produce(0, "a")
		settle(time.Minute)

		if err := w.broker.Cluster().DeleteTopic("orders"); err != nil {
			t.Fatal(err)
		}
		settle(time.Minute)
		if s := m.Status(); !errors.Is(s.Err, ErrTopicMissing) {
			t.Errorf("after the topic was deleted: %s, %q", s.State, s.LastProcessingResult)
		}
		create()
		w.cl.PurgeTopicsFromClient("orders")
		w.produce(0, "b")
		settle(time.Minute)
		w.close(m)
		if diff := cmp.Diff([]string{"0:a", "0:b"}, flat(f.received())); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
	})
}

func TestBrokerUnreachable(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		w.broker.Close()
		f := &function{}
		m := w.start(f, nil)
		settle(time.Minute)
		if s := m.Status(); s.State != Creating || !errors.Is(s.Err, ErrUnreachable) || !strings.HasPrefix(s.LastProcessingResult, "PROBLEM: the brokers cannot be reached") {
			t.Errorf("without a broker: %s, %q", s.State, s.LastProcessingResult)
		}
		w.startBroker(1)
		w.produce(0, "a")
		settle(time.Minute)
		if s := m.Status(); s.State != Enabled || s.Err != nil {
			t.Errorf("with a broker: %s, %q", s.State, s.LastProcessingResult)
		}

		w.broker.Close()
		settle(time.Minute)
		if s := m.Status(); s.State != Enabled || !errors.Is(s.Err, ErrUnreachable) {
			t.Errorf("the broker is gone: %s, %q", s.State, s.LastProcessingResult)
		}
		w.startBroker(1) // in memory: a new, empty topic
		settle(2 * time.Minute)
		w.cl.PurgeTopicsFromClient("orders")
		w.produce(0, "b")
		settle(time.Minute)
		if s := m.Status(); s.Err != nil {
			t.Errorf("the broker is back: %q", s.LastProcessingResult)
		}
		w.close(m)
		if diff := cmp.Diff([]string{"0:a", "0:b"}, flat(f.received())); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
	})
}

func TestPartitionsAreAdded(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		f := &function{}
		m := w.start(f, func(c *Config) { c.StartingPosition = Latest })
		settle(time.Second)
		if _, err := w.adm.UpdatePartitions(t.Context(), 3, "orders"); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		w.produce(2, "early") // before the mapping can know of the partition
		settle(time.Minute)
		w.produce(1, "late")
		settle(time.Second)
		if s := m.Status(); s.Partitions != 3 {
			t.Errorf("%d partitions assigned, want 3", s.Partitions)
		}
		w.close(m)
		if diff := cmp.Diff([]string{"2:early", "1:late"}, flat(f.received())); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
	})
}

func TestPauseAndUpdate(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		f := &function{}
		m := w.start(f, func(c *Config) { c.Disabled = true })
		w.produce(0, "a", "b", "c", "d")
		settle(time.Minute)
		if s := m.Status(); s.State != Disabled || s.LastProcessingResult != "No records processed" || len(f.received()) != 0 {
			t.Errorf("created disabled: %+v, received %v", s, f.received())
		}
		if err := m.SetEnabled(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		if s := m.Status(); s.State != Enabled {
			t.Errorf("enabled: %s", s.State)
		}
		if err := m.SetEnabled(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		if s := m.Status(); s.State != Disabled || s.Partitions != 0 {
			t.Errorf("disabled: %+v", s)
		}
		w.produce(0, "e", "f", "g")
		settle(time.Minute)
		if err := m.Update(t.Context(), func(c *Config) { c.BatchSize, c.Disabled = 2, false }); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		want := [][]string{{"0:a", "0:b", "0:c", "0:d"}, {"0:e", "0:f"}, {"0:g"}}
		if diff := cmp.Diff(want, f.received()); diff != "" {
			t.Errorf("invocations (-want +got):\n%s", diff)
		}

		g := &function{}
		if err := m.Update(t.Context(), func(c *Config) { c.Function = g }); err != nil {
			t.Fatal(err)
		}
		w.produce(0, "h")
		settle(time.Second)
		if diff := cmp.Diff([][]string{{"0:h"}}, g.received()); diff != "" {
			t.Errorf("the new function's invocations (-want +got):\n%s", diff)
		}

		for want, change := range map[string]func(*Config){
			"Topic is fixed":            func(c *Config) { c.Topic = "other" },
			"ConsumerGroup is fixed":    func(c *Config) { c.ConsumerGroup = "other" },
			"StartingPosition is fixed": func(c *Config) { c.StartingPosition = Latest },
			"Brokers is fixed":          func(c *Config) { c.Brokers = []string{"other:1"} },
			"batch size":                func(c *Config) { c.BatchSize = -1 },
		} {
			if err := m.Update(t.Context(), change); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("update: %v, want an error with %q", err, want)
			}
		}
		w.produce(0, "i")
		settle(time.Second)
		if n := len(g.received()); n != 2 {
			t.Errorf("%d invocations after refused updates, want 2", n)
		}
		w.close(m)
		if err := m.Update(t.Context(), func(*Config) {}); !errors.Is(err, ErrClosed) {
			t.Errorf("Update after Close: %v", err)
		}
		if err := m.WaitEnabled(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("WaitEnabled after Close: %v", err)
		}
		w.close(m)
	})
}

// Close lets the running invocation finish and commits it, and nothing that was not delivered.
func TestCloseWaitsForTheInvocation(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		f := &function{during: func(call) { pass(time.Minute) }}
		m := w.start(f, func(c *Config) { c.BatchSize = 2 })
		w.produce(0, "a", "b", "c")
		settle(time.Second)
		begin := time.Now()
		w.close(m)
		if d := time.Since(begin); d < 30*time.Second || d > time.Minute {
			t.Errorf("Close took %s, want the rest of the minute that the invocation takes", d)
		}
		n := int64(len(flat(f.received())))
		if got := w.committed(0); n == 3 || got != n {
			t.Errorf("%d records were delivered, the group is at %d", n, got)
		}
	})
}

// Close with a ctx that ends gives the invocation up, and its records come again.
func TestCloseInAHurry(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		m := w.start(invokerFunc(func(ctx context.Context, _ []byte) (host.Response, error) {
			<-ctx.Done()
			return host.Response{}, ctx.Err()
		}), nil)
		w.produce(0, "a")
		settle(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := m.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v, want one that says that invocations were cut off", err)
		}
		if got := w.committed(0); got != 0 {
			t.Errorf("the group is at %d, want 0", got)
		}
	})
}

type invokerFunc func(context.Context, []byte) (host.Response, error)

func (f invokerFunc) Invoke(ctx context.Context, event []byte) (host.Response, error) {
	return f(ctx, event)
}

// A mapping that is retrying is closed at once, wherever it is in its delay.
func TestCloseWhileRetrying(t *testing.T) {
	inWorld(t, 1, func(t *testing.T, w *world) {
		f := &function{script: fails(1000)}
		m := w.start(f, func(c *Config) { c.RetryBackoff = host.Backoff{Min: time.Hour, Max: time.Hour} })
		w.produce(0, "a")
		settle(time.Second)
		begin := time.Now()
		w.close(m)
		if d := time.Since(begin); d > time.Second {
			t.Errorf("Close took %s", d)
		}
		if got := w.committed(0); got != 0 {
			t.Errorf("the group is at %d, want 0", got)
		}
	})
}

// A member that the broker throws out comes back and continues from the committed offsets. What it was delivering then comes
// again, but not before that invocation has ended.
func TestThrownOutOfTheGroup(t *testing.T) {
	inWorld(t, 2, func(t *testing.T, w *world) {
		running, most := 0, 0
		f := &function{}
		slowly := invokerFunc(func(ctx context.Context, event []byte) (host.Response, error) {
			running++ // one lane: one goroutine at a time, or the race detector sees it
			most = max(most, running)
			pass(time.Minute)
			running--
			return f.Invoke(ctx, event)
		})
		m := w.start(slowly, func(c *Config) { c.Lanes = 1 })
		w.produce(0, "a")
		settle(time.Second)
		group, err := w.adm.DescribeGroups(t.Context(), "connect-orders")
		if err != nil {
			t.Fatal(err)
		}
		leave := kmsg.NewPtrLeaveGroupRequest()
		leave.Group = "connect-orders"
		member := kmsg.NewLeaveGroupRequestMember()
		member.MemberID = group["connect-orders"].Members[0].MemberID
		leave.Members = append(leave.Members, member)
		if _, err := leave.RequestWith(t.Context(), w.cl); err != nil {
			t.Fatal(err)
		}
		settle(10 * time.Minute)
		w.produce(0, "b")
		settle(10 * time.Minute)
		if s := m.Status(); s.State != Enabled || s.Partitions != 2 || s.Err != nil {
			t.Errorf("status %+v", s)
		}
		w.close(m)
		if diff := cmp.Diff([]string{"0:a", "0:a", "0:b"}, flat(f.received())); diff != "" {
			t.Errorf("delivered (-want +got):\n%s", diff)
		}
		if most != 1 || w.committed(0) != 2 {
			t.Errorf("%d invocations at once, the group is at %d", most, w.committed(0))
		}
	})
}

// Status and configuration can be read while everything moves.
func TestConcurrentUse(t *testing.T) {
	inWorld(t, 4, func(t *testing.T, w *world) {
		m := w.start(&function{}, nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 20 {
				w.produce(int32(i%4), "x")
				m.Status()
				m.Config()
			}
		}()
		for i := range 5 {
			if err := m.Update(t.Context(), func(c *Config) { c.BatchSize = i + 1 }); err != nil {
				t.Error(err)
			}
		}
		<-done
		synctest.Wait()
		settle(time.Minute)
		w.close(m)
		for p := range int32(4) {
			if got := w.committed(p); got != 5 {
				t.Errorf("partition %d is at %d, want 5", p, got)
			}
		}
	})
}
