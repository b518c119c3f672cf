package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/data"
)

func jsonOf(t testing.TB, isKey bool, props ...string) *jsonConverter {
	t.Helper()
	m := map[string]string{}
	for i := 0; i < len(props); i += 2 {
		m[props[i]] = props[i+1]
	}
	c, ok, err := New(convert.JSONConverter, m, isKey)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	return c.(*jsonConverter)
}

const orderSchema = `{"type":"struct","fields":[{"type":"int32","optional":false,"field":"id"},{"type":"string","optional":true,"default":"none","field":"note"},` +
	`{"type":"array","items":{"type":"double","optional":false},"optional":true,"field":"prices"},{"type":"map","keys":{"type":"string","optional":false},"values":{"type":"int64","optional":true},"optional":true,"field":"m"},` +
	`{"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"},"field":"d"}],"optional":false,"name":"order","version":3,"doc":"An order."}`

func envelope(payload string) string {
	return `{"schema":` + orderSchema + `,"payload":` + payload + `}`
}

func TestEnvelopeRoundTrip(t *testing.T) {
	c := jsonOf(t, false)
	const payload = `{"id":7,"note":"xé","prices":[1.5,2.0],"m":{"b":1,"a":null},"d":"BM4="}`
	s, v, err := c.ToConnect(data.NewArena(), "t", []byte(envelope(payload)))
	if err != nil {
		t.Fatal(err)
	}
	if err := data.Validate(s, &v); err != nil {
		t.Fatal(err)
	}
	if got := v.JavaText(); got != "Struct{id=7,note=xé,prices=[1.5, 2.0],m={a=null, b=1},d=12.30}" {
		t.Errorf("read %s", got)
	}
	out, null, err := c.FromConnect([]byte("before "), "t", s, &v)
	if err != nil || null {
		t.Fatal(null, err)
	}
	if got, want := string(out), "before "+envelope(payload); got != want {
		t.Errorf("wrote %s\nwant  %s", got, want)
	}
}

// Documents after the first of a schema take a short cut; each must mean what it means without.
func TestEnvelopeShortCut(t *testing.T) {
	for _, tc := range []struct{ name, doc, want string }{
		{"the same schema", envelope(`{"id":2}`), "Struct{id=2,note=none}"},
		{"white space and garbage behind", envelope(" {\"id\":2}\n")[:len(envelope(" {\"id\":2}\n"))-1] + " } x", "Struct{id=2,note=none}"},
		{"a payload in the payload", envelope(`{"id":2,"m":{"payload":3}}`), "Struct{id=2,note=none,m={payload=3}}"},
		{"the payload twice", strings.TrimSuffix(envelope(`{"id":2}`), "}") + `,"payload":{"id":3}}`, "Struct{id=3,note=none}"},
		{"the schema twice", strings.TrimSuffix(envelope(`5`), "}") + `,"schema":{"type":"int8"}}`, "5"},
		{"one field too many", strings.TrimSuffix(envelope(`{"id":2}`), "}") + `,"x":1}`, "DataException: JsonConverter with schemas.enable requires"},
		{"no end", strings.TrimSuffix(envelope(`{"id":2}`), "}"), "DataException: Converting byte[] to Kafka Connect data failed due to serialization error: : SerializationException: "},
		{"broken payload", envelope(`{"id":2,}`), "DataException: Converting byte[] to Kafka Connect data failed due to serialization error: : SerializationException: "},
		{"no payload", strings.TrimSuffix(envelope(""), "}"), "DataException: Converting"},
		{"another schema", `{"schema":{"type":"int8"},"payload":2}`, "2"},
		{"fields in another order", envelope(`{"prices":[1],"more":1,"note":null,"id":4}`), "Struct{id=4,note=none,prices=[1.0]}"},
		{"a wrong type", envelope(`{"id":4,"note":5}`), "Struct{id=4}"},
		{"payload first", `{"payload":{"id":2},"schema":` + orderSchema + `}`, "Struct{id=2,note=none}"},
		{"an escape in the payload's name", `{"schema":` + orderSchema + `,"p\u0061yload":{"id":2}}`, "Struct{id=2,note=none}"},
		{"a key twice", `{"schema":{"type":"map","keys":{"type":"int32"},"values":{"type":"string"}},"payload":[[1,"a"],[2,"b"],[1,"c"]]}`, "{1=c, 2=b}"},
		{"no schema", `{"schema":null,"payload":{"b":1,"a":[2]}}`, "{a=[2], b=1}"},
	} {
		c := jsonOf(t, false)
		for _, warm := range []string{`{"schema":null,"payload":1}`, envelope(`{"id":1}`)} {
			for range 2 { // with what warm left behind, and with what the document itself did
				if _, _, err := c.ToConnect(data.NewArena(), "t", []byte(warm)); err != nil {
					t.Fatal(err)
				}
				_, v, err := c.ToConnect(data.NewArena(), "t", []byte(tc.doc))
				got := v.JavaText()
				if err != nil {
					got = err.Error()
				}
				if got != tc.want && (err == nil || !strings.HasPrefix(got, tc.want)) {
					t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
				}
			}
		}
	}
}

