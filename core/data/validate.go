package data

import "fmt"

// Validate checks a value against a schema as ConnectSchema.validateValue does. Errors are DataExceptions.
func Validate(s *Schema, v *Value) error { return validate("", s, v) }

// ValidateField is [Validate] for a struct's field: messages name it.
func ValidateField(name string, s *Schema, v *Value) error {
	return validate(fmt.Sprintf("field: %q", name), s, v)
}

func validate(where string, s *Schema, v *Value) error {
	if v.IsNull() {
		if !s.Optional() {
			return Errorf(DataException, "Invalid value: null used for required %s, schema type: %s", orValue(where), s.Type())
		}
		return nil
	}
	if !accepts(s, v.Kind()) {
		name := ""
		if s.Name() != "" {
			name = fmt.Sprintf(" %q", s.Name())
		}
		return Errorf(DataException, "Invalid Java object for schema%s with type %s: class %s for %s", name, s.Type(), v.JavaClass(), orValue(where))
	}
	switch s.Type() {
	case TypeStruct:
		if !v.Schema().Equal(s) {
			return Errorf(DataException, "Struct schemas do not match.")
		}
		return ValidateStruct(v)
	case TypeArray:
		where = "element of array " + orValue(where)
		if s.Elem() == nil {
			return noSchema(where)
		}
		items := v.Items()
		for i := range items {
			if err := validate(where, s.Elem(), &items[i]); err != nil {
				return err
			}
		}
	case TypeMap:
		keys, values := "key of map "+orValue(where), "value of map "+orValue(where)
		if s.KeySchema() == nil {
			return noSchema(keys)
		}
		if s.Elem() == nil {
			return noSchema(values)
		}
		for key, value := range v.Entries() {
			if err := validate(keys, s.KeySchema(), key); err != nil {
				return err
			}
			if err := validate(values, s.Elem(), value); err != nil {
				return err
			}
		}
	}
	return nil
}

func noSchema(where string) error {
	return Errorf(DataException, "No schema defined for %s", where)
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

func orValue(where string) string {
	if where == "" {
		return "value"
	}
	return where
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
