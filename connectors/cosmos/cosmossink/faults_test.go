package cosmossink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
)

func TestClassify(t *testing.T) {
	tests := []struct {
		strategy    cosmos.WriteStrategy
		status, sub int
		want        verdict
	}{
		{cosmos.Overwrite, 200, 0, done}, {cosmos.Overwrite, 201, 0, done}, {cosmos.Delete, 204, 0, done},
		{cosmos.Append, 409, 0, done}, {cosmos.Delete, 404, 0, done},
		{cosmos.Overwrite, 429, 3200, throttled},
		{cosmos.Overwrite, 408, 0, again}, {cosmos.Overwrite, 410, 1002, again}, {cosmos.Overwrite, 449, 0, again},
		{cosmos.Overwrite, 424, 0, again}, {cosmos.Overwrite, 500, 0, again}, {cosmos.Overwrite, 502, 0, again},
		{cosmos.Overwrite, 503, 0, again}, {cosmos.Overwrite, 504, 0, again}, {cosmos.Overwrite, 599, 0, again},
		{cosmos.Overwrite, 404, 1002, again}, {cosmos.Delete, 404, 1002, again},
		{cosmos.Overwrite, 403, 3, again}, {cosmos.Overwrite, 403, 1008, again},
		{cosmos.Overwrite, 404, 0, stale}, {cosmos.Append, 404, 1003, stale}, {cosmos.Delete, 404, 1003, stale}, {cosmos.Overwrite, 400, 1001, stale},
		{cosmos.Overwrite, 400, 0, refused}, {cosmos.Overwrite, 413, 0, refused}, {cosmos.Overwrite, 409, 0, refused},
		{cosmos.Delete, 409, 0, refused}, {cosmos.Overwrite, 403, 1014, refused}, {cosmos.Overwrite, 412, 0, refused}, {cosmos.Overwrite, 431, 0, refused},
		{cosmos.Overwrite, 401, 0, fatal}, {cosmos.Overwrite, 403, 0, fatal}, {cosmos.Append, 403, 5300, fatal}, {cosmos.Overwrite, 302, 0, fatal},
	}
	for _, tc := range tests {
		if got := classify(tc.strategy, tc.status, tc.sub); got != tc.want {
			t.Errorf("%s %d/%d: %s, want %s", tc.strategy, tc.status, tc.sub, got, tc.want)
		}
	}
}

// Whatever is transient ends well within the time that the context gives, and the last update wins.
func TestTransientFailures(t *testing.T) {
	tests := []struct {
		name  string
		rule  cosmostest.Rule
		least time.Duration
		most  time.Duration
	}{
		{"throttled", cosmostest.Rule{Times: 5, Fault: cosmostest.Throttle(300 * time.Millisecond)}, 1500 * time.Millisecond, 3 * time.Second},
		{"throttled for long", cosmostest.Rule{Times: 40, Fault: cosmostest.Throttle(100 * time.Millisecond)}, 4 * time.Second, 6 * time.Second},
		{"retry with", cosmostest.Rule{Times: 3, Fault: cosmostest.Fail(449)}, 0, 2 * time.Second},
		{"gone", cosmostest.Rule{Times: 3, Fault: cosmostest.Gone(1002)}, 0, 2 * time.Second},
		{"unavailable", cosmostest.Rule{Times: 3, Fault: cosmostest.Fail(503)}, 0, 2 * time.Second},
		{"timeout", cosmostest.Rule{Times: 3, Fault: cosmostest.Fail(408)}, 0, 2 * time.Second},
		{"one of the batch throttled", cosmostest.Rule{Op: cosmostest.OpBatch, Times: 2, Fault: cosmostest.Fault{Status: 429, RetryAfter: time.Second, Item: "1"}}, 2 * time.Second, 4 * time.Second},
		{"cut before", cosmostest.Rule{Times: 3, Fault: cosmostest.Fault{Cut: cosmostest.CutBefore}}, 0, 2 * time.Second},
		{"cut after", cosmostest.Rule{Times: 3, Fault: cosmostest.Fault{Cut: cosmostest.CutAfter}}, 0, 2 * time.Second},
		{"cut during", cosmostest.Rule{Times: 3, Fault: cosmostest.Fault{Cut: cosmostest.CutDuring}}, 0, 2 * time.Second},
		{"stalled once", cosmostest.Rule{Times: 1, Fault: cosmostest.Fault{Stall: cosmostest.StallBefore}}, 15 * time.Second, 17 * time.Second},
		{"stalled after commit", cosmostest.Rule{Times: 1, Fault: cosmostest.Fault{Stall: cosmostest.StallAfter}}, 15 * time.Second, 17 * time.Second},
		{"not found though it is there", cosmostest.Rule{Op: cosmostest.OpBatch, Times: 2, Fault: cosmostest.Fault{Status: 404, Substatus: 1003}}, 0, 2 * time.Second},
	}
	for _, strategy := range []string{"ItemOverwrite", "ItemAppend", "ItemDelete"} {
		for _, tc := range tests {
			if tc.rule.Op != "" && strategy != "ItemOverwrite" {
				continue
			}
			t.Run(strategy+" "+tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, map[string]string{"sink.write.strategy": strategy}, "/customer")
					if strategy == "ItemDelete" {
						put := open(t, Options{Transport: w.sink.(*sink).client.transport}, nil)
						if err := put.Put(t.Context(), batch(`{"id":"1","customer":"ann"}`)); err != nil {
							t.Fatal(err)
						}
					}
					w.put(batch(`{"id":"warm","customer":"ann"}`))
					w.Inject(tc.rule)
					ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
					defer cancel()
					ctx, retries := connect.CountingRetries(ctx)
					start := time.Now()
					err := w.sink.Put(ctx, batch(`{"id":"1","customer":"ann","n":1}`, `{"id":"1","customer":"ann","n":2}`))
					if err != nil {
						t.Fatal(err)
					}
					if took := time.Since(start); took < tc.least || took > tc.most {
						t.Errorf("took %s, want %s to %s", took, tc.least, tc.most)
					}
					if retries.Load() == 0 && tc.name != "cut during" { // there the status has told that it was written
						t.Error("no record was counted as tried again")
					}
					want := map[string]string{"ItemOverwrite": `{"id":"1","customer":"ann","n":2}`, "ItemAppend": `{"id":"1","customer":"ann","n":1}`}[strategy]
					if got := w.stored()[`["ann"] 1`]; got != want {
						t.Errorf("stored %q, want %q", got, want)
					}
				})
			})
		}
	}
}

