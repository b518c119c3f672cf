package cosmostest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
)

func reopen(t *testing.T, dir string) *cosmostest.Server {
	t.Helper()
	s, err := cosmostest.New(cosmostest.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// state is everything that a restart must keep, as clients read it.
func state(t *testing.T, s *cosmostest.Server) []string {
	t.Helper()
	var out []string
	for _, path := range []string{"/dbs", "/dbs/db/colls", "/dbs/db/colls/c/pkranges"} {
		out = append(out, send(t, s, "GET", path, "").Body.String())
	}
	for _, id := range s.Partitions("db", "c") {
		w := send(t, s, "GET", docs, "", feed, "x-ms-documentdb-partitionkeyrangeid: "+id, "x-ms-max-item-count: -1")
		out = append(out, w.Header().Get("etag"), w.Body.String())
	}
	return append(out, send(t, s, "GET", docs, "", "x-ms-max-item-count: -1").Body.String())
}

// fill makes one of each kind of change.
func fill(t *testing.T, s *cosmostest.Server) {
	t.Helper()
	if err := s.AddContainer("db", "c", cosmostest.ContainerOptions{Throughput: 100000}, "/pk"); err != nil {
		t.Fatal(err)
	}
	ok := func(method, path, body string, headers ...string) {
		t.Helper()
		if w := send(t, s, method, path, body, headers...); w.Code >= 300 {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	for i := range 30 {
		key := fmt.Sprintf("x-ms-documentdb-partitionkey: [\"k%d\"]", i%5)
		ok("POST", docs, fmt.Sprintf(`{"id":"%d","pk":"k%d","s":"line\nbreak é \u2028"}`, i, i%5), key, upsert)
		if i == 10 {
			if err := s.SplitPartition("db", "c", "0"); err != nil {
				t.Fatal(err)
			}
		}
	}
	k0 := `x-ms-documentdb-partitionkey: ["k0"]`
	ok("POST", docs, `[{"operationType":"Upsert","resourceBody":{"id":"b1","pk":"k0"}},{"operationType":"Delete","id":"0"},
		{"operationType":"Create","resourceBody":{"id":"0","pk":"k0","again":true}},{"operationType":"Upsert","resourceBody":{"id":"b2","pk":"k0"}},
		{"operationType":"Delete","id":"b2"}]`, k0, batch)
	ok("DELETE", docs+"/5", "", k0)
	ok("PATCH", docs+"/10", `{"operations":[{"op":"set","path":"/n","value":1}]}`, k0)
	ok("POST", "/dbs", `{"id":"gone"}`)
	ok("POST", "/dbs/gone/colls", `{"id":"x","partitionKey":{"paths":["/a"]}}`)
	ok("DELETE", "/dbs/gone", "")
	ok("POST", "/dbs/db/colls", `{"id":"x","partitionKey":{"paths":["/a","/b"]},"defaultTtl":1}`)
	ok("PUT", "/dbs/db/colls/x", `{"id":"x","partitionKey":{"paths":["/a","/b"]},"defaultTtl":2}`)
	ok("POST", "/dbs/db/colls", `{"id":"y","partitionKey":{"paths":["/a"]}}`)
	ok("DELETE", "/dbs/db/colls/y", "")
}

func TestRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	s := reopen(t, dir)
	fill(t, s)
	want := state(t, s)
	// The first server is not closed: its process was killed. The second replays, the third reads what it rewrote.
	for range 2 {
		s = reopen(t, dir)
		if diff := cmp.Diff(want, state(t, s)); diff != "" {
			t.Fatal(diff)
		}
	}
	w := send(t, s, "POST", docs, `{"id":"new","pk":"k0"}`, `x-ms-documentdb-partitionkey: ["k0"]`)
	for _, old := range want {
		if strings.Contains(old, strings.Trim(w.Header().Get("etag"), `"`)) {
			t.Errorf("the etag %s was used before the restart", w.Header().Get("etag"))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := reopen(t, dir).Count("db", "c"); n != 31 {
		t.Errorf("%d items, want 31", n)
	}
}

func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	s := reopen(t, dir)
	fill(t, s)
	want := s.Documents("db", "c")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "cosmos.jsonl")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, torn := range []string{"{", `{"op":"tx","rid":"AAAA","items":[[1,2,{"id`, `{"op":"dropDatabase","id":"db"}`} {
		if err := os.WriteFile(file, append(slices.Clone(whole), torn...), 0o600); err != nil {
			t.Fatal(err)
		}
		s := reopen(t, dir)
		if diff := cmp.Diff(want, s.Documents("db", "c")); diff != "" {
			t.Errorf("after %s: %s", torn, diff)
		}
		_ = s.Close()
	}
	for _, bad := range []string{"{\n", `{"op":"new"}` + "\n", `{"op":"tx","rid":"AAAA"}` + "\n"} {
		if err := os.WriteFile(file, append([]byte(bad), whole...), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := cosmostest.New(cosmostest.Options{Dir: dir})
		if err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("a journal that begins with %q: %v", bad, err)
		}
	}
}

func TestRestartUnderSDK(t *testing.T) {
	dir := t.TempDir()
	first := cosmostest.NewServer(t, cosmostest.Options{Dir: dir})
	if err := first.AddContainer("db", "c", cosmostest.ContainerOptions{}, "/pk"); err != nil {
		t.Fatal(err)
	}
	c, _ := newClient(t, first.Endpoint(), cosmostest.Key).NewContainer("db", "c")
	etag := must[azcosmos.ItemResponse](t)(c.CreateItem(t.Context(), pk("a"), doc("1", "a"), nil)).ETag
	ranges := must[[]azcosmos.FeedRange](t)(c.ReadFeedRanges(t.Context(), nil))
	_, token := drain(t, c, &azcosmos.ChangeFeedOptions{FeedRange: &ranges[0]})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := cosmostest.NewServer(t, cosmostest.Options{Dir: dir})
	c, _ = newClient(t, second.Endpoint(), cosmostest.Key).NewContainer("db", "c")
	must[azcosmos.ItemResponse](t)(c.ReplaceItem(t.Context(), pk("a"), "1", doc("1", "a"), &azcosmos.ItemOptions{IfMatchEtag: &etag}))
	got, _ := drain(t, c, &azcosmos.ChangeFeedOptions{FeedRange: &ranges[0], Continuation: &token})
	if diff := cmp.Diff([]string{"1"}, got); diff != "" {
		t.Errorf("change feed continued after the restart: %s", diff)
	}
}
