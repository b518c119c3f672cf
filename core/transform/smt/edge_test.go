package smt_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// TestOtherKeys runs transforms on a map whose keys are not all strings, which a source connector may hand over.
func TestOtherKeys(t *testing.T) {
	tests := []struct {
		class    string
		settings []string
		want     string // an exception's class if it has a dot in front
	}{
		{"InsertField$Value", []string{"static.field=new", "static.value=v"}, `[[1,"one"],["a","x"],["new","v"]]`},
		{"InsertField$Value", []string{"static.field=a", "static.value=v"}, `[[1,"one"],["a","v"]]`},
		{"MaskField$Value", []string{"fields=a"}, `[[1,"one"],["a",""]]`},
		{"HeaderFrom$Value", []string{"fields=a,b", "headers=h,i", "operation=move"}, `[[1,"one"]]`},
		{"ExtractField$Value", []string{"field=a"}, `"x"`},
		{"ExtractField$Value", []string{"field=b"}, `null`},
		{"ReplaceField$Value", []string{"exclude=a"}, "." + data.ClassCast},
		{"Flatten$Value", nil, "." + data.ClassCast},
	}
	for _, tc := range tests {
		t.Run(tc.class+" "+tc.want, func(t *testing.T) {
			r := record(t, `null`)
			r.Value = data.OfPairs(data.OfInt32(1), data.OfString("one"), data.OfString("a"), data.OfString("x"))
			_, err := mustNew(t, tc.class, tc.settings...).Apply(r)
			got := text(&r.Value)
			var e *data.Error
			if errors.As(err, &e) {
				got = "." + e.Class
			}
			if got != tc.want {
				t.Errorf("got %s, error %v; want %s", got, err, tc.want)
			}
		})
	}
}

// TestManyNames takes the paths for more fields than are compared one by one.
func TestManyNames(t *testing.T) {
	var in, list []string
	for i := range 40 {
		in = append(in, fmt.Sprintf(`"f%d":%d`, i, i))
		if i >= 2 {
			list = append(list, fmt.Sprintf("f%d", i))
		}
	}
	r := record(t, "{"+strings.Join(in, ",")+"}")
	chain := mustChain(t, mustNew(t, "Flatten$Value"), mustNew(t, "ReplaceField$Value", "exclude="+strings.Join(list, ","), "renames=f1:g"))
	if _, err := chain.Apply(r); err != nil || text(&r.Value) != `{"f0":0,"g":1}` {
		t.Errorf("got %s, error %v", text(&r.Value), err)
	}
	r = record(t, `{"a":{"b":1},`+strings.Join(in, ",")+`,"a.b":2}`)
	if _, err := mustNew(t, "Flatten$Value").Apply(r); err != nil || r.Value.Len() != 41 || r.Value.Get("a.b") == nil {
		t.Errorf("got %s, error %v", text(&r.Value), err)
	}
}

func optionalInt(def int32) *data.Schema {
	d := data.OfInt32(def)
	return data.Spec{Type: data.TypeInt32, Optional: true, Default: &d}.MustBuild()
}

func structSchema(fields ...data.SchemaField) data.Spec {
	return data.Spec{Type: data.TypeStruct, Fields: fields}
}

// rebuilders are transforms that make a new struct, with what they make of {"d":null,"n":null} where 7 is d's default.
var rebuilders = []struct {
	class    string
	settings []string
	replaced string
}{
	{"Cast$Value", []string{"spec=n:string"}, `{"d":7,"n":null}`},
	{"Cast$Value", []string{"spec=d:string"}, `{"d":"7","n":null}`},
	{"MaskField$Value", []string{"fields=d"}, `{"d":0,"n":null}`},
	{"ReplaceField$Value", []string{"exclude=x"}, `{"d":7,"n":null}`},
	{"InsertField$Value", []string{"static.field=s", "static.value=v"}, `{"d":7,"n":null,"s":"v"}`},
	{"HeaderFrom$Value", []string{"fields=n", "headers=h", "operation=move"}, `{"d":7}`},
	{"SetSchemaMetadata$Value", []string{"schema.name=x"}, `{"d":7,"n":null}`},
	{"TimestampConverter$Value", []string{"field=x", "target.type=unix"}, `{"d":7,"n":null}`},
}

// TestNulls checks who reads a null field as its default.
func TestNulls(t *testing.T) {
	schema := structSchema(data.SchemaField{Name: "d", Schema: optionalInt(7)}, data.SchemaField{Name: "n", Schema: data.Of(data.TypeInt32, true)}).MustBuild()
	for _, tc := range rebuilders {
		t.Run(tc.class, func(t *testing.T) {
			apply := func(settings ...string) string {
				r := record(t, `null`)
				r.ValueSchema, r.Value = schema, data.OfStruct(schema)
				if _, err := mustNew(t, tc.class, settings...).Apply(r); err != nil {
					t.Fatal(err)
				}
				return text(&r.Value)
			}
			if got := apply(tc.settings...); got != tc.replaced {
				t.Errorf("got %s, want %s", got, tc.replaced)
			}
			if got := apply(append(tc.settings, "replace.null.with.default=false")...); !strings.HasPrefix(got, `{"d":null`) {
				t.Errorf("with replace.null.with.default=false got %s", got)
			}
		})
	}
}

