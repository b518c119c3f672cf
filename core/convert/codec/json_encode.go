package codec

import (
	"encoding/base64"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
)

// append writes a value of the schema, which is nil for a value without one.
func (c *jsonConverter) append(dst []byte, s *data.Schema, v *data.Value) ([]byte, error) {
	if s == nil {
		return c.appendSchemaless(dst, v)
	}
	if v.IsNull() {
		switch {
		case s.Default() != nil && c.defaults:
			return c.append(dst, s, s.Default())
		case s.Optional():
			return append(dst, "null"...), nil
		}
		return dst, data.Errorf(data.DataException, "Conversion error: null value for field that is required and has no default value")
	}
	switch s.Name() {
	case data.LogicalDecimal:
		return c.appendDecimal(dst, s, v)
	case data.LogicalDate, data.LogicalTime, data.LogicalTimestamp:
		return appendTemporal(dst, s.Name(), v)
	}
	switch s.Type() {
	case data.TypeArray:
		if v.Kind() != data.Array {
			break
		}
		dst = append(dst, '[')
		items := v.Items()
		for i := range items {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = c.append(dst, s.Elem(), &items[i]); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case data.TypeMap:
		if v.Kind() == data.Map {
			return c.appendMap(dst, s, v)
		}
	case data.TypeStruct:
		if v.Kind() == data.Struct {
			return c.appendStruct(dst, s, v)
		}
	case data.TypeBytes:
		if v.Kind() == data.Bytes {
			return v.AppendJSON(dst), nil
		}
		return dst, data.Errorf(data.DataException, "Invalid type for bytes type: class %s", v.JavaClass())
	default:
		if v.Kind() == kinds[s.Type()] {
			return c.appendScalar(dst, v), nil
		}
	}
	return dst, data.Errorf(data.DataException, "Invalid type for %s: class %s", s.Type(), v.JavaClass())
}

// kinds are the Java types of the schema types that are not containers.
var kinds = [...]data.Kind{data.TypeInt8: data.Int8, data.TypeInt16: data.Int16, data.TypeInt32: data.Int32, data.TypeInt64: data.Int64,
	data.TypeFloat32: data.Float32, data.TypeFloat64: data.Float64, data.TypeBoolean: data.Bool, data.TypeString: data.String}

// appendScalar writes a value that is no container. A key's numbers and strings get Java's text even where nobody
// touched them.
func (c *jsonConverter) appendScalar(dst []byte, v *data.Value) []byte {
	if c.isKey {
		switch v.Kind() {
		case data.Int64:
			v = ref(data.OfInt64(v.Int()))
		case data.Float64:
			v = ref(data.OfFloat64(v.Float()))
		case data.String:
			return data.AppendJSONString(dst, v.Text())
		}
	}
	return v.AppendJSON(dst)
}

func ref(v data.Value) *data.Value { return &v }

func (c *jsonConverter) appendSchemaless(dst []byte, v *data.Value) ([]byte, error) {
	if err := v.CheckSchemaless(); err != nil {
		return dst, err
	}
	if !c.isKey {
		return v.AppendJSON(dst), nil
	}
	switch v.Kind() {
	case data.Array:
		dst = append(dst, '[')
		items := v.Items()
		for i := range items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst, _ = c.appendSchemaless(dst, &items[i]) // checked above, with all it holds
		}
		return append(dst, ']'), nil
	case data.Map:
		return c.appendMap(dst, nil, v)
	}
	return c.appendScalar(dst, v), nil
}

// appendMap writes an object if the keys are strings, else an array of pairs. s may be nil.
func (c *jsonConverter) appendMap(dst []byte, s *data.Schema, v *data.Value) ([]byte, error) {
	var keys, values *data.Schema
	object := true
	if s != nil {
		keys, values = s.KeySchema(), s.Elem()
		object = keys.Type() == data.TypeString
	} else {
		for key := range v.Entries() {
			object = object && key.Kind() == data.String
		}
	}
	entry := func(key, value *data.Value) (err error) {
		if !object {
			dst = append(dst, '[')
		}
		if object && key.IsNull() {
			dst = append(dst, `"null"`...)
		} else if dst, err = c.append(dst, keys, key); err != nil {
			return err
		}
		dst = append(dst, ",:"[b2i(object)])
		if dst, err = c.append(dst, values, value); err != nil {
			return err
		}
		if !object {
			dst = append(dst, ']')
		}
		return nil
	}
	dst = append(dst, "[{"[b2i(object)])
	first := true
	for key, value := range c.entries(v) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if err := entry(key, value); err != nil {
			return dst, err
		}
	}
	return append(dst, "]}"[b2i(object)]), nil
}

// entries are a map's entries in the order they are written in.
func (c *jsonConverter) entries(v *data.Value) func(func(*data.Value, *data.Value) bool) {
	if c.isKey {
		return v.Entries()
	}
	return v.All()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c *jsonConverter) appendStruct(dst []byte, s *data.Schema, v *data.Value) ([]byte, error) {
	if !v.Schema().Equal(s) {
		return dst, data.Errorf(data.DataException, "Mismatching schema.")
	}
	dst = append(dst, '{')
	fields := v.Fields()
	for i, f := range s.Fields() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(data.AppendJSONString(dst, f.Name), ':')
		var err error
		if dst, err = c.append(dst, f.Schema, &fields[i].Value); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func (c *jsonConverter) appendDecimal(dst []byte, s *data.Schema, v *data.Value) ([]byte, error) {
	if v.Kind() != data.Decimal {
		return dst, data.Errorf(data.DataException, "Invalid type for Decimal, expected BigDecimal but was class %s", v.JavaClass())
	}
	if c.numeric {
		return javatext.AppendDecimal(dst, v.Unscaled(), v.Scale()), nil
	}
	raw, err := data.DecimalToBytes(s, v.Unscaled(), v.Scale())
	if err != nil {
		return dst, err
	}
	dst = base64.StdEncoding.AppendEncode(append(dst, '"'), raw)
	return append(dst, '"'), nil
}

func appendTemporal(dst []byte, name string, v *data.Value) ([]byte, error) {
	if v.Kind() != data.Date {
		simple := name[len("org.apache.kafka.connect.data."):]
		return dst, data.Errorf(data.DataException, "Invalid type for %s, expected Date but was class %s", simple, v.JavaClass())
	}
	n := v.Int()
	switch name {
	case data.LogicalDate:
		days, err := data.DateToDays(n)
		if err != nil {
			return dst, err
		}
		n = int64(days)
	case data.LogicalTime:
		ms, err := data.TimeToMillis(n)
		if err != nil {
			return dst, err
		}
		n = int64(ms)
	}
	return ref(data.OfInt64(n)).AppendJSON(dst), nil
}
