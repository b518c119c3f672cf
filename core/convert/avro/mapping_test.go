package avro

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/data"
)

func mapped(t *testing.T, props map[string]string) *Mapping {
	t.Helper()
	m, err := NewMapping(props)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Defaults of fields, and what becomes of those that Java's library does not take.
func TestDefaultsToConnect(t *testing.T) {
	const flag = `"parameters":{"io.confluent.connect.avro.field.default":"true"},`
	for _, tc := range []struct{ field, want string }{
		{`"type":"int","default":5`, `"type":"int32","optional":false,` + flag + `"default":5`},
		{`"type":"int","default":1.5`, `"type":"int32","optional":false`},
		{`"type":"long","default":5`, `"type":"int64","optional":false,` + flag + `"default":5`},
		{`"type":"double","default":5`, `"type":"double","optional":false,` + flag + `"default":5.0`},
		{`"type":"float","default":0.1`, `"type":"float","optional":false,` + flag + `"default":0.1`},
		{`"type":"string","default":"x"`, `"type":"string","optional":false,` + flag + `"default":"x"`},
		{`"type":"string","default":5`, `"type":"string","optional":false`},
		{`"type":"bytes","default":"\u00ff"`, `"type":"bytes","optional":false,` + flag + `"default":"/w=="`},
		{`"type":"boolean","default":true`, `"type":"boolean","optional":false,` + flag + `"default":true`},
		{`"type":"boolean","default":"true"`, `"type":"boolean","optional":false`},
		{`"type":{"type":"int","logicalType":"date"},"default":1`, `"type":"int32","optional":false,"name":"org.apache.kafka.connect.data.Date","version":1,` + flag + `"default":1`},
		{`"type":{"type":"int","connect.type":"int8"},"default":300`, `"type":"int8","optional":false,` + flag + `"default":44`},
		{`"type":{"type":"array","items":"int"},"default":[1,2]`, `"type":"array","items":{"type":"int32","optional":false},"optional":false,` + flag + `"default":[1,2]`},
		{`"type":{"type":"map","values":"int"},"default":{"a":1}`, `"type":"map","keys":{"type":"string","optional":false},"values":{"type":"int32","optional":false},"optional":false,` + flag + `"default":{"a":1}`},
		// The default of a union with null is not the field's.
		{`"type":["int","null"],"default":5`, `"type":"int32","optional":true`},
		{`"type":["null","int"],"default":null`, `"type":"int32","optional":true`},
		{`"type":{"type":"int","connect.default":7}`, `"type":"int32","optional":false,"default":7`},
		{`"type":{"type":"int","connect.default":7},"default":5`, `"type":"int32","optional":false,"default":5`},
		{`"type":["null",{"type":"string","connect.default":"x"}]`, `"type":"string","optional":true,"default":"x"`},
		{`"type":{"type":"string","connect.default":5}`, `"type":"string","optional":false,"default":"5"`},
		{`"type":{"type":"long","connect.default":"5"}`, `"type":"int64","optional":false,"default":0`},
	} {
		s, err := avroschema.Parse([]byte(`{"type":"record","name":"R","fields":[{"name":"f",`+tc.field+`}]}`), avroschema.Options{})
		if err != nil {
			t.Fatal(err)
		}
		to, err := mapped(t, nil).ToConnect(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		spec := to.Spec()
		spec.Optional = true
		got := shown(t, spec.MustBuild(), data.Value{})
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s\n got %s\nwant %s", tc.field, got, tc.want)
		}
	}
}

func TestRefusesSchemas(t *testing.T) {
	version := int32(2)
	for in, want := range map[string]string{
		`{"type":"int","connect.type":"int64"}`:                                                                            "Connect type annotation for Avro int field is null",
		`{"type":"int","connect.version":"1"}`:                                                                             "Invalid Connect version found: 1",
		`{"type":"int","connect.name":1}`:                                                                                  "Invalid schema name: 1",
		`{"type":"int","connect.parameters":1}`:                                                                            "Expected JSON object for schema parameters but found: 1",
		`{"type":"int","connect.parameters":{"a":1}}`:                                                                      "Expected schema parameter values to be strings but found: 1",
		`{"type":"int","logicalType":"date","connect.name":"x","connect.version":1}`:                                       "Mismatched names: name already added to SchemaBuilder (org.apache.kafka.connect.data.Date) differs from name in source schema (x)",
		`{"type":"int","logicalType":"date"}`:                                                                              "Mismatched versions: version already added to SchemaBuilder (1) differs from version in source schema (2)",
		`{"type":"bytes","logicalType":"decimal","precision":"x"}`:                                                         "precision property must be a JSON Integer.",
		`[{"type":"record","name":"x.R","fields":[]},{"type":"record","name":"y.R","fields":[]}]`:                          "Multiple union schemas map to the Connect union field name",
		`{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[]}}`: "Found map encoded as array of key-value pairs, but array elements do not match the expected format.",
	} {
		s, err := avroschema.Parse([]byte(in), avroschema.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = mapped(t, nil).ToConnect(s, &version); err == nil || !strings.Contains(err.Error(), "DataException: "+want) {
			t.Errorf("%s\n got %v\nwant %s", in, err, want)
		}
	}
}

// Schemas that come from Avro go back to Avro, with every key that changes how.
func TestThereAndBack(t *testing.T) {
	const sum, enhanced, noMeta = "generalized.sum.type.support", "enhanced.avro.schema.support", "connect.meta.data"
	for _, tc := range []struct{ key, in, want string }{
		{enhanced, `{"type":"enum","name":"E","namespace":"n","doc":"d","symbols":["A","B"],"default":"B"}`,
			`{"type":"enum","name":"E","namespace":"n","doc":"d","symbols":["A","B"],"default":"B","connect.parameters":{` +
				`"io.confluent.connect.avro.enum.doc.E":"d","io.confluent.connect.avro.enum.default.E":"B",` +
				`"io.confluent.connect.avro.Enum":"n.E","io.confluent.connect.avro.Enum.A":"A","io.confluent.connect.avro.Enum.B":"B"},"connect.name":"n.E"}`},
		{sum, `{"type":"enum","name":"E","symbols":["Z","A"]}`,
			`{"type":"enum","name":"E","symbols":["Z","A"],"connect.parameters":{"org.apache.kafka.connect.data.Enum":"E",` +
				`"org.apache.kafka.connect.data.Enum.Z":"0","org.apache.kafka.connect.data.Enum.A":"1"},"connect.name":"E"}`},
		{"", `["null","int",{"type":"record","name":"R","fields":[]}]`, `["null","int",{"type":"record","name":"R","fields":[],"connect.name":"R"}]`},
		{sum, `["int","string"]`, `["int","string"]`},
		{"", `{"type":"fixed","name":"x.F","size":2}`, `{"type":"fixed","name":"F","namespace":"x","size":2,"connect.parameters":{"connect.fixed.size":"2"},"connect.name":"x.F"}`},
		{noMeta, `{"type":"int","connect.name":"x","connect.doc":"d","connect.type":"int8"}`, `"int"`},
		{"", `{"type":"string","avro.java.string":"String"}`, `{"type":"string","connect.parameters":{"avro.java.string":"String"},"avro.java.string":"String"}`},
		{"", `{"type":"record","name":"R","doc":"rd","fields":[{"name":"a","type":"int","doc":"fd","default":1}]}`,
			`{"type":"record","name":"R","doc":"rd","fields":[{"name":"a","type":"int","doc":"fd","default":1}],` +
				`"connect.parameters":{"io.confluent.connect.avro.record.doc":"rd","io.confluent.connect.avro.field.doc.a":"fd"},"connect.name":"R"}`},
		{"discard.type.doc.default", `{"type":"record","name":"R","doc":"rd","fields":[{"name":"a","type":"int","doc":"fd","default":1}]}`,
			`{"type":"record","name":"R","doc":"rd","fields":[{"name":"a","type":{"type":"int","connect.doc":"fd","connect.default":1},"doc":"fd","default":1}],` +
				`"connect.doc":"rd","connect.parameters":{"connect.record.doc":"rd"},"connect.name":"R"}`},
	} {
		props := map[string]string{}
		if tc.key != "" {
			props[tc.key] = map[bool]string{true: "false", false: "true"}[tc.key == noMeta]
		}
		m := mapped(t, props)
		s, err := avroschema.Parse([]byte(tc.in), avroschema.Options{})
		if err != nil {
			t.Fatal(err)
		}
		to, err := m.ToConnect(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		back, err := m.FromConnect(to)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, back.String()); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tc.key, tc.in, diff)
		}
	}
}

