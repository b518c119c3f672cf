package avro

import (
	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/data"
)

// defaultOf is the default that a schema gets: its field's, else the one that the property connect.default names. given
// says that there is one, even if it is null or does not fit (def is nil then).
func (c *toConnect) defaultOf(b *builder, built *data.Schema, s *avroschema.Schema, at place) (def *data.Value, given bool) {
	v, err := data.Value{}, error(nil)
	switch own := s.Prop(propDefault); {
	case at.def != nil:
		var ok bool
		if v, ok, err = c.fieldDefault(s, built, at.def); !ok {
			// Of a type that Java's library does not take for the field's, so it has none.
			if own == nil {
				return nil, false
			}
			v, err = c.property(s, built, own)
		}
	case own != nil:
		v, err = c.property(s, built, own)
	default:
		return nil, false
	}
	if err == nil {
		v, err = logical(built, v)
	}
	if err != nil || v.IsNull() {
		return nil, true
	}
	return &v, true
}

// fieldDefault reads the default of a record's field, strictly: ok is false for JSON that is no value of the type.
func (c *toConnect) fieldDefault(s *avroschema.Schema, to *data.Schema, v *data.Value) (_ data.Value, ok bool, err error) {
	no := data.Errorf(data.DataException, "Invalid type for %s", to.Type())
	if s.Kind == avroschema.Union {
		return c.unionDefault(s, to, v)
	}
	switch v.Kind() {
	case data.Null:
		return data.Value{}, true, nil
	case data.Bool:
		if to.Type() != data.TypeBoolean {
			return data.Value{}, true, no
		}
		return data.OfBool(v.Bool()), true, nil
	case data.Int64, data.Float64:
		if v, ok = numberDefault(s.Kind, to.Type(), v); !ok {
			return data.Value{}, false, nil
		}
		return *v, true, nil
	case data.String:
		switch s.Kind {
		case avroschema.String, avroschema.Enum:
			return data.OfString(v.Text()), true, nil
		case avroschema.Bytes, avroschema.Fixed:
			return data.OfByteBuffer(fromLatin1(v.Text())), true, nil
		}
		return data.Value{}, false, nil
	}
	def, err := c.container(s, to, v, func(s *avroschema.Schema, to *data.Schema, v *data.Value) (data.Value, error) {
		def, ok, err := c.fieldDefault(s, to, v)
		if err == nil && ok {
			def, err = logical(to, def)
		}
		return def, err
	})
	return def, true, err
}

// unionDefault reads the default of a union, which is one of its first branch.
func (c *toConnect) unionDefault(s *avroschema.Schema, to *data.Schema, v *data.Value) (_ data.Value, ok bool, err error) {
	if v.IsNull() || len(s.Branches) == 0 || s.Branches[0].Kind == avroschema.Null {
		return data.Value{}, v.IsNull(), nil
	}
	i := to.Index(c.branchName(s.Branches[0], 0))
	if i < 0 {
		return data.Value{}, true, data.Errorf(data.DataException, "Did not find matching union field for data")
	}
	def, ok, err := c.fieldDefault(s.Branches[0], to.Fields()[i].Schema, v)
	if err != nil || !ok {
		return data.Value{}, ok, err
	}
	if def, err = logical(to.Fields()[i].Schema, def); err != nil {
		return data.Value{}, true, err
	}
	union := data.OfStruct(to)
	union.Fields()[i].Value = def
	return union, true, nil
}

// numberDefault is a JSON number as a value of the type, if Java's library takes it for one.
func numberDefault(kind avroschema.Kind, to data.Type, v *data.Value) (*data.Value, bool) {
	whole := v.Kind() == data.Int64
	var n data.Value
	switch {
	case kind == avroschema.Int && whole && v.Int() == int64(int32(v.Int())):
		n = integer(to, v.Int())
	case kind == avroschema.Long && whole:
		n = data.OfInt64(v.Int())
	case kind == avroschema.Float:
		n = data.OfFloat32(float32(float(v)))
	case kind == avroschema.Double:
		n = data.OfFloat64(float(v))
	default:
		return nil, false
	}
	return &n, true
}

