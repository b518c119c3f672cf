package cosmostest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
)

// bubble runs f in virtual time with a server that has one container and an HTTP client for it. It fails when a
// goroutine of the server outlives Close.
func bubble(t *testing.T, o cosmostest.ContainerOptions, f func(t *testing.T, s *cosmostest.Server, do doFunc)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := cosmostest.New(cosmostest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AddContainer("db", "c", o, "/pk"); err != nil {
			t.Fatal(err)
		}
		l := cosmostest.NewPipe()
		if err := s.Start(l); err != nil {
			t.Fatal(err)
		}
		tr := &http.Transport{DialContext: l.Dial}
		defer tr.CloseIdleConnections()
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		f(t, s, func(ctx context.Context, method, path, body string, headers ...string) (*http.Response, error) {
			r, err := http.NewRequestWithContext(ctx, method, s.Endpoint()+path, strings.NewReader(body))
			if err != nil {
				return nil, err
			}
			for _, kv := range headers {
				k, v, _ := strings.Cut(kv, ": ")
				r.Header.Set(k, v)
			}
			sign(r, cosmostest.Key)
			resp, err := tr.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			defer resp.Body.Close()
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				return resp, err
			}
			return resp, nil
		})
	})
}

type doFunc func(ctx context.Context, method, path, body string, headers ...string) (*http.Response, error)

func TestFaultPhases(t *testing.T) {
	const body = `{"id":"1","pk":"a","x":"a body that is long enough to be cut"}`
	for _, tc := range []struct {
		name   string
		fault  cosmostest.Fault
		stored int
		after  time.Duration // virtual
		want   string        // the client's error: lost, deadline, or the status
	}{
		{"none", cosmostest.Fault{}, 1, 0, "201 Created"},
		{"status", cosmostest.Fail(503), 0, 0, "503 Service Unavailable"},
		{"delay", cosmostest.Fault{Delay: 3 * time.Second}, 1, 3 * time.Second, "201 Created"},
		{"delay and status", cosmostest.Fault{Delay: 3 * time.Second, Status: 408}, 0, 3 * time.Second, "408 Request Timeout"},
		{"delay past the deadline", cosmostest.Fault{Delay: time.Minute}, 0, 10 * time.Second, "deadline"},
		{"cut before", cosmostest.Fault{Cut: cosmostest.CutBefore}, 0, 0, "lost"},
		{"cut after", cosmostest.Fault{Cut: cosmostest.CutAfter}, 1, 0, "lost"},
		{"cut during", cosmostest.Fault{Cut: cosmostest.CutDuring}, 1, 0, "lost"},
		{"stall before", cosmostest.Fault{Stall: cosmostest.StallBefore}, 0, 10 * time.Second, "deadline"},
		{"stall after", cosmostest.Fault{Stall: cosmostest.StallAfter}, 1, 10 * time.Second, "deadline"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, cosmostest.ContainerOptions{}, func(t *testing.T, s *cosmostest.Server, do doFunc) {
				rule := s.Inject(cosmostest.Rule{Op: cosmostest.OpCreateItem, ID: "1", PartitionKey: `["a"]`, Times: 1, Fault: tc.fault})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				resp, err := do(ctx, "POST", docs, body, inA)
				got := "lost"
				switch {
				case errors.Is(err, context.DeadlineExceeded):
					got = "deadline"
				case err == nil:
					got = resp.Status
				}
				if got != tc.want {
					t.Errorf("got %s (%v), want %s", got, err, tc.want)
				}
				if d := time.Since(start); d != tc.after {
					t.Errorf("after %v, want %v", d, tc.after)
				}
				synctest.Wait()
				if n := s.Count("db", "c"); n != tc.stored {
					t.Errorf("%d items stored, want %d", n, tc.stored)
				}
				if rule.Hits() != 1 {
					t.Errorf("%d hits", rule.Hits())
				}
				if _, err := do(t.Context(), "POST", docs, `{"id":"2","pk":"a"}`, inA); err != nil {
					t.Errorf("the next request: %v", err)
				}
			})
		})
	}
}

func TestCloseReleasesStalledRequests(t *testing.T) {
	bubble(t, cosmostest.ContainerOptions{}, func(t *testing.T, s *cosmostest.Server, do doFunc) {
		s.Fault(func(*cosmostest.Request) cosmostest.Fault { return cosmostest.Fault{Stall: cosmostest.StallBefore} })
		failed := make(chan error)
		go func() {
			_, err := do(context.Background(), "GET", "/dbs", "")
			failed <- err
		}()
		synctest.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-failed; err == nil {
			t.Error("a stalled request was answered")
		}
	})
}

func TestRules(t *testing.T) {
	s := newHandler(t, cosmostest.Options{})
	read := func(id string) int { return send(t, s, "GET", docs+"/"+id, "", inA).Code }
	rule := s.Inject(cosmostest.Rule{ID: "1", Skip: 1, Times: 2, Fault: cosmostest.Fail(500)})
	s.Inject(cosmostest.Rule{
		Match: func(r *cosmostest.Request) bool { return r.Header.Get("x-test") != "" },
		Fault: cosmostest.Fault{Status: 403, Substatus: 3, Message: "write forbidden"},
	})
	var got []int
	for range 4 {
		got = append(got, read("1"))
	}
	if diff := cmp.Diff([]int{404, 500, 500, 404}, got); diff != "" || rule.Hits() != 2 {
		t.Error(diff, rule.Hits())
	}
	if got := read("2"); got != 404 {
		t.Errorf("another id: %d", got)
	}
	w := send(t, s, "GET", docs+"/2", "", inA, "x-test: 1")
	if w.Code != 403 || w.Header().Get("x-ms-substatus") != "3" || !strings.Contains(w.Body.String(), "write forbidden") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	again := s.Inject(cosmostest.Rule{Fault: cosmostest.Throttle(1500 * time.Microsecond)})
	w = send(t, s, "GET", docs+"/2", "", inA)
	if w.Code != 429 || w.Header().Get("x-ms-retry-after-ms") != "1" || w.Header().Get("x-ms-substatus") != "3200" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	again.Remove()
	if got := read("2"); got != 404 {
		t.Errorf("after Remove: %d", got)
	}
}

