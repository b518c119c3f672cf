package smt

import (
	"encoding/base64"
	"strings"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
	"github.com/connectless/connectless/core/transform"
)

type cast struct {
	side        side
	whole       bool
	to          data.Type            // when whole
	types       map[string]data.Type // by field
	fields      []string             // in the order in which Java goes through them
	withDefault bool
	plans       plans[castPlan]
}

type castPlan struct {
	to    *data.Schema
	field []int // for each field its type, or -1
}

func newCast(s side, c *transform.Cast) (transform.Transform, error) {
	casts, err := c.Casts()
	if err != nil {
		return nil, configError(err)
	}
	t := &cast{side: s, types: map[string]data.Type{}, withDefault: c.ReplaceNullWithDefault}
	var listed []string
	for _, to := range casts {
		if to.Whole {
			t.whole, t.to = true, to.Type
			continue
		}
		t.types[to.Field] = to.Type
		listed = append(listed, to.Field)
	}
	t.fields = hashOrder(listed, 16)
	return t, nil
}

func (t *cast) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	switch {
	case v.IsNull():
		return true, nil
	case *schema == nil:
		return true, t.schemaless(r, v)
	}
	of := *schema
	if v.Kind() == data.Struct {
		of = v.Schema()
	}
	p, err := t.plans.of(of, t.plan)
	if err != nil {
		return true, err
	}
	if t.whole {
		var result data.Value
		if result, err = castValue(r.Arena, *schema, v, t.to); err == nil {
			*v = result
		}
	} else if err = requireStruct(v, "cast types"); err == nil {
		err = t.inStruct(r, v, &p)
	}
	if err != nil {
		return true, err
	}
	*schema = p.to
	return true, nil
}

func (t *cast) schemaless(r *connect.Record, v *data.Value) error {
	if t.whole {
		result, err := castValue(r.Arena, nil, v, t.to)
		if err == nil {
			*v = result
		}
		return err
	}
	if err := requireMap(v, "cast types"); err != nil {
		return err
	}
	copied(v)
	for _, name := range t.fields {
		result, err := castValue(r.Arena, nil, mapGet(v, name), t.types[name])
		if err != nil {
			return err
		}
		v.Set(name, result)
	}
	return nil
}

func (t *cast) inStruct(r *connect.Record, v *data.Value, p *castPlan) error {
	m := rebuilder(v, p.to, nil, t.withDefault)
	for i, to := range p.field {
		if to < 0 {
			if err := m.stay(i, i); err != nil {
				return err
			}
			continue
		}
		f := m.get(i)
		result, err := castValue(r.Arena, m.fromSchema[i].Schema, &f, data.Type(to))
		if err != nil {
			return err
		}
		if err := put(v, i, result); err != nil {
			return err
		}
	}
	return nil
}

func (t *cast) plan(s *data.Schema) (p castPlan, err error) {
	var spec data.Spec
	if t.whole {
		spec = basics(s, t.to)
	} else {
		if err := requireFields(s); err != nil {
			return p, err
		}
		spec = basics(s, data.TypeStruct)
		for _, f := range s.Fields() {
			to, listed := t.types[f.Name]
			if !listed {
				p.field = append(p.field, -1)
				spec.Fields = append(spec.Fields, f)
				continue
			}
			p.field = append(p.field, int(to))
			of := data.Spec{Type: to, Optional: f.Schema.Optional()}
			if of.Default, err = castDefault(f.Schema, to); err != nil {
				return p, err
			}
			cast, err := of.Build()
			if err != nil {
				return p, err
			}
			spec.Fields = append(spec.Fields, data.SchemaField{Name: f.Name, Schema: cast})
		}
	}
	spec.Optional = s.Optional()
	if spec.Default, err = castDefault(s, spec.Type); err != nil {
		return p, err
	}
	p.to, err = spec.Build()
	return p, err
}

func castDefault(s *data.Schema, to data.Type) (*data.Value, error) {
	if s.Default() == nil {
		return nil, nil
	}
	v, err := castValue(nil, s, s.Default(), to)
	return &v, err
}

// kindTypes are the types that Connect infers for the classes its data API has.
var kindTypes = map[data.Kind]data.Type{
	data.Bool: data.TypeBoolean, data.Int8: data.TypeInt8, data.Int16: data.TypeInt16, data.Int32: data.TypeInt32,
	data.Int64: data.TypeInt64, data.Float32: data.TypeFloat32, data.Float64: data.TypeFloat64, data.String: data.TypeString,
	data.Bytes: data.TypeBytes, data.Array: data.TypeArray, data.Map: data.TypeMap, data.Struct: data.TypeStruct,
}

