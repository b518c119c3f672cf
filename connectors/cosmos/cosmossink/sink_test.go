package cosmossink

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
)

func TestOverwriteWritesABatchPerPartitionKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		w.put(batch(
			`{"id":"1","customer":"ann","n":1}`,
			`{"id":"2","customer":"bob","n":2}`,
			`{"id":"3","customer":"ann","n":3}`,
			`{"id":"1","customer":"ann","n":4}`,
		))
		want := map[string]string{
			`["ann"] 1`: `{"id":"1","customer":"ann","n":4}`,
			`["bob"] 2`: `{"id":"2","customer":"bob","n":2}`,
			`["ann"] 3`: `{"id":"3","customer":"ann","n":3}`,
		}
		if d := cmp.Diff(want, w.stored()); d != "" {
			t.Error(d)
		}
		sent := w.requests()
		slices.Sort(sent)
		if d := cmp.Diff([]string{"Batch [1 3 1] 200", "UpsertItem [2] 201"}, sent); d != "" {
			t.Errorf("requests: %s", d)
		}
	})
}

func TestSameIDInAnotherPartitionIsAnotherDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		w.put(batch(`{"id":"1","customer":"ann"}`, `{"id":"1","customer":"bob"}`, `{"id":"1","customer":1}`, `{"id":"1","customer":1.0,"same":true}`, `{"id":"1"}`, `{"id":"1","customer":null}`))
		want := map[string]string{
			`["ann"] 1`: `{"id":"1","customer":"ann"}`,
			`["bob"] 1`: `{"id":"1","customer":"bob"}`,
			`[1] 1`:     `{"id":"1","customer":1.0,"same":true}`,
			`[{}] 1`:    `{"id":"1"}`,
			`[null] 1`:  `{"id":"1","customer":null}`,
		}
		if d := cmp.Diff(want, w.stored()); d != "" {
			t.Error(d)
		}
	})
}

// Records have the same target exactly when they write the same document, whatever their keys and topics are.
func TestTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		records := batch(`{"id":"a","customer":"x","n":1}`, `{"n":2,"customer":"x","id":"a"}`, `{"id":"a","customer":"y"}`, `{"id":"b","customer":"x"}`)
		other := newRecord(records[0].Arena, 9, "k", `{"id":"a","customer":"x","n":3}`)
		other.Topic = "returns" // goes to the same container
		records = append(records, other)
		if err := w.sink.Put(t.Context(), records); err != nil {
			t.Fatal(err)
		}
		var got []int // the first record with the same target
		first := map[string]int{}
		for i, r := range records {
			target, ok := w.sink.(connect.Targeter).AppendTarget(nil, r)
			if !ok {
				t.Fatalf("record %d has no target", i)
			}
			if _, known := first[string(target)]; !known {
				first[string(target)] = i
			}
			got = append(got, first[string(target)])
		}
		if diff := cmp.Diff([]int{0, 0, 2, 3, 0}, got); diff != "" {
			t.Errorf("who shares a target with whom (-want +got):\n%s", diff)
		}
	})
}

func TestBatchesAreBoundedAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		var values []string
		for i := range 250 {
			values = append(values, fmt.Sprintf(`{"id":"%d","customer":"ann","n":%d}`, i%7, i))
		}
		w.put(batch(values...))
		var sizes []int
		for _, x := range w.rec.Exchanges(cosmostest.OpBatch) {
			sizes = append(sizes, len(x.Operations()))
		}
		if d := cmp.Diff([]int{100, 100, 50}, sizes); d != "" {
			t.Error(d)
		}
		for i := range 7 {
			want := fmt.Sprintf(`{"id":"%d","customer":"ann","n":%d}`, i, 249-(249-i)%7)
			if got := w.stored()[fmt.Sprintf(`["ann"] %d`, i)]; got != want {
				t.Errorf("document %d is %s, want %s", i, got, want)
			}
		}
	})
}

func TestLargeDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		doc := func(id string, size int) string {
			return fmt.Sprintf(`{"id":"%s","customer":"ann","pad":"%s"}`, id, strings.Repeat("x", size-len(`{"id":"","customer":"ann","pad":""}`)-len(id)))
		}
		const mb = 1 << 20
		values := []string{doc("a", mb), doc("b", mb-2000), doc("c", 100), doc("d", 2*mb), doc("e", 2*mb+1), doc("f", 100)}
		err := w.sink.Put(t.Context(), batch(values...))
		if d := cmp.Diff(map[int]string{4: "data"}, failures(t, err, len(values))); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"Batch [a b c] 200", "UpsertItem [d] 201", "UpsertItem [f] 201"}, w.requests()); d != "" {
			t.Error(d)
		}
	})
}

func TestRecordsThatNeverCanBeWritten(t *testing.T) {
	long := strings.Repeat("x", 1024)
	tests := []struct{ name, value, reason string }{
		{"tombstone", ``, "tombstone"},
		{"string", `"text"`, "not a JSON object but a single value (string)"},
		{"array", `[{"id":"1"}]`, "not a JSON object but an array"},
		{"no id", `{"customer":"ann"}`, "has nothing at $.id"},
		{"null id", `{"id":null,"customer":"ann"}`, "has nothing at $.id"},
		{"empty id", `{"id":"","customer":"ann"}`, "the id is empty"},
		{"long id", `{"id":"` + long + `","customer":"ann"}`, "1024 bytes"},
		{"array as partition key", `{"id":"1","customer":["ann"]}`, "its value is an array"},
		{"object as partition key", `{"id":"1","customer":{}}`, "its value is an object"},
		{"long partition key", `{"id":"1","customer":"` + long + long + long + `"}`, "3072 bytes"},
		{"partition key out of range", `{"id":"1","customer":1e999}`, "out of range"},
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		for _, tc := range tests {
			records := batch(`{"id":"before","customer":"ann"}`, tc.value, `{"id":"after","customer":"ann"}`)
			w.rec.Reset()
			err := w.sink.Put(t.Context(), records)
			if d := cmp.Diff(map[int]string{1: "data"}, failures(t, err, 3)); d != "" {
				t.Errorf("%s: %s", tc.name, d)
				continue
			}
			if !strings.Contains(err.Error(), tc.reason) {
				t.Errorf("%s: the error does not say %q: %v", tc.name, tc.reason, err)
			}
			if d := cmp.Diff([]string{"Batch [before after] 200"}, w.requests()); d != "" {
				t.Errorf("%s: %s", tc.name, d)
			}
		}
	})
}

func TestCulpritsOfABatch(t *testing.T) {
	ids := []string{"a", "b", "c", "d", "e"}
	tests := []struct {
		name   string
		bad    map[string]cosmostest.Fault
		failed map[int]string
	}{
		{"first", map[string]cosmostest.Fault{"a": cosmostest.Fail(400)}, map[int]string{0: "data"}},
		{"middle", map[string]cosmostest.Fault{"c": cosmostest.Fail(413)}, map[int]string{2: "data"}},
		{"last", map[string]cosmostest.Fault{"e": cosmostest.Fail(409)}, map[int]string{4: "data"}},
		{"several", map[string]cosmostest.Fault{"a": cosmostest.Fail(400), "b": cosmostest.Fail(413), "e": cosmostest.Fail(400)}, map[int]string{0: "data", 1: "data", 4: "data"}},
		{"all but one", map[string]cosmostest.Fault{"a": cosmostest.Fail(400), "b": cosmostest.Fail(400), "d": cosmostest.Fail(400), "e": cosmostest.Fail(400)},
			map[int]string{0: "data", 1: "data", 3: "data", 4: "data"}},
		{"full partition", map[string]cosmostest.Fault{"c": {Status: 403, Substatus: 1014}}, map[int]string{2: "data"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil, "/customer")
				for id, f := range tc.bad {
					f.Item = id
					w.Inject(cosmostest.Rule{Op: cosmostest.OpBatch, ID: id, Fault: f})
					f.Item = ""
					w.Inject(cosmostest.Rule{Op: cosmostest.OpUpsertItem, ID: id, Fault: f})
				}
				var values []string
				for _, id := range ids {
					values = append(values, fmt.Sprintf(`{"id":"%s","customer":"ann"}`, id))
				}
				err := w.sink.Put(t.Context(), batch(values...))
				if d := cmp.Diff(tc.failed, failures(t, err, len(ids))); d != "" {
					t.Error(d)
				}
				for i, id := range ids {
					_, stored := w.stored()[`["ann"] `+id]
					if _, bad := tc.failed[i]; stored == bad {
						t.Errorf("%s: stored %v", id, stored)
					}
				}
			})
		})
	}
}