func TestSDKWaitsAsThrottleSays(t *testing.T) {
	s, c := newContainer(t, cosmostest.ContainerOptions{})
	rule := s.Inject(cosmostest.Rule{Op: cosmostest.OpUpsertItem, Times: 2, Fault: cosmostest.Throttle(60 * time.Millisecond)})
	start := time.Now()
	must[azcosmos.ItemResponse](t)(c.UpsertItem(t.Context(), pk("a"), doc("1", "a"), nil))
	if d := time.Since(start); d < 120*time.Millisecond || rule.Hits() != 2 {
		t.Errorf("after %v and %d answers of 429", d, rule.Hits())
	}
	s.Inject(cosmostest.Rule{Op: cosmostest.OpUpsertItem, Fault: cosmostest.Throttle(time.Millisecond)})
	_, err := c.UpsertItem(t.Context(), pk("a"), doc("1", "a"), nil)
	wantStatus(t, "throttled for ever", err, 429)
}

func TestCutAfterCommitSeenBySDK(t *testing.T) {
	s, c := newContainer(t, cosmostest.ContainerOptions{})
	must[azcosmos.ContainerResponse](t)(c.Read(t.Context(), nil))
	s.Inject(cosmostest.Rule{Op: cosmostest.OpCreateItem, Times: 1, Fault: cosmostest.Fault{Cut: cosmostest.CutAfter}})
	// The transport or the SDK may retry a lost connection; a retried create meets its own item.
	_, err := c.CreateItem(t.Context(), pk("a"), doc("1", "a"), nil)
	if err == nil {
		t.Error("no error")
	}
	if n := s.Count("db", "c"); n != 1 {
		t.Errorf("%d items", n)
	}
}

func TestFaultOfOneBatchOperation(t *testing.T) {
	s, c := newContainer(t, cosmostest.ContainerOptions{})
	f := cosmostest.Throttle(time.Second)
	f.Item = "2"
	s.Inject(cosmostest.Rule{Op: cosmostest.OpBatch, ID: "2", Times: 1, Fault: f})
	b := c.NewTransactionalBatch(pk("a"))
	for _, id := range []string{"1", "2", "3"} {
		b.UpsertItem(doc(id, "a"), nil)
	}
	for _, want := range [][]int32{{424, 429, 424}, {201, 201, 201}} {
		r := must[azcosmos.TransactionalBatchResponse](t)(c.ExecuteTransactionalBatch(t.Context(), b, nil))
		var got []int32
		for _, o := range r.OperationResults {
			got = append(got, o.StatusCode)
		}
		if diff := cmp.Diff(want, got); diff != "" || r.Success != (want[0] == 201) {
			t.Error(r.Success, diff)
		}
	}
}

func TestChangeFeedDuringSplit(t *testing.T) {
	s, c := newContainer(t, cosmostest.ContainerOptions{})
	must[azcosmos.ItemResponse](t)(c.CreateItem(t.Context(), pk("a"), doc("1", "a"), nil))
	ranges := must[[]azcosmos.FeedRange](t)(c.ReadFeedRanges(t.Context(), nil))
	rule := s.Inject(cosmostest.Rule{Op: cosmostest.OpChangeFeed, Times: 2, Fault: cosmostest.Gone(1007)})
	got, _ := drain(t, c, &azcosmos.ChangeFeedOptions{FeedRange: &ranges[0]})
	if diff := cmp.Diff([]string{"1"}, got); diff != "" || rule.Hits() != 2 {
		t.Error(diff, rule.Hits())
	}
}

func TestThroughput(t *testing.T) {
	bubble(t, cosmostest.ContainerOptions{Throughput: 10}, func(t *testing.T, _ *cosmostest.Server, do doFunc) {
		write := func(body string) (int, time.Duration) {
			resp, err := do(t.Context(), "POST", docs, body, inA, upsert)
			if err != nil {
				t.Fatal(err)
			}
			ms, _ := time.ParseDuration(resp.Header.Get("x-ms-retry-after-ms") + "ms")
			return resp.StatusCode, ms
		}
		small := `{"id":"1","pk":"a"}` // 5 units
		large := `{"id":"2","pk":"a","x":"` + strings.Repeat("x", 9<<10) + `"}`
		for i, want := range []int{201, 200, 429} {
			if got, _ := write(small); got != want {
				t.Fatalf("write %d: %d, want %d", i, got, want)
			}
		}
		<-time.After(100 * time.Millisecond) // virtual: one unit
		if got, _ := write(large); got != 201 {
			t.Fatalf("a large write with budget left: %d", got)
		}
		got, wait := write(small) // 1 - 5 * 10 KiB = -49 units
		if got != 429 || wait < 4900*time.Millisecond || wait > 4910*time.Millisecond {
			t.Fatalf("after overdraft: %d, wait %v", got, wait)
		}
		<-time.After(wait) // virtual
		if got, _ := write(small); got != 200 {
			t.Errorf("after the wait: %d", got)
		}
	})
}
