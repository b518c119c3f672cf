package data

// Validate checks a value against a schema as ConnectSchema.validateValue does. Errors are DataExceptions.
func Validate(s *Schema, v *Value) error { return validate(&place{}, s, v) }

// ValidateField is [Validate] for a struct's field: messages name it.
func ValidateField(name string, s *Schema, v *Value) error {
	return validate(&place{field: name, named: true}, s, v)
}

// place says what is being validated, for messages; it becomes text only when there is one.
type place struct {
	part  string // "element of array " of in, unless in is nil
	in    *place
	field string
	named bool
}

func (p *place) String() string {
	switch {
	case p.in != nil:
		return p.part + p.in.String()
	case p.named:
		return `field: "` + p.field + `"`
	}
	return "value"
}

func validate(where *place, s *Schema, v *Value) error {
	if v.IsNull() {
		if !s.Optional() {
			return Errorf(DataException, "Invalid value: null used for required %s, schema type: %s", where.String(), s.Type())
		}
		return nil
	}
	if !accepts(s, v.Kind()) {
		name := ""
		if s.Name() != "" {
			name = ` "` + s.Name() + `"`
		}
		return Errorf(DataException, "Invalid Java object for schema%s with type %s: class %s for %s", name, s.Type(), v.JavaClass(), where.String())
	}
	switch s.Type() {
	case TypeStruct:
		if !v.Schema().Equal(s) {
			return Errorf(DataException, "Struct schemas do not match.")
		}
		return ValidateStruct(v)
	case TypeArray:
		elem := place{part: "element of array ", in: where}
		if s.Elem() == nil {
			return noSchema(&elem)
		}
		items := v.Items()
		for i := range items {
			if err := validate(&elem, s.Elem(), &items[i]); err != nil {
				return err
			}
		}
	case TypeMap:
		keys, values := place{part: "key of map ", in: where}, place{part: "value of map ", in: where}
		if s.KeySchema() == nil {
			return noSchema(&keys)
		}
		if s.Elem() == nil {
			return noSchema(&values)
		}
		for key, value := range v.Entries() {
			if err := validate(&keys, s.KeySchema(), key); err != nil {
				return err
			}
			if err := validate(&values, s.Elem(), value); err != nil {
				return err
			}
		}
	}
	return nil
}

func noSchema(where *place) error {
	return Errorf(DataException, "No schema defined for %s", where.String())
}

// ValidateStruct checks a struct's fields as Struct.validate does: unlike [ValidateField] it lets null pass where the
// field's schema has a default.
func ValidateStruct(v *Value) error {
	for i := range v.Fields() {
		f, s := &v.node.fields[i], v.node.schema.fields[i].Schema
		if f.Value.IsNull() && s.Default() != nil {
			continue
		}
		if err := ValidateField(f.Name, s, &f.Value); err != nil {
			return err
		}
	}
	return nil
}

// accepts says whether a schema takes a Java type: a logical type takes its own class only.
func accepts(s *Schema, k Kind) bool {
	switch s.Name() {
	case LogicalDecimal:
		return k == Decimal
	case LogicalDate, LogicalTime, LogicalTimestamp:
		return k == Date
	}
	switch s.Type() {
	case TypeInt8:
		return k == Int8
	case TypeInt16:
		return k == Int16
	case TypeInt32:
		return k == Int32
	case TypeInt64:
		return k == Int64
	case TypeFloat32:
		return k == Float32
	case TypeFloat64:
		return k == Float64
	case TypeBoolean:
		return k == Bool
	case TypeString:
		return k == String
	case TypeBytes:
		return k == Bytes
	case TypeArray:
		return k == Array
	case TypeMap:
		return k == Map
	}
	return k == Struct
}
