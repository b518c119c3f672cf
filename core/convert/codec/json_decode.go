package codec

import (
	"bytes"
	"math"
	"strconv"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
)

// notEnvelope is what most users of JsonConverter have met.
func notEnvelope() error {
	return data.Errorf(data.DataException, `JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields. If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.`)
}

func (c *jsonConverter) decodeEnvelope(a *data.Arena, b []byte) (*data.Schema, data.Value, error) {
	if last := c.read.last.Load(); last != nil && len(b) > len(last.text) && string(b[:len(last.text)]) == last.text {
		at, s := len(last.text), last.schema
		if s.plan != nil {
			if v, end, ok := s.plan.Read(a, b, at, 1); ok && closes(b[end:]) {
				return s.schema, v, nil
			}
		}
		payload, end, err := data.ParseJSONAt(a, b, at, 1, s.schema != nil)
		if err == nil && closes(b[end:]) {
			return c.decodePayload(a, s.schema, &payload)
		}
	}
	v, _, err := data.ParseJSON(a, b)
	if err != nil {
		return nil, data.Value{}, unreadable(err)
	}
	schema, payload := v.Get("schema"), v.Get("payload")
	if schema == nil || payload == nil || v.Len() != 2 {
		return nil, data.Value{}, notEnvelope()
	}
	text := schema.AppendJSON(nil)
	known := c.read.lookup(text)
	if known == nil {
		s, err := c.readSchema(schema)
		if err != nil {
			return nil, data.Value{}, err
		}
		known = c.read.store(text, &knownSchema{schema: s, plan: c.plan(s)})
	}
	if prefix, ok := prefixOf(b, text); ok {
		c.read.last.Store(&knownPrefix{text: prefix, schema: known})
	}
	return c.decodePayload(a, known.schema, payload)
}

// plan is how most payloads of a schema can be read; nil for those that have nothing to plan.
func (c *jsonConverter) plan(s *data.Schema) *data.JSONPlan {
	if s == nil {
		return nil
	}
	return data.CompileJSON(s, func(a *data.Arena, s *data.Schema, v data.Value) (data.Value, bool) {
		d := decoder{c: c, a: a}
		typed, err := d.decode(s, &v)
		return typed, err == nil && !d.lost
	})
}

// closes says whether an envelope ends at the start of b: what follows does not count.
func closes(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '}'
}

// prefixOf is a document up to its payload, if it is written as every producer of envelopes writes it: without white
// space, the schema, with the given text, first.
func prefixOf(b, schema []byte) (string, bool) {
	rest, ok := bytes.CutPrefix(b, []byte(`{"schema":`))
	if ok {
		rest, ok = bytes.CutPrefix(rest, schema)
	}
	if ok {
		rest, ok = bytes.CutPrefix(rest, []byte(`,"payload":`))
	}
	return string(b[:len(b)-len(rest)]), ok
}

func (c *jsonConverter) decodePayload(a *data.Arena, s *data.Schema, payload *data.Value) (*data.Schema, data.Value, error) {
	if s == nil {
		return nil, *payload, nil
	}
	d := decoder{c: c, a: a}
	v, err := d.decode(s, payload)
	if err != nil {
		return nil, data.Value{}, err
	}
	return s, v, nil
}

// decoder gives one document's values the types of a schema.
type decoder struct {
	c *jsonConverter
	a *data.Arena
	// lost says that something became null because its JSON type is not the schema's: only then can what was decoded be
	// invalid, and has to be checked where Java checks, when it is put into a struct.
	lost bool
}

