package avroschema

import "github.com/connectless/connectless/core/data"

// ValidDefault says whether JSON is a default value for the schema. A union takes what any of its branches takes, as
// Java's library has it (the specification asks for the first).
func ValidDefault(s *Schema, v *data.Value) bool {
	if v == nil {
		return false
	}
	switch s.Kind {
	case Null:
		return v.Kind() == data.Null
	case Boolean:
		return v.Kind() == data.Bool
	case Int:
		return v.Kind() == data.Int64 && v.Int() == int64(int32(v.Int()))
	case Long:
		return v.Kind() == data.Int64
	case Float, Double:
		return v.Kind() == data.Int64 || v.Kind() == data.Float64
	case Bytes, String, Enum, Fixed:
		return v.Kind() == data.String
	case Array:
		if v.Kind() != data.Array {
			return false
		}
		for i := range v.Items() {
			if !ValidDefault(s.Elem, &v.Items()[i]) {
				return false
			}
		}
		return true
	case Map:
		if v.Kind() != data.Map {
			return false
		}
		for i := range v.Fields() {
			if !ValidDefault(s.Elem, &v.Fields()[i].Value) {
				return false
			}
		}
		return true
	case Union:
		for _, b := range s.Branches {
			if ValidDefault(b, v) {
				return true
			}
		}
		return false
	}
	if v.Kind() != data.Map {
		return false
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		given := v.Get(f.Name)
		if given == nil {
			given = f.Default
		}
		if !ValidDefault(f.Schema, given) {
			return false
		}
	}
	return true
}
