package cosmostest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
)

// wellBehaved fails when an answer is a 5xx, or when it or the stored state is not JSON. A panic fails by itself.
func wellBehaved(t *testing.T, s *cosmostest.Server, method, path, body string, headers ...string) int {
	t.Helper()
	w := send(t, s, method, path, body, headers...)
	if w.Code >= 500 {
		t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
		t.Errorf("%s %s: the answer is not JSON: %s", method, path, w.Body)
	}
	list := send(t, s, "GET", docs, "", "x-ms-max-item-count: -1")
	var page struct {
		Documents []struct {
			ID   string `json:"id"`
			ETag string `json:"_etag"`
			TS   int64  `json:"_ts"`
		}
	}
	if err := json.Unmarshal(list.Body.Bytes(), &page); err != nil {
		t.Fatalf("stored: %v: %s", err, list.Body)
	}
	for _, d := range page.Documents {
		if d.ID == "" || d.ETag == "" || d.TS == 0 {
			t.Errorf("stored document without id or system properties: %s", list.Body)
		}
	}
	return w.Code
}

func FuzzItem(f *testing.F) {
	for _, b := range []string{
		`{"id":"1","pk":"a"}`, `{"id":"1","pk":"a","_etag":"x","_rid":null,"_x":[{"_ts":1}]}`, `{}`, `{"id":1}`, `[]`, `null`, ` `,
		`{"id":"\u0000","pk":"a"}`, `{"id":"\ud800","pk":"a"}`, `{"id":"1","id":"2","pk":"b","pk":"a"}`, "{\"id\":\"1\",\"pk\":\"a\",\"x\":\"\xff\"}",
		`{"id":"1","pk":"a","n":1e400}`, `{"id":"1","pk":"a","d":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := newHandler(t, cosmostest.Options{})
		if code := wellBehaved(t, s, "POST", docs, body, inA, upsert); code < 300 {
			wellBehaved(t, s, "POST", docs, `{"query":"SELECT * FROM c WHERE c.id != 'x' ORDER BY c.n"}`, query, cross)
			id := s.Documents("db", "c")[0].ID
			if s.Documents("db", "c")[0].PartitionKey != `["a"]` || id == "" {
				t.Errorf("stored %+v", s.Documents("db", "c"))
			}
		}
	})
}

func FuzzBatch(f *testing.F) {
	for _, b := range []string{
		`[{"operationType":"Upsert","resourceBody":{"id":"1","pk":"a"}}]`, `[{"operationType":"Read","id":"1"},{"operationType":"Delete","id":"1","ifMatch":"\"x\""}]`,
		`[{"operationType":"Patch","id":"1","resourceBody":{"operations":[{"op":"incr","path":"/n","value":1}]}}]`, `[null]`, `[[]]`, `{}`, `[{"operationType":"Create"}]`,
		`[{"operationType":"Replace","id":"1","resourceBody":"x"}]`, `[{"operationType":"Delete","id":"1"},{"operationType":"Create","resourceBody":{"id":"1","pk":"a"}},{"operationType":"Patch","id":"1","resourceBody":null}]`,
		`[{"operationType":"Create","partitionKey":"[\"a\"]","resourceBody":{"id":"2","pk":"a"}}]`,
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := newHandler(t, cosmostest.Options{})
		send(t, s, "POST", docs, `{"id":"1","pk":"a","n":1}`, inA)
		before := len(s.Documents("db", "c"))
		if code := wellBehaved(t, s, "POST", docs, body, inA, batch); code != 200 && len(s.Documents("db", "c")) != before {
			t.Errorf("a batch that was answered with %d changed the container", code)
		}
		wellBehaved(t, s, "POST", docs, body, batch, "x-ms-cosmos-batch-atomic: False", "x-ms-documentdb-partitionkeyrangeid: 0")
	})
}

func FuzzPatch(f *testing.F) {
	for _, b := range []string{
		`{"op":"add","path":"/l/0","value":{"x":[1]}}`, `{"op":"remove","path":"/o/b"}`, `{"op":"remove","path":"/l/1"},{"op":"remove","path":"/l/0"},{"op":"remove","path":"/l/0"}`,
		`{"op":"move","from":"/o","path":"/l/-"}`, `{"op":"incr","path":"/n","value":9223372036854775807}`, `{"op":"incr","path":"/n","value":1e308},{"op":"incr","path":"/n","value":1e308}`,
		`{"op":"set","path":"//","value":1}`, `{"op":"set","path":"/~0~1\"","value":1}`, `{"op":"set","path":"/l/-1","value":1}`, `{"op":"set","path":"/o/a/b/c","value":null}`, `1`, ``,
	} {
		f.Add(b, "from c where c.n = 1")
	}
	f.Add(`{"op":"set","path":"/x","value":1}`, `where "`)
	f.Fuzz(func(t *testing.T, ops, condition string) {
		s := newHandler(t, cosmostest.Options{})
		send(t, s, "POST", docs, `{"id":"1","pk":"a","n":1,"l":[1,"x,]",{}],"o":{"a":{"b":1},"b":"}"}}`, inA)
		cond, _ := json.Marshal(condition)
		wellBehaved(t, s, "PATCH", docs+"/1", `{"operations":[`+ops+`]}`, inA)
		wellBehaved(t, s, "PATCH", docs+"/1", `{"condition":`+string(cond)+`,"operations":[`+ops+`]}`, inA)
		if d := s.Documents("db", "c"); len(d) != 1 || d[0].ID != "1" || !json.Valid(d[0].Body) || !strings.Contains(string(d[0].Body), `"id":"1","pk":"a"`) {
			t.Errorf("stored %+v", d)
		}
	})
}

func FuzzPartitionKeyHeader(f *testing.F) {
	for _, h := range []string{`["a"]`, `[]`, `[{}]`, `[null]`, `[1e400]`, `[-0.0]`, `["\x01"]`, `["\ud83d\ude00"]`, `"a"`, `[["a"]]`, `["a","b"]`, `[true`, ` [ "a" ] `} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, header string) {
		s := newHandler(t, cosmostest.Options{})
		if err := s.AddContainer("db", "h", cosmostest.ContainerOptions{Partitions: 3}, "/a", "/b"); err != nil {
			t.Fatal(err)
		}
		h := "x-ms-documentdb-partitionkey: " + header
		for _, coll := range []string{"/dbs/db/colls/c/docs", "/dbs/db/colls/h/docs"} {
			wellBehaved(t, s, "GET", coll+"/1", "", h)
			wellBehaved(t, s, "GET", coll, "", h, feed)
			wellBehaved(t, s, "POST", coll, `{"query":"SELECT * FROM c"}`, h, query)
		}
		// A key that is accepted reads back as itself.
		body := `{"id":"1","pk":` + strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(header), "["), "]") + `}`
		if code := wellBehaved(t, s, "POST", docs, body, h); code == 201 {
			back := s.Documents("db", "c")[0].PartitionKey
			if w := send(t, s, "GET", docs+"/1", "", "x-ms-documentdb-partitionkey: "+back); w.Code != 200 {
				t.Errorf("%s was stored under %s, which reads %d", header, back, w.Code)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		"SELECT * FROM c", "SELECT VALUE COUNT(1) FROM c WHERE c.n > -1", "SELECT c['a b'], 'x\\u00e9' FROM c -- x", "SELECT TOP 1 * FROM x JOIN t IN x.l",
		"SELECT VALUE t FROM t IN c.l", "SELECT * FROM (SELECT VALUE c.n FROM c) s", "SELECT * FROM c WHERE EXISTS(SELECT VALUE t FROM t IN c.l WHERE t = 1)",
		"SELECT * FROM c) x", "select * from c order by c.n desc offset 0 limit 0", "SELECT DISTINCT c.n FROM c GROUP BY c.n", "'", "/*", "@", "SELECT {\"a\": 1}", "((((((((",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if len(sql) > 200 {
			return
		}
		s := newHandler(t, cosmostest.Options{})
		send(t, s, "POST", docs, `{"id":"1","pk":"a","n":1,"l":[1,2]}`, inA)
		body, _ := json.Marshal(map[string]string{"query": sql})
		wellBehaved(t, s, "POST", docs, string(body), query, cross)
	})
}