// TestNullWhereRequired checks that a struct which was never valid is found out, as when InsertField left out the
// partition of a record that has none.
func TestNullWhereRequired(t *testing.T) {
	schema := structSchema(data.SchemaField{Name: "d", Schema: data.Of(data.TypeInt32, false)}, data.SchemaField{Name: "n", Schema: data.Of(data.TypeInt32, true)}).MustBuild()
	for _, tc := range rebuilders {
		t.Run(tc.class, func(t *testing.T) {
			r := record(t, `null`)
			r.ValueSchema, r.Value = schema, data.OfStruct(schema)
			_, err := mustNew(t, tc.class, tc.settings...).Apply(r)
			var e *data.Error
			if !errors.As(err, &e) || e.Class != data.DataException || !strings.HasPrefix(e.Message, `Invalid value: null used for required field: "d"`) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestStructDefault checks schemas that have a struct as their default: it follows the schema.
func TestStructDefault(t *testing.T) {
	spec := structSchema(data.SchemaField{Name: "t", Schema: data.Of(data.TypeInt64, true)})
	bare := spec.MustBuild()
	def := data.OfStruct(bare, data.OfInt64(86400000))
	spec.Default = &def
	schema := spec.MustBuild()
	for _, tc := range []struct {
		class    string
		settings []string
		want     string
	}{
		{"TimestampConverter$Value", []string{"field=t", "target.type=string", "format=yyyy-MM-dd"}, `{"t":"1970-01-02"}`},
		{"SetSchemaMetadata$Value", []string{"schema.version=2"}, `{"t":86400000}`},
	} {
		r := record(t, `null`)
		r.ValueSchema, r.Value = schema, data.OfStruct(schema, data.OfInt64(0))
		if _, err := mustNew(t, tc.class, tc.settings...).Apply(r); err != nil {
			t.Fatal(err)
		}
		d := r.ValueSchema.Default()
		if d == nil || text(d) != tc.want {
			t.Errorf("%s: default %s, want %s", tc.class, text(d), tc.want)
		}
		if got := text(schema.Default()); got != `{"t":86400000}` {
			t.Errorf("%s: the default of the schema before became %s", tc.class, got)
		}
	}
	r := record(t, `null`)
	r.ValueSchema, r.Value = schema, data.OfStruct(schema, data.OfInt64(0))
	if _, err := mustNew(t, "Cast$Value", "spec=t:string").Apply(r); err == nil || !strings.Contains(err.Error(), "does not support casting from STRUCT") {
		t.Errorf("a cast of a struct that is a default: %v", err)
	}
}

// TestUnits checks that times which do not fit become the largest or the smallest, as Java's TimeUnit has it.
func TestUnits(t *testing.T) {
	for _, tc := range []struct {
		from, want int64
		precision  string
	}{
		{math.MaxInt64, math.MaxInt64, "seconds"},
		{math.MinInt64, math.MinInt64, "seconds"},
		{1, 1000, "seconds"},
		{-1999, -1, "microseconds"},
	} {
		r := record(t, `null`)
		r.Value = data.OfInt64(tc.from)
		if _, err := mustNew(t, "TimestampConverter$Value", "target.type=Timestamp", "unix.precision="+tc.precision).Apply(r); err != nil {
			t.Fatal(err)
		}
		if r.Value.Kind() != data.Date || r.Value.Int() != tc.want {
			t.Errorf("%d %s became %d, want %d", tc.from, tc.precision, r.Value.Int(), tc.want)
		}
	}
}

// TestTimeOfDay checks the target Time against what java.util.Calendar in JDK 17 made of the same times.
func TestTimeOfDay(t *testing.T) {
	for _, tc := range []struct{ from, want int64 }{
		{1704067199123, 86399123},
		{-1, 86399999},
		{-12219292800001, 86399999},
		{-62135769600000, 0},
		{-62135769600001, -124304198400001}, // before Christ the year 1970 is another
		{-70000000000000, -124304214400000},
	} {
		r := record(t, `null`)
		r.Value = data.OfInt64(tc.from)
		if _, err := mustNew(t, "TimestampConverter$Value", "target.type=Time").Apply(r); err != nil {
			t.Fatal(err)
		}
		if r.Value.Kind() != data.Date || r.Value.Int() != tc.want {
			t.Errorf("%d became %d, want %d", tc.from, r.Value.Int(), tc.want)
		}
	}
}

// TestRecordText checks what a message shows of a record whose header nobody has decoded.
func TestRecordText(t *testing.T) {
	r := record(t, `{"a":1}`)
	r.Timestamp, r.Origin.Timestamp, r.TimestampType = trigger.NoTimestamp, trigger.NoTimestamp, trigger.NoTimestampType
	r.Headers = connect.Headers{{Key: "h", Raw: []byte("raw"), Encoded: true}}
	_, err := mustNew(t, "TimestampRouter").Apply(r)
	want := "Timestamp missing on record: SinkRecord{kafkaOffset=42, timestampType=NoTimestampType, originalTopic=orders, originalKafkaPartition=1, originalKafkaOffset=42} " +
		"ConnectRecord{topic='orders', kafkaPartition=1, key=null, keySchema=null, value={a=1}, valueSchema=null, timestamp=null, headers=ConnectHeaders(headers=[ConnectHeader(key=h, value=raw, schema=null)])}"
	var e *data.Error
	if !errors.As(err, &e) || e.Message != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