// What does not end is given back in time, with the wait that the service asked for.
func TestGivingUp(t *testing.T) {
	tests := []struct {
		name  string
		fault cosmostest.Fault
		wait  time.Duration
		most  time.Duration
	}{
		{"throttled beyond the deadline", cosmostest.Throttle(7 * time.Second), 7 * time.Second, time.Second},
		{"throttled to the end", cosmostest.Throttle(200 * time.Millisecond), 200 * time.Millisecond, 5 * time.Second},
		{"unavailable", cosmostest.Fail(503), 0, 5 * time.Second},
		{"stalled", cosmostest.Fault{Stall: cosmostest.StallBefore}, 0, 5 * time.Second},
		{"cut", cosmostest.Fault{Cut: cosmostest.CutBefore}, 0, 5 * time.Second},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil, "/customer")
				w.put(batch(`{"id":"warm","customer":"ann"}`))
				w.Inject(cosmostest.Rule{PartitionKey: `["ann"]`, Fault: tc.fault})
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				start := time.Now()
				err := w.sink.Put(ctx, batch(`{"id":"1","customer":"ann"}`, `{"id":"1","customer":"bob"}`, `{"id":"2","customer":"ann"}`, `{"id":"2","customer":"bob"}`))
				failed, documents := failures(t, err, 4), 3
				if tc.fault.Status == http.StatusTooManyRequests && failed[1] != "" { // bob's request came after ann's refusal: the container is throttled
					if failed[1] != "retriable" || failed[3] != "retriable" {
						t.Errorf("bob's records failed: %v", failed)
					}
					delete(failed, 1)
					delete(failed, 3)
					documents = 1
				}
				if d := cmp.Diff(map[int]string{0: "retriable", 2: "retriable"}, failed); d != "" {
					t.Fatal(d)
				}
				var be *connect.BatchError
				if errors.As(err, &be) {
					err = be.Failed(0)
				}
				if connect.RetryAfter(err) != tc.wait {
					t.Errorf("does not ask to wait %s: %v", tc.wait, err)
				}
				if took := time.Since(start); took > tc.most {
					t.Errorf("took %s", took)
				}
				if n := w.Count(database, "orders"); n != documents {
					t.Errorf("%d documents, want warm and bob's two, or warm alone where bob had to wait: %d", n, documents)
				}
			})
		})
	}
}