// A batch that fails as a whole names nobody: halves find out.
func TestBatchRefusedAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		w.Inject(cosmostest.Rule{ID: "c", Fault: cosmostest.Fail(400)})
		err := w.sink.Put(t.Context(), batch(
			`{"id":"a","customer":"ann"}`, `{"id":"b","customer":"ann"}`, `{"id":"c","customer":"ann"}`, `{"id":"d","customer":"ann"}`, `{"id":"a","customer":"ann","last":true}`))
		if d := cmp.Diff(map[int]string{2: "data"}, failures(t, err, 5)); d != "" {
			t.Error(d)
		}
		want := map[string]string{
			`["ann"] a`: `{"id":"a","customer":"ann","last":true}`,
			`["ann"] b`: `{"id":"b","customer":"ann"}`,
			`["ann"] d`: `{"id":"d","customer":"ann"}`,
		}
		if d := cmp.Diff(want, w.stored()); d != "" {
			t.Error(d)
		}
	})
}

func TestAppendCreatesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, map[string]string{"sink.write.strategy": "ItemAppend"}, "/customer")
		w.put(batch(`{"id":"1","customer":"ann","n":1}`, `{"id":"2","customer":"ann"}`, `{"id":"1","customer":"ann","n":2}`))
		w.put(batch(`{"id":"1","customer":"ann","n":3}`))
		want := map[string]string{`["ann"] 1`: `{"id":"1","customer":"ann","n":1}`, `["ann"] 2`: `{"id":"2","customer":"ann"}`}
		if d := cmp.Diff(want, w.stored()); d != "" {
			t.Error(d)
		}
		for _, r := range w.requests() {
			if !strings.HasPrefix(r, "CreateItem") {
				t.Errorf("request %s", r)
			}
		}
	})
}

func TestDelete(t *testing.T) {
	ids := []string{"1", "a b", `quote"`, "..", "%2F", "ünïcode", "tab\t", "x.y-z_~"}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		var docs []string
		for _, id := range append(ids, "stays") {
			docs = append(docs, fmt.Sprintf(`{"id":%s,"customer":"ann"}`, appendASCII(nil, id)))
		}
		w.put(batch(docs...))
		if n := w.Count(database, "orders"); n != len(docs) {
			t.Fatalf("%d documents, want %d", n, len(docs))
		}
		del := open(t, Options{Transport: w.sink.(*sink).client.transport}, map[string]string{"sink.write.strategy": "itemdelete"})
		for range 2 { // the second time there is nothing left to delete
			if err := del.Put(t.Context(), batch(docs[:len(ids)]...)); err != nil {
				t.Fatal(err)
			}
		}
		if got := slices.Collect(maps.Keys(w.stored())); len(got) != 1 || got[0] != `["ann"] stays` {
			t.Errorf("left: %q", got)
		}
		err := del.Put(t.Context(), batch(``))
		if d := cmp.Diff(map[int]string{0: "data"}, failures(t, err, 1)); d != "" {
			t.Error(d)
		}
	})
}

func TestWithoutBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, map[string]string{"sink.bulk.enabled": "false"}, "/customer")
		w.put(batch(`{"id":"1","customer":"ann","n":1}`, `{"id":"2","customer":"ann"}`, `{"id":"1","customer":"ann","n":2}`))
		if got := w.stored()[`["ann"] 1`]; got != `{"id":"1","customer":"ann","n":2}` {
			t.Errorf("document 1 is %s", got)
		}
		if len(w.rec.Exchanges(cosmostest.OpBatch)) != 0 || len(w.rec.Exchanges(cosmostest.OpUpsertItem)) != 3 {
			t.Errorf("requests: %q", w.requests())
		}
	})
}

