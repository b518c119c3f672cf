package avroschema

import (
	"bytes"

	"github.com/connectless/connectless/core/data"
)

// Options change how schemas are read.
type Options struct {
	// CheckDefaults refuses a field's default that does not fit its type, as Java's parser does unless it is told not to.
	// What a registry returns is read without: it was checked, or not, when it was registered.
	CheckDefaults bool
	// Known are schemas whose names the schema may use: its references.
	Known []*Schema
}

// Parse reads a schema from its JSON. Errors are *data.Error of Avro's classes.
func Parse(text []byte, o Options) (*Schema, error) {
	// The tree keeps parts of the text, and unlike the text it lives long.
	v, ok, err := data.ParseJSON(nil, bytes.Clone(text))
	if err != nil || !ok {
		e := data.Errorf(ParseException, "%s", "Cannot parse <null> schema")
		if err != nil {
			e = data.Errorf(ParseException, "%s", err)
		}
		return nil, e
	}
	p := parser{checkDefaults: o.CheckDefaults, names: map[Name]*Schema{}}
	for _, k := range o.Known {
		p.know(k)
	}
	return p.schema(&v, "")
}

type parser struct {
	checkDefaults bool
	names         map[Name]*Schema
}

// know makes a schema's names known, and those of everything in it.
func (p *parser) know(s *Schema) {
	if s.Kind.Named() {
		if p.names[s.Name] != nil {
			return
		}
		p.names[s.Name] = s
	}
	for i := range s.Fields {
		p.know(s.Fields[i].Schema)
	}
	for _, b := range s.Branches {
		p.know(b)
	}
	if s.Elem != nil {
		p.know(s.Elem)
	}
}

func fail(what string, v *data.Value) error {
	return data.Errorf(ParseException, "%s: %s", what, v.AppendJSON(nil))
}

// primitives are shared: a primitive without properties has nothing of its own.
var primitives = func() map[string]*Schema {
	m := map[string]*Schema{}
	for k := Null; k <= String; k++ {
		m[k.String()] = &Schema{Kind: k}
	}
	return m
}()

// Primitive is the schema of a type without properties: null to string.
func Primitive(k Kind) *Schema { return primitives[k.String()] }

func (p *parser) schema(v *data.Value, space string) (*Schema, error) {
	switch v.Kind() {
	case data.String:
		if s := p.lookup(v.Text(), space); s != nil {
			return s, nil
		}
		return nil, fail("Undefined name", v)
	case data.Array:
		branches := make([]*Schema, v.Len())
		for i := range branches {
			var err error
			if branches[i], err = p.schema(&v.Items()[i], space); err != nil {
				return nil, err
			}
		}
		return NewUnion(branches...)
	case data.Map:
		return p.object(v, space)
	}
	return nil, fail("Schema not yet supported", v)
}

// lookup finds a primitive or a name that was defined before.
func (p *parser) lookup(text, space string) *Schema {
	if s := primitives[text]; s != nil {
		return s
	}
	n, err := NewName(text, space)
	if err != nil {
		return nil
	}
	if s := p.names[n]; s != nil {
		return s
	}
	n, _ = NewName(text, "")
	return p.names[n]
}

func optionalText(v *data.Value, key string) *string {
	t := v.Get(key)
	if t.Kind() != data.String {
		return nil
	}
	text := t.Text()
	return &text
}

func (p *parser) object(v *data.Value, space string) (*Schema, error) {
	kind := optionalText(v, "type")
	if kind == nil {
		return nil, fail("No type", v)
	}
	s := &Schema{}
	var err error
	switch *kind {
	case "record", "error":
		s.Kind, s.Error = Record, *kind == "error"
	case "enum":
		s.Kind = Enum
	case "fixed":
		s.Kind = Fixed
	case "array":
		s.Kind = Array
		if err := p.elem(s, v, "items", "Array has no items type", space); err != nil {
			return nil, err
		}
	case "map":
		s.Kind = Map
		if err := p.elem(s, v, "values", "Map has no values type", space); err != nil {
			return nil, err
		}
	default:
		if prim := primitives[*kind]; prim != nil {
			s.Kind = prim.Kind
			break
		}
		if n, err := NewName(*kind, space); err == nil && p.names[n] != nil {
			return p.names[n], nil
		}
		return nil, data.Errorf(ParseException, "Type not supported: %s", *kind)
	}
	if s.Kind.Named() {
		if err = p.named(s, v, space); err != nil {
			return nil, err
		}
	}
	readProps(&s.Props, v, schemaReserved, s.Kind == Enum)
	if len(s.Props) == 0 && s.Kind <= String {
		return primitives[*kind], nil
	}
	return s, nil
}

func (p *parser) elem(s *Schema, v *data.Value, key, missing, space string) (err error) {
	of := v.Get(key)
	if of == nil {
		return fail(missing, v)
	}
	s.Elem, err = p.schema(of, space)
	return err
}

var (
	schemaReserved = []string{"doc", "fields", "items", "name", "namespace", "size", "symbols", "values", "type", "aliases"}
	fieldReserved  = []string{"default", "doc", "name", "order", "type", "aliases"}
)

func readProps(props *[]Prop, v *data.Value, reserved []string, enum bool) {
next:
	for i := range v.Fields() {
		f := &v.Fields()[i]
		for _, r := range reserved {
			if f.Name == r {
				continue next
			}
		}
		if enum && f.Name == "default" {
			continue
		}
		*props = append(*props, Prop{f.Name, javaJSON(&f.Value)})
	}
}