func integer(t data.Type, n int64) data.Value {
	switch t {
	case data.TypeInt8:
		return data.OfInt8(int8(n))
	case data.TypeInt16:
		return data.OfInt16(int16(n))
	}
	return data.OfInt32(int32(n))
}

func float(v *data.Value) float64 {
	switch v.Kind() {
	case data.Int64:
		return float64(v.Int())
	case data.Float64:
		return v.Float()
	}
	return 0
}

// property reads the default in connect.default, as leniently as Jackson does.
func (c *toConnect) property(s *avroschema.Schema, to *data.Schema, v *data.Value) (data.Value, error) {
	if v.IsNull() {
		return data.Value{}, nil
	}
	switch s.Kind {
	case avroschema.Int:
		return integer(to.Type(), whole(v)), nil
	case avroschema.Long:
		return data.OfInt64(whole(v)), nil
	case avroschema.Float:
		return data.OfFloat32(float32(float(v))), nil
	case avroschema.Double:
		return data.OfFloat64(float(v)), nil
	case avroschema.Boolean:
		switch v.Kind() {
		case data.Bool:
			return data.OfBool(v.Bool()), nil
		case data.String:
			return data.OfBool(v.Text() == "true"), nil
		}
		return data.OfBool(v.Kind() == data.Int64 && v.Int() != 0), nil
	case avroschema.String, avroschema.Enum:
		if v.Kind() == data.Array || v.Kind() == data.Map {
			return data.OfString(""), nil
		}
		return data.OfString(v.JavaText()), nil
	case avroschema.Bytes, avroschema.Fixed:
		if v.Kind() != data.String {
			return data.Value{}, nil
		}
		return data.OfByteBuffer(fromLatin1(v.Text())), nil
	}
	if s.Kind == avroschema.Union {
		def, _, err := c.unionDefault(s, to, v)
		return def, err
	}
	return c.container(s, to, v, func(s *avroschema.Schema, to *data.Schema, v *data.Value) (data.Value, error) {
		def, err := c.property(s, to, v)
		if err == nil {
			def, err = logical(to, def)
		}
		return def, err
	})
}

func whole(v *data.Value) int64 {
	if isNumber(v) {
		return number(v)
	}
	return 0
}

// container reads a default that is made of others, each with read.
func (c *toConnect) container(s *avroschema.Schema, to *data.Schema, v *data.Value, read func(*avroschema.Schema, *data.Schema, *data.Value) (data.Value, error)) (data.Value, error) {
	no := data.Errorf(data.DataException, "Invalid JSON for %s default value", s.Kind)
	switch {
	case s.Kind == avroschema.Array && to.Type() == data.TypeArray && v.Kind() == data.Array:
		items := make([]data.Value, v.Len())
		for i := range items {
			var err error
			if items[i], err = read(s.Elem, to.Elem(), &v.Items()[i]); err != nil {
				return data.Value{}, err
			}
		}
		return data.OfArray(items...), nil
	case s.Kind == avroschema.Map && v.Kind() == data.Map:
		fields := make([]data.Field, v.Len())
		for i := range fields {
			f := &v.Fields()[i]
			def, err := read(s.Elem, to.Elem(), &f.Value)
			if err != nil {
				return data.Value{}, err
			}
			fields[i] = data.F(f.Name, def)
		}
		return data.OfMap(fields...), nil
	case s.Kind == avroschema.Record && v.Kind() == data.Map:
		values := make([]data.Value, len(s.Fields))
		for i := range s.Fields {
			f, of := &s.Fields[i], to.Fields()[i].Schema
			given := v.Get(f.Name)
			if given == nil {
				if of.Default() != nil {
					values[i] = of.Default().Clone()
				}
				continue
			}
			var err error
			if values[i], err = read(f.Schema, of, given); err != nil {
				return data.Value{}, err
			}
		}
		return data.OfStruct(to, values...), nil
	}
	return data.Value{}, no
}

// fromLatin1 is the bytes that JSON text stands for.
func fromLatin1(text string) []byte {
	b := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xFF {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}
