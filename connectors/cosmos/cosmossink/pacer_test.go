package cosmossink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/connect"
)

// service grants request units and tells how long to wait for more.
type service interface {
	ask(units float64) (wait time.Duration)
}

// bucket pays back a debt before it grants anything, like [cosmostest].
type bucket struct {
	mu         sync.Mutex
	rate, left float64
	at         time.Time
}

func (b *bucket) ask(units float64) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); b.at.IsZero() {
		b.left, b.at = b.rate, now
	} else {
		b.left, b.at = min(b.rate, b.left+b.rate*now.Sub(b.at).Seconds()), now
	}
	if b.left > 0 {
		b.left -= units
		return 0
	}
	return time.Duration(-b.left/b.rate*float64(time.Second)) + time.Millisecond
}

// window grants as much in each second and knows nothing about the one after the next.
type window struct {
	mu         sync.Mutex
	rate, used float64
	second     int64
}

func (w *window) ask(units float64) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if s := now.Unix(); s != w.second {
		w.used, w.second = max(0, w.used-w.rate*float64(s-w.second)), s
	}
	if w.used < w.rate {
		w.used += units
		return 0
	}
	return now.Truncate(time.Second).Add(time.Second).Sub(now) + time.Millisecond
}

// Processes that know nothing of each other, and have more to write than a container takes, use its throughput up with few
// refusals, and none of them starves.
func TestPacer(t *testing.T) {
	const each, latency, lasts = 5.0, 5 * time.Millisecond, 10 * time.Minute
	services := map[string]func(rate float64) service{
		"bucket": func(rate float64) service { return &bucket{rate: rate} },
		"window": func(rate float64) service { return &window{rate: rate} },
	}
	for kind, start := range services {
		for _, tc := range []struct {
			processes, lanes int
			rate             float64
			ops              int
		}{
			{1, 1, 40, 10}, {1, 16, 40, 1}, {1, 16, 40, 100}, {1, 16, 400, 1}, {1, 16, 400, 100}, {1, 16, 4000, 100},
			{4, 1, 40, 10}, {4, 16, 40, 1}, {4, 16, 40, 10}, {4, 16, 400, 1}, {4, 16, 400, 100}, {4, 16, 4000, 100},
			{16, 16, 400, 1}, {16, 16, 400, 100},
		} {
			t.Run(fmt.Sprintf("%s of %v units, %d processes of %d lanes, %d operations", kind, tc.rate, tc.processes, tc.lanes, tc.ops), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), lasts)
					defer cancel()
					var (
						mu                 sync.Mutex
						requests, accepted int
						used               = make([]float64, tc.processes)
						wg                 sync.WaitGroup
						svc                = start(tc.rate)
					)
					for i := range tc.processes {
						p := newPacer()
						for range tc.lanes {
							wg.Go(func() {
								for ctx.Err() == nil {
									turn, _, ok := p.admit(ctx, &retries{}, tc.ops)
									if !ok { // the end is near
										return
									}
									<-time.After(latency)
									charge := each * float64(turn.ops) * (0.8 + 0.4*rand.Float64())
									wait := svc.ask(charge)
									v := done
									if wait > 0 {
										v = throttled
									}
									p.settle(turn, v, strconv.FormatFloat(charge, 'f', 2, 64), wait)
									mu.Lock()
									requests++
									if wait == 0 {
										accepted++
										used[i] += charge
									}
									mu.Unlock()
								}
							})
						}
					}
					wg.Wait()
					total, least := 0.0, used[0]
					for _, u := range used {
						total, least = total+u, min(least, u)
					}
					ratio, use, fair := float64(requests)/float64(accepted), total/(tc.rate*lasts.Seconds()), least/total*float64(tc.processes)
					t.Logf("%d requests, %.2f of those that were accepted; %.0f %% of the throughput; the least of a process is %.2f of the mean", requests, ratio, 100*use, fair)
					if ratio > 1.3 {
						t.Errorf("%d requests for %d that were accepted", requests, accepted)
					}
					if use < 0.8 {
						t.Errorf("only %.0f %% of the throughput was used", 100*use)
					}
					if fair < 0.01 {
						t.Errorf("a process got %.3f of its share", fair)
					}
				})
			})
		}
	}
}

// A refusal stops everybody for as long as the service asked; then one request goes ahead, of one operation, and the
// others follow once it was accepted.
func TestThrottledContainerIsProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		w.put(batch(`{"id":"warm","customer":"ann"}`))
		w.Inject(cosmostest.Rule{Times: 1, Fault: cosmostest.Throttle(2 * time.Second)})
		begun := time.Now()
		var (
			mu   sync.Mutex
			sent []time.Duration
			ops  []int
		)
		w.Server.Observe(func(x cosmostest.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			sent, ops = append(sent, time.Since(begun)), append(ops, len(x.IDs()))
		})
		w.put(batch(`{"id":"1","customer":"ann"}`, `{"id":"2","customer":"ann"}`, `{"id":"3","customer":"ann"}`))
		var records []*connect.Record
		for i := range 30 {
			records = append(records, batch(fmt.Sprintf(`{"id":"%d","customer":"c%d"}`, i, i))...)
		}
		w.put(records)
		if len(sent) != 1+3+30 {
			t.Fatalf("%d requests", len(sent))
		}
		if ops[0] != 3 || ops[1] != 1 || ops[2] != 1 {
			t.Errorf("requests of %v operations, want the first again one by one", ops[:3])
		}
		if sent[0] > time.Second || sent[1] < 2*time.Second || sent[2] < 3*time.Second {
			t.Errorf("sent after %v, want two seconds of silence and one operation ahead", sent[:3])
		}
		if last := sent[len(sent)-1]; last > 15*time.Second {
			t.Errorf("the last was sent after %v: the pace does not pick up", last)
		}
	})
}