// javaJSON is the value with the numbers that Jackson reads: what is written again has Java's text.
func javaJSON(v *data.Value) data.Value {
	switch v.Kind() {
	case data.Int64:
		return data.OfInt64(v.Int())
	case data.Float64:
		return data.OfFloat64(v.Float())
	case data.String:
		return data.OfString(v.Text())
	case data.Array:
		items := make([]data.Value, v.Len())
		for i := range items {
			items[i] = javaJSON(&v.Items()[i])
		}
		return data.OfArray(items...)
	case data.Map:
		fields := make([]data.Field, v.Len())
		for i := range fields {
			f := &v.Fields()[i]
			fields[i] = data.F(f.Name, javaJSON(&f.Value))
		}
		return data.OfMap(fields...)
	}
	return *v
}

// named reads a record, enum or fixed.
func (p *parser) named(s *Schema, v *data.Value, space string) (err error) {
	if given := optionalText(v, "namespace"); given != nil {
		space = *given
	}
	name := optionalText(v, "name")
	if name == nil {
		return fail("No name in schema", v)
	}
	if s.Name, err = NewName(*name, space); err != nil {
		return err
	}
	s.Doc = optionalText(v, "doc")
	switch s.Kind {
	case Record:
		if err := p.define(s); err != nil {
			return err
		}
		fields := v.Get("fields")
		if fields.Kind() != data.Array {
			return fail("Record has no fields", v)
		}
		if err := p.fields(s, fields); err != nil {
			return err
		}
	case Enum:
		if err := enum(s, v); err != nil {
			return err
		}
		if err := p.define(s); err != nil {
			return err
		}
	case Fixed:
		size := v.Get("size")
		if size.Kind() != data.Int64 || size.Int() != int64(int32(size.Int())) {
			return fail("Invalid or no size", v)
		}
		if s.Size = int(size.Int()); s.Size < 0 {
			return data.Errorf(data.IllegalArgument, "Invalid fixed size: %d", s.Size)
		}
		if err := p.define(s); err != nil {
			return err
		}
	}
	if aliases := v.Get("aliases"); aliases.Kind() == data.Array {
		for i := range aliases.Items() {
			a := &aliases.Items()[i]
			if a.Kind() != data.String {
				return fail("alias not a string", a)
			}
			n, err := NewName(a.Text(), s.Name.Space)
			if err != nil {
				return err
			}
			s.Aliases = append(s.Aliases, n)
		}
	}
	return nil
}

func (p *parser) define(s *Schema) error {
	if primitives[s.Name.Full()] != nil {
		return data.Errorf(TypeException, "Schemas may not be named after primitives: %s", s.Name.Full())
	}
	if p.names[s.Name] != nil {
		return data.Errorf(ParseException, "Can't redefine: %s", s.Name.Full())
	}
	p.names[s.Name] = s
	return nil
}

func enum(s *Schema, v *data.Value) error {
	symbols := v.Get("symbols")
	if symbols.Kind() != data.Array {
		return fail("Enum has no symbols", v)
	}
	for i := range symbols.Items() {
		symbol := symbols.Items()[i].Text()
		s.Symbols = append(s.Symbols, symbol)
	}
	if d := optionalText(v, "default"); d != nil {
		s.Fallback = d
	}
	return s.CheckEnum()
}

// CheckEnum checks an enum's symbols and default. Errors are SchemaParseExceptions.
func (s *Schema) CheckEnum() error {
	seen := make(map[string]bool, len(s.Symbols))
	for _, symbol := range s.Symbols {
		if err := CheckName(symbol); err != nil {
			return err
		}
		if seen[symbol] {
			return data.Errorf(ParseException, "Duplicate enum symbol: %s", symbol)
		}
		seen[symbol] = true
	}
	if s.Fallback != nil && !seen[*s.Fallback] {
		list := data.OfArray()
		for _, symbol := range s.Symbols {
			list = data.OfArray(append(list.Items(), data.OfString(symbol))...)
		}
		return data.Errorf(ParseException, "The Enum Default: %s is not in the enum symbol set: %s", *s.Fallback, list.JavaText())
	}
	return nil
}

func (p *parser) fields(s *Schema, list *data.Value) error {
	seen := make(map[string]bool, list.Len())
	s.Fields = make([]Field, 0, list.Len())
	for i := range list.Items() {
		v := &list.Items()[i]
		name := optionalText(v, "name")
		if name == nil {
			return fail("No field name", v)
		}
		of := v.Get("type")
		if of == nil {
			return fail("No field type", v)
		}
		if of.Kind() == data.String && p.lookup(of.Text(), s.Name.Space) == nil {
			return data.Errorf(ParseException, "%s is not a defined name. The type of the %q field must be a defined name or a {\"type\": ...} expression.",
				of.AppendJSON(nil), *name)
		}
		f := Field{Name: *name, Doc: optionalText(v, "doc")}
		var err error
		if f.Schema, err = p.schema(of, s.Name.Space); err != nil {
			return err
		}
		if err = CheckName(f.Name); err != nil {
			return err
		}
		if seen[f.Name] {
			return data.Errorf(RuntimeException, "Duplicate field %s in record %s: %s", f.Name, s.Name.Full(), f.Name)
		}
		seen[f.Name] = true
		if d := v.Get("default"); d != nil {
			def := javaJSON(d)
			f.Default = &def
			if p.checkDefaults && !ValidDefault(f.Schema, f.Default) {
				return data.Errorf(TypeException, "Invalid default for field %s: %s not a %s", f.Name, f.Default.AppendJSON(nil), f.Schema)
			}
		}
		if order := optionalText(v, "order"); order != nil && *order != "ascending" {
			f.Order = *order
		}
		if aliases := v.Get("aliases"); aliases.Kind() == data.Array {
			for i := range aliases.Items() {
				f.Aliases = append(f.Aliases, aliases.Items()[i].Text())
			}
		}
		readProps(&f.Props, v, fieldReserved, false)
		s.Fields = append(s.Fields, f)
	}
	return nil
}
