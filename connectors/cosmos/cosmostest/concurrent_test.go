package cosmostest_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
)

// TestRacingClients writes, reads, queries, follows the change feed and splits at the same time. What the feed saw
// last of each item has to be what is stored: nothing is lost and nothing is seen out of order.
func TestRacingClients(t *testing.T) {
	dir := t.TempDir()
	s := cosmostest.NewServer(t, cosmostest.Options{Dir: dir})
	if err := s.AddContainer("db", "c", cosmostest.ContainerOptions{Partitions: 2}, "/pk"); err != nil {
		t.Fatal(err)
	}
	var rec cosmostest.Recorder
	s.Observe(rec.Add)
	c, _ := newClient(t, s.Endpoint(), cosmostest.Key).NewContainer("db", "c")
	ctx := t.Context()
	ranges := must[[]azcosmos.FeedRange](t)(c.ReadFeedRanges(ctx, nil))

	const writers, rounds, keys = 6, 40, 10
	var writing, all sync.WaitGroup
	check := func(err error, allowed ...int) {
		for _, code := range append(allowed, 0) {
			if status(err) == code && (code != 0 || err == nil) {
				return
			}
		}
		t.Error(err)
	}
	for w := range writers {
		writing.Go(func() {
			for i := range rounds {
				key := fmt.Sprintf("k%d", (i+w)%keys)
				b := c.NewTransactionalBatch(pk(key))
				for n := range 5 {
					b.UpsertItem(fmt.Appendf(nil, `{"id":"%d","pk":%q,"w":%d,"i":%d}`, n, key, w, i), nil)
				}
				_, err := c.ExecuteTransactionalBatch(ctx, b, nil)
				check(err)
				_, err = c.DeleteItem(ctx, pk(key), "4", nil)
				check(err, 404)
				_, err = c.ReadItem(ctx, pk(key), "0", nil)
				check(err)
			}
		})
	}
	writing.Go(func() {
		for range rounds / 4 {
			_, err := c.NewQueryItemsPager("SELECT * FROM c WHERE c.i >= 0", azcosmos.NewPartitionKey(), nil).NextPage(ctx)
			check(err)
		}
	})
	writing.Go(func() {
		for _, id := range []string{"0", "1", "2"} {
			if err := s.SplitPartition("db", "c", id); err != nil {
				t.Error(err)
			}
		}
	})
	type place struct{ pk, id string }
	var mu sync.Mutex
	seen := make(map[place]string) // etag
	done := make(chan struct{})
	for _, r := range ranges {
		all.Go(func() {
			o := &azcosmos.ChangeFeedOptions{FeedRange: &r, MaxItemCount: 7}
			for last := false; ; {
				select {
				case <-done:
					last = true
				default:
				}
				page, err := c.ReadChangeFeed(ctx, o)
				if err != nil {
					t.Error(err)
					return
				}
				o.Continuation = &page.ContinuationToken
				mu.Lock()
				for _, it := range page.Items {
					d := decode(t, it)
					seen[place{d["pk"].(string), d["id"].(string)}] = d["_etag"].(string)
				}
				mu.Unlock()
				if last && len(page.Items) == 0 {
					return
				}
			}
		})
	}
	writing.Wait()
	close(done)
	all.Wait()

	stored := s.Documents("db", "c")
	for _, d := range stored {
		key := place{d.PartitionKey[2 : len(d.PartitionKey)-2], d.ID}
		if seen[key] != d.ETag {
			t.Errorf("%v: the feed saw %s last, stored is %s", key, seen[key], d.ETag)
		}
	}
	if len(stored) < keys*4 {
		t.Errorf("%d items", len(stored))
	}
	if n := len(rec.Exchanges(cosmostest.OpBatch)); n != writers*rounds {
		t.Errorf("%d batches observed, want %d", n, writers*rounds)
	}
	for _, x := range rec.Exchanges() {
		if x.Status >= http.StatusInternalServerError {
			t.Errorf("%s %s: %s", x.Method, x.Path, strconv.Itoa(x.Status))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := reopen(t, dir).Count("db", "c"); n != len(stored) {
		t.Errorf("%d items after a restart, want %d", n, len(stored))
	}
}
