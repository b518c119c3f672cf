package avroschema_test

import (
	"strings"
	"testing"

	"github.com/connectless/connectless/core/convert/avro/avroschema"
)

func parse(t testing.TB, text string) *avroschema.Schema {
	t.Helper()
	s, err := avroschema.Parse([]byte(text), avroschema.Options{CheckDefaults: true})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

// What is read is written as Java's Schema.toString does: keys in its order, names that are known by reference, the
// namespace where it changes.
func TestPrintsAsJava(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`"int"`, `"int"`},
		{`{"type":"int"}`, `"int"`},
		{`{ "z" : 1.50, "type" : "string" , "a":[1,{"b":null}]}`, `{"type":"string","z":1.5,"a":[1,{"b":null}]}`},
		{`["null",{"type":"long","logicalType":"timestamp-micros"}]`, `["null",{"type":"long","logicalType":"timestamp-micros"}]`},
		{`{"fields":[],"doc":"d","aliases":["A","y.B"],"name":"R","namespace":"x","type":"record","p":1}`,
			`{"type":"record","name":"R","namespace":"x","doc":"d","fields":[],"p":1,"aliases":["A","y.B"]}`},
		{`{"type":"record","name":"x.R","fields":[{"default":1,"type":"int","order":"descending","doc":"fd","aliases":["g"],"q":2,"name":"f"}]}`,
			`{"type":"record","name":"R","namespace":"x","fields":[{"name":"f","type":"int","doc":"fd","default":1,"order":"descending","aliases":["g"],"q":2}]}`},
		{`{"type":"record","name":"x.R","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}},{"name":"b","type":"E"},
			{"name":"c","type":{"type":"fixed","name":"y.F","size":4}},{"name":"d","type":{"type":"map","values":"y.F"}},{"name":"e","type":["null","R"],"default":null}]}`,
			`{"type":"record","name":"R","namespace":"x","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["A","B"],"default":"A"}},{"name":"b","type":"E"},` +
				`{"name":"c","type":{"type":"fixed","name":"F","namespace":"y","size":4}},{"name":"d","type":{"type":"map","values":"y.F"}},{"name":"e","type":["null","R"],"default":null}]}`},
		{`{"type":"record","name":"x.R","fields":[{"name":"a","type":{"type":"record","name":"N","namespace":"","fields":[]}}]}`,
			`{"type":"record","name":"R","namespace":"x","fields":[{"name":"a","type":{"type":"record","name":"N","namespace":"","fields":[]}}]}`},
		{`{"type":"error","name":"Bad","fields":[]}`, `{"type":"error","name":"Bad","fields":[]}`},
		{`{"type":"record","name":"Ünïcode","fields":[{"name":"ключ","type":"string","default":"\u0041<"}]}`,
			`{"type":"record","name":"Ünïcode","fields":[{"name":"ключ","type":"string","default":"A<"}]}`},
	} {
		s := parse(t, tc.in)
		if got := s.String(); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.in, got, tc.want)
		}
		if again := parse(t, s.String()); !again.Equal(s) {
			t.Errorf("%s: is another schema when it is read again", tc.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for in, want := range map[string]string{
		``:                              "SchemaParseException: ",
		`{`:                             "SchemaParseException: ",
		`1`:                             "SchemaParseException: Schema not yet supported: 1",
		`{}`:                            "SchemaParseException: No type: {}",
		`"Foo"`:                         `SchemaParseException: Undefined name: "Foo"`,
		`{"type":"foo"}`:                "SchemaParseException: Type not supported: foo",
		`{"type":"record","name":"R"}`:  `SchemaParseException: Record has no fields: {"type":"record","name":"R"}`,
		`{"type":"record","fields":[]}`: `SchemaParseException: No name in schema: {"type":"record","fields":[]}`,
		`{"type":"record","name":"1","fields":[]}`:                        "SchemaParseException: Illegal initial character: 1",
		`{"type":"record","name":"a-b","fields":[]}`:                      "SchemaParseException: Illegal character in: a-b",
		`{"type":"record","name":"int","fields":[]}`:                      "AvroTypeException: Schemas may not be named after primitives: int",
		`{"type":"array"}`:                                                `SchemaParseException: Array has no items type: {"type":"array"}`,
		`{"type":"map"}`:                                                  `SchemaParseException: Map has no values type: {"type":"map"}`,
		`{"type":"enum","name":"E"}`:                                      `SchemaParseException: Enum has no symbols: {"type":"enum","name":"E"}`,
		`{"type":"enum","name":"E","symbols":["A","A"]}`:                  "SchemaParseException: Duplicate enum symbol: A",
		`{"type":"enum","name":"E","symbols":["A"],"default":"B"}`:        "SchemaParseException: The Enum Default: B is not in the enum symbol set: [A]",
		`{"type":"fixed","name":"F"}`:                                     `SchemaParseException: Invalid or no size: {"type":"fixed","name":"F"}`,
		`{"type":"fixed","name":"F","size":-1}`:                           "IllegalArgumentException: Invalid fixed size: -1",
		`["int","int"]`:                                                   "AvroRuntimeException: Duplicate in union:int",
		`["int",["null"]]`:                                                `AvroRuntimeException: Nested union: ["int",["null"]]`,
		`{"type":"record","name":"R","fields":[{"name":"a","type":"X"}]}`: `SchemaParseException: "X" is not a defined name. The type of the "a" field must be a defined name or a {"type": ...} expression.`,
		`{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}`:      "AvroRuntimeException: Duplicate field a in record R: a",
		`{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}`:                  `AvroTypeException: Invalid default for field a: "x" not a "int"`,
		`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"R","size":1}}]}`: "SchemaParseException: Can't redefine: R",
		strings.Repeat(`{"type":"array","items":`, 2000) + `"int"` + strings.Repeat(`}`, 2000):             "SchemaParseException: ",
	} {
		_, err := avroschema.Parse([]byte(in), avroschema.Options{CheckDefaults: true})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.100s\n got %v\nwant %s", in, err, want)
		}
	}
}

