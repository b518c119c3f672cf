package cosmostest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
)

func newServer(t *testing.T, o cosmostest.Options) *cosmostest.Server {
	t.Helper()
	return cosmostest.NewServer(t, o)
}

func newClient(t *testing.T, endpoint, key string) *azcosmos.Client {
	t.Helper()
	cred, err := azcosmos.NewKeyCredential(key)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	c, err := azcosmos.NewClientWithKey(endpoint, cred, &azcosmos.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: &http.Client{Transport: tr},
		Retry:     policy.RetryOptions{RetryDelay: time.Millisecond},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newContainer starts a server with one container, partitioned by /pk unless paths are given.
func newContainer(t *testing.T, o cosmostest.ContainerOptions, paths ...string) (*cosmostest.Server, *azcosmos.ContainerClient) {
	t.Helper()
	s := newServer(t, cosmostest.Options{})
	if len(paths) == 0 {
		paths = []string{"/pk"}
	}
	if err := s.AddContainer("db", "c", o, paths...); err != nil {
		t.Fatal(err)
	}
	c, err := newClient(t, s.Endpoint(), cosmostest.Key).NewContainer("db", "c")
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func pk(s string) azcosmos.PartitionKey { return azcosmos.NewPartitionKeyString(s) }

func doc(id, key string) []byte { return fmt.Appendf(nil, `{"id":%q,"pk":%q,"n":1}`, id, key) }

var withContent = &azcosmos.ItemOptions{EnableContentResponseOnWrite: true}

// status is the HTTP status of an SDK error, 0 for nil or another error.
func status(err error) int {
	var re *azcore.ResponseError
	if errors.As(err, &re) {
		return re.StatusCode
	}
	return 0
}

func wantStatus(t *testing.T, what string, err error, want int) {
	t.Helper()
	if got := status(err); got != want {
		t.Fatalf("%s: status %d, want %d (%v)", what, got, want, err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func decode(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return m
}

func ids(t *testing.T, docs [][]byte) []string {
	t.Helper()
	var out []string
	for _, d := range docs {
		out = append(out, decode(t, d)["id"].(string))
	}
	return out
}

func TestDatabasesAndContainers(t *testing.T) {
	ctx := t.Context()
	s := newServer(t, cosmostest.Options{})
	c := newClient(t, s.Endpoint(), cosmostest.Key)

	created := must[azcosmos.DatabaseResponse](t)(c.CreateDatabase(ctx, azcosmos.DatabaseProperties{ID: "db"}, nil))
	if created.DatabaseProperties.ID != "db" || created.DatabaseProperties.ResourceID == "" || created.ETag == "" {
		t.Fatalf("created %+v", created.DatabaseProperties)
	}
	_, err := c.CreateDatabase(ctx, azcosmos.DatabaseProperties{ID: "db"}, nil)
	wantStatus(t, "create again", err, 409)
	db, _ := c.NewDatabase("db")
	must[azcosmos.DatabaseResponse](t)(db.Read(ctx, nil))

	ttl := int32(60)
	throughput := azcosmos.NewManualThroughputProperties(700)
	props := azcosmos.ContainerProperties{
		ID: "c", DefaultTimeToLive: &ttl,
		PartitionKeyDefinition: azcosmos.PartitionKeyDefinition{Paths: []string{"/a/b"}, Version: 2},
	}
	first := must[azcosmos.ContainerResponse](t)(db.CreateContainer(ctx, props, &azcosmos.CreateContainerOptions{ThroughputProperties: &throughput}))
	_, err = db.CreateContainer(ctx, props, nil)
	wantStatus(t, "create container again", err, 409)
	cc, _ := db.NewContainer("c")
	read := must[azcosmos.ContainerResponse](t)(cc.Read(ctx, nil))
	if diff := cmp.Diff(props.PartitionKeyDefinition.Paths, read.ContainerProperties.PartitionKeyDefinition.Paths); diff != "" {
		t.Error(diff)
	}
	if got := read.ContainerProperties.DefaultTimeToLive; got == nil || *got != 60 {
		t.Errorf("defaultTtl = %v", got)
	}

	offer := must[azcosmos.ThroughputResponse](t)(cc.ReadThroughput(ctx, nil))
	if got, _ := offer.ThroughputProperties.ManualThroughput(); got != 700 {
		t.Errorf("throughput = %d", got)
	}
	auto := azcosmos.NewAutoscaleThroughputProperties(5000)
	must[azcosmos.ThroughputResponse](t)(cc.ReplaceThroughput(ctx, auto, nil))
	offer = must[azcosmos.ThroughputResponse](t)(cc.ReadThroughput(ctx, nil))
	if got, _ := offer.ThroughputProperties.AutoscaleMaxThroughput(); got != 5000 {
		t.Errorf("autoscale maximum = %d", got)
	}

	changed := *read.ContainerProperties
	*changed.DefaultTimeToLive = 120
	must[azcosmos.ContainerResponse](t)(cc.Replace(ctx, changed, nil))
	changed.PartitionKeyDefinition.Paths = []string{"/x"}
	_, err = cc.Replace(ctx, changed, nil)
	wantStatus(t, "change of the partition key", err, 400)

	var names []string
	for pager := db.NewQueryContainersPager("SELECT * FROM root r WHERE r.id = 'c'", nil); pager.More(); {
		for _, p := range must[azcosmos.QueryContainersResponse](t)(pager.NextPage(ctx)).Containers {
			names = append(names, p.ID)
		}
	}
	if !slices.Equal(names, []string{"c"}) {
		t.Errorf("containers %v", names)
	}
	names = nil
	for pager := c.NewQueryDatabasesPager("SELECT * FROM root r WHERE r.id = @id", &azcosmos.QueryDatabasesOptions{
		QueryParameters: []azcosmos.QueryParameter{{Name: "@id", Value: "nope"}},
	}); pager.More(); {
		for _, p := range must[azcosmos.QueryDatabasesResponse](t)(pager.NextPage(ctx)).Databases {
			names = append(names, p.ID)
		}
	}
	if len(names) != 0 {
		t.Errorf("databases %v", names)
	}

	must[azcosmos.ContainerResponse](t)(cc.Delete(ctx, nil))
	_, err = cc.Read(ctx, nil)
	wantStatus(t, "read deleted container", err, 404)
	second := must[azcosmos.ContainerResponse](t)(db.CreateContainer(ctx, props, nil))
	if first.ContainerProperties.ResourceID == second.ContainerProperties.ResourceID {
		t.Error("a container that is created again has the old _rid")
	}
	must[azcosmos.DatabaseResponse](t)(db.Delete(ctx, nil))
	_, err = cc.Read(ctx, nil)
	wantStatus(t, "container of a deleted database", err, 404)
}

func TestItems(t *testing.T) {
	ctx := t.Context()
	_, c := newContainer(t, cosmostest.ContainerOptions{})
	call := must[azcosmos.ItemResponse](t)

	created := call(c.CreateItem(ctx, pk("a"), []byte(` { "id" : "1", "pk":"a", "big":12345678901234567890, "s":"<x> é" } `), withContent))
	want := `{"id":"1","pk":"a","big":12345678901234567890,"s":"<x> é","_rid":`
	if !strings.HasPrefix(string(created.Value), want) {
		t.Errorf("created %s", created.Value)
	}
	got := decode(t, created.Value)
	for _, p := range []string{"_rid", "_self", "_etag", "_attachments", "_ts"} {
		if got[p] == nil {
			t.Errorf("no %s in %s", p, created.Value)
		}
	}
	if got["_lsn"] != nil || got["_etag"] != string(created.ETag) || created.RequestCharge != 5 || created.SessionToken == nil || created.ActivityID == "" {
		t.Errorf("created %s, etag %s, charge %v", created.Value, created.ETag, created.RequestCharge)
	}
	if minimal := call(c.UpsertItem(ctx, pk("a"), doc("2", "a"), nil)); len(minimal.Value) != 0 || minimal.RawResponse.StatusCode != 201 || minimal.ETag == "" {
		t.Errorf("upsert: %d %q", minimal.RawResponse.StatusCode, minimal.Value)
	}
	if again := call(c.UpsertItem(ctx, pk("a"), doc("2", "a"), nil)); again.RawResponse.StatusCode != 200 {
		t.Errorf("second upsert: %d", again.RawResponse.StatusCode)
	}

	_, err := c.CreateItem(ctx, pk("a"), doc("1", "a"), nil)
	wantStatus(t, "create twice", err, 409)
	call(c.CreateItem(ctx, pk("b"), doc("1", "b"), nil)) // another item: identity is (partition key, id)
	_, err = c.ReadItem(ctx, pk("nope"), "1", nil)
	wantStatus(t, "wrong partition key", err, 404)
	_, err = c.CreateItem(ctx, pk("a"), doc("3", "b"), nil)
	wantStatus(t, "body of another partition key", err, 400)
	if !strings.Contains(err.Error(), "PartitionKey extracted from document doesn't match") {
		t.Error(err)
	}
	_, err = c.ReplaceItem(ctx, pk("a"), "nope", doc("nope", "a"), nil)
	wantStatus(t, "replace nothing", err, 404)
	_, err = c.DeleteItem(ctx, pk("a"), "nope", nil)
	wantStatus(t, "delete nothing", err, 404)

	// System properties that a client read and sends back are the system's.
	read := call(c.ReadItem(ctx, pk("a"), "1", nil))
	replaced := call(c.ReplaceItem(ctx, pk("a"), "1", read.Value, withContent))
	if n := strings.Count(string(replaced.Value), `"_etag"`); n != 1 || replaced.ETag == read.ETag {
		t.Errorf("%d etags in %s", n, replaced.Value)
	}
	if decode(t, replaced.Value)["_rid"] != got["_rid"] {
		t.Error("a replace changed _rid")
	}
	call(c.DeleteItem(ctx, pk("a"), "1", nil))
	_, err = c.ReadItem(ctx, pk("a"), "1", nil)
	wantStatus(t, "read deleted", err, 404)
	call(c.ReadItem(ctx, pk("b"), "1", nil))
	recreated := call(c.CreateItem(ctx, pk("a"), doc("1", "a"), withContent))
	if decode(t, recreated.Value)["_rid"] == got["_rid"] {
		t.Error("a document that is created again has the old _rid")
	}
}

func TestItemIDsThatNeedEscaping(t *testing.T) {
	_, c := newContainer(t, cosmostest.ContainerOptions{})
	for _, id := range []string{"a b", "100%", "50%25", `say "hi"`, "ünï", "日本", "a+b&c=d", "tab\there", "😀", "a;b:c@d"} {
		body, _ := json.Marshal(map[string]string{"id": id, "pk": "a"})
		if _, err := c.CreateItem(t.Context(), pk("a"), body, nil); err != nil {
			t.Errorf("create %q: %v", id, err)
			continue
		}
		r, err := c.ReadItem(t.Context(), pk("a"), id, nil)
		if err != nil {
			t.Errorf("read %q: %v", id, err)
			continue
		}
		if got := decode(t, r.Value)["id"]; got != id {
			t.Errorf("read %q, want %q", got, id)
		}
		if _, err := c.DeleteItem(t.Context(), pk("a"), id, nil); err != nil {
			t.Errorf("delete %q: %v", id, err)
		}
	}
}

func TestETags(t *testing.T) {
	ctx := t.Context()
	_, c := newContainer(t, cosmostest.ContainerOptions{})
	call := must[azcosmos.ItemResponse](t)
	stale := call(c.CreateItem(ctx, pk("a"), doc("1", "a"), nil)).ETag
	fresh := call(c.UpsertItem(ctx, pk("a"), doc("1", "a"), &azcosmos.ItemOptions{IfMatchEtag: &stale})).ETag
	if stale == fresh {
		t.Fatal("the etag did not change")
	}
	old := &azcosmos.ItemOptions{IfMatchEtag: &stale}
	_, err := c.UpsertItem(ctx, pk("a"), doc("1", "a"), old)
	wantStatus(t, "upsert", err, 412)
	_, err = c.ReplaceItem(ctx, pk("a"), "1", doc("1", "a"), old)
	wantStatus(t, "replace", err, 412)
	var p azcosmos.PatchOperations
	p.AppendSet("/n", 2)
	_, err = c.PatchItem(ctx, pk("a"), "1", p, old)
	wantStatus(t, "patch", err, 412)
	_, err = c.DeleteItem(ctx, pk("a"), "1", old)
	wantStatus(t, "delete", err, 412)
	call(c.DeleteItem(ctx, pk("a"), "1", &azcosmos.ItemOptions{IfMatchEtag: &fresh}))
}

func TestPatch(t *testing.T) {
	ctx := t.Context()
	_, c := newContainer(t, cosmostest.ContainerOptions{})
	must[azcosmos.ItemResponse](t)(c.CreateItem(ctx, pk("a"), []byte(`{"id":"1","pk":"a","n":1,"o":{"x":[1,2]},"gone":true}`), nil))
	var p azcosmos.PatchOperations
	p.AppendIncrement("/n", 41)
	p.AppendAdd("/o/x/1", "between")
	p.AppendAdd("/o/x/-", 3)
	p.AppendSet("/o/y", map[string]int{"z": 1})
	p.AppendReplace("/o/x/0", 0.5)
	p.AppendRemove("/gone")
	p.SetCondition("from c where c.n = 1")
	r := must[azcosmos.ItemResponse](t)(c.PatchItem(ctx, pk("a"), "1", p, withContent))
	want := `{"id":"1","pk":"a","n":42,"o":{"x":[0.5,"between",2,3],"y":{"z":1}},"_rid"`
	if !strings.HasPrefix(string(r.Value), want) {
		t.Errorf("got  %s\nwant %s", r.Value, want)
	}
	_, err := c.PatchItem(ctx, pk("a"), "1", p, nil) // n is 42 now
	wantStatus(t, "condition", err, 412)
}

func TestTransactionalBatch(t *testing.T) {
	ctx := t.Context()
	s, c := newContainer(t, cosmostest.ContainerOptions{})
	must[azcosmos.ItemResponse](t)(c.CreateItem(ctx, pk("a"), doc("old", "a"), nil))

	b := c.NewTransactionalBatch(pk("a"))
	b.CreateItem(doc("1", "a"), nil)
	b.UpsertItem(doc("2", "a"), nil)
	b.UpsertItem([]byte(`{"id":"1","pk":"a","n":2}`), nil)
	b.ReplaceItem("old", []byte(`{"id":"old","pk":"a","n":7}`), nil)
	var p azcosmos.PatchOperations
	p.AppendIncrement("/n", 1)
	b.PatchItem("old", p, nil)
	b.ReadItem("old", nil)
	b.DeleteItem("2", nil)
	r := must[azcosmos.TransactionalBatchResponse](t)(c.ExecuteTransactionalBatch(ctx, b, nil))
	var codes []int32
	for _, o := range r.OperationResults {
		codes = append(codes, o.StatusCode)
	}
	if diff := cmp.Diff([]int32{201, 201, 200, 200, 200, 200, 204}, codes); diff != "" || !r.Success {
		t.Fatalf("success %v: %s", r.Success, diff)
	}
	if n := decode(t, r.OperationResults[5].ResourceBody)["n"]; n != 8.0 {
		t.Errorf("the read in the batch saw n = %v", n)
	}
	if r.OperationResults[0].ETag == "" || r.OperationResults[0].RequestCharge == 0 || r.RequestCharge == 0 {
		t.Errorf("result %+v", r.OperationResults[0])
	}

	b = c.NewTransactionalBatch(pk("a"))
	b.UpsertItem(doc("1", "a"), nil)
	r = must[azcosmos.TransactionalBatchResponse](t)(c.ExecuteTransactionalBatch(ctx, b, nil))
	if o := r.OperationResults[0]; o.ResourceBody != nil || o.StatusCode != 200 || o.ETag == "" {
		t.Errorf("without content: %+v", o)
	}
	r = must[azcosmos.TransactionalBatchResponse](t)(c.ExecuteTransactionalBatch(ctx, b, &azcosmos.TransactionalBatchOptions{EnableContentResponseOnWrite: true}))
	if decode(t, r.OperationResults[0].ResourceBody)["_etag"] != string(r.OperationResults[0].ETag) {
		t.Errorf("with content: %+v", r.OperationResults[0])
	}

	before := s.Documents("db", "c")
	b = c.NewTransactionalBatch(pk("a"))
	b.UpsertItem(doc("new", "a"), nil)
	b.CreateItem(doc("old", "a"), nil) // the culprit
	b.DeleteItem("1", nil)
	r = must[azcosmos.TransactionalBatchResponse](t)(c.ExecuteTransactionalBatch(ctx, b, nil))
	codes = nil
	for _, o := range r.OperationResults {
		codes = append(codes, o.StatusCode)
	}
	if diff := cmp.Diff([]int32{424, 409, 424}, codes); diff != "" || r.Success {
		t.Errorf("success %v: %s", r.Success, diff)
	}
	if diff := cmp.Diff(before, s.Documents("db", "c")); diff != "" {
		t.Errorf("a failed batch changed the container: %s", diff)
	}

	b = c.NewTransactionalBatch(pk("a"))
	for i := range 101 {
		b.UpsertItem(doc(strconv.Itoa(i), "a"), nil)
	}
	_, err := c.ExecuteTransactionalBatch(ctx, b, nil)
	wantStatus(t, "101 operations", err, 400)
	b = c.NewTransactionalBatch(pk("a"))
	for i := range 3 {
		b.UpsertItem(fmt.Appendf(nil, `{"id":"%d","pk":"a","fill":%q}`, i, strings.Repeat("x", 800<<10)), nil)
	}
	_, err = c.ExecuteTransactionalBatch(ctx, b, nil)
	wantStatus(t, "2.4 MB", err, 413)
}

func queryAll(t *testing.T, c *azcosmos.ContainerClient, sql string, key azcosmos.PartitionKey, o *azcosmos.QueryOptions) (rows []string, pages int) {
	t.Helper()
	for pager := c.NewQueryItemsPager(sql, key, o); pager.More(); pages++ {
		page, err := pager.NextPage(context.Background())
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		for _, it := range page.Items {
			rows = append(rows, string(it))
		}
	}
	return rows, pages
}

func TestQueries(t *testing.T) {
	_, c := newContainer(t, cosmostest.ContainerOptions{Partitions: 3})
	for i := range 10 {
		key := "even"
		if i%2 == 1 {
			key = "odd"
		}
		body := fmt.Sprintf(`{"id":"%d","pk":%q,"n":%d,"x":%d.5,"tags":["t%d","all"],"o":{"my-name":"it's \"%d\""}}`, i, key, i, i, i, i)
		if i == 9 {
			body = fmt.Sprintf(`{"id":"9","pk":%q,"n":"nine"}`, key)
		}
		must[azcosmos.ItemResponse](t)(c.CreateItem(t.Context(), pk(key), []byte(body), nil))
	}
	all := azcosmos.NewPartitionKey()
	for _, tc := range []struct {
		sql    string
		key    azcosmos.PartitionKey
		params []azcosmos.QueryParameter
		want   []string
	}{
		{sql: "SELECT VALUE c.id FROM c WHERE c.n = 3", want: []string{`"3"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE c.n > 6", want: []string{`"7"`, `"8"`}}, // not "nine"
		{sql: "SELECT VALUE c.id FROM c WHERE c.x > 6 AND c.x <= 7.5", want: []string{`"6"`, `"7"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE c.x < 1", want: []string{`"0"`}}, // not the document without x
		{sql: "SELECT VALUE c.id FROM c WHERE c.n >= -5 AND c.n < 1e0 -- comment", want: []string{`"0"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE c.x != 1.5 AND c.n <> 0 AND c.n < @n", params: []azcosmos.QueryParameter{{Name: "@n", Value: 3}}, want: []string{`"2"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE c.o['my-name'] = 'it\\'s \"4\"'", want: []string{`"4"`}},
		{sql: `SELECT VALUE c.id FROM c WHERE c.id IN ('2', "4", @x)`, params: []azcosmos.QueryParameter{{Name: "@x", Value: "6"}}, want: []string{`"2"`, `"4"`, `"6"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE c.n IN (2, 4)", want: []string{`"2"`, `"4"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE ARRAY_CONTAINS(c.tags, 't5')", want: []string{`"5"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE LENGTH(c.n) = 4 OR LEFT(c.id, 1) = '1'", want: []string{`"1"`, `"9"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE c.n < 4", key: pk("odd"), want: []string{`"1"`, `"3"`}},
		{sql: "SELECT c.id, c.n AS num FROM c WHERE c.id = '1'", want: []string{`{"id":"1","num":1}`}},
		{sql: "SELECT VALUE {'a': r.id} FROM root r WHERE r.id = '1'", want: []string{`{"a":"1"}`}},
		{sql: "SELECT VALUE t FROM c JOIN t IN c.tags WHERE c.id = '1'", want: []string{`"t1"`, `"all"`}},
		{sql: "SELECT VALUE t FROM t IN c.tags WHERE t != 'all' AND STARTSWITH(t, 't2')", want: []string{`"t2"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE NOT CONTAINS(c.pk, 'even') AND EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t = 't3')", want: []string{`"3"`}},
		{sql: "SELECT TOP 2 VALUE c.id FROM c", want: []string{`"0"`, `"1"`}},
		{sql: "SELECT VALUE c.id FROM c WHERE IS_NUMBER(c.n) ORDER BY c.n DESC OFFSET 1 LIMIT 2", want: []string{`"7"`, `"6"`}},
		{sql: "SELECT VALUE COUNT(1) FROM c", want: []string{"10"}},
		{sql: "SELECT COUNT(1) AS n FROM c WHERE c.n = 1000", want: []string{`{"n":0}`}},
		{sql: "SELECT VALUE SUM(c.x) FROM c WHERE c.n < 3", want: []string{"4.5"}},
		{sql: "SELECT DISTINCT VALUE c.pk FROM c", want: []string{`"even"`, `"odd"`}},
		{sql: "SELECT c.pk, COUNT(1) AS n FROM c GROUP BY c.pk", want: []string{`{"n":5,"pk":"even"}`, `{"n":5,"pk":"odd"}`}},
	} {
		key := tc.key
		if got := fmt.Sprint(key); got == fmt.Sprint(azcosmos.PartitionKey{}) {
			key = all
		}
		got, _ := queryAll(t, c, tc.sql, key, &azcosmos.QueryOptions{QueryParameters: tc.params})
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.sql, diff)
		}
	}

	nested := "SELECT VALUE c.id FROM c WHERE " + strings.Repeat("(", 30) + "c.id = '1'" + strings.Repeat(")", 30)
	if got, _ := queryAll(t, c, nested, all, nil); !slices.Equal(got, []string{`"1"`}) {
		t.Errorf("%s: %v", nested, got)
	}
	full, _ := queryAll(t, c, "SELECT * FROM x WHERE x.id = '2'", all, nil)
	if len(full) != 1 || !strings.HasPrefix(full[0], `{"id":"2","pk":"even","n":2,"x":2.5,`) || decode(t, []byte(full[0]))["_etag"] == nil {
		t.Errorf("SELECT * gave %s", full)
	}
	for _, sql := range []string{"SELECT VALUE c.id FROM c", "SELECT VALUE c.id FROM c ORDER BY c.id"} {
		got, pages := queryAll(t, c, sql, all, &azcosmos.QueryOptions{PageSizeHint: 4})
		if len(got) != 10 || pages != 3 || !slices.IsSorted(got) {
			t.Errorf("%s: %d rows in %d pages: %v", sql, len(got), pages, got)
		}
	}
	for _, sql := range []string{
		"SELECT * FROM c WHERE c.n BETWEEN 1 AND 3", "SELECT * FROM c WHERE c.id LIKE '1%'", "SELEC", "SELECT * FROM c WHERE c.id = 'x",
		"SELECT * FROM c) x", "SELECT * FROM c WHERE c.n + 1 = 2", "",
	} {
		_, err := c.NewQueryItemsPager(sql, all, nil).NextPage(t.Context())
		wantStatus(t, sql, err, 400)
	}
	off := false
	_, err := c.NewQueryItemsPager("SELECT * FROM c", all, &azcosmos.QueryOptions{EnableCrossPartitionQuery: &off}).NextPage(t.Context())
	wantStatus(t, "cross-partition query that is not allowed", err, 400)
}

func TestReadMany(t *testing.T) {
	for _, tc := range []struct {
		name  string
		paths []string
		doc   func(i int) string
		key   func(i int) azcosmos.PartitionKey
	}{
		{"one path", []string{"/pk"},
			func(i int) string { return fmt.Sprintf(`{"id":"%d","pk":"k%d"}`, i, i%7) },
			func(i int) azcosmos.PartitionKey { return pk(fmt.Sprintf("k%d", i%7)) }},
		{"number", []string{"/n"},
			func(i int) string { return fmt.Sprintf(`{"id":"%d","n":%d.25}`, i, i) },
			func(i int) azcosmos.PartitionKey { return azcosmos.NewPartitionKeyNumber(float64(i) + 0.25) }},
		{"nested path", []string{"/a/b-c"},
			func(i int) string { return fmt.Sprintf(`{"id":"%d","a":{"b-c":"k%d"}}`, i, i) },
			func(i int) azcosmos.PartitionKey { return pk(fmt.Sprintf("k%d", i)) }},
		{"hierarchical", []string{"/t", "/u"},
			func(i int) string { return fmt.Sprintf(`{"id":"%d","t":"t%d","u":%t}`, i, i%5, i%2 == 0) },
			func(i int) azcosmos.PartitionKey { return pk(fmt.Sprintf("t%d", i%5)).AppendBool(i%2 == 0) }},
		{"id", []string{"/id"},
			func(i int) string { return fmt.Sprintf(`{"id":"%d"}`, i) },
			func(i int) azcosmos.PartitionKey { return pk(strconv.Itoa(i)) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, c := newContainer(t, cosmostest.ContainerOptions{Partitions: 4}, tc.paths...)
			var want []azcosmos.ItemIdentity
			for i := range 40 {
				must[azcosmos.ItemResponse](t)(c.CreateItem(t.Context(), tc.key(i), []byte(tc.doc(i)), nil))
				if i%4 == 0 {
					want = append(want, azcosmos.ItemIdentity{ID: strconv.Itoa(i), PartitionKey: tc.key(i)})
				}
			}
			r := must[azcosmos.ReadManyItemsResponse](t)(c.ReadManyItems(t.Context(), want, nil))
			got := ids(t, r.Items)
			slices.Sort(got)
			var wantIDs []string
			for _, w := range want {
				wantIDs = append(wantIDs, w.ID)
			}
			slices.Sort(wantIDs)
			if diff := cmp.Diff(wantIDs, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHierarchicalPrefixQuery(t *testing.T) {
	_, c := newContainer(t, cosmostest.ContainerOptions{Partitions: 2}, "/tenant", "/user/name")
	for i := range 6 {
		key := pk(fmt.Sprintf("t%d", i%2)).AppendString(fmt.Sprintf("u%d", i))
		body := fmt.Sprintf(`{"id":"%d","tenant":"t%d","user":{"name":"u%d"}}`, i, i%2, i)
		must[azcosmos.ItemResponse](t)(c.CreateItem(t.Context(), key, []byte(body), nil))
	}
	got, _ := queryAll(t, c, "SELECT VALUE c.id FROM c", pk("t1"), nil)
	if diff := cmp.Diff([]string{`"1"`, `"3"`, `"5"`}, got); diff != "" {
		t.Error(diff)
	}
	_, err := c.ReadItem(t.Context(), pk("t1"), "1", nil)
	wantStatus(t, "point read with a prefix", err, 400)
}

// drain reads the change feed until it says that there is nothing new.
func drain(t *testing.T, c *azcosmos.ContainerClient, o *azcosmos.ChangeFeedOptions) (got []string, token string) {
	t.Helper()
	for range 1000 {
		r, err := c.ReadChangeFeed(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		token = r.ContinuationToken
		o.Continuation = &token
		if len(r.Items) == 0 {
			return got, token
		}
		for _, it := range r.Items {
			d := decode(t, it)
			if d["_lsn"] == nil || d["_ts"] == nil {
				t.Fatalf("no _lsn or _ts in %s", it)
			}
			got = append(got, d["id"].(string))
		}
	}
	t.Fatal("the change feed does not end")
	return nil, ""
}

func TestChangeFeedOverSplit(t *testing.T) {
	ctx := t.Context()
	s, c := newContainer(t, cosmostest.ContainerOptions{})
	put := func(from, to int) (want []string) {
		for i := from; i < to; i++ {
			id := strconv.Itoa(i)
			must[azcosmos.ItemResponse](t)(c.UpsertItem(ctx, pk("k"+id), doc(id, "k"+id), nil))
			want = append(want, id)
		}
		return want
	}
	ranges := must[[]azcosmos.FeedRange](t)(c.ReadFeedRanges(ctx, nil))
	if len(ranges) != 1 || ranges[0].MinInclusive != "" || ranges[0].MaxExclusive != "FF" {
		t.Fatalf("ranges %v", ranges)
	}
	want := put(0, 40)
	o := &azcosmos.ChangeFeedOptions{FeedRange: &ranges[0], MaxItemCount: 15}
	first := must[azcosmos.ChangeFeedResponse](t)(c.ReadChangeFeed(ctx, o))
	if len(first.Items) != 15 {
		t.Fatalf("page of %d", len(first.Items))
	}
	got := ids(t, first.Items)
	o.Continuation = &first.ContinuationToken

	if err := s.SplitPartition("db", "c", "0"); err != nil {
		t.Fatal(err)
	}
	if err := s.SplitPartition("db", "c", "2"); err != nil {
		t.Fatal(err)
	}
	if p := s.Partitions("db", "c"); !slices.Equal(p, []string{"1", "3", "4"}) {
		t.Fatalf("partitions %v", p)
	}
	want = append(want, put(40, 60)...)
	rest, token := drain(t, c, o)
	got = append(got, rest...)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lost or repeated over the split: %s", diff)
	}

	// An update comes once, with its newest version; a deletion does not come.
	put(3, 4)
	put(3, 4)
	must[azcosmos.ItemResponse](t)(c.DeleteItem(ctx, pk("k5"), "5", nil))
	again, _ := drain(t, c, &azcosmos.ChangeFeedOptions{FeedRange: &ranges[0], Continuation: &token})
	if diff := cmp.Diff([]string{"3"}, again); diff != "" {
		t.Error(diff)
	}
	if now := must[[]azcosmos.FeedRange](t)(c.ReadFeedRanges(ctx, nil)); len(now) != 3 {
		t.Errorf("feed ranges after the splits: %v", now)
	}
}

func TestChangeFeedPartitionKeyAndTransactions(t *testing.T) {
	ctx := t.Context()
	_, c := newContainer(t, cosmostest.ContainerOptions{})
	for i := range 6 {
		key := fmt.Sprintf("k%d", i%2)
		must[azcosmos.ItemResponse](t)(c.CreateItem(ctx, pk(key), doc(strconv.Itoa(i), key), nil))
	}
	b := c.NewTransactionalBatch(pk("k1"))
	for i := range 5 {
		b.CreateItem(doc(fmt.Sprintf("b%d", i), "k1"), nil)
	}
	must[azcosmos.TransactionalBatchResponse](t)(c.ExecuteTransactionalBatch(ctx, b, nil))
	ranges := must[[]azcosmos.FeedRange](t)(c.ReadFeedRanges(ctx, nil))
	k1 := pk("k1")
	o := &azcosmos.ChangeFeedOptions{FeedRange: &ranges[0], PartitionKey: &k1, MaxItemCount: 4}
	page := must[azcosmos.ChangeFeedResponse](t)(c.ReadChangeFeed(ctx, o))
	// Three items and then the whole transaction: it is never divided.
	if diff := cmp.Diff([]string{"1", "3", "5", "b0", "b1", "b2", "b3", "b4"}, ids(t, page.Items)); diff != "" {
		t.Error(diff)
	}
}

func TestChangeFeedStartFrom(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newServer(t, cosmostest.Options{Clock: func() time.Time { return now }})
	if err := s.AddContainer("db", "c", cosmostest.ContainerOptions{}, "/pk"); err != nil {
		t.Fatal(err)
	}
	c, _ := newClient(t, s.Endpoint(), cosmostest.Key).NewContainer("db", "c")
	must[azcosmos.ItemResponse](t)(c.CreateItem(ctx, pk("a"), doc("before", "a"), nil))
	start := now
	now = now.Add(2 * time.Second)
	must[azcosmos.ItemResponse](t)(c.CreateItem(ctx, pk("a"), doc("after", "a"), nil))
	ranges := must[[]azcosmos.FeedRange](t)(c.ReadFeedRanges(ctx, nil))
	got, _ := drain(t, c, &azcosmos.ChangeFeedOptions{FeedRange: &ranges[0], StartFrom: &start})
	if diff := cmp.Diff([]string{"after"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadManyOverSplit(t *testing.T) {
	s, c := newContainer(t, cosmostest.ContainerOptions{})
	var want []azcosmos.ItemIdentity
	for i := range 20 {
		id := strconv.Itoa(i)
		must[azcosmos.ItemResponse](t)(c.CreateItem(t.Context(), pk(id), doc(id, id), nil))
		want = append(want, azcosmos.ItemIdentity{ID: id, PartitionKey: pk(id)})
	}
	read := must[azcosmos.ReadManyItemsResponse](t)
	if n := len(read(c.ReadManyItems(t.Context(), want, nil)).Items); n != 20 {
		t.Fatalf("%d items", n)
	}
	if err := s.SplitPartition("db", "c", "0"); err != nil {
		t.Fatal(err)
	}
	var rec cosmostest.Recorder
	s.Observe(rec.Add)
	if n := len(read(c.ReadManyItems(t.Context(), want, nil)).Items); n != 20 {
		t.Errorf("%d items after the split", n)
	}
	var gone int
	for _, x := range rec.Exchanges(cosmostest.OpQueryItems) {
		if x.Status == 410 && x.Sub == 1002 {
			gone++
		}
	}
	if gone != 1 {
		t.Errorf("%d answers were 410/1002, want 1", gone)
	}
}

func TestWrongKey(t *testing.T) {
	s := newServer(t, cosmostest.Options{})
	c := newClient(t, s.Endpoint(), "d3Jvbmc=")
	_, err := c.CreateDatabase(t.Context(), azcosmos.DatabaseProperties{ID: "db"}, nil)
	wantStatus(t, "create with the wrong key", err, 401)
}