// A journal that is damaged, whatever way, is refused in words or read; what was read is read again from what is written in
// its place.
func FuzzJournal(f *testing.F) {
	dir := f.TempDir()
	s, err := cosmostest.New(cosmostest.Options{Dir: dir})
	if err != nil {
		f.Fatal(err)
	}
	if err := s.AddContainer("db", "coll", cosmostest.ContainerOptions{Partitions: 2, Throughput: 1000}, "/pk"); err != nil {
		f.Fatal(err)
	}
	for _, pk := range []string{"a", "b"} {
		w := send(f, s, "POST", "/dbs/db/colls/coll/docs", `{"id":"1","pk":"`+pk+`"}`, `x-ms-documentdb-partitionkey: ["`+pk+`"]`)
		if w.Code != 201 {
			f.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "cosmos.jsonl"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	for _, line := range []string{
		`{"op":"database","id":"d"}`, `{"op":"container","db":"d","id":"c","props":{"partitionKey":{"paths":["/p"]}},"parts":[{"id":"0"}]}`,
		`{"op":"tx"}`, `null`, `{"op":"dropContainer"}`, `{"op":"counters","nextRid":4294967295}`,
	} {
		f.Add([]byte(line + "\n"))
		f.Add(append(append([]byte{}, whole...), line+"\n"...))
	}
	f.Fuzz(func(t *testing.T, journal []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "cosmos.jsonl"), journal, 0o600); err != nil {
			t.Fatal(err)
		}
		read := func() (int, error) {
			s, err := cosmostest.New(cosmostest.Options{Dir: dir})
			if err != nil {
				return 0, err
			}
			n := s.Count("db", "coll")
			return n, s.Close()
		}
		before, err := read()
		if err != nil {
			return
		}
		if after, err := read(); err != nil || before != after {
			t.Errorf("%d documents, then %d, %v", before, after, err)
		}
	})
}