func TestTwoTypesOfOneName(t *testing.T) {
	record := func(size int) *avroschema.Schema {
		return &avroschema.Schema{Kind: avroschema.Fixed, Name: avroschema.Name{Name: "F"}, Size: size}
	}
	s := &avroschema.Schema{Kind: avroschema.Union, Branches: []*avroschema.Schema{record(1), record(2)}}
	if _, err := s.AppendJSON(nil); err == nil || !strings.Contains(err.Error(), "Can't redefine: F") {
		t.Errorf("got %v", err)
	}
}

func TestDefaults(t *testing.T) {
	const point = `{"type":"record","name":"P","fields":[{"name":"x","type":"int"},{"name":"y","type":"int","default":0}]}`
	for _, tc := range []struct {
		of, def string
		ok      bool
	}{
		{`"int"`, `2147483647`, true}, {`"int"`, `2147483648`, false}, {`"int"`, `1.0`, false},
		{`"long"`, `2147483648`, true}, {`"float"`, `1`, true}, {`"double"`, `"NaN"`, false}, {`"boolean"`, `true`, true}, {`"boolean"`, `0`, false},
		{`"null"`, `null`, true}, {`"string"`, `null`, false}, {`"bytes"`, `"\u00ff"`, true},
		{`["null","int"]`, `null`, true}, {`["null","int"]`, `5`, true}, {`["null","int"]`, `"x"`, false},
		{`{"type":"array","items":"int"}`, `[1,2]`, true}, {`{"type":"array","items":"int"}`, `["x"]`, false}, {`{"type":"array","items":"int"}`, `{}`, false},
		{`{"type":"map","values":"int"}`, `{"a":1}`, true}, {`{"type":"map","values":"int"}`, `{"a":""}`, false},
		{point, `{"x":1}`, true}, {point, `{"y":1}`, false}, {point, `1`, false},
	} {
		text := `{"type":"record","name":"R","fields":[{"name":"f","type":` + tc.of + `,"default":` + tc.def + `}]}`
		if _, err := avroschema.Parse([]byte(text), avroschema.Options{CheckDefaults: true}); (err == nil) != tc.ok {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := avroschema.Parse([]byte(text), avroschema.Options{}); err != nil {
			t.Errorf("%s: unchecked: %v", text, err)
		}
	}
}

func TestReferences(t *testing.T) {
	address := parse(t, `{"type":"record","name":"x.Address","fields":[{"name":"kind","type":{"type":"enum","name":"Kind","symbols":["HOME"]}}]}`)
	s, err := avroschema.Parse([]byte(`{"type":"record","name":"y.Person","fields":[{"name":"a","type":"x.Address"},{"name":"k","type":"x.Kind"}]}`),
		avroschema.Options{Known: []*avroschema.Schema{address}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Fields[0].Schema != address || s.Fields[1].Schema != address.Fields[0].Schema {
		t.Error("a name does not stand for the schema it refers to")
	}
}

func TestEqual(t *testing.T) {
	const list = `{"type":"record","name":"L","fields":[{"name":"v","type":"%"},{"name":"next","type":["null","L"],"default":null}]}`
	a, b := parse(t, strings.Replace(list, "%", "int", 1)), parse(t, strings.Replace(list, "%", "int", 1))
	c := parse(t, strings.Replace(list, "%", "long", 1))
	if !a.Equal(b) || a.Equal(c) {
		t.Error("records that contain themselves are compared wrongly")
	}
	for _, pair := range [][2]string{
		{`"int"`, `{"type":"int","p":1}`},
		{`{"type":"enum","name":"E","symbols":["A","B"]}`, `{"type":"enum","name":"E","symbols":["B","A"]}`},
		{`["null","int"]`, `["int","null"]`},
		{`{"type":"fixed","name":"F","size":1}`, `{"type":"fixed","name":"x.F","size":1}`},
		{`{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":1}]}`, `{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}`},
	} {
		if parse(t, pair[0]).Equal(parse(t, pair[1])) {
			t.Errorf("%s equals %s", pair[0], pair[1])
		}
	}
	if !parse(t, `{"type":"record","name":"R","doc":"x","fields":[],"p":1,"q":2}`).Equal(parse(t, `{"type":"record","name":"R","fields":[],"q":2,"p":1}`)) {
		t.Error("docs and the order of properties count")
	}
}

func TestCanRead(t *testing.T) {
	rec := func(fields string) string { return `{"type":"record","name":"R","fields":[` + fields + `]}` }
	for _, tc := range []struct {
		reader, writer string
		why            string // "" means that it can
	}{
		{`"long"`, `"int"`, ""}, {`"double"`, `"long"`, ""}, {`"double"`, `"float"`, ""}, {`"bytes"`, `"string"`, ""}, {`"string"`, `"bytes"`, ""},
		{`"int"`, `"long"`, "type long cannot be read as int"},
		{`["null","int"]`, `"int"`, ""}, {`"int"`, `["null","int"]`, "type null cannot be read as int"}, {`["null","string"]`, `"int"`, "no branch for int"},
		{rec(`{"name":"a","type":"int"},{"name":"b","type":"int","default":0}`), rec(`{"name":"a","type":"int"}`), ""},
		{rec(`{"name":"a","type":"int"}`), rec(`{"name":"a","type":"int"},{"name":"b","type":"int"}`), ""},
		{rec(`{"name":"b","type":"int"}`), rec(`{"name":"a","type":"int"}`), "no such field and the reader no default"},
		{rec(`{"name":"b","type":"int","aliases":["a"]}`), rec(`{"name":"a","type":"int"}`), ""},
		{rec(`{"name":"a","type":{"type":"array","items":"int"}}`), rec(`{"name":"a","type":{"type":"array","items":"string"}}`), "type string cannot be read as int"},
		{`{"type":"record","name":"Q","fields":[]}`, rec(``), "name R is expected to be Q"},
		{`{"type":"record","name":"Q","fields":[],"aliases":["R"]}`, rec(``), ""},
		{`{"type":"record","name":"x.R","fields":[]}`, rec(``), ""},
		{`{"type":"enum","name":"E","symbols":["A"]}`, `{"type":"enum","name":"E","symbols":["A","B"]}`, "symbol B is missing"},
		{`{"type":"enum","name":"E","symbols":["A"],"default":"A"}`, `{"type":"enum","name":"E","symbols":["A","B"]}`, ""},
		{`{"type":"fixed","name":"F","size":1}`, `{"type":"fixed","name":"F","size":2}`, "size 2 is expected to be 1"},
		{`{"type":"map","values":"long"}`, `{"type":"map","values":"int"}`, ""},
		{rec(`{"name":"next","type":["null","R"]}`), rec(`{"name":"next","type":["null","R"]}`), ""},
	} {
		err := avroschema.CanRead(parse(t, tc.reader), parse(t, tc.writer))
		if (err == nil) != (tc.why == "") || err != nil && !strings.Contains(err.Error(), tc.why) {
			t.Errorf("%s reads %s: %v, want %q", tc.reader, tc.writer, err, tc.why)
		}
	}
}

// FuzzParse: a schema that is read is written as one that is read as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`"int"`, `["null","string"]`, `{"type":"record","name":"a.R","fields":[{"name":"x","type":["null","R"],"default":null}]}`,
		`{"type":"enum","name":"E","symbols":["A"]}`, `{"type":"fixed","name":"F","size":3}`, `{"type":"map","values":{"type":"array","items":"long"}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := avroschema.Parse([]byte(text), avroschema.Options{})
		if err != nil {
			return
		}
		out, err := s.AppendJSON(nil)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := avroschema.Parse(out, avroschema.Options{})
		if err != nil {
			t.Fatalf("%q was written as %s: %v", text, out, err)
		}
		if !again.Equal(s) {
			t.Fatalf("%q was written as %s, which is another schema", text, out)
		}
		if err := avroschema.CanRead(again, s); err != nil {
			t.Fatalf("%q does not read itself: %v", text, err)
		}
	})
}
