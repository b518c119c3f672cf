package smt_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
	"github.com/connectless/connectless/core/transform/smt"
	"github.com/connectless/connectless/core/trigger"
)

const java = "org.apache.kafka.connect.transforms."

// props reads "key=value" lines.
func props(lines ...string) map[string]string {
	m := map[string]string{}
	for _, line := range lines {
		k, v, _ := strings.Cut(line, "=")
		m[k] = v
	}
	return m
}

func mustNew(t testing.TB, class string, lines ...string) transform.Transform {
	t.Helper()
	tr, err := smt.New(class, props(lines...))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func mustChain(t testing.TB, transforms ...transform.Transform) *smt.Chain {
	var stages []smt.Stage
	for _, tr := range transforms {
		stages = append(stages, smt.Stage{Transform: tr})
	}
	return smt.ChainOf(stages...)
}

// record is a consumed record whose value is the JSON.
func record(t testing.TB, json string) *connect.Record {
	t.Helper()
	a := data.NewArena()
	a.PoisonOnReset()
	r := &connect.Record{Topic: "orders", Partition: 1, Timestamp: 1709251199999, Arena: a,
		Origin: &trigger.Message{Topic: "orders", Partition: 1, Offset: 42, Timestamp: 1709251199999, Key: []byte("k"), Value: []byte(json)}}
	v, _, err := data.ParseJSON(a, r.Origin.Value)
	if err != nil {
		t.Fatal(err)
	}
	r.Value = v
	return r
}

func text(v *data.Value) string { return string(v.AppendJSON(nil)) }

// TestUntouchedStaysBytes checks that what no transform reads comes out as it came in, spelling and white space included.
func TestUntouchedStaysBytes(t *testing.T) {
	tests := []struct {
		name      string
		transform transform.Transform
		in, want  string
	}{
		{"insert", mustNew(t, "InsertField$Value", "topic.field=_t", "offset.field=_o"),
			`{"n":1.10,"in":{ "x" : 1e2 },"l":[1, 2]}`, `{"n":1.10,"in":{ "x" : 1e2 },"l":[1, 2],"_t":"orders","_o":42}`},
		{"insert over", mustNew(t, "InsertField$Value", "static.field=n", "static.value=v"), `{"n":{ },"m":[ ]}`, `{"n":"v","m":[ ]}`},
		{"replace", mustNew(t, "ReplaceField$Value", "exclude=b", "renames=a:x,c:y"), `{"a":[1, 2],"b":0,"c":{ },"d":1.0}`, `{"x":[1, 2],"y":{ },"d":1.0}`},
		{"include", mustNew(t, "ReplaceField$Value", "include=c,a", "renames=c:d"), `{"a":{ },"b":0,"c":-0.0}`, `{"a":{ },"d":-0.0}`},
		{"extract", mustNew(t, "ExtractField$Value", "field=a.b", "field.syntax.version=V2"), `{"a":{"b":{ "c" : 1.00 }}}`, `{ "c" : 1.00 }`},
		{"flatten", mustNew(t, "Flatten$Value", "delimiter=_"), `{"a":{"b":{"c":1.0},"e":{}},"l":[ {"z":1} ]}`, `{"a_b_c":1.0,"l":[ {"z":1} ]}`},
		{"hoist", mustNew(t, "HoistField$Value", "field=w"), `{"x":[ 1 ]}`, `{"w":{"x":[ 1 ]}}`},
		{"mask", mustNew(t, "MaskField$Value", "fields=a,b,c"), `{"a":"x","b":{"q":1},"c":1.5,"d":[ ]}`, `{"a":"","b":{},"c":0.0,"d":[ ]}`},
		{"cast", mustNew(t, "Cast$Value", "spec=a:int8,b:string"), `{"a":300,"b":1.50,"c":{ }}`, `{"a":44,"b":"1.5","c":{ }}`},
		{"time", mustNew(t, "TimestampConverter$Value", "field=t", "target.type=string", "format=yyyy-MM-dd"), `{"t":1709251199999,"u":{ }}`, `{"t":"2024-02-29","u":{ }}`},
		{"header move", mustNew(t, "HeaderFrom$Value", "fields=a", "headers=h", "operation=move"), `{"a":1,"b":{ }}`, `{"b":{ }}`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			r := record(t, tc.in)
			if keep, err := tc.transform.Apply(r); err != nil || !keep {
				t.Fatal(keep, err)
			}
			if got := text(&r.Value); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestRenameOntoExisting checks which of two fields stays: the one that Java's HashMap comes to last.
func TestRenameOntoExisting(t *testing.T) {
	tr := mustNew(t, "ReplaceField$Value", "renames=b:a")
	for _, in := range []string{`{"a":1,"b":2}`, `{"b":2,"a":1}`} {
		r := record(t, in)
		if _, err := tr.Apply(r); err != nil {
			t.Fatal(err)
		}
		if got := text(&r.Value); got != `{"a":2}` { // "a" is in bucket 1 of 16, "b" in bucket 2
			t.Errorf("%s became %s, want the value of b", in, got)
		}
	}
}

// TestFlattenSameName checks the same for names that become equal.
func TestFlattenSameName(t *testing.T) {
	r := record(t, `{"a.b":1,"a":{"b":2},"c":3}`)
	if _, err := mustNew(t, "Flatten$Value").Apply(r); err != nil {
		t.Fatal(err)
	}
	// "a" is in bucket 1 of 16, "a.b" in bucket 4: it comes last.
	if got := text(&r.Value); got != `{"a.b":1,"c":3}` {
		t.Errorf("got %s", got)
	}
}

// TestKeyOrder checks the bytes of a key, by which Java's producer chooses the partition.
func TestKeyOrder(t *testing.T) {
	r := record(t, `{"region":"eu","id":7,"customer":"c"}`)
	if _, err := mustNew(t, "ValueToKey", "fields=id,customer,region").Apply(r); err != nil {
		t.Fatal(err)
	}
	// A HashMap made for three has four buckets: region is in 0, id and customer in 3.
	if got, want := text(&r.Key), `{"region":"eu","id":7,"customer":"c"}`; got != want {
		t.Errorf("key %s, want %s", got, want)
	}
}

// TestCopiesAreCopies checks that a value which was copied into a header or the key does not change with its original,
// map or struct.
func TestCopiesAreCopies(t *testing.T) {
	plain, typed := record(t, `{"a":{"b":"1"}}`), record(t, `{"a":{"b":"1"}}`)
	plain.Value.Get("a").Get("b") // look into the span, so that there is a tree to share
	typed.ValueSchema, typed.Value = typedAs(&typed.Value)
	chain := mustChain(t,
		mustNew(t, "HeaderFrom$Value", "fields=a", "headers=h", "operation=copy"),
		mustNew(t, "ValueToKey", "fields=a"),
		mustNew(t, "ExtractField$Value", "field=a"),
		mustNew(t, "InsertField$Value", "static.field=c", "static.value=new"),
		mustNew(t, "ReplaceField$Value", "renames=b:d"),
		mustNew(t, "Cast$Value", "spec=d:int8"),
	)
	for _, r := range []*connect.Record{plain, typed} {
		if _, err := chain.Apply(r); err != nil {
			t.Fatal(err)
		}
		got := []string{text(&r.Headers[0].Value), text(&r.Key), text(&r.Value)}
		if diff := cmp.Diff([]string{`{"b":"1"}`, `{"a":{"b":"1"}}`, `{"d":1,"c":"new"}`}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestDefaultsAreCopies checks that a default read from a schema is not changed through the record it went into.
func TestDefaultsAreCopies(t *testing.T) {
	m := data.OfMap(data.F("x", data.OfString("1")))
	field := data.Spec{Type: data.TypeMap, Key: data.Of(data.TypeString, false), Elem: data.Of(data.TypeString, false), Optional: true, Default: &m}.MustBuild()
	schema := data.Spec{Type: data.TypeStruct, Fields: []data.SchemaField{{Name: "m", Schema: field}}}.MustBuild()
	r := &connect.Record{ValueSchema: schema, Value: data.OfStruct(schema)}
	if _, err := mustNew(t, "ExtractField$Value", "field=m").Apply(r); err != nil {
		t.Fatal(err)
	}
	r.Value.Set("x", data.OfString("changed"))
	if got := text(field.Default()); got != `{"x":"1"}` {
		t.Errorf("the default became %s", got)
	}
}

// TestErrorLeavesOrigin checks that what a dead letter is made of stays as it was consumed, and who is blamed.
func TestErrorLeavesOrigin(t *testing.T) {
	const in = `{"t":"not a time","secret":"x"}`
	chain, err := smt.NewChain(props(
		"transforms=route,mask,time",
		"transforms.route.type="+java+"RegexRouter", "transforms.route.regex=.*", "transforms.route.replacement=elsewhere",
		"transforms.mask.type="+java+"MaskField$Value", "transforms.mask.fields=secret",
		"transforms.time.type="+java+"TimestampConverter$Value", "transforms.time.field=t", "transforms.time.target.type=unix", "transforms.time.format=yyyy-MM-dd",
	))
	if err != nil {
		t.Fatal(err)
	}
	r := record(t, in)
	keep, err := chain.Apply(r)
	var stage *smt.StageError
	var cause *data.Error
	if keep || !errors.As(err, &stage) || !errors.As(err, &cause) {
		t.Fatalf("keep %v, error %v", keep, err)
	}
	if stage.Alias != "time" || stage.Class != java+"TimestampConverter$Value" {
		t.Errorf("blamed %q, %q", stage.Alias, stage.Class)
	}
	if want := "Could not parse timestamp: value (not a time) does not match pattern (yyyy-MM-dd)"; cause.Class != data.DataException || cause.Message != want {
		t.Errorf("got %s: %s", cause.Class, cause.Message)
	}
	if !strings.HasPrefix(err.Error(), "transforms.time: ") {
		t.Errorf("the message does not say which transform: %v", err)
	}
	want := &trigger.Message{Topic: "orders", Partition: 1, Offset: 42, Timestamp: 1709251199999, Key: []byte("k"), Value: []byte(in)}
	if diff := cmp.Diff(want, r.Origin); diff != "" {
		t.Errorf("the origin changed (-want +got):\n%s", diff)
	}
}

// TestTimestamps checks what counts as a record without a time.
func TestTimestamps(t *testing.T) {
	insert := mustNew(t, "InsertField$Value", "timestamp.field=ts")
	route := mustNew(t, "TimestampRouter", "timestamp.format=yyyy")
	tests := []struct {
		name         string
		stamp        int64
		origin       *trigger.Message
		value, topic string // no topic: an error
	}{
		{"consumed with a time", 5, &trigger.Message{Timestamp: 5}, `{"ts":5}`, "orders-1970"},
		{"consumed without", trigger.NoTimestamp, &trigger.Message{Timestamp: trigger.NoTimestamp}, `{}`, ""},
		{"from a source without", trigger.NoTimestamp, nil, `{}`, ""},
		{"set to one millisecond before 1970", -1, &trigger.Message{Timestamp: 5}, `{"ts":-1}`, "orders-1969"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			r := record(t, `{}`)
			r.Timestamp, r.Origin = tc.stamp, tc.origin
			if _, err := insert.Apply(r); err != nil || text(&r.Value) != tc.value {
				t.Errorf("value %s, error %v; want %s", text(&r.Value), err, tc.value)
			}
			_, err := route.Apply(r)
			if (err != nil) != (tc.topic == "") || err == nil && r.Topic != tc.topic {
				t.Errorf("topic %q, error %v; want %q", r.Topic, err, tc.topic)
			}
		})
	}
}

// TestSchemaPointerIsStable checks that equal input schemas give one output schema, which everything downstream that
// plans per schema relies on.
func TestSchemaPointerIsStable(t *testing.T) {
	build := func(name string) *data.Schema {
		return data.Spec{Type: data.TypeStruct, Name: name, Fields: []data.SchemaField{{Name: "a", Schema: data.Of(data.TypeInt32, true)}}}.MustBuild()
	}
	tr := mustNew(t, "InsertField$Value", "topic.field=t")
	apply := func(s *data.Schema) *data.Schema {
		r := &connect.Record{Topic: "t", ValueSchema: s, Value: data.OfStruct(s, data.OfInt32(1))}
		if _, err := tr.Apply(r); err != nil {
			t.Fatal(err)
		}
		if r.Value.Schema() != r.ValueSchema {
			t.Fatal("the value is of another schema than the record says")
		}
		return r.ValueSchema
	}
	one, two := apply(build("x")), apply(build("x"))
	if one != two {
		t.Error("equal schemas gave different results")
	}
	if apply(build("y")) == one {
		t.Error("different schemas gave the same result")
	}
	for i := range 1000 { // more than are remembered
		if got := apply(build(fmt.Sprint(i))).Name(); got != fmt.Sprint(i) {
			t.Fatalf("schema %d gave the plan of %q", i, got)
		}
	}
}

// TestConcurrent uses one chain from several goroutines, each with records and schemas of its own; for the race detector.
func TestConcurrent(t *testing.T) {
	chain, err := smt.NewChain(props(
		"transforms=route,drop,insert,cast,time,flatten,key",
		"transforms.route.type="+java+"RegexRouter", "transforms.route.regex=(.*)-(\\d+)", "transforms.route.replacement=$2.$1",
		"transforms.drop.type="+java+"Filter", "transforms.drop.predicate=never", "predicates=never",
		"predicates.never.type="+java+"predicates.TopicNameMatches", "predicates.never.pattern=(?!x).*never",
		"transforms.insert.type="+java+"InsertField$Value", "transforms.insert.topic.field=topic", "transforms.insert.timestamp.field=ts",
		"transforms.cast.type="+java+"Cast$Value", "transforms.cast.spec=n:string",
		"transforms.time.type="+java+"TimestampConverter$Value", "transforms.time.field=ts", "transforms.time.target.type=string", "transforms.time.format=yyyy-MM-dd",
		"transforms.flatten.type="+java+"Flatten$Value",
		"transforms.key.type="+java+"ValueToKey", "transforms.key.fields=n,topic",
	))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 300 {
				r := record(t, fmt.Sprintf(`{"n":%d,"deep":{"er":[1]}}`, i))
				r.Topic = fmt.Sprintf("t%d-%d", g, i%50)
				if i%2 == 0 {
					inner := data.Spec{Type: data.TypeStruct, Fields: []data.SchemaField{{Name: "er", Schema: data.Of(data.TypeString, true)}}}.MustBuild()
					r.ValueSchema = data.Spec{Type: data.TypeStruct, Name: fmt.Sprint(i % 20), Fields: []data.SchemaField{
						{Name: "n", Schema: data.Of(data.TypeInt32, false)}, {Name: "deep", Schema: inner}}}.MustBuild()
					r.Value = data.OfStruct(r.ValueSchema, data.OfInt32(int32(i)), data.OfStruct(inner, data.OfString("x")))
				}
				if keep, err := chain.Apply(r); !keep || err != nil {
					t.Error(keep, err)
					return
				}
				topic := fmt.Sprintf("%d.t%d", i%50, g)
				if n, named := r.Key.Get("n"), r.Key.Get("topic"); n.Text() != fmt.Sprint(i) || named.Text() != topic || r.Value.Get("ts").Text() != "2024-02-29" {
					t.Errorf("record %d of %d: key %s, value %s", i, g, text(&r.Key), text(&r.Value))
				}
			}
		})
	}
	wg.Wait()
}

// TestNoArena checks that a record without an arena works the same, on the garbage collector's memory.
func TestNoArena(t *testing.T) {
	chain, err := smt.NewChain(usual)
	if err != nil {
		t.Fatal(err)
	}
	with, without := record(t, order), record(t, order)
	without.Arena = nil
	v, _, err := data.ParseJSON(nil, []byte(order))
	if err != nil {
		t.Fatal(err)
	}
	without.Value = v
	for _, r := range []*connect.Record{with, without} {
		if _, err := chain.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	if text(&with.Value) != text(&without.Value) {
		t.Errorf("with an arena    %s\nwithout an arena %s", text(&with.Value), text(&without.Value))
	}
}

// TestNoAllocation holds the usual chain to memory of the arena.
func TestNoAllocation(t *testing.T) {
	chain, err := smt.NewChain(usual)
	if err != nil {
		t.Fatal(err)
	}
	r := record(t, order)
	a, origin := r.Arena, r.Origin
	n := testing.AllocsPerRun(100, func() {
		a.Reset()
		fields := a.MakeFields(1, 8)
		fields[0] = data.F("created_at", data.OfInt64(1709251199999))
		*r = connect.Record{Topic: "orders", Timestamp: 5, Arena: a, Origin: origin, Value: a.Map(fields)}
		if _, err := chain.Apply(r); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per record", n)
	}
}
