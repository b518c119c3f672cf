package avro

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
)

// An encoder writes values of one Connect schema as an Avro schema has them. Encoders of a schema are a tree, made once
// by [Mapping.compileEncoder]; they are immutable.
type encoder struct {
	op       op // how the value is written; opInt64 is every integer
	schema   *data.Schema
	branch   []byte // written before a value: its number in a union
	null     []byte // written for null
	nullable bool
	elem     *encoder
	key      *encoder
	fields   []fieldEncoder
	entries  bool // a map is a list of records
	swapped  bool // of a value and a key
	symbols  map[string]int64
	size     int
	err      error // of opFail
}

// fieldEncoder writes the struct's field at index.
type fieldEncoder struct {
	index int
	to    encoder
}

// unwritable marks an error that arises where Avro's library writes, not where AvroData converts.
type unwritable struct{ why string }

func (u *unwritable) Error() string { return u.why }

var errNullValue = &unwritable{"null in a place that takes no null"}

// compileEncoder makes the encoder for values of s, whose Avro schema is own, as target, another version of own, has them.
func (m *Mapping) compileEncoder(s *data.Schema, own, target *avroschema.Schema) encoder {
	if isUnion(s) && own.Kind == avroschema.Union {
		return m.unionEncoder(s, own, target)
	}
	value := own
	if own.Kind == avroschema.Union {
		for _, b := range own.Branches {
			if b.Kind != avroschema.Null {
				value = b
			}
		}
	}
	return m.branchEncoder(s, value, target)
}

// branchEncoder is the encoder for values that are written as own, a schema that is no union, is.
func (m *Mapping) branchEncoder(s *data.Schema, own, target *avroschema.Schema) encoder {
	if target.Kind != avroschema.Union {
		return m.valueEncoder(s, own, target)
	}
	i := target.Branch(own.FullName())
	if i < 0 {
		return encoder{op: opFail, schema: s, err: &unwritable{"Not in union " + target.String() + ": " + own.FullName()}}
	}
	e := m.valueEncoder(s, own, target.Branches[i])
	e.branch = binary.AppendVarint(nil, int64(i))
	if null := target.Branch(avroschema.Null.String()); null >= 0 {
		e.null, e.nullable = binary.AppendVarint(nil, int64(null)), true
	}
	return e
}

func (m *Mapping) unionEncoder(s *data.Schema, own, target *avroschema.Schema) encoder {
	e := encoder{op: opUnion, schema: s}
	if target.Kind == avroschema.Union {
		if null := target.Branch(avroschema.Null.String()); null >= 0 {
			e.null, e.nullable = binary.AppendVarint(nil, int64(null)), true
		}
	}
	next := 0
	for _, b := range own.Branches {
		if b.Kind == avroschema.Null {
			continue
		}
		e.fields = append(e.fields, fieldEncoder{next, m.branchEncoder(s.Fields()[next].Schema, b, target)})
		next++
	}
	return e
}

func (m *Mapping) valueEncoder(s *data.Schema, own, target *avroschema.Schema) encoder {
	e := encoder{op: opFail, schema: s, err: &unwritable{own.FullName() + " cannot be written as " + target.FullName()}}
	if own.Kind != target.Kind {
		if integral(own.Kind) && integral(target.Kind) {
			e.op = opInt64
		} else if numeric(own.Kind) && target.Kind == avroschema.Double {
			e.op = opFloat64
		}
		return e
	}
	switch target.Kind {
	case avroschema.Int, avroschema.Long:
		e.op = opInt64
	case avroschema.Float:
		e.op = opFloat32
	case avroschema.Double:
		e.op = opFloat64
	case avroschema.Boolean:
		e.op = opBoolean
	case avroschema.String:
		e.op = opString
	case avroschema.Bytes:
		e.op = opBytes
	case avroschema.Fixed:
		e.op, e.size = opFixed, target.Size
	case avroschema.Enum:
		e.op, e.symbols = opEnum, make(map[string]int64, len(target.Symbols))
		for i, symbol := range target.Symbols {
			e.symbols[symbol] = int64(i)
		}
	case avroschema.Array:
		if s.Type() == data.TypeMap {
			return m.entriesEncoder(e, s, own.Elem, target.Elem)
		}
		elem := m.compileEncoder(s.Elem(), own.Elem, target.Elem)
		e.op, e.elem = opArray, &elem
	case avroschema.Map:
		elem := m.compileEncoder(s.Elem(), own.Elem, target.Elem)
		e.op, e.elem = opMap, &elem
	case avroschema.Record:
		return m.recordEncoder(e, s, own, target)
	}
	return e
}

func integral(k avroschema.Kind) bool { return k == avroschema.Int || k == avroschema.Long }
func numeric(k avroschema.Kind) bool  { return integral(k) || k == avroschema.Float }

