package data

import (
	"strings"
)

// Type is a schema's type.
type Type uint8

const (
	TypeInt8 Type = iota
	TypeInt16
	TypeInt32
	TypeInt64
	TypeFloat32
	TypeFloat64
	TypeBoolean
	TypeString
	TypeBytes
	TypeArray
	TypeMap
	TypeStruct
)

var typeNames = [...]string{"INT8", "INT16", "INT32", "INT64", "FLOAT32", "FLOAT64", "BOOLEAN", "STRING", "BYTES", "ARRAY", "MAP", "STRUCT"}

// String is the type's name as Connect's messages print it: INT8.
func (t Type) String() string { return typeNames[t] }

// Primitive says whether the type is neither array, map nor struct.
func (t Type) Primitive() bool { return t <= TypeBytes }

// ParseType finds a type by its name in lower or upper case.
func ParseType(name string) (Type, bool) {
	for i, n := range typeNames {
		if strings.EqualFold(n, name) {
			return Type(i), true
		}
	}
	return 0, false
}

// Names of the logical types; each has version 1, Decimal also the parameter "scale".
const (
	LogicalDecimal   = "org.apache.kafka.connect.data.Decimal"
	LogicalDate      = "org.apache.kafka.connect.data.Date"
	LogicalTime      = "org.apache.kafka.connect.data.Time"
	LogicalTimestamp = "org.apache.kafka.connect.data.Timestamp"
	ScaleParameter   = "scale"
)

// Schema describes a value. It is immutable once [Spec.Build] returned it, and safe for concurrent use; where the same
// schema comes again, use the same pointer: everything that is planned per schema is found by pointer first.
type Schema struct {
	spec  Spec
	index map[string]int
	// The fields' own copy, read on hot paths.
	fields []SchemaField
	blank  []Field  // a struct's fields, all null
	keys   []string // what AppendJSON writes before each field: ,"name":
}

// SchemaField is one field of a struct schema; its position is its index.
type SchemaField struct {
	Name   string
	Schema *Schema
}

// Param is one parameter of a schema. Parameters keep the order in which they were given, as SchemaBuilder's LinkedHashMap
// does: it shows in encoded schemas. It does not count when schemas are compared.
type Param struct{ Key, Value string }

// Spec is the content of a schema to build: the zero values of Name, Version and Doc mean none.
type Spec struct {
	Type     Type
	Optional bool
	Name     string
	Version  *int32
	Doc      string
	Params   []Param
	Default  *Value // nil means none; must be valid for the schema
	Fields   []SchemaField
	Key      *Schema // of a map
	Elem     *Schema // values of a map, items of an array
}

// Build checks the spec as SchemaBuilder does and returns the schema. Errors are SchemaBuilderExceptions.
func (s Spec) Build() (*Schema, error) {
	b := &Schema{spec: s, fields: s.Fields}
	if len(s.Params) > 1 {
		b.spec.Params = distinctParams(s.Params)
	}
	switch s.Type {
	case TypeMap:
		if s.Key == nil {
			return nil, Errorf(SchemaBuilderException, "keySchema cannot be null.")
		}
		fallthrough
	case TypeArray:
		if s.Elem == nil {
			return nil, Errorf(SchemaBuilderException, "valueSchema cannot be null.")
		}
	case TypeStruct:
		b.index = make(map[string]int, len(s.Fields))
		for i, f := range s.Fields {
			switch {
			case f.Name == "":
				return nil, Errorf(SchemaBuilderException, "fieldName cannot be null.")
			case f.Schema == nil:
				return nil, Errorf(SchemaBuilderException, "fieldSchema for field %s cannot be null.", f.Name)
			}
			if _, twice := b.index[f.Name]; twice {
				return nil, Errorf(SchemaBuilderException, "Cannot create field because of field name duplication %s", f.Name)
			}
			b.index[f.Name] = i
		}
		b.prepare()
	}
	if s.Default != nil {
		// A struct that is the default was made when its schema had none yet.
		bare := *b
		bare.spec.Default = nil
		if err := Validate(&bare, s.Default); err != nil {
			return nil, (&Error{Class: SchemaBuilderException, Message: "Invalid default value"}).Because(err)
		}
		// Many goroutines read a schema; reading what was JSON may write.
		own := s.Default.Clone()
		own.settle()
		b.spec.Default = &own
	}
	return b, nil
}

