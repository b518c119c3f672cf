package cosmostest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The hashes are those of the .NET SDK's public baseline (PartitionKeyHashBaselineTest); the service clears the two
// top bits of version 2.
func TestEffectivePartitionKey(t *testing.T) {
	for _, tc := range []struct{ kind, header, v1, v2 string }{
		{kindHash, `["asdf"]`, "000000000000000000000000B02BABC2", "208BF1D598F5B63AD5520F04FE58C5E8"},
		{kindHash, `[""]`, "0000000000000000000000003CCCB0FF", "32E9366E637A71B4E710384B2F4970A0"},
		{kindHash, `[0]`, "0000000000000000000000001EDA80A6", "155B95BEDAC4B1E9EC1CDC9BB0DDDE58"},
		{kindHash, `[-1]`, "000000000000000000000000452BDBE7", "19938E7A936C1C5B9E3AE842BBC16839"},
		{kindHash, `[null]`, "000000000000000000000000E45AD1AB", "378867E4430E67857ACE5C908374FE16"},
		{kindHash, `[true]`, "0000000000000000000000005E2A8076", "0E711127C5B5A8E4726AC6DD306A3E59"},
		{kindHash, `[false]`, "0000000000000000000000006C27D09F", "2FE1BE91E90A3439635E0E9E37361EF2"},
		{kindHash, `[{}]`, "000000000000000000000000514E28B7", "11622DAA78F835834610ABE56EFF5CB5"},
		{kindMultiHash, `["/path1","/path2"]`, "", "3499FD5198AE0F1EB6B77F6E428D2FF0" + "27A1848BD1102A3B65AFF266874D0FF5"},
	} {
		for version, want := range map[int]string{1: tc.v1, 2: tc.v2} {
			if want == "" {
				continue
			}
			d := keyDef{Paths: make([]string, strings.Count(tc.header, ",")+1), Kind: tc.kind, Version: version}
			key, bad := d.parseHeader(tc.header, false)
			if bad != nil {
				t.Fatal(bad.message)
			}
			if got := d.epk(key); got != want {
				t.Errorf("version %d of %s: %s, want %s", version, tc.header, got, want)
			}
			if got := keyJSON(key); got != tc.header {
				t.Errorf("%s came back as %s", tc.header, got)
			}
		}
	}
}

func persistent(t *testing.T) (*Server, func(method, path, body string) int) {
	t.Helper()
	s, err := New(Options{Dir: t.TempDir(), AllowUnsigned: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.AddContainer("db", "c", ContainerOptions{}, "/pk"); err != nil {
		t.Fatal(err)
	}
	return s, func(method, path, body string) int {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("x-ms-documentdb-partitionkey", `["a"]`)
		r.Header.Set("x-ms-documentdb-is-upsert", "True")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
}

func TestJournalIsRewrittenWhileItGrows(t *testing.T) {
	s, do := persistent(t)
	s.journal.least = 10_000
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() {
			for i := range 200 {
				body := fmt.Sprintf(`{"id":"%d","pk":"a","i":%d,"x":"%s"}`, w, i, strings.Repeat("x", 200))
				if code := do("POST", "/dbs/db/colls/c/docs", body); code >= 300 {
					t.Error(code)
				}
			}
		})
	}
	writers.Wait()
	want := s.Documents("db", "c")
	info, err := os.Stat(filepath.Join(s.opts.Dir, journalFile))
	if err != nil || info.Size() > 20_000 {
		t.Errorf("journal of %d bytes, %v", info.Size(), err)
	}
	if n := len(s.dbs["db"].colls["c"].parts[0].log); n > 600 {
		t.Errorf("change log of %d entries for 3 items", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := New(s.opts)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if diff := cmp.Diff(want, again.Documents("db", "c")); diff != "" {
		t.Error(diff)
	}
}

func TestUnwritableJournalChangesNothing(t *testing.T) {
	s, do := persistent(t)
	if code := do("POST", "/dbs/db/colls/c/docs", `{"id":"1","pk":"a"}`); code != http.StatusCreated {
		t.Fatal(code)
	}
	before := s.Documents("db", "c")
	if err := s.journal.f.Close(); err != nil { // every write fails from now on
		t.Fatal(err)
	}
	for _, r := range [][3]string{
		{"POST", "/dbs/db/colls/c/docs", `{"id":"2","pk":"a"}`},
		{"DELETE", "/dbs/db/colls/c/docs/1", ""},
		{"POST", "/dbs", `{"id":"new"}`},
		{"DELETE", "/dbs/db", ""},
		{"DELETE", "/dbs/db/colls/c", ""},
		{"POST", "/dbs/db/colls", `{"id":"new","partitionKey":{"paths":["/a"]}}`},
		{"PUT", "/dbs/db/colls/c", `{"id":"c","partitionKey":{"paths":["/pk"]},"defaultTtl":1}`},
	} {
		if code := do(r[0], r[1], r[2]); code != http.StatusServiceUnavailable {
			t.Errorf("%v: %d", r, code)
		}
	}
	if diff := cmp.Diff(before, s.Documents("db", "c")); diff != "" {
		t.Error(diff)
	}
	if s.SplitPartition("db", "c", "0") == nil {
		t.Error("a split was not refused")
	}
	if code := do("GET", "/dbs/db/colls/c/docs/1", ""); code != http.StatusOK {
		t.Errorf("read: %d", code)
	}
}

// TestChurn creates and deletes for ever: what is kept must not grow, and scans must go on where they were.
func TestChurn(t *testing.T) {
	s, do := persistent(t)
	const docs = "/dbs/db/colls/c/docs"
	for i := range 2000 {
		if code := do("POST", docs, fmt.Sprintf(`{"id":"%d","pk":"a"}`, i)); code != http.StatusCreated {
			t.Fatal(code)
		}
		if i%100 == 0 {
			continue
		}
		if code := do("DELETE", fmt.Sprintf("%s/%d", docs, i), ""); code != http.StatusNoContent {
			t.Fatal(code)
		}
	}
	c := s.container("db", "c")
	if n := len(c.order); n > 600 {
		t.Errorf("creation order of %d entries", n)
	}
	if n := len(c.parts[0].log); n > 600 {
		t.Errorf("change log of %d entries", n)
	}
	rows, _ := c.next(scope{}, 0, 1000)
	if len(rows) != 20 || len(s.Documents("db", "c")) != 20 {
		t.Errorf("%d rows, %d documents, want 20", len(rows), len(s.Documents("db", "c")))
	}
}