// maxRetryCount bounds how often transient failures are tried again; a context without a deadline does not wait for ever.
func TestRetriesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, map[string]string{"sink.maxRetryCount": "3"}, "/customer")
		w.put(batch(`{"id":"warm","customer":"ann"}`))
		fault := w.Inject(cosmostest.Rule{Fault: cosmostest.Fail(503)})
		err := w.sink.Put(t.Context(), batch(`{"id":"1","customer":"ann"}`))
		if connect.Classify(err) != connect.ClassRetriable || !connect.IsMarked(err) || fault.Hits() != 4 {
			t.Errorf("after %d requests: %v", fault.Hits(), err)
		}
		fault.Remove()
		w.Inject(cosmostest.Rule{Fault: cosmostest.Throttle(time.Second)})
		start := time.Now()
		err = w.sink.Put(t.Context(), batch(`{"id":"1","customer":"ann"}`))
		if took := time.Since(start); connect.RetryAfter(err) != time.Second || took > patience {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

// Nothing of an item is written after an earlier record of it has failed: its later requests are not sent.
func TestAFailureHoldsBackWhatFollows(t *testing.T) {
	for _, strategy := range []string{"ItemOverwrite", "ItemAppend", "ItemDelete"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, map[string]string{"sink.write.strategy": strategy, "sink.bulk.enabled": "false", "sink.maxRetryCount": "0"}, "/customer")
			w.Inject(cosmostest.Rule{ID: "1", Times: 1, Fault: cosmostest.Fail(503)})
			err := w.sink.Put(t.Context(), batch(`{"id":"1","customer":"ann","n":1}`, `{"id":"2","customer":"ann"}`, `{"id":"1","customer":"ann","n":2}`))
			if d := cmp.Diff(map[int]string{0: "retriable", 2: "retriable"}, failures(t, err, 3)); d != "" {
				t.Errorf("%s: %s", strategy, d)
			}
			if n := len(w.requests()); n != 2 {
				t.Errorf("%s: requests %q, want one for each document", strategy, w.requests())
			}
		})
	}
}

func TestWhatTheOperatorMustMend(t *testing.T) {
	tests := []struct {
		name     string
		settings map[string]string
		setUp    func(*world)
		reason   string
	}{
		{"wrong key", map[string]string{"account.key": "d3Jvbmc="}, nil, "check the account key"},
		{"wrong key for a region", map[string]string{"account.key": "d3Jvbmc=", "preferredRegionList": "West Europe"}, nil, "check the account key"},
		{"no database", map[string]string{"sink.database.name": "nosuch"}, nil, `database "nosuch" does not exist in account account.test: create it`},
		{"a database that is no part of a URL", map[string]string{"sink.database.name": ".."}, nil, `the name ".." cannot be part of a URL`},
		{"no container", map[string]string{"sink.containers.topicMap": "orders#nosuch"}, nil, `container "nosuch" does not exist in database "shop" of account account.test: create it`},
		{"firewall", nil, func(w *world) { w.Inject(cosmostest.Rule{Fault: cosmostest.Fail(403)}) }, "check the account's firewall"},
		{"key revoked", nil, func(w *world) {
			w.put(batch(`{"id":"1","customer":"ann"}`))
			w.Inject(cosmostest.Rule{Fault: cosmostest.Fail(401)})
		}, "check the account key"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, tc.settings, "/customer")
				if tc.setUp != nil {
					tc.setUp(w)
				}
				records := batch(`{"id":"1","customer":"ann"}`, `{"id":"2","customer":"bob"}`)
				err := w.sink.Put(t.Context(), records)
				if d := cmp.Diff(map[int]string{0: "fatal", 1: "fatal"}, failures(t, err, 2)); d != "" {
					t.Error(d)
				}
				if err == nil || !strings.Contains(err.Error(), tc.reason) {
					t.Errorf("the error does not say %q: %v", tc.reason, err)
				}
				if err != nil && strings.Contains(err.Error(), cosmostest.Key) {
					t.Error("the error shows the key")
				}
			})
		})
	}
}

// The account and the container's definition are read through the same failures; what does not end is given back.
func TestMetadataIsReadAgain(t *testing.T) {
	for _, op := range []cosmostest.Op{cosmostest.OpReadAccount, cosmostest.OpReadContainer} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil, "/customer")
			w.Inject(cosmostest.Rule{Op: op, Times: 2, Fault: cosmostest.Throttle(time.Second)})
			w.Inject(cosmostest.Rule{Op: op, Times: 2, Fault: cosmostest.Fault{Cut: cosmostest.CutDuring}})
			w.put(batch(`{"id":"1","customer":"ann"}`))

			w = newWorld(t, nil, "/customer")
			lasting := w.Inject(cosmostest.Rule{Op: op, Fault: cosmostest.Fail(503)})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			start := time.Now()
			err := w.sink.Put(ctx, batch(`{"id":"1","customer":"ann"}`, `{"id":"2","customer":"bob"}`))
			if d := cmp.Diff(map[int]string{0: "retriable", 1: "retriable"}, failures(t, err, 2)); d != "" || !connect.IsMarked(err) {
				t.Errorf("%s: %v %s", op, err, d)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s: took %s", op, took)
			}
			lasting.Remove()
			w.put(batch(`{"id":"1","customer":"ann"}`)) // nothing remembers the failure

			w = newWorld(t, nil, "/customer")
			w.Inject(cosmostest.Rule{Op: op, Fault: cosmostest.Throttle(7 * time.Second)})
			start = time.Now()
			err = w.sink.Put(ctx, batch(`{"id":"1","customer":"ann"}`))
			if took := time.Since(start); connect.RetryAfter(err) != 7*time.Second || took > time.Second {
				t.Errorf("%s: after %s: %v", op, took, err)
			}
		})
	}
}