// Nobody waits for a turn that comes too late: the rest is given back at once, with the service's wait.
func TestTurnAfterTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, map[string]string{"sink.bulk.enabled": "false"}, "/customer")
		w.put(batch(`{"id":"warm","customer":"ann"}`))
		w.Inject(cosmostest.Rule{Fault: cosmostest.Throttle(20 * time.Second)})
		var records []*connect.Record
		for i := range 200 {
			records = append(records, batch(fmt.Sprintf(`{"id":"%d","customer":"ann"}`, i))...)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begun := time.Now()
		err := w.sink.Put(ctx, records)
		if took := time.Since(begun); took > time.Second {
			t.Errorf("took %v", took)
		}
		for i, class := range failures(t, err, len(records)) {
			if class != "retriable" {
				t.Fatalf("record %d: %s", i, class)
			}
		}
		var failed *connect.BatchError
		if errors.As(err, &failed) {
			err = failed.Failed(150)
		}
		if wait := connect.RetryAfter(err); wait != 20*time.Second {
			t.Errorf("asks to wait %v: %v", wait, err)
		}
		if n := len(w.rec.Exchanges(cosmostest.OpUpsertItem)); n > 1+defaultConcurrency {
			t.Errorf("%d requests", n)
		}
	})
}

// What is known of throttling is forgotten after a minute without any need for it.
func TestPacerForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		admit := func() pass {
			t.Helper()
			turn, _, ok := p.admit(t.Context(), &retries{}, 100)
			if !ok {
				t.Fatal("not admitted")
			}
			return turn
		}
		p.settle(admit(), throttled, "", time.Second)
		p.settle(admit(), done, "500", 0)
		if turn := admit(); turn.ops != 1 || !turn.waited {
			t.Errorf("after the first: %+v", turn)
		} else {
			p.settle(turn, again, "", 0)
		}
		<-time.After(forgetAfter + 500*time.Second) // the turn after those 500 units
		if turn := admit(); turn.ops != 100 {
			t.Errorf("a minute later: %+v", turn)
		}
		if p.throttled.Load() {
			t.Error("still paced")
		}
	})
}

// The pace picks up although each invocation is shorter than the time between two turns, so that none of them waits for one.
func TestPaceOfShortInvocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		p := newPacer()
		p.throttled.Store(true)
		p.each, p.rate, p.next, p.cut = 5, 5/slowest, begun, begun.Add(-time.Second)
		for sent := 0; sent < 150; {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			for {
				turn, _, ok := p.admit(ctx, &retries{}, 1)
				if !ok {
					break
				}
				<-time.After(60 * time.Millisecond)
				p.settle(turn, done, "5", 0)
				sent++
			}
			cancel()
			<-time.After(11 * time.Second)
			if time.Since(begun) > 20*time.Minute {
				t.Fatalf("%d requests in twenty minutes", sent)
			}
		}
	})
}

// Whatever the service asks for or charges, it is asked again within minutes.
func TestNothingStopsAPacerForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		begun := time.Now()
		for i, told := range []struct {
			v      verdict
			charge string
			asked  time.Duration
		}{
			{throttled, "", 240 * time.Hour}, {done, "1e8", 0}, {done, "0.001", 0}, {throttled, "1e8", 0}, {done, "NaN", 0}, {done, "1e8", 0}, {throttled, "", 1}, {done, "5", 0},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			turn, _, ok := p.admit(ctx, &retries{}, 10)
			cancel()
			if took := time.Since(begun); !ok || took > 3*time.Minute {
				t.Fatalf("request %d is admitted after %v: %v", i, took, ok)
			}
			begun = time.Now()
			p.settle(turn, told.v, told.charge, told.asked)
		}
	})
}

// One that goes ahead and gets no answer, or another one, does not hold up the others for ever.
func TestProbeThatFails(t *testing.T) {
	for _, v := range []verdict{again, stale, refused, fatal} {
		synctest.Test(t, func(t *testing.T) {
			p := newPacer()
			p.settle(pass{ops: 1}, throttled, "", time.Second)
			for range 3 {
				turn, _, ok := p.admit(t.Context(), &retries{}, 10)
				if !ok || !turn.probe {
					t.Fatalf("after %v: %+v", v, turn)
				}
				p.settle(turn, v, "1", 0)
			}
		})
	}
}

func TestRequestUnits(t *testing.T) {
	for s, want := range map[string]float64{"": 0, "x": 0, "-1": 0, "NaN": 0, "Inf": 0, "1e300": 0, "10.29": 10.29} {
		if got := requestUnits(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}
