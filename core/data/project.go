package data

import (
	"strings"

	"github.com/connectless/connectless/core/data/javatext"
)

// Project converts a value of the schema source to the schema target as Connect's SchemaProjector does: numbers are
// widened, struct fields matched by name, missing ones filled from defaults. Errors are SchemaProjectorExceptions, or
// DataExceptions where a projected field is not valid. The result may share v's content.
func Project(source *Schema, v *Value, target *Schema) (Value, error) {
	if err := compatible(source, target); err != nil {
		return Value{}, err
	}
	if source.Optional() && !target.Optional() {
		d := target.Default()
		if d == nil {
			return Value{}, Errorf(SchemaProjectorException, "Writer schema is optional, however, target schema does not provide a default value.")
		}
		if v.IsNull() {
			return d.Clone(), nil
		}
	}
	if v.IsNull() {
		return Value{}, nil
	}
	switch target.Type() {
	case TypeStruct:
		return projectStruct(source, v, target)
	case TypeArray:
		items := make([]Value, v.Len())
		for i := range items {
			var err error
			if items[i], err = Project(source.Elem(), &v.Items()[i], target.Elem()); err != nil {
				return Value{}, err
			}
		}
		return OfArray(items...), nil
	case TypeMap:
		pairs := make([]Value, 0, 2*v.Len())
		for key, value := range v.Entries() {
			k, err := Project(source.KeySchema(), key, target.KeySchema())
			if err != nil {
				return Value{}, err
			}
			e, err := Project(source.Elem(), value, target.Elem())
			if err != nil {
				return Value{}, err
			}
			pairs = put(pairs, k, e)
		}
		return mapOf(pairs, HashOrder), nil
	}
	return widen(v, target.Type()), nil
}

func projectStruct(source *Schema, v *Value, target *Schema) (Value, error) {
	out := OfStruct(target)
	for i := range target.fields {
		f := &target.fields[i]
		from := source.Field(f.Name)
		switch {
		case from != nil:
			at := v.Schema().Index(f.Name)
			if at < 0 {
				return Value{}, Errorf(DataException, "%s is not a valid field name", f.Name)
			}
			to, err := Project(from.Schema, v.GetWithDefault(at), f.Schema)
			if err != nil {
				if e, ok := err.(*Error); ok && e.Class == SchemaProjectorException {
					err = Errorf(SchemaProjectorException, "Error projecting %s", f.Name).Because(err)
				}
				return Value{}, err
			}
			if err := out.Put(i, to); err != nil {
				return Value{}, err
			}
		case f.Schema.Optional():
		case f.Schema.Default() != nil:
			out.node.fields[i].Value = f.Schema.Default().Clone()
		default:
			return Value{}, Errorf(SchemaProjectorException, "Required field `%s` is missing from source schema: %s", f.Name, source)
		}
	}
	return out, nil
}

// compatible checks the schemas themselves, not their parts.
func compatible(source, target *Schema) error {
	switch s, t := source.Type(), target.Type(); {
	case s != t && !(s < t && t <= TypeFloat64):
		return Errorf(SchemaProjectorException, "Schema type mismatch. source type: %s and target type: %s", s, t)
	case source.Name() != target.Name():
		return Errorf(SchemaProjectorException, "Schema name mismatch. source name: %s and target name: %s", orNull(source.Name()), orNull(target.Name()))
	}
	s, t := paramsText(source), paramsText(target)
	if s != t {
		return Errorf(SchemaProjectorException, "Schema parameters not equal. source parameters: %s and target parameters: %s", s, t)
	}
	return nil
}

func orNull(name string) string {
	if name == "" {
		return "null"
	}
	return name
}

// paramsText is Map.toString of the parameters.
func paramsText(s *Schema) string {
	if len(s.Params()) == 0 {
		return "null"
	}
	var b strings.Builder
	for i, p := range s.Params() {
		b.WriteString([...]string{"{", ", "}[min(i, 1)])
		b.WriteString(p.Key + "=" + p.Value)
	}
	return b.String() + "}"
}

// widen converts a number; a value of another kind (a Date in an INT32) stays what it is.
func widen(v *Value, to Type) Value {
	switch to {
	case TypeInt8, TypeInt16, TypeInt32, TypeInt64:
		if n, ok := v.long(); ok {
			switch to {
			case TypeInt8:
				return OfInt8(int8(n))
			case TypeInt16:
				return OfInt16(int16(n))
			case TypeInt32:
				return OfInt32(int32(n))
			}
			return OfInt64(n)
		}
	case TypeFloat32:
		switch v.Kind() {
		case Int8, Int16, Int32, Int64:
			return OfFloat32(float32(v.Int()))
		case Decimal:
			return OfFloat32(javatext.DecimalToF32(v.Unscaled(), v.Scale()))
		case BigInt:
			return OfFloat32(javatext.DecimalToF32(v.Unscaled(), 0))
		}
		if f, ok := v.double(); ok {
			return OfFloat32(float32(f))
		}
	case TypeFloat64:
		if f, ok := v.double(); ok {
			return OfFloat64(f)
		}
	}
	return *v
}