// Reading the account takes no longer than the time of who waits for it, though the SDK would go on, and what became of
// it bothers neither other sinks nor the next Put.
func TestStalledMetadata(t *testing.T) {
	for _, op := range []cosmostest.Op{cosmostest.OpReadAccount, cosmostest.OpReadContainer} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil, "/customer")
			stall := w.Inject(cosmostest.Rule{Op: op, Fault: cosmostest.Fault{Stall: cosmostest.StallBefore}})
			put := func(s connect.Sink, topic string, timeout time.Duration) {
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				records := batch(`{"id":"1","customer":"ann"}`)
				records[0].Topic = topic
				start := time.Now()
				err := s.Put(ctx, records)
				if took := time.Since(start); err == nil || connect.Classify(err) != connect.ClassRetriable || took > timeout {
					t.Errorf("%s: after %s of %s: %v", op, took, timeout, err)
				}
			}
			other := open(t, Options{Transport: w.sink.(*sink).client.transport}, nil)
			other.(*sink).client = w.sink.(*sink).client // as sinks of one function share it
			var wg sync.WaitGroup
			wg.Go(func() { put(w.sink, "orders", 4*time.Second) })
			synctest.Wait()
			put(other, "elsewhere", 2*time.Second)
			wg.Wait()
			stall.Remove()
			w.put(batch(`{"id":"1","customer":"ann"}`))
		})
	}
}

func TestContainerReplaced(t *testing.T) {
	replace := func(w *world, paths ...string) {
		w.t.Helper()
		req, err := http.NewRequestWithContext(w.t.Context(), http.MethodDelete, "http://account.test/dbs/shop/colls/orders", http.NoBody)
		if err != nil {
			w.t.Fatal(err)
		}
		c := w.sink.(*sink).client
		cred := sign(c.key, time.Now(), "delete", "colls", "dbs/shop/colls/orders")
		req.Header["X-Ms-Date"], req.Header["Authorization"], req.Header["X-Ms-Version"] = cred.date, cred.auth, valVersion
		resp, err := c.transport.RoundTrip(req)
		if err != nil {
			w.t.Fatal(err)
		}
		_ = resp.Body.Close()
		if len(paths) > 0 {
			if err := w.AddContainer(database, "orders", cosmostest.ContainerOptions{}, paths...); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	values := []string{`{"id":"1","customer":"ann","n":1}`, `{"id":"2","customer":"bob","n":2}`, `{"id":"1","customer":"bob","n":3}`, `{"id":"1","customer":"ann","n":4}`}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		w.put(batch(values...))
		replace(w, "/n", "/customer")
		w.put(batch(values...))
		want := map[string]string{
			`[1,"ann"] 1`: values[0], `[2,"bob"] 2`: values[1], `[3,"bob"] 1`: values[2], `[4,"ann"] 1`: values[3],
		}
		if d := cmp.Diff(want, w.stored()); d != "" {
			t.Error(d)
		}
		replace(w, "/id")
		w.put(batch(values...))
		if d := cmp.Diff(map[string]string{`["1"] 1`: values[3], `["2"] 2`: values[1]}, w.stored()); d != "" {
			t.Error(d)
		}
		replace(w)
		err := w.sink.Put(t.Context(), batch(values...))
		if d := cmp.Diff(map[int]string{0: "fatal", 1: "fatal", 2: "fatal", 3: "fatal"}, failures(t, err, 4)); d != "" {
			t.Error(d)
		}
	})
}

