package data

// InferSchema finds the schema of a value: nil for null and for what has none, as a date, a decimal, an empty list or
// map, or one of mixed types. Null elements make the element schema optional. The error, a SchemaBuilderException, is
// for a list or map of nothing but null.
func InferSchema(v *Value) (*Schema, error) {
	switch v.Kind() {
	case String:
		return Of(TypeString, false), nil
	case Bool:
		return Of(TypeBoolean, false), nil
	case Int8, Int16, Int32, Int64, Float32, Float64:
		return Of(TypeInt8+Type(v.Kind()-Int8), false), nil
	case Bytes:
		return Of(TypeBytes, false), nil
	case Struct:
		return v.Schema(), nil
	case Array:
		if v.Len() == 0 {
			return nil, nil
		}
		var elem detector
		for i := range v.Items() {
			if ok, err := elem.add(&v.node.items[i]); !ok {
				return nil, err
			}
		}
		s, err := elem.schema()
		if err != nil {
			return nil, err
		}
		return Spec{Type: TypeArray, Elem: s}.Build()
	case Map:
		if v.Len() == 0 {
			return nil, nil
		}
		var key, elem detector
		for k, e := range v.Entries() {
			if ok, err := key.add(k); !ok {
				return nil, err
			}
			if ok, err := elem.add(e); !ok {
				return nil, err
			}
		}
		ks, err := key.schema()
		if err != nil {
			return nil, err
		}
		es, err := elem.schema()
		if err != nil {
			return nil, err
		}
		return Spec{Type: TypeMap, Key: ks, Elem: es}.Build()
	}
	return nil, nil
}

// detector finds the one type of a list's elements. Types only: what is inside a nested list is lost.
type detector struct {
	typ      Type
	known    bool
	optional bool
}

func (d *detector) add(v *Value) (bool, error) {
	if v.IsNull() {
		d.optional = true
		return true, nil
	}
	s, err := InferSchema(v)
	if s == nil || d.known && d.typ != s.Type() {
		return false, err
	}
	d.typ, d.known = s.Type(), true
	return true, nil
}

func (d *detector) schema() (*Schema, error) {
	if !d.known {
		return nil, Errorf(SchemaBuilderException, "type cannot be null")
	}
	return &Schema{spec: Spec{Type: d.typ, Optional: d.optional}}, nil
}
