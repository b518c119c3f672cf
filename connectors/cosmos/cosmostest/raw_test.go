package cosmostest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
)

// sign sets the headers that every request carries. The link is computed here from the documented rules, not by the
// server's code.
func sign(r *http.Request, key string) {
	path := strings.Trim(r.URL.Path, "/")
	segs := strings.Split(path, "/")
	kind, link := "", ""
	switch {
	case path == "":
	case segs[0] == "offers" && len(segs) == 2:
		kind, link = segs[0], strings.ToLower(segs[1])
	case len(segs)%2 == 1:
		kind, link = segs[len(segs)-1], strings.Join(segs[:len(segs)-1], "/")
	default:
		kind, link = segs[len(segs)-2], path
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	r.Header.Set("x-ms-date", date)
	r.Header.Set("x-ms-version", "2020-11-05")
	secret, _ := base64.StdEncoding.DecodeString(key)
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s\n%s\n%s\n%s\n\n", strings.ToLower(r.Method), kind, link, strings.ToLower(date))
	r.Header.Set("Authorization", url.QueryEscape("type=master&ver=1.0&sig="+base64.StdEncoding.EncodeToString(mac.Sum(nil))))
}

// send calls the handler directly. Headers are "name: value".
func send(t testing.TB, h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "http://cosmos.test:1234"+path, strings.NewReader(body))
	for _, kv := range headers {
		k, v, _ := strings.Cut(kv, ": ")
		r.Header.Set(k, v)
	}
	if _, ok := r.Header["Authorization"]; !ok {
		sign(r, cosmostest.Key)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	docs      = "/dbs/db/colls/c/docs"
	inA       = `x-ms-documentdb-partitionkey: ["a"]`
	undefined = "x-ms-documentdb-partitionkey: [{}]"
	upsert    = "x-ms-documentdb-is-upsert: True"
	batch     = "x-ms-cosmos-is-batch-request: True"
	query     = "x-ms-documentdb-query: True"
	cross     = "x-ms-documentdb-query-enablecrosspartition: True"
	feed      = "A-IM: Incremental Feed"
)

func newHandler(t testing.TB, o cosmostest.Options) *cosmostest.Server {
	t.Helper()
	s, err := cosmostest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.AddContainer("db", "c", cosmostest.ContainerOptions{}, "/pk"); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRawAnswers(t *testing.T) {
	big := strings.Repeat("x", 2<<20)
	ops := func(n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(`{"operationType":"Read","id":"1"},`, n), ",") + "]"
	}
	patch := func(ops string) string { return `{"operations":[` + ops + `]}` }
	for _, tc := range []struct {
		name         string
		method, path string
		body         string
		headers      []string
		status, sub  int
		message      string // part of the body
	}{
		{"account", "GET", "/", "", nil, 200, 0, `"databaseAccountEndpoint":"http://cosmos.test:1234/"`},
		{"unknown path", "GET", "/dbs/db/colls/c/sprocs", "", nil, 400, 0, "does not serve"},
		{"method", "DELETE", "/dbs", "", nil, 405, 0, "not allowed"},
		{"no database", "GET", "/dbs/x", "", nil, 404, 0, "NotFound"},
		{"no container", "GET", "/dbs/db/colls/x", "", nil, 404, 0, "NotFound"},
		{"item of no container", "POST", "/dbs/db/colls/x/docs", "{}", []string{inA}, 404, 1003, "NotFound"},
		{"list databases", "GET", "/dbs", "", nil, 200, 0, `"Databases":[{"id":"db"`},
		{"list containers", "GET", "/dbs/db/colls", "", nil, 200, 0, `"DocumentCollections":[{`},
		{"database without id", "POST", "/dbs", "{}", nil, 400, 0, "'id; ' - are missing"},
		{"database id", "POST", "/dbs", `{"id":"a/b"}`, nil, 400, 0, "invalid"},
		{"container without key", "POST", "/dbs/db/colls", `{"id":"x"}`, nil, 400, 0, "partitionKey"},
		{"container key path", "POST", "/dbs/db/colls", `{"id":"x","partitionKey":{"paths":["pk"]}}`, nil, 400, 0, "slash"},
		{"container too many paths", "POST", "/dbs/db/colls", `{"id":"x","partitionKey":{"paths":["/a","/b","/c","/d"]}}`, nil, 400, 0, "at most 3"},
		{"container version default", "POST", "/dbs/db/colls", `{"id":"y","partitionKey":{"paths":["/a"]}}`, nil, 201, 0, `"version":2`},
		{"container throughput", "POST", "/dbs/db/colls", `{"id":"x","partitionKey":{"paths":["/a"]}}`, []string{"x-ms-offer-throughput: lots"}, 400, 0, "throughput"},

		{"no partition key", "POST", docs, `{"id":"2","pk":"a"}`, nil, 400, 0, "PartitionKey value must be supplied"},
		{"partition key no JSON", "POST", docs, `{"id":"2","pk":"a"}`, []string{`x-ms-documentdb-partitionkey: ["\x01"]`}, 400, 0, "not a JSON array"},
		{"partition key too long", "POST", docs, `{"id":"2","pk":"a"}`, []string{`x-ms-documentdb-partitionkey: ["a","b"]`}, 400, 1001, "more components"},
		{"partition key object", "POST", docs, `{"id":"2","pk":{}}`, []string{inA}, 400, 1001, "must be"},
		{"partition key mismatch", "POST", docs, `{"id":"2","pk":"b"}`, []string{inA}, 400, 1001, "extracted from document"},
		{"partition key missing in body", "POST", docs, `{"id":"2"}`, []string{inA}, 400, 1001, "extracted from document"},
		{"partition key undefined", "POST", docs, `{"id":"u2"}`, []string{undefined}, 201, 0, ""},
		{"partition key null is not undefined", "GET", docs + "/u", "", []string{"x-ms-documentdb-partitionkey: [null]"}, 404, 0, ""},
		{"partition key 2049 bytes", "POST", docs, `{"id":"2","pk":"` + big[:2049] + `"}`, []string{`x-ms-documentdb-partitionkey: ["` + big[:2049] + `"]`}, 400, 0, "2048"},

		{"no JSON", "POST", docs, `{"id":"2","pk":"a"`, []string{inA}, 400, 0, "not valid JSON"},
		{"invalid UTF-8", "POST", docs, "{\"id\":\"2\",\"pk\":\"a\",\"x\":\"\xff\"}", []string{inA}, 400, 0, "not valid JSON"},
		{"no object", "POST", docs, `["a"]`, []string{inA}, 400, 0, "JSON object"},
		{"no id", "POST", docs, `{"pk":"a"}`, []string{inA}, 400, 0, "required properties - 'id; ' - are missing"},
		{"number id", "POST", docs, `{"id":1,"pk":"a"}`, []string{inA}, 400, 0, "not a string"},
		{"empty id", "POST", docs, `{"id":"","pk":"a"}`, []string{inA}, 400, 0, "input name"},
		{"illegal id", "POST", docs, `{"id":"a\/b","pk":"a"}`, []string{inA}, 400, 0, "Id contains illegal chars"},
		{"backslash id", "POST", docs, `{"id":"a\\b","pk":"a"}`, []string{inA}, 400, 0, "Id contains illegal chars"},
		{"id of 1023 bytes", "POST", docs, `{"id":"` + big[:1023] + `","pk":"a"}`, []string{inA}, 201, 0, ""},
		{"id of 1024 bytes", "POST", docs, `{"id":"` + big[:1024] + `","pk":"a"}`, []string{inA}, 400, 0, "1023"},
		{"2 MB", "POST", docs, `{"id":"2","pk":"a","x":"` + big + `"}`, []string{inA}, 413, 0, "Request size is too large"},
		{"escaped names", "POST", docs, `{"\u0069d":"esc","\u0070k":"\u0061","ttl":5}`, []string{inA}, 201, 0, `"ttl":5,"_rid":`},
		{"return=minimal", "POST", docs, `{"id":"min","pk":"a"}`, []string{inA, "Prefer: return=minimal"}, 201, 0, ""},
		{"create twice", "POST", docs, `{"id":"1","pk":"a"}`, []string{inA}, 409, 0, `"code":"Conflict"`},
		{"upsert if none match", "POST", docs, `{"id":"1","pk":"a"}`, []string{inA, upsert, "If-None-Match: *"}, 412, 0, "PreconditionFailed"},
		{"replace under another id", "PUT", docs + "/1", `{"id":"2","pk":"a"}`, []string{inA}, 400, 0, "does not match"},
		{"gone partition", "GET", docs + "/1", "", []string{inA, "x-ms-documentdb-partitionkeyrangeid: 7"}, 410, 1002, "Gone"},
		{"partition with rid", "GET", docs + "/1", "", []string{inA, "x-ms-documentdb-partitionkeyrangeid: abc=,0"}, 200, 0, `"id":"1"`},

		{"patch no operations", "PATCH", docs + "/1", "{}", []string{inA}, 400, 0, "no operations"},
		{"patch eleven", "PATCH", docs + "/1", patch(strings.TrimSuffix(strings.Repeat(`{"op":"set","path":"/x","value":1},`, 11), ",")), []string{inA}, 400, 0, "10"},
		{"patch id", "PATCH", docs + "/1", patch(`{"op":"set","path":"/id","value":"x"}`), []string{inA}, 400, 0, "Cannot patch"},
		{"patch key", "PATCH", docs + "/1", patch(`{"op":"remove","path":"/pk"}`), []string{inA}, 400, 0, "partition key"},
		{"patch key by escape", "PATCH", docs + "/1", patch(`{"op":"remove","path":"/p\u006b/x"}`), []string{inA}, 400, 0, "partition key"},
		{"patch system", "PATCH", docs + "/1", patch(`{"op":"set","path":"/_ts","value":1}`), []string{inA}, 400, 0, "Cannot patch"},
		{"patch replace nothing", "PATCH", docs + "/1", patch(`{"op":"replace","path":"/no","value":1}`), []string{inA}, 400, 0, "does not exist"},
		{"patch below nothing", "PATCH", docs + "/1", patch(`{"op":"set","path":"/no/x","value":1}`), []string{inA}, 400, 0, "does not exist"},
		{"patch below a number", "PATCH", docs + "/1", patch(`{"op":"set","path":"/n/x","value":1}`), []string{inA}, 400, 0, "does not exist"},
		{"patch incr a string", "PATCH", docs + "/1", patch(`{"op":"incr","path":"/s","value":1}`), []string{inA}, 400, 0, "not a number"},
		{"patch outside of array", "PATCH", docs + "/1", patch(`{"op":"add","path":"/l/9","value":1}`), []string{inA}, 400, 0, "outside"},
		{"patch without value", "PATCH", docs + "/1", patch(`{"op":"set","path":"/x"}`), []string{inA}, 400, 0, "no value"},
		{"patch unknown", "PATCH", docs + "/1", patch(`{"op":"swap","path":"/x"}`), []string{inA}, 400, 0, "swap"},
		{"patch into itself", "PATCH", docs + "/1", patch(`{"op":"move","from":"/l","path":"/l/0"}`), []string{inA}, 400, 0, "into itself"},
		{"patch nothing", "PATCH", docs + "/no", patch(`{"op":"set","path":"/x","value":1}`), []string{inA}, 404, 0, ""},
		{"patch all kinds", "PATCH", docs + "/1", patch(`{"op":"move","from":"/l/0","path":"/first"},{"op":"incr","path":"/n","value":0.5},` +
			`{"op":"incr","path":"/new","value":-2},{"op":"set","path":"/a~1b","value":{ "x" : null }},{"op":"remove","path":"/s"}`), []string{inA}, 200, 0,
			`{"id":"1","pk":"a","n":1.5,"l":[2],"first":1,"new":-2,"a/b":{"x":null},"_rid"`},

		{"batch no array", "POST", docs, "{}", []string{inA, batch}, 400, 0, "not a JSON array"},
		{"batch empty", "POST", docs, "[]", []string{inA, batch}, 400, 0, "did not have any operations"},
		{"batch of 100", "POST", docs, ops(100), []string{inA, batch}, 200, 0, `[{"statusCode":200`},
		{"batch of 101", "POST", docs, ops(101), []string{inA, batch}, 400, 0, "more operations than what is supported"},
		{"batch unknown operation", "POST", docs, `[{"operationType":"Merge","id":"1"}]`, []string{inA, batch}, 207, 0, `"statusCode":400`},
		{"batch without key", "POST", docs, ops(1), []string{batch}, 400, 0, "PartitionKey value must be supplied"},
		{"batch etag", "POST", docs, `[{"operationType":"Upsert","ifMatch":"\"x\"","resourceBody":{"id":"1","pk":"a"}}]`, []string{inA, batch}, 207, 0, `"statusCode":412`},
		{"batch minimal", "POST", docs, `[{"operationType":"Upsert","resourceBody":{"id":"b1","pk":"a"}}]`, []string{inA, batch, "Prefer: return=minimal"}, 200, 0, `[{"statusCode":201,"requestCharge":5,"eTag":"\"`},
		{"bulk", "POST", docs, `[{"operationType":"Create","partitionKey":"[\"z\"]","resourceBody":{"id":"1","pk":"z"}},{"operationType":"Create","partitionKey":"[\"a\"]","resourceBody":{"id":"1","pk":"a"}},{"operationType":"Delete","partitionKey":"[\"z\"]","id":"1"}]`,
			[]string{batch, "x-ms-cosmos-batch-atomic: False", "x-ms-cosmos-batch-continue-on-error: True", "x-ms-documentdb-partitionkeyrangeid: 0"}, 207, 0, `"statusCode":204`},

		{"query text", "POST", docs, `{"query":"SELECT"}`, []string{query, cross}, 400, 0, "Syntax error"},
		{"query body", "POST", docs, `{"query":1}`, []string{query, cross}, 400, 0, "not valid"},
		{"query by isquery", "POST", docs, `{"query":"SELECT VALUE c.id FROM c WHERE c.id = 'q1'"}`, []string{"x-ms-documentdb-isquery: true", cross}, 200, 0, `"Documents":["q1"],"_count":1`},
		{"query continuation", "POST", docs, `{"query":"SELECT * FROM c"}`, []string{query, cross, "x-ms-continuation: zz"}, 400, 0, "Continuation"},
		{"query page size", "POST", docs, `{"query":"SELECT * FROM c"}`, []string{query, cross, "x-ms-max-item-count: 0"}, 400, 0, "max-item-count"},
		{"query plan", "POST", docs, `{"query":"SELECT TOP 1 * FROM c"}`, []string{query, "x-ms-cosmos-is-query-plan-request: True"}, 200, 0, "partitionedQueryExecutionInfoVersion"},
		{"list items", "GET", docs, "", []string{"x-ms-max-item-count: 1"}, 200, 0, `"_count":1`},

		{"feed of deletions", "GET", docs, "", []string{"A-IM: Full-Fidelity Feed"}, 400, 0, "latest-version"},
		{"feed etag", "GET", docs, "", []string{feed, "If-None-Match: abc"}, 400, 0, "etag"},
		{"feed date", "GET", docs, "", []string{feed, "If-Modified-Since: yesterday"}, 400, 0, "RFC 1123"},
		{"feed in the future", "GET", docs, "", []string{feed, "If-Modified-Since: Sat, 21 Nov 2099 00:15:25 UTC"}, 304, 0, ""},
		{"feed from now", "GET", docs, "", []string{feed, "If-None-Match: *"}, 304, 0, ""},
		{"feed etag wins", "GET", docs, "", []string{feed, "If-None-Match: \"0\"", "If-Modified-Since: Sat, 21 Nov 2099 00:15:25 UTC"}, 200, 0, `"_lsn":`},
		{"feed of a gone range", "GET", docs, "", []string{feed, "x-ms-documentdb-partitionkeyrangeid: 9"}, 410, 1002, ""},
		{"feed of a bad range", "GET", docs, "", []string{feed, "x-ms-start-epk: 10", "x-ms-end-epk: 05"}, 400, 0, "not a range"},
		{"feed of half a partition", "GET", docs, "", []string{feed, "x-ms-documentdb-partitionkeyrangeid: 0", "x-ms-start-epk: 00", "x-ms-end-epk: 01"}, 304, 0, ""},

		{"ranges", "GET", "/dbs/db/colls/c/pkranges", "", []string{feed}, 200, 0, `"id":"0"`},
		{"ranges again", "GET", "/dbs/db/colls/c/pkranges", "", []string{feed, `If-None-Match: "1"`}, 304, 0, ""},
		{"ranges etag", "GET", "/dbs/db/colls/c/pkranges", "", []string{feed, "If-None-Match: later"}, 400, 0, "etag"},
		{"no offer", "GET", "/offers/nope", "", nil, 404, 0, ""},

		{"no authorization", "GET", "/dbs", "", []string{"Authorization: "}, 401, 0, "authorization is missing"},
		{"other token", "GET", "/dbs", "", []string{"Authorization: type%3Daad%26ver%3D1.0%26sig%3Dx"}, 401, 0, "master key token"},
		{"unsigned date", "GET", "/dbs", "", []string{"Authorization: type%3Dmaster%26ver%3D1.0%26sig%3Dx"}, 401, 0, "x-ms-date"},
		{"old date", "GET", "/dbs", "", []string{"Authorization: type%3Dmaster%26ver%3D1.0%26sig%3Dx", "x-ms-date: Tue, 01 Nov 1994 08:12:31 GMT"}, 403, 0, "not valid at the current time"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := rawServer(t)
			w := send(t, s, tc.method, tc.path, tc.body, tc.headers...)
			sub := 0
			_, _ = fmt.Sscan(w.Header().Get("x-ms-substatus"), &sub)
			if w.Code != tc.status || sub != tc.sub || !strings.Contains(w.Body.String(), tc.message) {
				t.Errorf("got %d/%d %s\nwant %d/%d … %s …", w.Code, sub, w.Body, tc.status, tc.sub, tc.message)
			}
			if w.Code >= 400 {
				var e struct{ Code, Message string }
				if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Code == "" || !strings.Contains(e.Message, "ActivityId: ") {
					t.Errorf("error body %s", w.Body)
				}
			}
			if w.Header().Get("x-ms-activity-id") == "" || w.Header().Get("x-ms-request-charge") == "" {
				t.Errorf("headers %v", w.Header())
			}
			if (w.Code == 304 || strings.Contains(tc.name, "minimal") && w.Code == 201) && (w.Body.Len() > 0 || w.Header().Get("etag") == "") {
				t.Errorf("etag %q, body %q", w.Header().Get("etag"), w.Body)
			}
		})
	}
}

