package smt_test

import (
	"strings"
	"testing"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
	"github.com/connectless/connectless/core/transform/smt"
)

// FuzzChain builds two transforms from arbitrary settings and gives them an arbitrary JSON record, without a schema and
// as a struct: whatever happens is a record or an error, and what stays is a value that can be encoded.
func FuzzChain(f *testing.F) {
	f.Add(uint8(0), uint8(3), "spec=a:int8,b:string", `{"a":300,"b":1.5}`)
	f.Add(uint8(3), uint8(22), "field=a.`b.c`\nfield.syntax.version=V2", `{"a":{"b.c":[1]}}`)
	f.Add(uint8(5), uint8(9), "delimiter=\nfield=w", `{"a":{"":1},"":{"a":2}}`)
	f.Add(uint8(8), uint8(9), "fields=a\nheaders=h\noperation=move", `{"a":{"x":null}}`)
	f.Add(uint8(12), uint8(14), "topic.field=t!\noffset.field=o?\nfields=a,t", `{"t":1,"a":"x"}`)
	f.Add(uint8(16), uint8(20), "regex=(a)?(?=o).*\nreplacement=$1x\nrenames=a:b,b:a\nexclude=c", `{"a":1,"b":2,"c":3}`)
	f.Add(uint8(21), uint8(23), "field=t\ntarget.type=string\nformat=yyyy-MM-dd'T'HH:mm:ss.SSSX", `{"t":1e99,"u":99999999999999999999}`)
	f.Add(uint8(24), uint8(25), "timestamp.format=YYYY-ww\nfields=a,b,a", `{"a":"\ud800","b":{}}`)
	f.Fuzz(func(t *testing.T, first, second uint8, settings, json string) {
		var classes []string
		for _, p := range transform.Plugins() {
			if !strings.Contains(p.Class, ".predicates.") {
				classes = append(classes, p.Class)
			}
		}
		m := props(strings.Split(settings, "\n")...)
		var stages []smt.Stage
		for _, n := range []uint8{first, second} {
			class := classes[int(n)%len(classes)]
			tr, err := smt.New(class, m)
			if err != nil {
				return
			}
			stages = append(stages, smt.Stage{Class: class, Transform: tr})
		}
		if _, _, err := data.ParseJSON(nil, []byte(json)); err != nil {
			return
		}
		chain := smt.ChainOf(stages...)
		plain, typed := record(t, json), record(t, json)
		typed.ValueSchema, typed.Value = typedAs(&typed.Value)
		for _, r := range []*connect.Record{plain, typed, plain, typed} { // the second time on what came out of the first
			if _, err := chain.Apply(r); err != nil {
				continue
			}
			for _, v := range []*data.Value{&r.Key, &r.Value} {
				if _, _, err := data.ParseJSON(nil, v.AppendJSON(nil)); err != nil {
					t.Fatalf("%v: %s", err, v.AppendJSON(nil))
				}
			}
		}
	})
}

// typedAs gives a JSON value the schema it would have.
func typedAs(v *data.Value) (*data.Schema, data.Value) {
	switch v.Kind() {
	case data.Bool:
		return data.Of(data.TypeBoolean, true), *v
	case data.Int64:
		return data.Of(data.TypeInt64, true), *v
	case data.Float64:
		return data.Of(data.TypeFloat64, true), *v
	case data.Map:
		spec := data.Spec{Type: data.TypeStruct, Optional: true}
		var values []data.Value
		for _, f := range v.Fields() {
			if f.Name == "" {
				continue // a schema has no field without a name
			}
			s, value := typedAs(&f.Value)
			spec.Fields = append(spec.Fields, data.SchemaField{Name: f.Name, Schema: s})
			values = append(values, value)
		}
		s := spec.MustBuild()
		return s, data.OfStruct(s, values...)
	case data.Array:
		return data.Spec{Type: data.TypeArray, Optional: true, Elem: data.Of(data.TypeString, true)}.MustBuild(), *v
	}
	return data.Of(data.TypeString, true), *v
}