func (m *Mapping) entriesEncoder(e encoder, s *data.Schema, own, target *avroschema.Schema) encoder {
	key, value := target.Field(keyField), target.Field(valueField)
	if len(target.Fields) != 2 || key == nil || value == nil {
		return e
	}
	k := m.compileEncoder(s.KeySchema(), own.Field(keyField).Schema, key.Schema)
	v := m.compileEncoder(s.Elem(), own.Field(valueField).Schema, value.Schema)
	e.op, e.key, e.elem, e.entries = opMap, &k, &v, true
	e.swapped = target.Fields[0].Name == valueField
	return e
}

func (m *Mapping) recordEncoder(e encoder, s *data.Schema, own, target *avroschema.Schema) encoder {
	e.op = opRecord
	for i := range target.Fields {
		f := &target.Fields[i]
		at := slices.IndexFunc(own.Fields, func(o avroschema.Field) bool { return o.Name == f.Name })
		if at < 0 {
			e.op, e.err = opFail, &unwritable{"the record has no field " + f.Name + " to write"}
			return e
		}
		e.fields = append(e.fields, fieldEncoder{at, m.compileEncoder(s.Fields()[at].Schema, own.Fields[at].Schema, f.Schema)})
	}
	return e
}

// writer appends Avro binary.
type writer struct {
	dst            []byte
	ignoreDefaults bool
}

func (w *writer) long(n int64) { w.dst = binary.AppendVarint(w.dst, n) }

func (w *writer) text(s string) {
	if !utf8.ValidString(s) {
		s = questioned(s)
	}
	w.long(int64(len(s)))
	w.dst = append(w.dst, s...)
}

// questioned replaces half a surrogate pair, which Go holds in three bytes, by a question mark, as Java's encoder does.
func questioned(s string) string {
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xED && s[1]&0xE0 == 0xA0 && s[2]&0xC0 == 0x80 {
			r, n = '?', 3
		}
		out = utf8.AppendRune(out, r)
		s = s[n:]
	}
	return string(out)
}

// value writes v as e says. Errors are DataExceptions, or *unwritable.
func (w *writer) value(e *encoder, v *data.Value) error {
	if v.IsNull() {
		if e.schema != nil && !e.schema.Optional() {
			return data.Errorf(data.DataException, "Found null value for non-optional schema")
		}
		if !e.nullable {
			return errNullValue
		}
		w.dst = append(w.dst, e.null...)
		return nil
	}
	s := e.schema
	switch s.Name() {
	case data.LogicalDecimal, data.LogicalDate, data.LogicalTime, data.LogicalTimestamp:
		plain, err := unlogical(s, v)
		if err != nil {
			return err
		}
		v = &plain
	}
	if !holds(s.Type(), v) {
		return data.Errorf(data.DataException, "Invalid type for %s: class %s", s.Type(), v.JavaClass())
	}
	w.dst = append(w.dst, e.branch...)
	switch e.op {
	case opInt64:
		w.long(v.Int())
	case opString:
		w.text(v.Text())
	case opFloat64:
		f := v.Float()
		if v.Kind() != data.Float64 && v.Kind() != data.Float32 {
			f = float64(v.Int())
		}
		w.dst = binary.LittleEndian.AppendUint64(w.dst, math.Float64bits(f))
	case opRecord:
		return w.record(e, v)
	case opBoolean:
		b := byte(0)
		if v.Bool() {
			b = 1
		}
		w.dst = append(w.dst, b)
	case opFloat32:
		w.dst = binary.LittleEndian.AppendUint32(w.dst, math.Float32bits(float32(v.Float())))
	case opBytes:
		w.long(int64(len(v.Raw())))
		w.dst = append(w.dst, v.Raw()...)
	case opRest:
		w.dst = append(w.dst, v.Raw()...)
	case opFixed:
		if len(v.Raw()) < e.size {
			return &unwritable{"fewer bytes than the fixed has"}
		}
		w.dst = append(w.dst, v.Raw()[:e.size]...) // Java writes the first bytes of more
	case opEnum:
		n, ok := e.symbols[v.Text()]
		if !ok {
			return &unwritable{"no symbol of the enum: " + v.Text()}
		}
		w.long(n)
	case opArray:
		return w.array(e, v)
	case opMap:
		return w.mapOf(e, v)
	case opUnion:
		return w.union(e, v)
	default:
		return e.err
	}
	return nil
}

func (w *writer) field(v *data.Value, i int) *data.Value {
	if w.ignoreDefaults {
		return &v.Fields()[i].Value
	}
	return v.GetWithDefault(i)
}

func (w *writer) record(e *encoder, v *data.Value) error {
	if !v.Schema().Equal(e.schema) {
		return data.Errorf(data.DataException, "Mismatching struct schema")
	}
	for i := range e.fields {
		f := &e.fields[i]
		if err := w.value(&f.to, w.field(v, f.index)); err != nil {
			return err
		}
	}
	return nil
}