// decode returns the value that the schema makes of JSON; nil is a missing field, which reads as null.
func (d *decoder) decode(s *data.Schema, v *data.Value) (data.Value, error) {
	if v.IsNull() {
		switch {
		case s.Default() != nil && d.c.defaults:
			return s.Default().Clone(), nil // transforms change values in place
		case s.Optional():
			return data.Value{}, nil
		}
		return data.Value{}, data.Errorf(data.DataException, "Invalid null value for required %s field", s.Type())
	}
	switch s.Name() {
	case data.LogicalDecimal:
		return d.decimal(s, v)
	case data.LogicalDate, data.LogicalTime, data.LogicalTimestamp:
		return temporal(s.Name(), v)
	}
	switch s.Type() {
	case data.TypeInt8:
		return data.OfInt8(int8(long(v))), nil
	case data.TypeInt16:
		return data.OfInt16(int16(long(v))), nil
	case data.TypeInt32:
		return data.OfInt32(int32(long(v))), nil
	case data.TypeInt64:
		return data.OfInt64(long(v)), nil
	case data.TypeFloat32:
		return data.OfFloat32(float32(double(v, 32))), nil
	case data.TypeFloat64:
		return data.OfFloat64(double(v, 64)), nil
	case data.TypeBoolean:
		return data.OfBool(v.Kind() == data.Bool && v.Bool()), nil
	case data.TypeString:
		if v.Kind() == data.String {
			return *v, nil
		}
		d.lost = true
		return data.Value{}, nil
	case data.TypeBytes:
		if v.Kind() != data.String {
			d.lost = true
			return data.Value{}, nil
		}
		raw, err := d.base64(v)
		if err != nil {
			return data.Value{}, data.Errorf(data.DataException, "Invalid bytes field").Because(err)
		}
		return data.OfBytes(raw), nil
	case data.TypeArray:
		return d.array(s, v)
	case data.TypeMap:
		return d.object(s, v)
	}
	return d.structure(s, v)
}

// nodeType names what JSON has, as Jackson does.
func nodeType(v *data.Value) string {
	switch v.Kind() {
	case data.Null:
		return "NULL"
	case data.Bool:
		return "BOOLEAN"
	case data.String:
		return "STRING"
	case data.Array:
		return "ARRAY"
	case data.Map:
		return "OBJECT"
	}
	return "NUMBER"
}

// long is JsonNode.longValue; the narrower ones are its low bits. What is not a number is 0.
func long(v *data.Value) int64 {
	switch v.Kind() {
	case data.Int64:
		return v.Int()
	case data.Float64:
		digits, _ := v.Digits()
		unscaled, scale, err := javatext.ParseDecimal(digits)
		if err != nil {
			return 0 // the scanner lets no such number pass
		}
		return javatext.DecimalToI64(unscaled, scale)
	}
	return 0
}

// double is JsonNode.floatValue or doubleValue. What is not a number is 0.
func double(v *data.Value, size int) float64 {
	switch v.Kind() {
	case data.Int64, data.Float64:
		digits, _ := v.Digits()
		f, _ := strconv.ParseFloat(digits, size) // out of range is infinite, as in Java
		if f == 0 && math.Signbit(f) && v.Float() == 0 && !math.Signbit(v.Float()) {
			return 0
		}
		return f
	}
	return 0
}

func (d *decoder) base64(v *data.Value) ([]byte, error) {
	text := v.Text()
	raw, err := javatext.DecodeBase64(d.a.Alloc(len(text))[:0], text)
	if err != nil {
		message := err.Error()
		if e, ok := err.(*javatext.Error); ok {
			message = e.Message
		}
		return nil, data.Errorf("com.fasterxml.jackson.databind.exc.InvalidFormatException",
			"Cannot access contents of TextNode as binary due to broken Base64 encoding: %s", message)
	}
	return raw, nil
}

func (d *decoder) decimal(s *data.Schema, v *data.Value) (data.Value, error) {
	switch v.Kind() {
	case data.Int64, data.Float64:
		digits, _ := v.Digits()
		unscaled, scale, err := javatext.ParseDecimal(digits)
		if err != nil {
			return data.Value{}, unreadable(err)
		}
		return data.OfDecimal(unscaled, scale), nil
	case data.String:
		raw, err := d.base64(v)
		if err == nil && len(raw) == 0 {
			err = data.Errorf(data.NumberFormat, "Zero length BigInteger")
		}
		var scale int32
		if err == nil {
			scale, err = data.DecimalScale(s)
		}
		if err != nil {
			return data.Value{}, data.Errorf(data.DataException, "Invalid bytes for Decimal field").Because(err)
		}
		return data.OfDecimalBytes(raw, scale), nil
	}
	return data.Value{}, data.Errorf(data.DataException, "Invalid type for Decimal, underlying representation should be numeric or bytes but was %s", nodeType(v))
}

const dayMillis = 24 * 60 * 60 * 1000