func TestScrubbedNames(t *testing.T) {
	m := mapped(t, map[string]string{"scrub.invalid.names": "true"})
	for in, want := range map[string]string{"plain_1": "plain_1", "a-b": "a_b", "a b": "a_b", "1a": "x1a", "ü": "_C3_BC", "a.b": "a_b", "a$": "a_24", "*": "_"} {
		if got := m.scrub(in); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
	s := data.Spec{Type: data.TypeStruct, Name: "my-space.My Rec", Fields: []data.SchemaField{{Name: "a-b", Schema: data.Of(data.TypeInt32, false)}}}.MustBuild()
	to, err := m.FromConnect(s)
	if err != nil {
		t.Fatal(err)
	}
	if got := to.Name.Full() + " " + to.Fields[0].Name; got != "my_space.My_Rec a_b" {
		t.Errorf("got %s", got)
	}
}

// A schema that doubles with every level is refused before it fills the memory.
func TestLargeSchemas(t *testing.T) {
	text := `"int"`
	for i := range 40 {
		name := "R" + string(rune('A'+i%26)) + string(rune('A'+i/26))
		text = `{"type":"record","name":"` + name + `","fields":[{"name":"a","type":` + text + `}` + second(i) + `]}`
	}
	s, err := avroschema.Parse([]byte(text), avroschema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mapped(t, nil).ToConnect(s, nil); err == nil || !strings.Contains(err.Error(), "The schema is too large") {
		t.Errorf("got %v", err)
	}
}

// second is a second field of the type that level i has already defined.
func second(i int) string {
	if i == 0 {
		return ""
	}
	return `,{"name":"b","type":"R` + string(rune('A'+(i-1)%26)) + string(rune('A'+(i-1)/26)) + `"}`
}