func TestPartitionKeyPaths(t *testing.T) {
	doc := `{"id":"a/b","tenant":{"name":"t\u00fc \ud83d\ude00 \"x\"\u007f","n":-0.0,"big":12345678901234567890},"b":true,"a b":{"c":"deep"},"ts":1e3}`
	tests := []struct {
		paths []string
		key   string
	}{
		{[]string{"/id"}, `["a_b"]`},
		{[]string{"/tenant/name"}, "[\"tü 😀 \\\"x\\\"\x7f\"]"},
		{[]string{"/tenant/name/none"}, `[{}]`},
		{[]string{"/tenant/big"}, `[12345678901234567000]`},
		{[]string{`/"a b"/c`}, `["deep"]`},
		{[]string{"/b", "/tenant/n", "/ts"}, `[true,-0,1000]`},
		{[]string{"/missing", "/id"}, `[{},"a_b"]`},
	}
	for _, tc := range tests {
		t.Run(strings.Join(tc.paths, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil, tc.paths...)
				w.put(batch(doc, strings.Replace(doc, "a/b", "c", 1)))
				if w.Count(database, "orders") != 2 {
					t.Fatalf("stored: %v", w.stored())
				}
				for _, got := range w.Documents(database, "orders") {
					if got.ID == "a_b" && norm(got.PartitionKey) != tc.key {
						t.Errorf("stored under %s, want %s", got.PartitionKey, tc.key)
					}
				}
				if !slices.ContainsFunc(w.Documents(database, "orders"), func(d cosmostest.Document) bool { return d.ID == "a_b" }) {
					t.Errorf("stored: %v", w.stored())
				}
			})
		})
	}
}

// norm hides how the server spells numbers.
func norm(key string) string {
	return strings.ReplaceAll(key, "1.2345678901234567e+19", "12345678901234567000")
}

func TestTopicsAndContainers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		if err := w.AddContainer(database, "elsewhere", cosmostest.ContainerOptions{}, "/other"); err != nil {
			t.Fatal(err)
		}
		records := batch(`{"id":"1","customer":"ann"}`, `{"id":"1","customer":"ann","returned":true}`, `{"id":"1","other":1}`, `{"id":"1"}`)
		records[1].Topic, records[2].Topic, records[3].Topic = "returns", "elsewhere", "nowhere"
		err := w.sink.Put(t.Context(), records)
		if d := cmp.Diff(map[int]string{3: "fatal"}, failures(t, err, 4)); d != "" {
			t.Error(d)
		}
		if !strings.Contains(err.Error(), `"nowhere"`) {
			t.Errorf("the error does not name the topic: %v", err)
		}
		if got := w.stored()[`["ann"] 1`]; got != `{"id":"1","customer":"ann","returned":true}` {
			t.Errorf("orders has %s", got)
		}
		if n := w.Count(database, "elsewhere"); n != 1 {
			t.Errorf("elsewhere has %d documents", n)
		}
		if n := len(w.rec.Exchanges(cosmostest.OpReadAccount)); n != 1 {
			t.Errorf("the account was read %d times for two containers", n)
		}
	})
}

// The account, because the SDK insists, and the definition, each once.
func TestWhatIsReadFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		if n := len(w.rec.Exchanges()); n != 0 {
			t.Fatalf("Open sent %d requests", n)
		}
		if err := w.sink.Put(t.Context(), nil); err != nil || len(w.rec.Exchanges()) != 0 {
			t.Fatalf("an empty batch: %v, %d requests", err, len(w.rec.Exchanges()))
		}
		for range 3 {
			w.put(batch(`{"id":"1","customer":"ann"}`))
		}
		var ops []cosmostest.Op
		for _, x := range w.rec.Exchanges() {
			ops = append(ops, x.Op)
		}
		if d := cmp.Diff([]cosmostest.Op{cosmostest.OpReadAccount, cosmostest.OpReadContainer, cosmostest.OpUpsertItem, cosmostest.OpUpsertItem, cosmostest.OpUpsertItem}, ops); d != "" {
			t.Error(d)
		}
	})
}

// What Warm has read, Put does not read again; what it could not read, Put reads.
func TestWarm(t *testing.T) {
	for _, away := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil, "/customer")
			if away {
				rule := w.Inject(cosmostest.Rule{Fault: cosmostest.Fail(401)})
				w.sink.(connect.Warmer).Warm(t.Context())
				rule.Remove()
			} else {
				w.sink.(connect.Warmer).Warm(t.Context())
			}
			before := len(w.rec.Exchanges())
			w.put(batch(`{"id":"1","customer":"ann"}`))
			reads := 0
			for _, x := range w.rec.Exchanges()[before:] {
				if x.Op != cosmostest.OpUpsertItem {
					reads++
				}
			}
			if (reads > 0) != away || before == 0 {
				t.Errorf("away: %v: %d requests in Warm, %d reads in Put", away, before, reads)
			}
		})
	}
}