// Random updates of few documents in few partitions, random faults, replays of what failed: in the end each document is
// the last record's.
func TestTheLastUpdateWins(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t, map[string]string{"sink.bulk.enabled": fmt.Sprint(seed%3 > 0), "sink.maxRetryCount": "2"}, "/pk")
			var mu sync.Mutex
			w.Server.Fault(func(r *cosmostest.Request) cosmostest.Fault {
				mu.Lock()
				defer mu.Unlock()
				switch rng.IntN(12) {
				case 0:
					return cosmostest.Throttle(time.Duration(rng.IntN(2000)) * time.Millisecond)
				case 1:
					return cosmostest.Fail([]int{408, 410, 449, 500, 503}[rng.IntN(5)])
				case 2:
					return cosmostest.Fault{Cut: cosmostest.CutAfter}
				case 3:
					return cosmostest.Fault{Cut: cosmostest.CutDuring}
				case 4:
					return cosmostest.Fault{Delay: time.Duration(rng.IntN(3000)) * time.Millisecond}
				}
				return cosmostest.Fault{}
			})
			want := map[string]string{}
			var records []*connect.Record
			for i := range 150 {
				pk, id := rng.IntN(3), rng.IntN(4)
				doc := fmt.Sprintf(`{"id":"%d","pk":%d,"n":%d}`, id, pk, i)
				want[fmt.Sprintf("[%d] %d", pk, id)] = doc
				records = append(records, newRecord(nil, int64(i), "", doc))
			}
			for attempt := 0; len(records) > 0; attempt++ {
				if attempt == 50 {
					t.Fatalf("seed %d: %d records left", seed, len(records))
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				err := w.sink.Put(ctx, records)
				cancel()
				if err == nil {
					break
				}
				// A host gives everything from the first failure on again.
				for i := range records {
					if failures(t, err, len(records))[i] != "" {
						records = records[i:]
						break
					}
				}
			}
			if d := cmp.Diff(want, w.stored()); d != "" {
				t.Errorf("seed %d: %s", seed, d)
			}
		})
	}
}

// A request that hangs beyond the deadline goes on reading its own copy, whatever becomes of the batch's memory.
func TestStalledRequestsNeverReadRecycledMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowReader{resume: make(chan struct{}), bodies: make(chan string, 10)}
		s := open(t, Options{Transport: slow}, nil)
		a := data.NewArena()
		a.PoisonOnReset()
		var want []string
		for round := range 3 {
			a.Reset()
			var records []*connect.Record
			var body []string
			for i := range 5 {
				doc := fmt.Sprintf(`{"id":"%d","pk":"x","round":%d,"text":"%s"}`, i, round, strings.Repeat("r", 50))
				body = append(body, fmt.Sprintf(`{"operationType":"Upsert","resourceBody":%s}`, doc))
				records = append(records, newRecord(a, int64(i), "", doc))
			}
			want = append(want, "["+strings.Join(body, ", ")+"]")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := s.Put(ctx, records); connect.Classify(err) != connect.ClassRetriable || err == nil {
				t.Fatalf("Put: %v", err)
			}
			cancel()
		}
		a.Reset()
		close(slow.resume)
		got := map[string]bool{}
		for range want {
			got[<-slow.bodies] = true
		}
		for _, body := range want {
			if !got[body] {
				t.Errorf("not received: %s", body)
			}
		}
	})
}

// slowReader answers nothing and reads bodies only when everything else is over, as a transport is allowed to.
type slowReader struct {
	resume chan struct{}
	bodies chan string
}

func (s *slowReader) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return discard{}.RoundTrip(r)
	}
	go func() {
		<-s.resume
		var b strings.Builder
		buf := make([]byte, 100)
		for {
			n, err := r.Body.Read(buf)
			b.Write(buf[:n])
			if err != nil {
				break
			}
		}
		_ = r.Body.Close()
		s.bodies <- b.String()
	}()
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// The same over real connections: what the account receives has no byte of recycled memory.
func TestNoPoisonIsReceived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/pk")
		w.put(batch(`{"id":"warm","pk":"x"}`))
		a := data.NewArena()
		a.PoisonOnReset()
		for round := range 20 {
			stall := w.Inject(cosmostest.Rule{Times: 1 + round%3, Skip: round % 2, Fault: cosmostest.Fault{Stall: cosmostest.Stall(1 + round%2)}})
			a.Reset()
			var records []*connect.Record
			for i := range 20 {
				records = append(records, newRecord(a, int64(i), "", fmt.Sprintf(`{"id":"%d","pk":%d,"round":%d,"text":"%s"}`, i, i%4, round, strings.Repeat("r", 3000))))
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_ = w.sink.Put(ctx, records) // fails where it stalls
			cancel()
			stall.Remove()
		}
		for _, x := range w.rec.Exchanges() {
			if strings.IndexByte(string(x.Body), data.Poison) >= 0 {
				t.Fatalf("request %d holds recycled memory", x.Seq)
			}
		}
	})
}
