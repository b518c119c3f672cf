package smt

import (
	"math/big"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
	"github.com/connectless/connectless/core/transform"
)

type maskField struct {
	side        side
	fields      []string // in the order in which Java goes through them
	listed      names
	custom      bool
	masks       map[data.Kind]mask // what a value of the kind becomes
	withDefault bool
}

type mask struct {
	value data.Value
	err   error
}

func newMaskField(s side, c *transform.MaskField) (transform.Transform, error) {
	t := &maskField{side: s, fields: hashSet(c.Fields), listed: newNames(c.Fields), custom: c.Replacement != nil, withDefault: c.ReplaceNullWithDefault}
	if t.custom {
		t.masks = customMasks(*c.Replacement)
	} else {
		t.masks = emptyMasks()
	}
	return t, nil
}

func emptyMasks() map[data.Kind]mask {
	return map[data.Kind]mask{
		data.Bool:    {value: data.OfBool(false)},
		data.Int8:    {value: data.OfInt8(0)},
		data.Int16:   {value: data.OfInt16(0)},
		data.Int32:   {value: data.OfInt32(0)},
		data.Int64:   {value: data.OfInt64(0)},
		data.Float32: {value: data.OfFloat32(0)},
		data.Float64: {value: data.OfFloat64(0)},
		data.BigInt:  {value: data.OfBigInt(new(big.Int))},
		data.Decimal: {value: data.OfDecimal(new(big.Int), 0)},
		data.Date:    {value: data.OfDate(0)},
		data.String:  {value: data.OfString("")},
	}
}

func customMasks(replacement string) map[data.Kind]mask {
	text := data.OfString(replacement)
	masks := map[data.Kind]mask{data.String: {value: text}}
	for kind, convert := range map[data.Kind]func(*data.Schema, *data.Value) (data.Value, error){
		data.Int8:    data.ConvertToInt8,
		data.Int16:   data.ConvertToInt16,
		data.Int32:   data.ConvertToInt32,
		data.Int64:   data.ConvertToInt64,
		data.Float32: data.ConvertToFloat32,
		data.Float64: data.ConvertToFloat64,
	} {
		v, err := convert(nil, &text)
		masks[kind] = mask{v, err}
	}
	notNumber := func(err error) error {
		return data.Errorf(data.DataException, "Unable to convert %s (class java.lang.String) to number", replacement).Because(javaError(err))
	}
	if unscaled, scale, err := javatext.ParseDecimal(replacement); err != nil {
		masks[data.Decimal] = mask{err: notNumber(err)}
	} else {
		masks[data.Decimal] = mask{value: data.OfDecimal(unscaled, scale)}
	}
	if i, err := javatext.ParseBigInteger(replacement); err != nil {
		masks[data.BigInt] = mask{err: notNumber(err)}
	} else {
		masks[data.BigInt] = mask{value: data.OfBigInt(i)}
	}
	return masks
}

func (t *maskField) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	if *schema == nil {
		return true, t.schemaless(r, v)
	}
	if err := requireStruct(v, "mask fields"); err != nil {
		return true, err
	}
	fields := v.Fields()
	for i := range fields {
		f := get(v, i, t.withDefault)
		if t.listed.has(fields[i].Name) {
			var err error
			if f, err = t.masked(r, &f); err != nil {
				return true, err
			}
		}
		if err := put(v, i, f); err != nil {
			return true, err
		}
	}
	return true, nil
}

func (t *maskField) schemaless(r *connect.Record, v *data.Value) error {
	if err := requireMap(v, "mask fields"); err != nil {
		return err
	}
	copied(v)
	for _, name := range t.fields {
		masked, err := t.masked(r, mapGet(v, name))
		if err != nil {
			return err
		}
		v.Set(name, masked)
	}
	return nil
}

func (t *maskField) masked(r *connect.Record, v *data.Value) (data.Value, error) {
	if v.IsNull() {
		return data.Value{}, nil
	}
	if m, ok := t.masks[v.Kind()]; ok {
		return m.value, m.err
	}
	switch {
	case t.custom:
		return data.Value{}, data.Errorf(data.DataException, "Cannot mask value of type class %s with custom replacement.", v.JavaClass())
	case v.Kind() == data.Array:
		return r.Arena.Array(nil), nil
	case v.Kind() == data.Map:
		return r.Arena.Map(nil), nil
	}
	return data.Value{}, data.Errorf(data.DataException, "Cannot mask value of type: class %s", v.JavaClass())
}