// prepare makes what is needed again for every struct of the schema.
func (s *Schema) prepare() {
	s.blank, s.keys = make([]Field, len(s.fields)), make([]string, len(s.fields))
	for i, f := range s.fields {
		s.blank[i].Name = f.Name
		s.keys[i] = string(append(AppendJSONString([]byte{','}, f.Name), ':'))
	}
}

// MustBuild is Build for specs that cannot fail.
func (s Spec) MustBuild() *Schema {
	b, err := s.Build()
	if err != nil {
		panic(err)
	}
	return b
}

// Spec returns the content of the schema, to build another one from it. Its slices must not be changed.
func (s *Schema) Spec() Spec { return s.spec }

func (s *Schema) Type() Type         { return s.spec.Type }
func (s *Schema) Optional() bool     { return s.spec.Optional }
func (s *Schema) Name() string       { return s.spec.Name }
func (s *Schema) Doc() string        { return s.spec.Doc }
func (s *Schema) Version() *int32    { return s.spec.Version }
func (s *Schema) Params() []Param    { return s.spec.Params }
func (s *Schema) Default() *Value    { return s.spec.Default }
func (s *Schema) KeySchema() *Schema { return s.spec.Key }

// Elem is the schema of an array's items or a map's values.
func (s *Schema) Elem() *Schema { return s.spec.Elem }

// Fields is a struct's fields in order. It must not be changed.
func (s *Schema) Fields() []SchemaField { return s.fields }

// Index is the position of a struct's field, -1 when there is none.
func (s *Schema) Index(name string) int {
	if i, ok := s.index[name]; ok {
		return i
	}
	return -1
}

// Field is a struct's field by name; nil when there is none.
func (s *Schema) Field(name string) *SchemaField {
	if i, ok := s.index[name]; ok {
		return &s.fields[i]
	}
	return nil
}

// Param finds a parameter.
func (s *Schema) Param(key string) (string, bool) {
	for _, p := range s.spec.Params {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

// String is the text Java prints for a schema: Schema{STRUCT} or Schema{<name>:STRUCT}.
func (s *Schema) String() string {
	if s.spec.Name != "" {
		return "Schema{" + s.spec.Name + ":" + s.spec.Type.String() + "}"
	}
	return "Schema{" + s.spec.Type.String() + "}"
}

// Equal says whether two schemas are the same as ConnectSchema.equals has it: every property, fields with their order.
func (s *Schema) Equal(o *Schema) bool {
	if s == o {
		return true
	}
	if s == nil || o == nil {
		return false
	}
	a, b := &s.spec, &o.spec
	if a.Type != b.Type || a.Optional != b.Optional || a.Name != b.Name || a.Doc != b.Doc || len(a.Params) != len(b.Params) ||
		len(a.Fields) != len(b.Fields) || (a.Version == nil) != (b.Version == nil) || (a.Default == nil) != (b.Default == nil) {
		return false
	}
	if a.Version != nil && *a.Version != *b.Version {
		return false
	}
	for _, p := range a.Params {
		if value, ok := o.Param(p.Key); !ok || value != p.Value {
			return false
		}
	}
	if a.Default != nil && !a.Default.Equal(b.Default) {
		return false
	}
	for i := range a.Fields {
		if a.Fields[i].Name != b.Fields[i].Name || !a.Fields[i].Schema.Equal(b.Fields[i].Schema) {
			return false
		}
	}
	return a.Key.Equal(b.Key) && a.Elem.Equal(b.Elem)
}

// distinctParams are the parameters with the last value of each at the place of the first.
func distinctParams(given []Param) []Param {
	params := make([]Param, 0, len(given))
next:
	for _, p := range given {
		for i := range params {
			if params[i].Key == p.Key {
				params[i].Value = p.Value
				continue next
			}
		}
		params = append(params, p)
	}
	return params
}

// Of returns the plain schema of a type that needs no parts.
func Of(t Type, optional bool) *Schema { return primitives[t][b2i(optional)] }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

var primitives = func() (p [TypeBytes + 1][2]*Schema) {
	for t := range p {
		for o := range p[t] {
			p[t][o] = &Schema{spec: Spec{Type: Type(t), Optional: o == 1}}
		}
	}
	return p
}()