// union writes the first field that is set.
func (w *writer) union(e *encoder, v *data.Value) error {
	if !v.Schema().Equal(e.schema) {
		return data.Errorf(data.DataException, "Mismatching struct schema")
	}
	for i := range e.fields {
		f := &e.fields[i]
		if set := w.field(v, f.index); !set.IsNull() {
			return w.value(&f.to, set)
		}
	}
	return w.value(e, nil)
}

func (w *writer) array(e *encoder, v *data.Value) error {
	items := v.Items()
	if len(items) > 0 {
		w.long(int64(len(items)))
	}
	for i := range items {
		if err := w.value(e.elem, &items[i]); err != nil {
			return err
		}
	}
	w.dst = append(w.dst, 0)
	return nil
}

// mapOf writes a map in the order in which Java would: AvroData copies a map with string keys into a HashMap.
func (w *writer) mapOf(e *encoder, v *data.Value) error {
	n := v.Len()
	if n > 0 {
		w.long(int64(n))
	}
	var err error
	switch {
	case e.entries:
		err = w.entries(e, v)
	case v.Pairs() == nil && n <= smallMap:
		err = w.smallMap(e, v.Fields())
	default:
		in := *v
		in.SetMapOrder(data.HashOrder)
		for key, value := range in.Entries() {
			if key.Kind() != data.String {
				return data.Errorf(data.DataException, "Invalid type for MAP: class %s", v.JavaClass())
			}
			w.text(key.Text())
			if err = w.value(e.elem, value); err != nil {
				return err
			}
		}
	}
	w.dst = append(w.dst, 0)
	return err
}

// smallMap is how many entries a HashMap takes before its first table of 16 buckets grows.
const smallMap = 12

// smallMap writes fields in the order of their buckets; a bucket has them in theirs.
func (w *writer) smallMap(e *encoder, fields []data.Field) error {
	var buckets [smallMap]uint8
	for i := range fields {
		h := uint32(javatext.StringHash(fields[i].Name))
		buckets[i] = uint8((h ^ h>>16) & 15)
	}
	for bucket, left := uint8(0), len(fields); left > 0; bucket++ {
		for i := range fields {
			if buckets[i] != bucket {
				continue
			}
			left--
			w.text(fields[i].Name)
			if err := w.value(e.elem, &fields[i].Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// entries writes a map as records of a key and a value.
func (w *writer) entries(e *encoder, v *data.Value) error {
	for key, value := range v.Entries() {
		first, second := e.key, e.elem
		if e.swapped {
			first, second, key, value = second, first, value, key
		}
		if err := w.value(first, key); err != nil {
			return err
		}
		if err := w.value(second, value); err != nil {
			return err
		}
	}
	return nil
}

// anything writes a value without a schema as a record with a field for each type.
func (w *writer) anything(v *data.Value) error {
	const fields = 9
	at := -1
	switch v.Kind() {
	case data.Null:
	case data.Bool:
		at = 0
	case data.Float64:
		at = 2
	case data.Float32:
		at = 3
	case data.Int8, data.Int16, data.Int32:
		at = 4
	case data.Int64:
		at = 5
	case data.String:
		at = 6
	case data.Array:
		at = 7
	case data.Map:
		at = 8
	default:
		return data.Errorf(data.DataException, "Unknown Java type for schemaless data: class %s", v.JavaClass())
	}
	for i := range fields {
		if i != at {
			w.dst = append(w.dst, 0)
			continue
		}
		w.dst = append(w.dst, 2)
		if err := w.bare(v); err != nil {
			return err
		}
	}
	return nil
}

// bare writes the content of the field that [writer.anything] sets.
func (w *writer) bare(v *data.Value) error {
	switch v.Kind() {
	case data.Bool:
		b := byte(0)
		if v.Bool() {
			b = 1
		}
		w.dst = append(w.dst, b)
	case data.Float64:
		w.dst = binary.LittleEndian.AppendUint64(w.dst, math.Float64bits(v.Float()))
	case data.Float32:
		w.dst = binary.LittleEndian.AppendUint32(w.dst, math.Float32bits(float32(v.Float())))
	case data.String:
		w.text(v.Text())
	case data.Array:
		items := v.Items()
		if len(items) > 0 {
			w.long(int64(len(items)))
		}
		for i := range items {
			if err := w.anything(&items[i]); err != nil {
				return err
			}
		}
		w.dst = append(w.dst, 0)
	case data.Map:
		if n := v.Len(); n > 0 {
			w.long(int64(n))
		}
		for key, value := range v.Entries() {
			if err := w.anything(key); err != nil {
				return err
			}
			if err := w.anything(value); err != nil {
				return err
			}
		}
		w.dst = append(w.dst, 0)
	default:
		w.long(v.Int())
	}
	return nil
}