// castValue converts a value of the schema, nil for none, as Java's casts and parsers do. Null stays null.
func castValue(a *data.Arena, s *data.Schema, v *data.Value, to data.Type) (data.Value, error) {
	if v.IsNull() {
		return data.Value{}, nil
	}
	var from data.Type
	if s != nil {
		from = s.Type()
	} else {
		var ok bool
		if from, ok = kindTypes[v.Kind()]; !ok {
			return data.Value{}, data.Errorf(data.DataException,
				"Cast transformation was passed a value of type class %s which is not supported by Connect's data API", v.JavaClass())
		}
	}
	if from > data.TypeBytes {
		return data.Value{}, data.Errorf(data.DataException, "Cast transformation does not support casting from %s; "+
			"supported types are [INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES]", from)
	}
	if to == data.TypeString {
		return castToString(a, v), nil
	}
	if s != nil && v.Kind() == data.Date {
		raw, err := fromLogical(s, v)
		if err != nil {
			return raw, err
		}
		return castNumber(&raw, to)
	}
	return castNumber(v, to)
}

// fromLogical is the number that stands for a logical Date, Time or Timestamp.
func fromLogical(s *data.Schema, v *data.Value) (data.Value, error) {
	switch s.Name() {
	case data.LogicalDate:
		days, err := data.DateToDays(v.Int())
		return data.OfInt32(days), err
	case data.LogicalTime:
		ms, err := data.TimeToMillis(v.Int())
		return data.OfInt32(ms), err
	case data.LogicalTimestamp:
		return data.OfInt64(v.Int()), nil
	}
	return *v, nil
}

func castToString(a *data.Arena, v *data.Value) data.Value {
	var short [64]byte
	text := short[:0]
	switch v.Kind() {
	case data.String:
		return *v
	case data.Date:
		return data.OfString(data.FormatDate(v.Int()))
	case data.Bytes:
		text = base64.StdEncoding.AppendEncode(text, v.Raw())
	default:
		text = v.AppendText(text)
	}
	return a.Text(text)
}

// castNumber converts to a number or boolean.
func castNumber(v *data.Value, to data.Type) (data.Value, error) {
	switch v.Kind() {
	case data.Bool:
		if to == data.TypeBoolean {
			return *v, nil
		}
		if v.Bool() {
			return ofInteger(1, to), nil
		}
		return ofInteger(0, to), nil
	case data.Int8, data.Int16, data.Int32, data.Int64:
		return ofInteger(v.Int(), to), nil
	case data.Float32, data.Float64:
		return ofFloat(v.Float(), to), nil
	case data.Decimal:
		switch to {
		case data.TypeFloat32:
			return data.OfFloat32(javatext.DecimalToF32(v.Unscaled(), v.Scale())), nil
		case data.TypeFloat64:
			return data.OfFloat64(javatext.DecimalToF64(v.Unscaled(), v.Scale())), nil
		}
		return ofInteger(javatext.DecimalToI64(v.Unscaled(), v.Scale()), to), nil
	case data.String:
		result, err := castText(v.Text(), to)
		if err != nil {
			return result, data.Errorf(data.DataException, "Value (%s) was out of range for requested data type", v.Text()).Because(javaError(err))
		}
		return result, nil
	}
	return data.Value{}, data.Errorf(data.DataException, "Unexpected type in Cast transformation: class %s", v.JavaClass())
}

func ofInteger(i int64, to data.Type) data.Value {
	switch to {
	case data.TypeInt8:
		return data.OfInt8(int8(i))
	case data.TypeInt16:
		return data.OfInt16(int16(i))
	case data.TypeInt32:
		return data.OfInt32(int32(i))
	case data.TypeInt64:
		return data.OfInt64(i)
	case data.TypeFloat32:
		return data.OfFloat32(float32(i))
	case data.TypeFloat64:
		return data.OfFloat64(float64(i))
	}
	return data.OfBool(i != 0)
}

func ofFloat(f float64, to data.Type) data.Value {
	switch to {
	case data.TypeInt8:
		return data.OfInt8(javatext.F64ToI8(f))
	case data.TypeInt16:
		return data.OfInt16(javatext.F64ToI16(f))
	case data.TypeInt32:
		return data.OfInt32(javatext.F64ToI32(f))
	case data.TypeInt64:
		return data.OfInt64(javatext.F64ToI64(f))
	case data.TypeFloat32:
		return data.OfFloat32(float32(f))
	case data.TypeFloat64:
		return data.OfFloat64(f)
	}
	return data.OfBool(javatext.F64ToI64(f) != 0)
}

func castText(s string, to data.Type) (data.Value, error) {
	switch to {
	case data.TypeInt8:
		i, err := javatext.ParseByte(s)
		return data.OfInt8(i), err
	case data.TypeInt16:
		i, err := javatext.ParseShort(s)
		return data.OfInt16(i), err
	case data.TypeInt32:
		i, err := javatext.ParseInt(s)
		return data.OfInt32(i), err
	case data.TypeInt64:
		i, err := javatext.ParseLong(s)
		return data.OfInt64(i), err
	case data.TypeFloat32:
		f, err := javatext.ParseFloat(s)
		return data.OfFloat32(f), err
	case data.TypeFloat64:
		f, err := javatext.ParseDouble(s)
		return data.OfFloat64(f), err
	}
	return data.OfBool(strings.EqualFold(s, "true")), nil
}
