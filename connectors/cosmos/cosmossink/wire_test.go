package cosmossink

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
)

// The example of https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources
func TestSignature(t *testing.T) {
	key, err := base64.StdEncoding.DecodeString("dsZQi3KtZmCv1ljt3VNWNm7sQUF1y5rJfC6kv5JiwvW0EndXdDku/dkKBp8/ufDToSxLzR4y+O/0H/t4bQtVNw==")
	if err != nil {
		t.Fatal(err)
	}
	c := sign(key, time.Date(2017, 4, 27, 0, 51, 12, 0, time.UTC), "get", "dbs", "dbs/ToDoList")
	got, err := url.QueryUnescape(c.auth[0])
	if err != nil || got != "type=master&ver=1.0&sig=c09PEVJrgp2uQRkr934kFbTqhByc7TVr3OHyqlu+c+c=" {
		t.Errorf("%s, %v", got, err)
	}
	if c.date[0] != "Thu, 27 Apr 2017 00:51:12 GMT" {
		t.Errorf("date %s", c.date[0])
	}
}

func TestDocumentHasTheID(t *testing.T) {
	twice := data.OfMap(data.F("id", data.OfString("x")), data.F("a", data.OfInt8(1)), data.F("id", data.OfString("y")))
	parsed := func(s string) data.Value { return newRecord(nil, 0, "", s).Value }
	tests := []struct {
		name  string
		value data.Value
		want  string
	}{
		{"none", parsed(`{"a":1}`), `{"id":"\"q\u0001","a":1}`},
		{"empty", parsed(`{}`), `{"id":"\"q\u0001"}`},
		{"replaced where it is", parsed(`{"a": 1.50 ,"id":{"n":1},"b":[1, 2]}`), `{"a":1.50,"id":"\"q\u0001","b":[1, 2]}`},
		{"only", parsed(`{"id":1}`), `{"id":"\"q\u0001"}`},
		{"nested ids stay", parsed(`{"o":{"id":1}}`), `{"id":"\"q\u0001","o":{"id":1}}`},
		{"names are escaped", parsed(`{"a\"\u0001":null}`), `{"id":"\"q\u0001","a\"\u0001":null}`},
		{"twice", twice, `{"id":"\"q\u0001","a":1}`},
	}
	for _, tc := range tests {
		if got := string(appendDocument(nil, &tc.value, []byte("\"q\x01"))); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// The SDK reads what the sink wrote.
func TestReadBackWithAzcosmos(t *testing.T) {
	server := cosmostest.NewServer(t, cosmostest.Options{})
	if err := server.AddContainer(database, "orders", cosmostest.ContainerOptions{}, "/tenant", "/user/name"); err != nil {
		t.Fatal(err)
	}
	// The process shares connections between sinks of the same account, and closes them after the last.
	settings := map[string]string{"account.endpoint": server.Endpoint()}
	one, two := open(t, Options{}, settings), open(t, Options{}, settings)
	if one.(*sink).client != two.(*sink).client {
		t.Error("two sinks of one account have two clients")
	}
	doc := `{"id":"ö \"1\"","tenant":"tü","user":{"name":true},"n":1.10}`
	for _, s := range []connect.Sink{one, two} {
		if err := s.Put(t.Context(), batch(doc, `{"id":"2","tenant":"tü","user":{"name":true}}`)); err != nil {
			t.Fatal(err)
		}
	}
	cred, err := azcosmos.NewKeyCredential(cosmostest.Key)
	if err != nil {
		t.Fatal(err)
	}
	client, err := azcosmos.NewClientWithKey(server.Endpoint(), cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	container, err := client.NewContainer(database, "orders")
	if err != nil {
		t.Fatal(err)
	}
	got, err := container.ReadItem(t.Context(), azcosmos.NewPartitionKeyString("tü").AppendBool(true), `ö "1"`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var have, want map[string]any
	if err := json.Unmarshal(got.Value, &have); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(doc), &want); err != nil {
		t.Fatal(err)
	}
	for k := range have {
		if strings.HasPrefix(k, "_") {
			delete(have, k)
		}
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Error(d)
	}
}

func TestCulpritsAnswers(t *testing.T) {
	tests := []struct{ name, body string }{
		{"empty", ``}, {"no JSON", `<html>`}, {"too few", `[{"statusCode":400}]`}, {"nobody", `[{"statusCode":424},{"statusCode":424}]`},
	}
	for _, tc := range tests {
		if _, _, err := culprit([]byte(tc.body), 2); err == nil {
			t.Errorf("%s: no error", tc.name)
		}
	}
	if at, r, err := culprit([]byte(`[{"statusCode":424},{"statusCode":429,"retryAfterMilliseconds":12.5}]`), 2); err != nil || at != 1 || r.RetryAfterMilliseconds != 12.5 {
		t.Errorf("%d %v %v", at, r, err)
	}
}

func TestErrorsAreReadable(t *testing.T) {
	r := reply{status: 413, sub: 7, activity: "abc", body: []byte(`{"code":"RequestEntityTooLarge","message":"Message: {\"Errors\":[\"Request size is too large\"]}\r\nActivityId: abc, Request URI: /apps/1"}`)}
	if got, want := errorOf(&r).Error(), "the service answered 413 Request Entity Too Large (substatus 7): Request size is too large [activity abc]"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	r = reply{status: 599, body: []byte(strings.Repeat("<html>", 1000))}
	if got, want := errorOf(&r).Error(), "the service answered 599"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Whatever the document and its id, the account stores exactly that document under exactly that id, beside its
// neighbours, or the sink has refused it.
func FuzzDocuments(f *testing.F) {
	f.Add("1", "k", `{"a":1}`)
	f.Add(`a","operationType":"Delete`, `"]`, `{"id":"x","pk":{"a":1}}`)
	f.Add("\x00\x1f\"\\/?#\xff", "\u2028<>&", `{"id":1,"id":2,"pk":[],"pk":"x","n":007,"s":"\ud800"}`)
	f.Add("..", "", `{"pk":1e400,"deep":[[[{"":null}]]]}`)
	f.Add("ünïcödé", "\x7f\u0080😀", `{"pk":-0.0e-5}`)
	f.Fuzz(func(t *testing.T, id, pk, doc string) {
		for _, strategy := range []string{"ItemOverwrite", "ItemDelete"} {
			synctest.Test(t, func(t *testing.T) { checkDocument(t, strategy, id, pk, doc) })
		}
	})
}

func checkDocument(t *testing.T, strategy, id, pk, doc string) {
	a := data.NewArena()
	v, ok, err := data.ParseJSON(a, []byte(doc))
	if err != nil || !ok || v.Kind() != data.Map {
		return
	}
	w := newWorld(t, map[string]string{"sink.id.strategy": "FullKeyStrategy"}, "/pk")
	neighbour := func(n string) *connect.Record {
		return &connect.Record{Topic: "orders", Key: data.OfString(n), Value: data.OfMap(data.F("pk", data.OfString(pk)))}
	}
	if v.Get("pk") == nil {
		v.Set("pk", data.OfString(pk))
	}
	records := []*connect.Record{neighbour("before"), {Topic: "orders", Key: data.OfString(id), Value: v}, neighbour("after")}
	err = w.sink.Put(t.Context(), records)
	failed := failures(t, err, 3)
	if failed[1] == "retriable" || failed[1] == "fatal" || len(pk) <= maxKeyBytes && (failed[0] != "" || failed[2] != "") {
		t.Fatalf("%v", err)
	}
	want := strings.ToValidUTF8(strings.NewReplacer("/", "_", `\`, "_", "?", "_", "#", "_").Replace(id), "\uFFFD")
	stored := 0
	for _, d := range w.Documents(database, "orders") {
		if !json.Valid(d.Body) {
			t.Errorf("stored %s", d.Body)
		}
		switch d.ID {
		case "before", "after":
		case want:
			stored++
		default:
			t.Errorf("stored under %q, want %q", d.ID, want)
		}
	}
	if want != "before" && want != "after" && (stored == 1) == (failed[1] != "") {
		t.Errorf("stored %d documents, failed: %v", stored, err)
	}
	if strategy != "ItemDelete" || failed[1] != "" {
		return
	}
	del := open(t, Options{Transport: w.sink.(*sink).client.transport}, map[string]string{"sink.id.strategy": "FullKeyStrategy", "sink.write.strategy": strategy})
	if err := del.Put(t.Context(), records[1:2]); err != nil {
		t.Fatal(err)
	}
	for _, d := range w.Documents(database, "orders") {
		if d.ID == want && want != "before" && want != "after" {
			t.Errorf("%q is still there", want)
		}
	}
}
