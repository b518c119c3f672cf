package smt

import (
	"github.com/connectless/connectless/core/data"
)

func requireMap(v *data.Value, purpose string) error {
	if v.Kind() == data.Map {
		return nil
	}
	return data.Errorf(data.DataException, "Only Map objects supported in absence of schema for [%s], found: %s", purpose, v.JavaClass())
}

func requireStruct(v *data.Value, purpose string) error {
	if v.Kind() == data.Struct {
		return nil
	}
	return data.Errorf(data.DataException, "Only Struct objects supported for [%s], found: %s", purpose, v.JavaClass())
}

// requireFields refuses a schema that has none because it is not a struct's.
func requireFields(s *data.Schema) error {
	if s.Type() == data.TypeStruct {
		return nil
	}
	return data.Errorf(data.DataException, "Cannot list fields on non-struct type")
}

// errNotText is what Java says of a map key that is taken for a String.
func errNotText(key *data.Value) error {
	return data.Errorf(data.ClassCast, "class %s cannot be cast to class java.lang.String", key.JavaClass())
}