func TestSchemasAreReadOnce(t *testing.T) {
	c := jsonOf(t, false, "schemas.cache.size", "2")
	read := func(schema string) *data.Schema {
		s, _, err := c.ToConnect(data.NewArena(), "t", []byte(`{"schema":`+schema+`,"payload":1}`))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a := read(`{"type":"int8"}`)
	b := read(`{"type":"int16"}`)
	if read(`{"type":"int8"}`) != a || read(`{"type":"int16"}`) != b {
		t.Error("a schema was read twice")
	}
	for i := range 10 {
		read(fmt.Sprintf(`{"type":"int8","version":%d}`, i))
	}
	if n := len(c.read.known); n > 2 {
		t.Errorf("%d schemas are kept, the limit is 2", n)
	}
}

func TestSchemasThatAreNone(t *testing.T) {
	c := jsonOf(t, false)
	for _, tc := range []struct{ schema, want string }{
		{`5`, "DataException: Schema must contain 'type' field"},
		{`{"type":"int8","default":"x","optional":true,"parameters":{"a":"b"}}`, ""},
		{`{"type":"string","default":5}`, "SchemaBuilderException: Invalid default value: DataException: Invalid value: null used for required value, schema type: STRING"},
		{`{"type":"struct","fields":[],"default":{}}`, "SchemaBuilderException: Invalid default value: DataException: Struct schemas do not match."},
		{`{"type":"struct","fields":[{"type":"int8"}]}`, "DataException: Struct schema's field name not specified properly"},
		{`{"type":"struct","fields":{}}`, "DataException: Struct schema's \"fields\" argument is not an array."},
		{`{"type":"array","items":null}`, "DataException: Array schema did not specify the element type"},
		{`{"type":"map","values":{"type":"int8"}}`, "DataException: Map schema did not specify the key type"},
		{`{"type":"map","keys":null,"values":{"type":"int8"}}`, "SchemaBuilderException: keySchema cannot be null."},
		{`{"type":"struct","fields":[{"type":"int8","field":"a"},{"type":"int8","field":"a"}]}`, "SchemaBuilderException: Cannot create field because of field name duplication a"},
	} {
		_, _, err := c.ToConnect(data.NewArena(), "t", []byte(`{"schema":`+tc.schema+`,"payload":1}`))
		if err == nil && tc.want != "" || err != nil && err.Error() != tc.want {
			t.Errorf("%s: got %v, want %s", tc.schema, err, tc.want)
		}
	}
}

func TestDefaultsAreNotShared(t *testing.T) {
	c := jsonOf(t, false)
	const doc = `{"schema":{"type":"array","items":{"type":"int32"},"default":[1]},"payload":null}`
	for range 2 {
		_, v, err := c.ToConnect(data.NewArena(), "t", []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		if v.Items()[0].Int() != 1 {
			t.Error("changing one record's default changed another's")
		}
		v.Items()[0] = data.OfInt32(2)
	}
}

func TestKeysAreWrittenAsJavaWouldWriteThem(t *testing.T) {
	const in = `{"customer" : 1.50, "amount":[01,{"b":"\u0061","a":-0}],"id":"\u00e9"}`
	for _, tc := range []struct {
		isKey bool
		want  string
	}{
		{false, `{"customer":1.50,"amount":[1,{"b":"\u0061","a":-0}],"id":"\u00e9"}`},
		{true, `{"amount":[1,{"a":0,"b":"a"}],"id":"é","customer":1.5}`},
	} {
		c := jsonOf(t, tc.isKey, "schemas.enable", "false")
		_, v, err := c.ToConnect(data.NewArena(), "t", []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := c.FromConnect(nil, "t", nil, &v)
		if err != nil || string(out) != tc.want {
			t.Errorf("key %v: got %s (%v), want %s", tc.isKey, out, err, tc.want)
		}
	}
}

func TestValuesWithoutSchemaThatJSONHasNot(t *testing.T) {
	for _, isKey := range []bool{false, true} {
		c := jsonOf(t, isKey, "schemas.enable", "false")
		for _, v := range []data.Value{data.OfDate(1), data.OfMap(data.F("a", data.OfArray(data.OfDecimalBytes([]byte{1}, 0)))),
			data.OfPairs(data.OfInt8(1), data.OfStruct(data.Spec{Type: data.TypeStruct}.MustBuild()))} {
			out, _, err := c.FromConnect([]byte("kept"), "t", nil, &v)
			if err == nil || string(out) != "kept" {
				t.Errorf("%s: got %q, %v", v.JavaText(), out, err)
			}
		}
	}
}

// One converter serves many goroutines; run with -race.
func TestJSONConverterIsShared(t *testing.T) {
	c := jsonOf(t, false, "schemas.cache.size", "3")
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			a := data.NewArena()
			for i := range 200 {
				a.Reset()
				doc := fmt.Sprintf(`{"schema":{"type":"struct","fields":[{"type":"int32","field":"f%d"}]},"payload":{"f%d":%d}}`, (i+g)%5, (i+g)%5, i)
				s, v, err := c.ToConnect(a, "t", []byte(doc))
				if err != nil {
					t.Error(err)
					return
				}
				if got := v.Fields()[0].Value.Int(); got != int64(i) {
					t.Errorf("read %d, want %d", got, i)
				}
				if _, _, err := c.FromConnect(nil, "t", s, &v); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

const nestedSchema = `{"type":"struct","fields":[{"type":"struct","fields":[{"type":"string","optional":true,"field":"s"},{"type":"double","field":"d"},{"type":"int8","optional":true,"default":3,"field":"i"},` +
	`{"type":"map","keys":{"type":"string"},"values":{"type":"array","items":{"type":"float"}},"optional":true,"field":"m"}],"optional":true,"field":"o"},` +
	`{"type":"array","items":{"type":"struct","fields":[{"type":"boolean","field":"b"},{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"t"}]},"optional":true,"field":"a"},` +
	`{"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"},"field":"d"}]}`

// nestedPayloads are payloads of nestedSchema: written as Java would, and not quite.
var nestedPayloads = []string{
	`{"o":{"s":"x","d":1.5,"i":-128,"m":{"k":[1.5,2.0],"":[]}},"a":[{"b":true,"t":5},{"b":false,"t":-1}],"d":"BM4="}`,
	`{"o":null,"a":null,"d":null}`,
	`{"o":{"s":null,"d":0.001,"i":0,"m":null},"a":[],"d":12.5}`,
	`{"o":{"s":"\u00e9\/\"","d":1.0E10,"i":7,"m":{}},"a":[{"b":true,"t":5}],"d":null}`,
	`{"o":{"s":"x","d":5,"i":7,"m":{}},"a":[{"b":true,"t":5}],"d":null}`,
	`{"o":{"s":"x","d":1.50,"i":7,"m":{"k":[16777217.5]}},"a":[],"d":null}`,
	`{"o":{"s":"x","d":-0.0,"i":null,"m":{"k":[1],"k":[2.5]}},"a":[],"d":null}`,
	`{"o":{"s":"x","d":1e400,"i":200,"m":{"\u006b":[1.5]}},"a":[],"d":null}`,
	`{"o":{"s":5,"d":1.5,"i":7,"m":{}},"a":[],"d":null}`,
	`{"o":{"d":1.5,"s":"x"},"a":[{"t":5,"b":true}]}`,
	`{"o":{"s":"x","d":1.5,"i":7,"m":{}},"a":[{"b":true,"t":5,"more":[{}]}],"d":null}`,
	`{"o":{"s":"x","d":1.5,"i":7,"m":{} },"a":[ {"b":true,"t":05}],"d":null}`,
	`{"o":{"s":"x","d":1.5,"i":7,"m":{}},"a":[{"b":true,"t":1.5}],"d":null}`,
	`{"o":{"s":"x","d":1.5,"i":7,"m":[]},"a":{"x":{"b":1,"t":9223372036854775808}},"d":null}`,
	`{"o":{"s":"x","d":1.5,"i":7,"m":{}},"a":[{"b":truely,"t":1}],"d":null}`,
	`{"o":{"s":"x","d":1.5,"i":7,"m":{}},"a":[{"b":true,"t":1}],"d":true}`,
	`{"o":{"s":"x","d":1.5,"i":7,"m":{}},"a":[{"b":true,"t":1}],"d":"A"}`,
	`{"o":{"s":"x","d":1.5,"i":7,"m":{}},"a":[{"b":null,"t":1}],"d":null}`,
	"{\"o\":{\"s\":\"\xff\",\"d\":1.5,\"i\":7,\"m\":{}},\"a\":[],\"d\":null}",
}

// A payload of a schema that is known is read by a plan, and much of it stays as it came: what it is, what is written
// of it, and what is wrong with it are the same.
func TestPayloadOfAKnownSchema(t *testing.T) {
	for _, payload := range nestedPayloads {
		doc := []byte(`{"schema":` + nestedSchema + `,"payload":` + payload + `}`)
		known := jsonOf(t, false)
		if _, _, err := known.ToConnect(data.NewArena(), "t", []byte(`{"schema":`+nestedSchema+`,"payload":`+nestedPayloads[0]+`}`)); err != nil {
			t.Fatal(err)
		}
		for _, a := range []*data.Arena{data.NewArena(), nil} {
			s, v, err := jsonOf(t, false).ToConnect(a, "t", doc)
			s2, v2, err2 := known.ToConnect(a, "t", doc)
			if fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Errorf("%s: %v, with a known schema %v", payload, err, err2)
			}
			if err == nil && err2 == nil {
				sameValue(t, payload, s, s2, &v, &v2)
			}
		}
	}
}

// A payload as Java writes it is read without a look at what is within, so it takes a fraction of the memory.
func TestPayloadStaysText(t *testing.T) {
	memory := func(payload string) int {
		c, a := jsonOf(t, false), data.NewArena()
		doc := []byte(`{"schema":` + nestedSchema + `,"payload":` + payload + `}`)
		for range 2000 {
			if _, _, err := c.ToConnect(a, "t", doc); err != nil {
				t.Fatal(err)
			}
		}
		return a.Size()
	}
	items := strings.Repeat(`{"b":true,"t":5},`, 50)
	java := memory(`{"o":null,"a":[` + items + `{"b":false,"t":-1}],"d":null}`)
	other := memory(`{"o":null,"a":[` + items + `{"b":false,"t": -1}],"d":null}`)
	if java*10 > other {
		t.Errorf("%d bytes of memory, as for what has to be read (%d)", java, other)
	}
}

// sameValue fails unless two values are the same to everybody who reads or writes them.
func sameValue(t *testing.T, payload string, s, s2 *data.Schema, v, v2 *data.Value) {
	t.Helper()
	if s == nil != (s2 == nil) || s != nil && !s.Equal(s2) {
		t.Fatalf("%s: schema %v, with a known one %v", payload, s, s2)
	}
	copied := v2.Clone()
	written := func(when string) {
		t.Helper()
		if want, got := string(v.AppendJSON(nil)), string(v2.AppendJSON(nil)); got != want {
			t.Fatalf("%s: written %s as %s, with a known schema as %s", payload, when, want, got)
		}
	}
	written("untouched")
	if !v.Equal(v2) || !v.Equal(&copied) {
		t.Fatalf("%s: %s, with a known schema %s", payload, v.JavaText(), v2.JavaText())
	}
	written("when it was looked into")
	for _, isKey := range []bool{false, true} {
		c := jsonOf(t, isKey)
		out, _, err := c.FromConnect(nil, "t", s, v)
		out2, _, err2 := c.FromConnect(nil, "t", s, v2)
		if string(out) != string(out2) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%s: key %v: %s, %v, with a known schema %s, %v", payload, isKey, out, err, out2, err2)
		}
	}
}

// FuzzEnvelope: what is read is valid for its schema once it is in a struct, is written as JSON, and reads as the same
// again. The short cuts for a known schema change nothing, neither an error nor a byte.
func FuzzEnvelope(f *testing.F) {
	f.Add(`{"type":"int8","optional":true,"default":1}`, `null`)
	f.Add(orderSchema, `{"id":7,"note":"x","prices":[1.5,1e400],"m":{"b":1},"d":12.345}`)
	f.Add(`{"type":"map","keys":{"type":"int32"},"values":{"type":"bytes","optional":true}}`, `[[1,"AAE="],[2,5]]`)
	f.Add(`{"type":"struct","fields":[{"type":"string","field":"s"},{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","field":"t"}]}`, `{"s":1,"t":5}`)
	f.Add(`null`, `{"a":[1,{"b":2.50}]}`)
	f.Add(`{"type":"float"}`, `-0.0`)
	for _, payload := range nestedPayloads {
		f.Add(nestedSchema, payload)
	}
	f.Fuzz(func(t *testing.T, schema, payload string) {
		doc := []byte(`{"schema":` + schema + `,"payload":` + payload + `}`)
		c := jsonOf(t, false)
		s, v, err := c.ToConnect(data.NewArena(), "t", bytes.Clone(doc))
		known := jsonOf(t, false)
		_, _, _ = known.ToConnect(data.NewArena(), "t", []byte(`{"schema":`+schema+`,"payload":null}`))
		s2, v2, err2 := known.ToConnect(data.NewArena(), "t", bytes.Clone(doc))
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%s: %v, with a known schema %v", doc, err, err2)
		}
		if err != nil {
			return
		}
		sameValue(t, payload, s, s2, &v, &v2)
		out, null, err := c.FromConnect(nil, "t", s, &v)
		if err != nil || null {
			return // what JSON took for another type may be null where none may be; a decimal may have another scale
		}
		if !json.Valid(out) {
			t.Fatalf("%s became %s, which is not JSON", doc, out)
		}
		if s == nil || strings.Contains(payload, "1e") || strings.Contains(payload, "1E") {
			return // infinity is written as a string, which reads as 0
		}
		s2, v2, err = c.ToConnect(data.NewArena(), "t", out)
		if err != nil {
			t.Fatalf("%s became %s: %v", doc, out, err)
		}
		if !s.Equal(s2) || !v.Equal(&v2) && !strings.Contains(strings.ToLower(string(out)), "infinity") {
			t.Fatalf("%s became %s: %s, %s", doc, out, v.JavaText(), v2.JavaText())
		}
	})
}

func BenchmarkEnvelope(b *testing.B) {
	c := jsonOf(b, false)
	doc := []byte(envelope(`{"id":7,"note":"some text","prices":[1.5,2.0,17.25],"m":{"b":1,"a":null},"d":"BM4="}`))
	a := data.NewArena()
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for i := 0; b.Loop(); i++ {
		if i%1000 == 0 {
			a.Reset()
		}
		if _, _, err := c.ToConnect(a, "t", doc); err != nil {
			b.Fatal(err)
		}
	}
}

// The envelope is one of the 1000 levels that JSON may have, also where its schema is known.
func TestDepthOfAPayload(t *testing.T) {
	c := jsonOf(t, false)
	for depth, refused := range map[int]bool{999: false, 1000: true} {
		doc := []byte(`{"schema":null,"payload":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`)
		for range 2 {
			if _, _, err := c.ToConnect(data.NewArena(), "t", doc); (err != nil) != refused {
				t.Errorf("%d levels: %v", depth, err)
			}
			if _, _, err := c.ToConnect(data.NewArena(), "t", []byte(`{"schema":null,"payload":1}`)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
