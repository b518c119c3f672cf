package avro

import (
	"errors"
	"testing"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/data"
)

// FuzzRead reads any bytes as data of any schema: without a panic, in memory that the bytes bound. What is read is
// written, with the schema that Connect makes of it, and read back as the same.
func FuzzRead(f *testing.F) {
	f.Add(orderSchema, order(f), uint8(0))
	f.Add(`["null","int",{"type":"array","items":"string"}]`, []byte("\x04\x04\x02a\x02b\x00"), uint8(1))
	f.Add(`{"type":"map","values":{"type":"fixed","name":"F","size":2}}`, []byte("\x02\x02kxy\x00"), uint8(2))
	f.Add(`{"type":"record","name":"R","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}},{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}]}`, []byte("\x00\x04\x01\x02"), uint8(3))
	f.Add(`{"type":"array","items":{"type":"record","name":"E","connect.internal.type":"MapEntry","fields":[{"name":"key","type":"long"},{"name":"value","type":["null","double"]}]}}`, []byte("\x02\x02\x00\x00"), uint8(0))
	f.Add(anything().String(), []byte("\x00\x00\x00\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00"), uint8(0))
	f.Add(`{"type":"array","items":{"type":"record","name":"R","fields":[]}}`, []byte("\xfe\xff\xff\xff\x0f"), uint8(0))
	f.Fuzz(func(t *testing.T, text string, b []byte, flags uint8) {
		s, err := avroschema.Parse([]byte(text), avroschema.Options{})
		if err != nil {
			return
		}
		m := &Mapping{AvroData: convert.AvroData{MetaData: flags&1 == 0, Enhanced: flags&2 != 0, FlattenSingletons: flags&4 == 0,
			GeneralizedSums: flags&8 != 0, DiscardTypeDocDefault: flags&16 != 0, ScrubNames: true}}
		read := func(s *avroschema.Schema, b []byte) (*data.Schema, data.Value, error) {
			var to *data.Schema
			if !s.Equal(anything()) {
				if to, err = m.ToConnect(s, nil); err != nil {
					return nil, data.Value{}, err
				}
			}
			a := data.NewArena()
			r := reader{a: a, b: b, free: maxFree}
			var v data.Value
			err := m.compileDecoder(s, to).decode(&r, &v)
			// A value takes less than a hundred bytes; arenas grow by doubling, from chunks of 64 KB.
			if limit := 400*(len(b)+maxFree) + 1<<20; a.Size() > limit {
				t.Fatalf("%d bytes of %s take %d bytes of memory", len(b), text, a.Size())
			}
			return to, v, err
		}
		to, v, err := read(s, b)
		if err != nil {
			var e *data.Error
			if errors.As(err, &e) && e.Message == "" {
				t.Fatalf("an error without a message: %#v", e)
			}
			return
		}
		// What stays encoded is written as JSON as its content is.
		encoded := string(v.AppendJSON(nil))
		look(&v)
		if expanded := string(v.AppendJSON(nil)); encoded != expanded {
			t.Fatalf("%s: encoded %s, expanded %s", text, encoded, expanded)
		}
		if to != nil && to.Optional() && v.IsNull() {
			return // becomes a tombstone
		}
		own, err := m.FromConnect(to)
		if err != nil {
			return // Connect's names for it are no names in Avro, or used twice
		}
		w := writer{ignoreDefaults: true}
		if to == nil {
			err = w.anything(&v)
		} else {
			e := m.compileEncoder(to, own, own)
			if own.Kind == avroschema.Bytes && e.op == opBytes {
				e.op = opRest
			}
			err = w.value(&e, &v)
		}
		if u := (*unwritable)(nil); errors.As(err, &u) {
			return // a union whose branches have become one
		}
		if err != nil {
			if to == nil { // bytes: AvroData reads them and cannot write them
				return
			}
			t.Fatalf("%s: %s was read and cannot be written: %v", text, v.AppendJSON(nil), err)
		}
		_, again, err := read(own, w.dst)
		if err != nil {
			t.Fatalf("%s: %s was written as %s, % x, and cannot be read: %v", text, v.AppendJSON(nil), own, w.dst, err)
		}
		if was, is := string(v.AppendJSON(nil)), string(again.AppendJSON(nil)); was != is && !isMapped(s) {
			t.Fatalf("%s: %s came back as %s", text, was, is)
		}
	})
}

// isMapped says whether a schema has maps: what is written has another order.
func isMapped(s *avroschema.Schema) bool {
	seen := map[*avroschema.Schema]bool{}
	var find func(s *avroschema.Schema) bool
	find = func(s *avroschema.Schema) bool {
		if s == nil || seen[s] {
			return false
		}
		seen[s] = true
		if s.Kind == avroschema.Map || isMapEntry(s) || find(s.Elem) {
			return true
		}
		for i := range s.Fields {
			if find(s.Fields[i].Schema) {
				return true
			}
		}
		for _, b := range s.Branches {
			if find(b) {
				return true
			}
		}
		return false
	}
	return find(s)
}

// look looks into everything in a value.
func look(v *data.Value) {
	switch v.Kind() {
	case data.Array:
		for i := range v.Items() {
			look(&v.Items()[i])
		}
	case data.Map, data.Struct:
		for i := range v.Fields() {
			look(&v.Fields()[i].Value)
		}
		for i := range v.Pairs() {
			look(&v.Pairs()[i])
		}
	}
}
