package avroschema

import (
	"strings"
	"unicode"

	"github.com/connectless/connectless/core/data"
)

// Kind is a schema's type.
type Kind uint8

const (
	Null Kind = iota
	Boolean
	Int
	Long
	Float
	Double
	Bytes
	String
	Record
	Enum
	Array
	Map
	Union
	Fixed
)

var kindNames = [...]string{"null", "boolean", "int", "long", "float", "double", "bytes", "string", "record", "enum", "array", "map", "union", "fixed"}

// String is the kind's name in a schema: int.
func (k Kind) String() string { return kindNames[k] }

// Named says whether schemas of the kind have a name: records, enums and fixed.
func (k Kind) Named() bool { return k == Record || k == Enum || k == Fixed }

// Exception classes of Avro's Java library, which reach users in dead letter headers.
const (
	ParseException   = "org.apache.avro.SchemaParseException"
	TypeException    = "org.apache.avro.AvroTypeException"
	RuntimeException = "org.apache.avro.AvroRuntimeException"
)

// Schema is an Avro schema. It may contain itself. It is immutable once it is built, and then safe for concurrent use.
type Schema struct {
	Kind     Kind
	Name     Name
	Doc      *string
	Error    bool // a record that was declared as an error
	Fields   []Field
	Symbols  []string
	Fallback *string   // default symbol of an enum
	Size     int       // of a fixed, in bytes
	Elem     *Schema   // items of an array, values of a map
	Branches []*Schema // of a union
	Props    []Prop
	Aliases  []Name
}

// Field is one field of a record.
type Field struct {
	Name    string
	Schema  *Schema
	Doc     *string
	Default *data.Value // JSON; nil means none
	Order   string      // "" (ascending), descending or ignore
	Aliases []string
	Props   []Prop
}

// Prop is a property that the specification does not define; Value is JSON.
type Prop struct {
	Key   string
	Value data.Value
}

// Name is the name of a record, enum or fixed; Space is its namespace, "" for none.
type Name struct{ Name, Space string }

// Full is the name with its namespace.
func (n Name) Full() string {
	if n.Space == "" {
		return n.Name
	}
	return n.Space + "." + n.Name
}

// NewName splits a full name, or takes space for the namespace of a simple one. Errors are SchemaParseExceptions.
func NewName(name, space string) (Name, error) {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name, space = name[dot+1:], name[:dot]
	}
	return Name{Name: name, Space: space}, CheckName(name)
}

// CheckName checks a simple name as Java's library does: letters, digits and _ of any script, no digit first.
func CheckName(name string) error {
	if name == "" {
		return data.Errorf(ParseException, "Empty name")
	}
	for i, r := range name {
		switch {
		case r == '_' || unicode.IsLetter(r) || i > 0 && unicode.Is(unicode.Nd, r):
		case i == 0:
			return data.Errorf(ParseException, "Illegal initial character: %s", name)
		default:
			return data.Errorf(ParseException, "Illegal character in: %s", name)
		}
	}
	return nil
}

// FullName is the full name of a named schema and the name of the type of any other.
func (s *Schema) FullName() string {
	if s.Kind.Named() {
		return s.Name.Full()
	}
	return s.Kind.String()
}

// Prop finds a property; nil when there is none.
func (s *Schema) Prop(key string) *data.Value { return findProp(s.Props, key) }

// TextProp is a property that is a string; ok is false for one that is missing or is none.
func (s *Schema) TextProp(key string) (text string, ok bool) {
	if v := s.Prop(key); v.Kind() == data.String {
		return v.Text(), true
	}
	return "", false
}

// SetProp adds a property to a schema that is being built; the first value of a key stays.
func (s *Schema) SetProp(key string, v data.Value) {
	if s.Prop(key) == nil {
		s.Props = append(s.Props, Prop{key, v})
	}
}

// Field finds a record's field; nil when there is none.
func (s *Schema) Field(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

// Symbol is the position of an enum's symbol, -1 when there is none.
func (s *Schema) Symbol(name string) int {
	for i, symbol := range s.Symbols {
		if symbol == name {
			return i
		}
	}
	return -1
}

// Branch is the position of the union's branch with the full name, -1 when there is none.
func (s *Schema) Branch(fullName string) int {
	for i, b := range s.Branches {
		if b.FullName() == fullName {
			return i
		}
	}
	return -1
}

func findProp(props []Prop, key string) *data.Value {
	for i := range props {
		if props[i].Key == key {
			return &props[i].Value
		}
	}
	return nil
}

// NewUnion makes a union. Errors are AvroRuntimeExceptions: a union in the union, a type that comes twice.
func NewUnion(branches ...*Schema) (*Schema, error) {
	seen := make(map[string]bool, len(branches))
	for _, b := range branches {
		if b.Kind == Union {
			return nil, data.Errorf(RuntimeException, "Nested union: %s", listText(branches))
		}
		name := b.FullName()
		if seen[name] {
			return nil, data.Errorf(RuntimeException, "Duplicate in union:%s", name)
		}
		seen[name] = true
	}
	return &Schema{Kind: Union, Branches: branches}, nil
}

func listText(branches []*Schema) string {
	s := Schema{Kind: Union, Branches: branches}
	b, err := s.AppendJSON(nil)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