func temporal(name string, v *data.Value) (data.Value, error) {
	simple := name[len("org.apache.kafka.connect.data."):]
	if name == data.LogicalTimestamp {
		if v.Kind() != data.Int64 {
			return data.Value{}, data.Errorf(data.DataException, "Invalid type for %s, underlying representation should be integral but was %s", simple, nodeType(v))
		}
		return data.OfDate(v.Int()), nil
	}
	n, ok := int32Of(v)
	if !ok {
		return data.Value{}, data.Errorf(data.DataException, "Invalid type for %s, underlying representation should be integer but was %s", simple, nodeType(v))
	}
	if name == data.LogicalTime {
		return data.MillisToTime(n)
	}
	return data.OfDate(int64(n) * dayMillis), nil
}

// int32Of is a JSON integer that fits 32 bits: what Jackson reads as an int.
func int32Of(v *data.Value) (int32, bool) {
	if v.Kind() != data.Int64 {
		return 0, false
	}
	digits, _ := v.Digits()
	n, err := strconv.ParseInt(digits, 10, 32)
	return int32(n), err == nil
}

// array reads the elements of an array; an object counts as the list of its values and a scalar as an empty one, as
// Jackson iterates over them.
func (d *decoder) array(s *data.Schema, v *data.Value) (data.Value, error) {
	n := 0
	if v.Kind() == data.Array || v.Kind() == data.Map {
		n = v.Len()
	}
	out := d.a.MakeValues(n)
	for i := range out {
		var in *data.Value
		if v.Kind() == data.Array {
			in = &v.Items()[i]
		} else {
			in = &v.Fields()[i].Value
		}
		var err error
		if out[i], err = d.decode(s.Elem(), in); err != nil {
			return data.Value{}, err
		}
	}
	return d.a.Array(out), nil
}

func (d *decoder) object(s *data.Schema, v *data.Value) (data.Value, error) {
	if s.KeySchema().Type() == data.TypeString {
		if v.Kind() != data.Map {
			return data.Value{}, data.Errorf(data.DataException, "Maps with string fields should be encoded as JSON objects, but found %s", nodeType(v))
		}
		in := v.Fields()
		out := d.a.MakeFields(len(in), len(in))
		for i := range in {
			to, err := d.decode(s.Elem(), &in[i].Value)
			if err != nil {
				return data.Value{}, err
			}
			out[i] = data.Field{Name: in[i].Name, Value: to}
		}
		return d.a.Map(out), nil
	}
	if v.Kind() != data.Array {
		return data.Value{}, data.Errorf(data.DataException, "Maps with non-string fields should be encoded as JSON array of tuples, but found %s", nodeType(v))
	}
	out := d.a.MakeValues(2 * v.Len())[:0]
	at := make(map[string]int, v.Len()) // where a key is, by its text in JSON: the last value wins
	var text []byte
	for i := range v.Items() {
		entry := &v.Items()[i]
		if entry.Kind() != data.Array {
			return data.Value{}, data.Errorf(data.DataException, "Found invalid map entry instead of array tuple: %s", nodeType(entry))
		}
		if entry.Len() != 2 {
			return data.Value{}, data.Errorf(data.DataException, "Found invalid map entry, expected length 2 but found :%d", entry.Len())
		}
		key, err := d.decode(s.KeySchema(), &entry.Items()[0])
		if err != nil {
			return data.Value{}, err
		}
		value, err := d.decode(s.Elem(), &entry.Items()[1])
		if err != nil {
			return data.Value{}, err
		}
		text = key.AppendJSON(text[:0])
		if i, ok := at[string(text)]; ok {
			out[i+1] = value
			continue
		}
		at[string(text)] = len(out)
		out = append(out, key, value)
	}
	return d.a.Pairs(out), nil
}

func (d *decoder) structure(s *data.Schema, v *data.Value) (data.Value, error) {
	if v.Kind() != data.Map {
		return data.Value{}, data.Errorf(data.DataException, "Structs should be encoded as JSON objects, but found %s", nodeType(v))
	}
	out := d.a.Struct(s)
	to, in := out.Fields(), v.Fields()
	for i, f := range s.Fields() {
		// Producers write fields in the order of the schema.
		var from *data.Value
		if i < len(in) && in[i].Name == f.Name {
			from = &in[i].Value
		} else {
			from = v.Get(f.Name)
		}
		got, err := d.decode(f.Schema, from)
		if err != nil {
			return data.Value{}, err
		}
		if d.lost {
			if err := data.ValidateField(f.Name, f.Schema, &got); err != nil {
				return data.Value{}, err
			}
		}
		to[i].Value = got
	}
	return out, nil
}
