package smt_test

import (
	"testing"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform/smt"
	"github.com/connectless/connectless/core/trigger"
)

const order = `{"id":"o-1001","customer":"c-17","status":"PAID","total":129.90,"currency":"EUR","created_at":1709251199999,` +
	`"items":[{"sku":"a","qty":2},{"sku":"b","qty":1}],"address":{"street":"High St 1","zip":"12345"},"note":null,` +
	`"paid":true,"internal_id":77,"channel":"web"}`

var usual = map[string]string{
	"transforms":                     "insert,replace,time",
	"transforms.insert.type":         "org.apache.kafka.connect.transforms.InsertField$Value",
	"transforms.insert.topic.field":  "_topic",
	"transforms.insert.offset.field": "_offset",
	"transforms.insert.static.field": "_source",
	"transforms.insert.static.value": "shop",
	"transforms.replace.type":        "org.apache.kafka.connect.transforms.ReplaceField$Value",
	"transforms.replace.exclude":     "internal_id",
	"transforms.replace.renames":     "id:order_id,customer:customer_id",
	"transforms.time.type":           "org.apache.kafka.connect.transforms.TimestampConverter$Value",
	"transforms.time.field":          "created_at",
	"transforms.time.target.type":    "string",
	"transforms.time.format":         "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'",
}

// BenchmarkSchemaless is a usual chain on a map of 12 fields: insert three, drop one, rename two, format a time. The chain
// consumes its map, so the figure has the making of one in it; the first figure is that alone.
func BenchmarkSchemaless(b *testing.B) {
	chain, err := smt.NewChain(usual)
	if err != nil {
		b.Fatal(err)
	}
	parsed := data.NewArena()
	v, _, err := data.ParseJSON(parsed, []byte(order))
	if err != nil {
		b.Fatal(err)
	}
	template := v.Fields()
	a := data.NewArena()
	origin := &trigger.Message{Topic: "orders", Partition: 3, Offset: 42, Timestamp: 1709251199999}
	r := &connect.Record{Arena: a, Origin: origin}
	reset := func() {
		a.Reset()
		fields := a.MakeFields(len(template), len(template)+4) // the spare room that the parser leaves
		copy(fields, template)
		r.Topic, r.Partition, r.Timestamp, r.Value = "orders", 3, 1709251199999, a.Map(fields)
	}
	b.Run("map alone", func(b *testing.B) {
		for b.Loop() {
			reset()
		}
	})
	b.Run("map and chain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			reset()
			if keep, err := chain.Apply(r); !keep || err != nil {
				b.Fatal(keep, err)
			}
		}
	})
}

// BenchmarkStruct is the same chain on a struct: every stage makes a new one, none makes a schema.
func BenchmarkStruct(b *testing.B) {
	chain, err := smt.NewChain(usual)
	if err != nil {
		b.Fatal(err)
	}
	spec := data.Spec{Type: data.TypeStruct, Name: "order"}
	for _, f := range []string{"id", "customer", "status", "total", "currency", "items", "address", "note", "channel", "internal_id", "paid"} {
		spec.Fields = append(spec.Fields, data.SchemaField{Name: f, Schema: data.Of(data.TypeString, true)})
	}
	spec.Fields = append(spec.Fields, data.SchemaField{Name: "created_at", Schema: data.Of(data.TypeInt64, false)})
	schema := spec.MustBuild()
	var template []data.Field
	for _, f := range schema.Fields()[:11] {
		template = append(template, data.F(f.Name, data.OfString("content")))
	}
	template = append(template, data.F("created_at", data.OfInt64(1709251199999)))
	a := data.NewArena()
	origin := &trigger.Message{Topic: "orders", Partition: 3, Offset: 42, Timestamp: 1709251199999}
	r := &connect.Record{Arena: a, Origin: origin}
	b.ReportAllocs()
	for b.Loop() {
		a.Reset()
		s := a.Struct(schema)
		copy(s.Fields(), template)
		r.Topic, r.Partition, r.Timestamp, r.ValueSchema, r.Value = "orders", 3, 1709251199999, schema, s
		if keep, err := chain.Apply(r); !keep || err != nil {
			b.Fatal(keep, err)
		}
	}
}
