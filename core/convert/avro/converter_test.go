package avro

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/convert/codec"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/registry"
	"github.com/connectless/connectless/core/registry/registrytest"
)

// shown is a schema and a value as JsonConverter writes them, to compare and to read.
func shown(t testing.TB, s *data.Schema, v data.Value) string {
	t.Helper()
	c, _, err := codec.New("JsonConverter", map[string]string{"decimal.format": "NUMERIC", "replace.null.with.default": "false"}, false)
	if err != nil {
		t.Fatal(err)
	}
	b, null, err := c.FromConnect(nil, "", s, &v)
	if err != nil {
		t.Fatal(err)
	}
	if null {
		return "null"
	}
	return string(b)
}

func payload(t testing.TB, s *data.Schema, v data.Value) string {
	t.Helper()
	var envelope struct{ Payload json.RawMessage }
	if err := json.Unmarshal([]byte(shown(t, s, v)), &envelope); err != nil {
		t.Fatal(err)
	}
	return string(envelope.Payload)
}

// decode reads Avro data of the schema with the ID 1.
func decode(t testing.TB, c convert.Converter, b ...byte) (*data.Schema, data.Value) {
	t.Helper()
	s, v, err := c.ToConnect(data.NewArena(), "topic", framed(b))
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

// Another library wrote the record.
func TestReadsARecord(t *testing.T) {
	c := opened(t, nil, orderSchema)
	s, v := decode(t, c, order(t)...)
	const item = `{"sku":"SKU-123456","name":"alpha bravo charlie","qty":2,"price":19.99}`
	want := `{"order_id":"ORD-00000001","ts":1730000000000,"status":"SHIPPED","amount":1234.56,"paid":true,` +
		`"note":"alpha bravo charlie delta echo foxtrot golf hotel said \"hello\" ünïcode",` +
		`"cust":{"id":123456,"name":"kilo lima","lat":48.13743,"lon":11.57549},"items":[` + strings.Repeat(item+",", 3) + item + `],` +
		`"tags":["november","oscar"],"meta":META,"version":7}`
	meta := string(v.Get("meta").AppendJSON(nil)) // a map's order is the library's
	if got := payload(t, s, v); got != strings.Replace(want, "META", meta, 1) {
		t.Errorf("got %s", got)
	}
	if v.Get("meta").Len() != 3 || v.Get("meta").Get("ip").Text() != "192.0.2.1" {
		t.Errorf("meta is %s", meta)
	}
	if s.Name() != "shop.Order" || *s.Version() != 1 {
		t.Errorf("schema %s, version %v", s.Name(), s.Version())
	}
}

// Java's answers for what no vector asks.
func TestValues(t *testing.T) {
	general := map[string]string{"generalized.sum.type.support": "true"}
	for _, tc := range []struct {
		name, schema string
		props        map[string]string
		data         string // of Avro, in hexadecimal digits of bytes
		want         string // the payload
		err          string
	}{
		{"null of an optional", `["null","int"]`, nil, "\x00", `null`, ""},
		{"optional, null last", `["int","null"]`, nil, "\x00\x02", `1`, ""},
		{"single branch", `["int"]`, nil, "\x00\x02", `1`, ""},
		{"branch of a single", `["int"]`, nil, "\x02\x02", "", "a union has no such branch"},
		{"no such branch", `["null","int"]`, nil, "\x04\x02", "", "a union has no such branch"},
		{"union", `["int","string",{"type":"record","name":"x.R","fields":[{"name":"a","type":"long"}]}]`, nil, "\x04\x02", `{"int":null,"string":null,"R":{"a":1}}`, ""},
		{"union, enhanced", `["int",{"type":"record","name":"x.R","fields":[{"name":"a","type":"long"}]}]`, map[string]string{"enhanced.avro.schema.support": "true"}, "\x02\x02", `{"int":null,"x.R":{"a":1}}`, ""},
		{"union, general", `["int","string"]`, general, "\x02\x02x", `{"connect_union_field_0":null,"connect_union_field_1":"x"}`, ""},
		// AvroData counts null when it names the fields, and not when it looks for them.
		{"union, general, after null", `["null","int","string"]`, general, "\x02\x02", "", "DataException: connect_union_field_0 is not a valid field name"},
		{"union of enums", `[{"type":"enum","name":"x.E","symbols":["A"]},{"type":"enum","name":"x.F","symbols":["A","B"]}]`, nil, "\x02\x02", `{"E":null,"F":"B"}`, ""},
		{"union of fixed", `[{"type":"fixed","name":"E","size":1},{"type":"fixed","name":"F","size":1},"bytes"]`, nil, "\x02!", `{"E":null,"F":"IQ==","bytes":null}`, ""},
		{"union with int8", `[{"type":"int","connect.type":"int8"},"string"]`, nil, "\x00\x02", "", "Did not find matching union field for data"},
		{"null in a union", `["null","int","string"]`, nil, "\x00", `null`, ""},
		{"enum", `{"type":"enum","name":"E","symbols":["A","B"]}`, nil, "\x02", `"B"`, ""},
		{"no such symbol", `{"type":"enum","name":"E","symbols":["A","B"]}`, nil, "\x04", "", "an enum has no such symbol"},
		{"bytes without a length", `"bytes"`, nil, "\x02!", `"AiE="`, ""},
		{"decimal without a length", `{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}`, nil, "\x04\xce", `12.30`, ""},
		{"decimal", `{"type":"array","items":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}}`, nil, "\x02\x04\x04\xce\x00", `[12.30]`, ""},
		{"decimal of no bytes", `{"type":"array","items":{"type":"bytes","logicalType":"decimal","precision":4}}`, nil, "\x02\x00\x00", "", "NumberFormatException: Zero length BigInteger"},
		{"fixed decimal", `{"type":"fixed","name":"D","size":2,"logicalType":"decimal","precision":4,"scale":2,"connect.name":"org.apache.kafka.connect.data.Decimal"}`, nil, "\xff\xff", `-0.01`, ""},
		{"date", `{"type":"int","logicalType":"date"}`, nil, "\x01", `-1`, ""},
		{"time", `{"type":"int","logicalType":"time-millis"}`, nil, "\x02", `1`, ""},
		{"time out of a day", `{"type":"int","logicalType":"time-millis"}`, nil, "\x01", "", "DataException: Time values must use number of milliseconds greater than 0 and less than 86400000"},
		{"timestamp", `{"type":"long","logicalType":"timestamp-millis"}`, nil, "\x02", `1`, ""},
		{"a logical type by its old name", `{"type":"int","connect.name":"org.apache.kafka.connect.data.Date"}`, nil, "\x02", `1`, ""},
		{"a logical type on the wrong type", `{"type":"string","connect.name":"org.apache.kafka.connect.data.Date"}`, nil, "\x02x", "", "Invalid type for Date, underlying representation should be int32 but was class java.lang.String"},
		{"int16", `{"type":"int","connect.type":"int16"}`, nil, "\xfe\xff\x07", `-1`, ""},
		{"float", `"float"`, nil, "\x00\x00\x80\x3f", `1.0`, ""},
		{"an int of more than 32 bits", `"int"`, nil, "\x80\x80\x80\x80\x10", "", "an int has more than 32 bits"},
		{"a number without end", `"long"`, nil, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "", "invalid variable-length integer"},
		{"blocks", `{"type":"array","items":"int"}`, nil, "\x02\x02\x01\x02\x04\x02\x06\x00", `[1,2,3]`, ""},
		{"map of blocks, a key twice", `{"type":"map","values":"int"}`, nil, "\x02\x02a\x02\x04\x02b\x04\x02a\x06\x00", `{"a":3,"b":2}`, ""},
		{"map with numbers for keys", `{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"int"},{"name":"value","type":"string"}]}}`, nil,
			"\x04\x02\x02a\x02\x02b\x00", `[[1,"b"]]`, ""},
		{"map entries, the value first", `{"type":"array","items":{"type":"record","name":"E","connect.internal.type":"MapEntry","fields":[{"name":"value","type":"string"},{"name":"key","type":"int"}]}}`, nil,
			"\x02\x02a\x02\x00", `[[1,"a"]]`, ""},
		{"not UTF-8", `"string"`, nil, "\x06a\xffb", `"a` + "\uFFFD" + `b"`, ""},
		{"what follows does not count", `"int"`, nil, "\x02rest", `1`, ""},
		{"too many items of no size", `{"type":"array","items":{"type":"record","name":"R","fields":[]}}`, nil, "\xfe\xff\xff\xff\x0f", "", "too many items of no size"},
		{"more items than bytes", `{"type":"array","items":"double"}`, nil, "\x04\x00\x00\x00\x00\x00\x00\x00\x00", "", "a length is negative or greater than what is left"},
		{"a length below zero", `"string"`, nil, "\x01", "", "a length is negative or greater than what is left"},
		{"a record within itself", `{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}`, nil, "\x00", "", "The record L contains itself, which is not supported"},
		{"null alone", `"null"`, nil, "", "", "Standalone null schemas are not supported by this converter"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := opened(t, tc.props, tc.schema)
			s, v, err := c.ToConnect(data.NewArena(), "topic", framed([]byte(tc.data)))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := payload(t, s, v); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// Every record that ends too early is an error of the record, wherever it ends.
func TestTruncated(t *testing.T) {
	c, whole := opened(t, nil, orderSchema), framed(order(t))
	for n := range whole {
		_, _, err := c.ToConnect(data.NewArena(), "topic", whole[:n])
		var e *data.Error
		if !errors.As(err, &e) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		want := "org.apache.kafka.connect.errors.DataException: Failed to deserialize data for topic topic to Avro: "
		if n < headSize {
			want = "java.nio.BufferUnderflowException: "
		}
		if got := e.Class + ": " + e.Message; got != want {
			t.Fatalf("%d bytes: %s", n, got)
		}
	}
	if s, v, err := c.ToConnect(nil, "topic", nil); s != nil || !v.IsNull() || err != nil {
		t.Errorf("null: %v, %v, %v", s, v, err)
	}
}

func TestOtherFormats(t *testing.T) {
	c := opened(t, nil, `"int"`)
	for in, want := range map[string]string{
		`{"json":1}`:           "DataException: Failed to deserialize data for topic topic to Avro: : SerializationException: Unknown magic byte!",
		"\x00\x00\x00\x00\x02": "DataException: Failed to deserialize data for topic topic to Avro: : SerializationException: Error retrieving Avro schema for id 2: Schema not found; error code: 40403",
	} {
		if _, _, err := c.ToConnect(nil, "topic", []byte(in)); err == nil || err.Error() != want {
			t.Errorf("%q: %v", in, err)
		}
	}
	// The schema is known, but not as one of this topic: its version is not.
	_, _, err := c.ToConnect(nil, "elsewhere", []byte("\x00\x00\x00\x00\x01\x02"))
	if err == nil || !strings.HasSuffix(err.Error(), "Error retrieving Avro schema version for id 1: Subject not found; error code: 40401") || connect.IsMarked(err) && connect.Classify(err) != connect.ClassData {
		t.Errorf("got %v", err)
	}
}

var sampleSchema = data.Spec{Type: data.TypeStruct, Name: "n.S", Fields: []data.SchemaField{
	{Name: "i8", Schema: data.Of(data.TypeInt8, false)}, {Name: "i16", Schema: data.Of(data.TypeInt16, true)},
	{Name: "i32", Schema: data.Of(data.TypeInt32, false)}, {Name: "i64", Schema: data.Of(data.TypeInt64, false)},
	{Name: "f32", Schema: data.Of(data.TypeFloat32, false)}, {Name: "f64", Schema: data.Of(data.TypeFloat64, false)},
	{Name: "b", Schema: data.Of(data.TypeBoolean, false)}, {Name: "s", Schema: data.Of(data.TypeString, true)}, {Name: "y", Schema: data.Of(data.TypeBytes, false)},
	{Name: "dec", Schema: data.DecimalSchema(2, true)}, {Name: "date", Schema: data.Logical(data.LogicalDate, false)},
	{Name: "time", Schema: data.Logical(data.LogicalTime, false)}, {Name: "ts", Schema: data.Logical(data.LogicalTimestamp, true)},
	{Name: "list", Schema: data.Spec{Type: data.TypeArray, Elem: data.Of(data.TypeString, true)}.MustBuild()},
	{Name: "map", Schema: data.Spec{Type: data.TypeMap, Key: data.Of(data.TypeString, false), Elem: data.Of(data.TypeInt64, false)}.MustBuild()},
	{Name: "odd", Schema: data.Spec{Type: data.TypeMap, Key: data.Of(data.TypeInt32, false), Elem: data.Of(data.TypeString, false)}.MustBuild()},
	{Name: "inner", Schema: data.Spec{Type: data.TypeStruct, Optional: true, Fields: []data.SchemaField{{Name: "x", Schema: data.Of(data.TypeInt32, false)}}}.MustBuild()},
}}.MustBuild()

func sample() data.Value {
	inner := data.OfStruct(sampleSchema.Field("inner").Schema, data.OfInt32(1))
	return data.OfStruct(sampleSchema, data.OfInt8(-1), data.OfInt16(300), data.OfInt32(1<<30), data.OfInt64(-1<<60), data.OfFloat32(1.5), data.OfFloat64(-2.25),
		data.OfBool(true), data.OfString("ü\u2028"), data.OfByteBuffer([]byte{0, 255}), data.OfDecimal(big.NewInt(-1230), 2), data.OfDate(dayMillis), data.OfDate(1), data.OfDate(1730000000000),
		data.OfArray(data.OfString("a"), data.Value{}), data.OfMap(data.F("k", data.OfInt64(1))), data.OfPairs(data.OfInt32(7), data.OfString("seven")), inner)
}

// What is written is read back with its schema, names and logical types, and the version in the registry.
func TestRoundTrip(t *testing.T) {
	c := opened(t, nil)
	v := sample()
	b, null, err := c.FromConnect(nil, "topic", sampleSchema, &v)
	if null || err != nil {
		t.Fatal(null, err)
	}
	s, got, err := c.ToConnect(data.NewArena(), "topic", b)
	if err != nil {
		t.Fatal(err)
	}
	one, want := int32(1), sampleSchema.Spec()
	want.Version = &one
	if diff := cmp.Diff(shown(t, want.MustBuild(), data.OfStruct(want.MustBuild(), fieldValues(&v)...)), shown(t, s, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func fieldValues(v *data.Value) []data.Value {
	values := make([]data.Value, v.Len())
	for i := range values {
		values[i] = v.Fields()[i].Value
	}
	return values
}

func TestWithoutASchema(t *testing.T) {
	c := opened(t, nil)
	for _, text := range []string{`true`, `1`, `1.5`, `"x"`, `[]`, `[1,null,"a",[true]]`, `{}`, `{"a":{"b":[{}]},"c":null}`} {
		in, _, err := data.ParseJSON(nil, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		b, _, err := c.FromConnect(nil, "topic", nil, &in)
		if err != nil {
			t.Fatal(err)
		}
		s, v, err := c.ToConnect(data.NewArena(), "topic", b)
		if err != nil || s != nil {
			t.Fatal(s, err)
		}
		if got := string(v.AppendJSON(nil)); got != text {
			t.Errorf("%s came back as %s", text, got)
		}
	}
	deep := strings.Repeat("\x00\x00\x00\x00\x00\x00\x00\x02\x02", 2000)
	if _, _, err := c.ToConnect(data.NewArena(), "topic", framed([]byte(deep))); err == nil || !strings.Contains(err.Error(), errDeep.Error()) {
		t.Errorf("lists in lists: %v", err)
	}
}

func TestRefusesValues(t *testing.T) {
	null, text := data.Value{}, data.OfString("x")
	enum := data.Spec{Type: data.TypeString, Name: "E", Params: []data.Param{{Key: enumParam, Value: "E"}, {Key: enumParam + ".A", Value: "A"}}}.MustBuild()
	fixed := data.Spec{Type: data.TypeBytes, Name: "F", Params: []data.Param{{Key: propFixedSize, Value: "2"}}}.MustBuild()
	short := data.OfBytes([]byte{1})
	other := data.OfStruct(data.Spec{Type: data.TypeStruct}.MustBuild())
	enhanced := map[string]string{"enhanced.avro.schema.support": "true"}
	for _, tc := range []struct {
		props map[string]string
		s     *data.Schema
		v     *data.Value
		want  string
	}{
		{nil, data.Of(data.TypeInt8, false), &null, "DataException: Found null value for non-optional schema"},
		{nil, data.Of(data.TypeInt8, false), &text, "DataException: Invalid type for INT8: class java.lang.String"},
		{nil, data.Logical(data.LogicalDate, false), &text, "DataException: Invalid type for Date, expected Date but was class java.lang.String"},
		{nil, sampleSchema, &other, "DataException: Mismatching struct schema"},
		{enhanced, enum, &text, "DataException: Failed to serialize Avro data from topic topic :: SerializationException: Error serializing Avro message: no symbol of the enum: x"},
		{nil, fixed, &short, "DataException: Failed to serialize Avro data from topic topic :: SerializationException: Error serializing Avro message: fewer bytes than the fixed has"},
		{map[string]string{"value.subject.name.strategy": "RecordNameStrategy"}, data.Of(data.TypeString, false), &text, "DataException: Failed to serialize Avro data from topic topic :: " +
			"SerializationException: In configuration value.subject.name.strategy = RecordNameStrategy, the message value must only be a record schema"},
		{map[string]string{"auto.register.schemas": "false"}, data.Of(data.TypeString, false), &text, "DataException: Failed to serialize Avro data from topic topic :: " +
			`SerializationException: Error retrieving Avro schema"string": Subject not found; error code: 40401`},
	} {
		c := opened(t, tc.props)
		dst := []byte("before")
		out, _, err := c.FromConnect(dst, "topic", tc.s, tc.v)
		if err == nil || err.Error() != tc.want {
			t.Errorf("got %v\nwant %s", err, tc.want)
		}
		if string(out) != "before" {
			t.Errorf("what was there became %q", out)
		}
	}
}

func TestSubjects(t *testing.T) {
	for strategy, want := range map[string]string{"TopicNameStrategy": "topic-value", "io.confluent.kafka.serializers.subject.RecordNameStrategy": "n.S", "TopicRecordNameStrategy": "topic-n.S"} {
		c := opened(t, map[string]string{"value.subject.name.strategy": strategy})
		v := sample()
		b, _, err := c.FromConnect(nil, "topic", sampleSchema, &v)
		if err != nil {
			t.Fatal(err)
		}
		if id, version := registry.Mock(t.Name()).Register(want, ""); version != 2 {
			t.Errorf("%s: nothing was registered as %s (%d)", strategy, want, id)
		}
		if _, _, err := c.ToConnect(nil, "topic", b); err != nil {
			t.Errorf("%s: %v", strategy, err)
		}
	}
}

// remote is a converter with a registry behind HTTP.
func remote(t *testing.T, reg *registrytest.Registry, props map[string]string) convert.Converter {
	t.Helper()
	all := map[string]string{"schema.registry.url": reg.URL()}
	for k, v := range props {
		all[k] = v
	}
	c, _, err := New(convert.AvroConverter, all, false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRegistryAway(t *testing.T) {
	reg := registrytest.New(t)
	c := remote(t, reg, nil)
	v := sample()
	b, _, err := c.FromConnect(nil, "topic", sampleSchema, &v)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ToConnect(nil, "topic", b); err != nil {
		t.Fatal(err)
	}
	for _, away := range []func(){func() { reg.Fail(503) }, reg.Close} {
		away()
		if _, _, err := c.ToConnect(nil, "topic", b); err != nil {
			t.Errorf("a known schema: %v", err)
		}
		if again, _, err := c.FromConnect(nil, "topic", sampleSchema, &v); err != nil || string(again) != string(b) {
			t.Errorf("a known schema: %v", err)
		}
		_, _, errRead := c.ToConnect(nil, "topic", []byte{0, 0, 0, 0, 9})
		_, _, errWrite := c.FromConnect(nil, "topic", data.Of(data.TypeInt32, false), ref(data.OfInt32(1)))
		for _, err := range []error{errRead, errWrite} {
			var e *data.Error
			if !connect.IsRetriable(err) || !errors.As(err, &e) || e.Class != data.RetriableException {
				t.Errorf("an unknown schema: %v, want a retriable error", err)
			}
		}
	}
}

func ref(v data.Value) *data.Value { return &v }

func TestRegistryRefuses(t *testing.T) {
	reg := registrytest.New(t)
	if _, _, err := reg.Register("topic-value", `"string"`); err != nil {
		t.Fatal(err)
	}
	_, _, err := remote(t, reg, nil).FromConnect(nil, "topic", data.Of(data.TypeInt32, false), ref(data.OfInt32(1)))
	var e *data.Error
	if !errors.As(err, &e) || e.Class != data.ConfigException || !strings.HasPrefix(e.Message, "Failed to access Avro data from topic topic : Schema being registered is incompatible") || connect.IsMarked(err) {
		t.Errorf("an incompatible schema: %v, want an error of the record", err)
	}
	reg.Fail(403)
	if _, _, err = remote(t, reg, nil).ToConnect(nil, "topic", []byte{0, 0, 0, 0, 1}); connect.Classify(err) != connect.ClassFatal {
		t.Errorf("a login that is refused: %v, want a fatal error", err)
	}
}

func TestReferencesAreFollowed(t *testing.T) {
	reg := registrytest.New(t)
	for subject, schema := range map[string]string{"city": `{"type":"record","name":"x.City","fields":[{"name":"name","type":"string"}]}`} {
		if _, _, err := reg.Register(subject, schema); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := reg.Register("address", `{"type":"record","name":"x.Address","fields":[{"name":"city","type":"x.City"}]}`,
		sr.SchemaReference{Name: "x.City", Subject: "city", Version: 1}); err != nil {
		t.Fatal(err)
	}
	id, _, err := reg.Register("topic-value", `{"type":"record","name":"P","fields":[{"name":"home","type":"x.Address"},{"name":"born","type":"x.City"}]}`,
		sr.SchemaReference{Name: "x.Address", Subject: "address", Version: 1}, sr.SchemaReference{Name: "x.City", Subject: "city", Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(id)), "\x04Ulm\x06Bonn"...)
	b[5], b[9] = 6, 8
	s, v, err := remote(t, reg, nil).ToConnect(data.NewArena(), "topic", b)
	if err != nil {
		t.Fatal(err)
	}
	if got := payload(t, s, v); got != `{"home":{"city":{"name":"Ulm"}},"born":{"name":"Bonn"}}` {
		t.Errorf("got %s", got)
	}
}

// auto.register.schemas=false: with the latest version, an ID, or the schema as it is.
func TestWritesWithAGivenSchema(t *testing.T) {
	mine := data.Spec{Type: data.TypeStruct, Name: "R", Fields: []data.SchemaField{
		{Name: "a", Schema: data.Of(data.TypeInt32, false)}, {Name: "b", Schema: data.Of(data.TypeString, false)}}}.MustBuild()
	v := data.OfStruct(mine, data.OfInt32(1), data.OfString("x"))
	const (
		exact   = `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"string"}],"connect.name":"R"}`
		swapped = `{"type":"record","name":"R","fields":[{"name":"b","type":["null","string"]},{"name":"a","type":"long"}]}`
		less    = `{"type":"record","name":"R","fields":[{"name":"b","type":"string"}]}`
		more    = `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"string"},{"name":"c","type":"int","default":0}]}`
		foreign = `{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"string"}]}`
	)
	for _, tc := range []struct {
		name   string
		props  map[string]string
		schema string
		want   string // the bytes after the head, or
		err    string
	}{
		{"exact", nil, exact, "\x02\x02x", ""},
		{"not registered", nil, less, "", "Error retrieving Avro schema"},
		{"latest", map[string]string{"use.latest.version": "true"}, swapped, "\x02\x02x\x02", ""},
		{"latest with fewer fields", map[string]string{"use.latest.version": "true"}, less, "\x02x", ""},
		{"latest with more fields", map[string]string{"use.latest.version": "true"}, more, "", "the record has no field c to write"},
		{"latest of another type", map[string]string{"use.latest.version": "true"}, foreign, "", "Set latest.compatibility.strict=false to disable this check"},
		{"latest of another type, unchecked", map[string]string{"use.latest.version": "true", "latest.compatibility.strict": "false"}, foreign, "", "int cannot be written as string"},
		{"by ID", map[string]string{"use.schema.id": "1"}, swapped, "\x02\x02x\x02", ""},
		{"by an unknown ID", map[string]string{"use.schema.id": "7"}, swapped, "", "error code: 40403"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			props := map[string]string{"auto.register.schemas": "false"}
			for k, v := range tc.props {
				props[k] = v
			}
			b, _, err := opened(t, props, tc.schema).FromConnect(nil, "topic", mine, &v)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(framed([]byte(tc.want))), string(b)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLatestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := opened(t, map[string]string{"auto.register.schemas": "false", "use.latest.version": "true", "latest.cache.ttl.sec": "10"}, `"int"`)
		write := func() string {
			b, _, err := c.FromConnect(nil, "topic", data.Of(data.TypeInt32, false), ref(data.OfInt32(1)))
			if err != nil {
				t.Fatal(err)
			}
			return base64.StdEncoding.EncodeToString(b)
		}
		first := write()
		registry.Mock(t.Name()).Register("topic-value", `"long"`)
		still := write()
		time.Sleep(11 * time.Second)
		if now := write(); first != still || now != "AAAAAAIC" {
			t.Errorf("%s, %s, then %s", first, still, now)
		}
	})
}

// Plans are shared by all who use the converter.
func TestConcurrent(t *testing.T) {
	c, msg := opened(t, map[string]string{"schemas.cache.config": "1"}, orderSchema, `"int"`), framed(order(t))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			a := data.NewArena()
			for range 50 {
				a.Reset()
				s, v, err := c.ToConnect(a, "topic", msg)
				if err != nil {
					t.Error(err)
					return
				}
				if _, _, err := c.FromConnect(nil, "topic", s, &v); err != nil {
					t.Error(err)
				}
				if _, _, err := c.ToConnect(a, "topic", []byte{0, 0, 0, 0, 2, 2}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestNoAllocations(t *testing.T) {
	c, msg, a := opened(t, nil, orderSchema), framed(order(t)), data.NewArena()
	s, v, err := c.ToConnect(data.NewArena(), "topic", msg)
	if err != nil {
		t.Fatal(err)
	}
	var buf []byte
	if n := testing.AllocsPerRun(100, func() {
		a.Reset()
		_, _, _ = c.ToConnect(a, "topic", msg) // it worked above
		buf, _, _ = c.FromConnect(buf[:0], "topic", s, &v)
	}); n > 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func TestNew(t *testing.T) {
	if _, ok, err := New("JsonConverter", nil, false); ok || err != nil {
		t.Errorf("another class: %v, %v", ok, err)
	}
	for _, props := range []map[string]string{
		nil,
		{"schema.registry.url": "mock://a", "value.subject.name.strategy": "com.example.Mine"},
		{"schema.registry.url": "mock://a", "context.name.strategy": "com.example.Mine"},
		{"schema.registry.url": "mock://a", "rule.executors": "encrypt"},
		{"schema.registry.url": "mock://a", "use.latest.with.metadata": "k=v"},
		{"schema.registry.url": "mock://a", "avro.use.logical.type.converters": "true"},
		{"schema.registry.url": "mock://a", "bearer.auth.custom.provider.class": "com.example.Mine"},
		{"schema.registry.url": "http://a,mock://a"},
	} {
		_, ok, err := New(convert.AvroConverter, props, false)
		var e *data.Error
		if !ok || !errors.As(err, &e) || e.Class != data.ConfigException {
			t.Errorf("%v: %v, want a ConfigException", props, err)
		}
	}
}