// rawServer holds what the table needs.
func rawServer(t *testing.T) *cosmostest.Server {
	t.Helper()
	s := newHandler(t, cosmostest.Options{})
	for d, key := range map[string]string{
		`{"id":"1","pk":"a","n":1,"s":"x","l":[1,2]}`: inA,
		`{"id":"q1","pk":"a"}`:                        inA,
		`{"id":"u"}`:                                  undefined,
	} {
		if w := send(t, s, "POST", docs, d, key); w.Code != 201 {
			t.Fatal(w.Body)
		}
	}
	return s
}

func TestErrorsOfWrongKeyAndUnsignedAccess(t *testing.T) {
	s := newHandler(t, cosmostest.Options{AllowUnsigned: true})
	r := httptest.NewRequest("GET", "/dbs", http.NoBody)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("unsigned: %d", w.Code)
	}
	sign(r, "b3RoZXI=")
	w = httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 401 || !strings.Contains(w.Body.String(), "wrong key") {
		t.Errorf("wrong key: %d %s", w.Code, w.Body)
	}
}

func TestNotModified(t *testing.T) {
	s := newHandler(t, cosmostest.Options{})
	created := send(t, s, "POST", docs, `{"id":"1","pk":"a"}`, inA)
	w := send(t, s, "GET", docs+"/1", "", inA, "If-None-Match: "+created.Header().Get("etag"))
	if w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestPartitionRangesAfterSplits(t *testing.T) {
	s := newHandler(t, cosmostest.Options{})
	type pkrange struct {
		ID, MinInclusive, MaxExclusive string
		Parents                        []string
	}
	read := func(headers ...string) (string, []pkrange) {
		w := send(t, s, "GET", "/dbs/db/colls/c/pkranges", "", append(headers, feed)...)
		var body struct{ PartitionKeyRanges []pkrange }
		if w.Code == 200 {
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
		}
		return w.Header().Get("etag"), body.PartitionKeyRanges
	}
	etag, _ := read()
	for _, id := range []string{"0", "2"} {
		if err := s.SplitPartition("db", "c", id); err != nil {
			t.Fatal(err)
		}
	}
	_, got := read("If-None-Match: " + etag)
	const quarter, middle = "3000000000000000", "2000000000000000"
	zeros := strings.Repeat("0", 16)
	want := []pkrange{
		{"1", "", middle + zeros, []string{"0"}},
		{"3", middle + zeros, quarter + zeros, []string{"0", "2"}},
		{"4", quarter + zeros, "FF", []string{"0", "2"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := s.SplitPartition("db", "c", "0"); err == nil {
		t.Error("a partition was split twice")
	}
}

func TestGatewayQueries(t *testing.T) {
	s := newHandler(t, cosmostest.Options{GatewayQueries: true})
	const count = `{"query":"SELECT VALUE COUNT(1) FROM c"}`
	if w := send(t, s, "POST", docs, count, query, cross); w.Code != 400 || w.Header().Get("x-ms-substatus") != "1004" {
		t.Errorf("cross-partition: %d %s", w.Code, w.Body)
	}
	if w := send(t, s, "POST", docs, count, query, inA); w.Code != 200 {
		t.Errorf("one partition key: %d %s", w.Code, w.Body)
	}
}

func TestObservation(t *testing.T) {
	s := newHandler(t, cosmostest.Options{})
	var rec cosmostest.Recorder
	s.Observe(rec.Add)
	body := ` {"id":"1", "pk":"a"}`
	send(t, s, "POST", docs, body, inA)
	send(t, s, "POST", docs, `[{"operationType":"Upsert","resourceBody":{"id":"2","pk":"a"}},{"operationType":"Delete","id":"1"}]`, inA, batch)
	send(t, s, "GET", docs+"/2", "", inA, "x-ms-activity-id: mine")

	xs := rec.Exchanges()
	if len(xs) != 3 {
		t.Fatalf("%d exchanges", len(xs))
	}
	if x := xs[0]; x.Op != cosmostest.OpCreateItem || string(x.Body) != body || x.Status != 201 || x.Charge != 5 ||
		x.Database != "db" || x.Container != "c" || x.PartitionKey != `["a"]` || x.Response == 0 {
		t.Errorf("create: %+v", x)
	}
	want := []cosmostest.Operation{{Type: "Upsert", ID: "2"}, {Type: "Delete", ID: "1"}}
	if diff := cmp.Diff(want, xs[1].Operations()); diff != "" {
		t.Error(diff)
	}
	if got := rec.Exchanges(cosmostest.OpReadItem); len(got) != 1 || got[0].ID != "2" || got[0].Seq != 3 {
		t.Errorf("read: %+v", got)
	}
	rec.Reset()
	if n := len(rec.Exchanges()); n != 0 {
		t.Errorf("%d exchanges after Reset", n)
	}
	want2 := []string{"2"}
	var got []string
	for _, d := range s.Documents("db", "c") {
		got = append(got, d.ID)
		if string(d.Body) != `{"id":"2","pk":"a"}` || d.PartitionKey != `["a"]` || d.LSN != 2 || d.Partition != "0" {
			t.Errorf("document %+v", d)
		}
	}
	if diff := cmp.Diff(want2, got); diff != "" || s.Count("db", "c") != 1 {
		t.Error(diff, s.Count("db", "c"))
	}
}

func TestOverWire(t *testing.T) {
	s := newServer(t, cosmostest.Options{})
	r, _ := http.NewRequestWithContext(t.Context(), "GET", s.Endpoint()+"/", http.NoBody)
	sign(r, cosmostest.Key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(b), `"databaseAccountEndpoint":"`+s.Endpoint()+`/"`) {
		t.Errorf("account %s", b)
	}
}

func TestChangeFeedRouting(t *testing.T) {
	s := newHandler(t, cosmostest.Options{})
	if err := s.AddContainer("db", "h", cosmostest.ContainerOptions{Partitions: 2}, "/t", "/u"); err != nil {
		t.Fatal(err)
	}
	const path = "/dbs/db/colls/h/docs"
	key := func(k string) string { return "x-ms-documentdb-partitionkey: " + k }
	for i, k := range []string{`["t0","u0"]`, `["t0","u1"]`, `["t1","u0"]`} {
		var kv []string
		_ = json.Unmarshal([]byte(k), &kv)
		send(t, s, "POST", path, fmt.Sprintf(`{"id":"%d","t":%q,"u":%q}`, i, kv[0], kv[1]), key(k))
	}
	for _, tc := range []struct {
		name    string
		headers []string
		status  int
		ids     int
	}{
		{"no partition named", nil, 400, 0},
		{"whole key", []string{key(`["t0","u1"]`)}, 200, 1},
		{"prefix", []string{key(`["t0"]`)}, 200, 2},
		{"key in another partition", []string{key(`["nobody","here"]`)}, 304, 0},
		{"narrow across partitions", []string{"x-ms-start-epk: 00", "x-ms-end-epk: 3F"}, 410, 0},
		{"narrow in the second", []string{"x-ms-start-epk: 2000000000000000", "x-ms-end-epk: FF", "x-ms-documentdb-partitionkeyrangeid: 0"}, 410, 0},
	} {
		w := send(t, s, "GET", path, "", append(tc.headers, feed)...)
		if w.Code != tc.status || strings.Count(w.Body.String(), `"_lsn"`) != tc.ids {
			t.Errorf("%s: %d %s", tc.name, w.Code, w.Body)
		}
	}
	var n int
	for _, id := range s.Partitions("db", "h") {
		w := send(t, s, "GET", path, "", feed, "x-ms-documentdb-partitionkeyrangeid: "+id)
		n += strings.Count(w.Body.String(), `"_lsn"`)
	}
	if n != 3 {
		t.Errorf("the partitions have %d documents", n)
	}
}

func TestBodiesWithoutLength(t *testing.T) {
	s := newHandler(t, cosmostest.Options{})
	for _, tc := range []struct {
		size   int
		length int64
		status int
	}{{10, -1, 201}, {3 << 20, -1, 413}, {17 << 20, -1, 413}, {0, 17 << 20, 413}, {0, 1000, 400}} {
		body := io.MultiReader(strings.NewReader(`{"id":"1","pk":"a","x":"`), strings.NewReader(strings.Repeat("x", tc.size)), strings.NewReader(`"}`))
		r := httptest.NewRequest("POST", docs, body)
		r.ContentLength = tc.length
		r.Header.Set("x-ms-documentdb-partitionkey", `["a"]`)
		sign(r, cosmostest.Key)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != tc.status {
			t.Errorf("%d bytes, length %d: %d %s", tc.size, tc.length, w.Code, w.Body)
		}
	}
}