// regions is an account in two regions, which takes writes in one or both.
type regions struct {
	both bool
	sent []string
}

func (r *regions) RoundTrip(req *http.Request) (*http.Response, error) {
	r.sent = append(r.sent, req.Method+" "+req.URL.String())
	if req.Method == http.MethodPost && (req.Header.Get("x-ms-cosmos-allow-tentative-writes") != "") != r.both {
		return nil, errors.New("writes that regions other than the first refuse, or the reverse")
	}
	if req.URL.Path != "/" {
		return discard{}.RoundTrip(req)
	}
	const west = `{"name":"West Europe","databaseAccountEndpoint":"https://account-westeurope.test:443/"}`
	const both = west + `,{"name":"East US","databaseAccountEndpoint":"https://account-eastus.test:443/"}`
	writable := west
	if r.both {
		writable = both
	}
	account := fmt.Sprintf(`{"id":"account","writableLocations":[%s],"readableLocations":[%s],"enableMultipleWriteLocations":%t}`, writable, both, r.both)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(account)), Request: req}, nil
}

// Documents go where they are taken; where the definition is read from is the SDK's choice.
func TestPreferredRegions(t *testing.T) {
	const account, west, east = "https://account.test", "https://account-westeurope.test:443", "https://account-eastus.test:443"
	tests := []struct {
		preferred   string
		both        bool
		read, write string
	}{
		{"[Nowhere, East US, West Europe]", true, east, east},
		{"[Nowhere, East US, West Europe]", false, east, west},
		{"westeurope", true, west, west},
		{"East US", false, east, account},
		{"Nowhere", true, west, account},
		{"", true, west, account},
	}
	for _, tc := range tests {
		transport := &regions{both: tc.both}
		s := open(t, Options{Transport: transport}, map[string]string{"account.endpoint": account, "preferredRegionList": tc.preferred})
		for range 2 {
			if err := s.Put(t.Context(), batch(`{"id":"1","pk":"ann"}`)); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{
			"GET " + account + "/", "GET " + tc.read + "/dbs/shop/colls/orders",
			"POST " + tc.write + "/dbs/shop/colls/orders/docs", "POST " + tc.write + "/dbs/shop/colls/orders/docs",
		}
		if d := cmp.Diff(want, transport.sent); d != "" {
			t.Errorf("%q, writable in both: %t: %s", tc.preferred, tc.both, d)
		}
	}
}

func TestStructs(t *testing.T) {
	nested := data.Spec{Type: data.TypeStruct, Fields: []data.SchemaField{{Name: "x", Schema: data.Of(data.TypeInt8, true)}}}.MustBuild()
	schema := data.Spec{Type: data.TypeStruct, Fields: []data.SchemaField{
		{Name: "id", Schema: data.Of(data.TypeInt64, false)}, {Name: "when", Schema: data.Logical(data.LogicalTimestamp, false)},
		{Name: "day", Schema: data.Logical(data.LogicalDate, true)}, {Name: "bytes", Schema: data.Of(data.TypeBytes, true)},
		{Name: "nested", Schema: nested}, {Name: "price", Schema: data.Of(data.TypeFloat32, true)},
	}}.MustBuild()
	v := data.OfStruct(schema, data.OfInt64(7), data.OfDate(1700000000123), data.Value{}, data.OfBytes([]byte{0, 1, 255}),
		data.OfStruct(nested, data.OfInt8(-1)), data.OfFloat32(0.1))
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/price")
		w.put([]*connect.Record{{Topic: "orders", ValueSchema: schema, Value: v}})
		want := map[string]string{`[0.1] 7`: `{"id":"7","when":1700000000123,"day":null,"bytes":"AAH/","nested":{"x":-1},"price":0.1}`}
		if d := cmp.Diff(want, w.stored()); d != "" {
			t.Error(d)
		}
	})
}
