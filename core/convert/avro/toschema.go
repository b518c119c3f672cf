package avro

import (
	"slices"
	"strconv"
	"strings"

	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/data"
)

// ToConnect is the Connect schema of an Avro schema. version is the registry's, nil for none; the schema's own comes
// first. Errors are DataExceptions.
func (m *Mapping) ToConnect(s *avroschema.Schema, version *int32) (*data.Schema, error) {
	return (&toConnect{Mapping: m}).schema(s, place{version: version})
}

// toConnect is the work on one schema.
type toConnect struct {
	*Mapping
	within []*avroschema.Schema // the records that enclose the one at hand
	size   int                  // schemas converted so far
}

// maxSize bounds the Connect schema of a schema whose types use each other, level by level, more than once.
const maxSize = 1 << 17

// place is what a schema's surroundings add to it.
type place struct {
	optional bool
	def      *data.Value // default of the field, in JSON
	doc      *string     // of the field
	version  *int32
}

func (c *toConnect) schema(s *avroschema.Schema, at place) (*data.Schema, error) {
	if c.size++; c.size > maxSize {
		return nil, data.Errorf(data.DataException, "The schema is too large: more than %d types", maxSize)
	}
	if s.Kind == avroschema.Union {
		if only, optional := c.single(s); only != nil {
			return c.schema(only, place{optional: optional, doc: at.doc})
		}
	}
	b := &builder{}
	if err := c.base(b, s); err != nil {
		return nil, err
	}
	if err := c.annotate(b, s, at); err != nil {
		return nil, err
	}
	b.Optional = b.Optional || at.optional
	built, err := b.Build()
	if err != nil {
		return nil, err
	}
	def, given := c.defaultOf(b, built, s, at)
	if given && at.def != nil && !c.DiscardTypeDocDefault && c.MetaData && s.Prop(propDefault) == nil {
		b.param(paramDefault, "true")
		if built, err = b.Build(); err != nil {
			return nil, err
		}
	}
	if def == nil {
		return built, nil
	}
	b.Default = def
	if with, err := b.Build(); err == nil {
		return with, nil
	}
	return built, nil // a default that does not fit is ignored, as in Java
}

// single is the branch that a union stands for: its only one, or the one beside null.
func (m *Mapping) single(s *avroschema.Schema) (only *avroschema.Schema, optional bool) {
	switch len(s.Branches) {
	case 1:
		if m.FlattenSingletons {
			return s.Branches[0], false
		}
	case 2:
		for i, b := range s.Branches {
			if b.Kind == avroschema.Null && len(b.Props) == 0 {
				return s.Branches[1-i], true
			}
		}
	}
	return nil, false
}

// builder is a schema being built; as in Java, the last value of a parameter stays, and names and versions may not change.
type builder struct{ data.Spec }

func (b *builder) param(key, value string) {
	for i := range b.Params {
		if b.Params[i].Key == key {
			b.Params = slices.Clone(b.Params)
			b.Params[i].Value = value
			return
		}
	}
	b.Params = append(b.Params, data.Param{Key: key, Value: value})
}

func (b *builder) is(s *data.Schema) { b.Spec = s.Spec() }

// base sets the type, what it is made of, and what logical types say.
func (c *toConnect) base(b *builder, s *avroschema.Schema) (err error) {
	logical, _ := s.TextProp(logicalType)
	is := func(name string) bool { return strings.EqualFold(logical, name) }
	switch s.Kind {
	case avroschema.Boolean:
		b.Type = data.TypeBoolean
	case avroschema.Double:
		b.Type = data.TypeFloat64
	case avroschema.Float:
		b.Type = data.TypeFloat32
	case avroschema.String:
		b.Type = data.TypeString
	case avroschema.Long:
		b.Type = data.TypeInt64
		if is(logicalTimestamp) {
			b.is(data.Logical(data.LogicalTimestamp, false))
		}
	case avroschema.Int:
		b.Type = data.TypeInt32
		kind, typed := s.TextProp(propType)
		switch {
		case is(logicalDate):
			b.is(data.Logical(data.LogicalDate, false))
		case is(logicalTime):
			b.is(data.Logical(data.LogicalTime, false))
		case logical != "" || !typed:
		case kind == "int8":
			b.Type = data.TypeInt8
		case kind == "int16":
			b.Type = data.TypeInt16
		default:
			return data.Errorf(data.DataException, "Connect type annotation for Avro int field is null")
		}
	case avroschema.Bytes, avroschema.Fixed:
		b.Type = data.TypeBytes
		if is(logicalDecimal) {
			err = decimal(b, s)
		}
		if s.Kind == avroschema.Fixed {
			b.param(propFixedSize, strconv.Itoa(s.Size))
		}
	case avroschema.Array:
		return c.array(b, s)
	case avroschema.Map:
		b.Type, b.Key = data.TypeMap, data.Of(data.TypeString, false)
		b.Elem, err = c.schema(s.Elem, place{})
	case avroschema.Record:
		return c.record(b, s)
	case avroschema.Enum:
		c.enum(b, s)
	case avroschema.Union:
		return c.union(b, s)
	default:
		return data.Errorf(data.DataException, "Standalone null schemas are not supported by this converter")
	}
	return err
}

func decimal(b *builder, s *avroschema.Schema) error {
	scale := int32(0)
	if v := s.Prop(decimalScale); isNumber(v) {
		scale = int32(number(v))
	}
	b.is(data.DecimalSchema(scale, false))
	if v := s.Prop(decimalPrecision); v != nil {
		if !isNumber(v) {
			return data.Errorf(data.DataException, "precision property must be a JSON Integer. https://avro.apache.org/docs/1.9.1/spec.html#Decimal")
		}
		if n := int32(number(v)); n != defaultPrecision {
			b.param(propPrecision, strconv.Itoa(int(n)))
		}
	}
	return nil
}

func isNumber(v *data.Value) bool { return v.Kind() == data.Int64 || v.Kind() == data.Float64 }

func number(v *data.Value) int64 {
	if v.Kind() == data.Float64 {
		return int64(v.Float())
	}
	return v.Int()
}

// isMapEntry says whether an array of the records is a map whose keys are no strings.
func isMapEntry(s *avroschema.Schema) bool {
	if s.Kind != avroschema.Record {
		return false
	}
	internal, _ := s.TextProp(propInternal)
	return s.Name.Space == namespace && s.Name.Name == mapEntryName || internal == mapEntryName
}

func (c *toConnect) array(b *builder, s *avroschema.Schema) (err error) {
	if !isMapEntry(s.Elem) {
		b.Type = data.TypeArray
		b.Elem, err = c.schema(s.Elem, place{})
		return err
	}
	b.Type = data.TypeMap
	key, value := s.Elem.Field(keyField), s.Elem.Field(valueField)
	if len(s.Elem.Fields) != 2 || key == nil || value == nil {
		return data.Errorf(data.DataException, "Found map encoded as array of key-value pairs, but array elements do not match the expected format.")
	}
	if err = c.enter(s.Elem); err != nil {
		return err
	}
	defer c.leave()
	if b.Key, err = c.schema(key.Schema, place{}); err == nil {
		b.Elem, err = c.schema(value.Schema, place{})
	}
	return err
}

// enter goes into a record; one that contains itself has no end.
func (c *toConnect) enter(s *avroschema.Schema) error {
	if slices.Contains(c.within, s) {
		return data.Errorf(data.DataException, "The record %s contains itself, which is not supported", s.Name.Full())
	}
	c.within = append(c.within, s)
	return nil
}

func (c *toConnect) leave() { c.within = c.within[:len(c.within)-1] }

func (c *toConnect) record(b *builder, s *avroschema.Schema) error {
	if err := c.enter(s); err != nil {
		return err
	}
	defer c.leave()
	b.Type = data.TypeStruct
	docs := !c.DiscardTypeDocDefault && c.MetaData
	if docs && s.Doc != nil {
		b.param(paramRecordDoc, *s.Doc)
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		if docs && f.Doc != nil {
			b.param(paramFieldDoc+f.Name, *f.Doc)
		}
		of, err := c.schema(f.Schema, place{def: f.Default, doc: f.Doc})
		if err != nil {
			return err
		}
		b.Fields = append(b.Fields, data.SchemaField{Name: f.Name, Schema: of})
	}
	return nil
}

func (c *toConnect) enum(b *builder, s *avroschema.Schema) {
	b.Type = data.TypeString
	if c.MetaData {
		if s.Doc != nil && c.DiscardTypeDocDefault {
			b.param(propEnumDoc, *s.Doc)
		} else if s.Doc != nil {
			b.param(paramEnumDoc+s.Name.Name, *s.Doc)
		}
		if !c.DiscardTypeDocDefault && s.Fallback != nil {
			b.param(paramEnumDef+s.Name.Name, *s.Fallback)
		}
	}
	name := c.enumParam()
	b.param(name, s.Name.Full())
	for i, symbol := range s.Symbols {
		value := symbol
		if c.GeneralizedSums {
			value = strconv.Itoa(i)
		}
		b.param(name+"."+symbol, value)
	}
}

func (c *toConnect) union(b *builder, s *avroschema.Schema) error {
	b.Type, b.Name = data.TypeStruct, unionName
	if c.GeneralizedSums {
		b.Name = generalUnionPrefix + strconv.Itoa(int(c.unions.Add(1)-1))
		b.param(generalUnion, b.Name)
	}
	for i, branch := range s.Branches {
		if branch.Kind == avroschema.Null {
			b.Optional = true
			continue
		}
		name := c.branchName(branch, i)
		for _, f := range b.Fields {
			if f.Name == name {
				return data.Errorf(data.DataException, "Multiple union schemas map to the Connect union field name")
			}
		}
		of, err := c.schema(branch, place{optional: true})
		if err != nil {
			return err
		}
		b.Fields = append(b.Fields, data.SchemaField{Name: name, Schema: of})
	}
	return nil
}

// branchName is the name of the field that stands for a union's branch.
func (m *Mapping) branchName(s *avroschema.Schema, i int) string {
	switch {
	case m.GeneralizedSums:
		return generalFieldPrefix + strconv.Itoa(i)
	case !s.Kind.Named():
		return s.Kind.String()
	case m.Enhanced:
		return s.Name.Full()
	}
	_, name := m.splitName(s.Name.Name)
	return name
}

// annotate sets what a schema's properties and its place say.
func (c *toConnect) annotate(b *builder, s *avroschema.Schema, at place) error {
	connectDoc := textPtr(s, propDoc)
	switch {
	case c.DiscardTypeDocDefault:
		for _, doc := range []*string{at.doc, s.Doc, connectDoc} {
			if doc != nil {
				b.Doc = *doc
				break
			}
		}
		if c.MetaData && s.Doc != nil {
			b.param(propRecordDoc, *s.Doc)
		}
	case c.MetaData && connectDoc != nil:
		b.Doc = *connectDoc
	}
	if err := setVersion(b, s, at.version); err != nil {
		return err
	}
	if params := s.Prop(propParams); params != nil && c.MetaData {
		if params.Kind() != data.Map {
			return data.Errorf(data.DataException, "Expected JSON object for schema parameters but found: %s", params.JavaText())
		}
		for i := range params.Fields() {
			f := &params.Fields()[i]
			if f.Value.Kind() != data.String {
				return data.Errorf(data.DataException, "Expected schema parameter values to be strings but found: %s", f.Value.JavaText())
			}
			b.param(f.Name, f.Value.Text())
		}
	}
	for i := range s.Props {
		if p := &s.Props[i]; strings.HasPrefix(p.Key, paramPrefix) {
			b.param(p.Key, p.Value.JavaText())
		}
	}
	return setName(b, s)
}

func textPtr(s *avroschema.Schema, key string) *string {
	if text, ok := s.TextProp(key); ok {
		return &text
	}
	return nil
}

func setVersion(b *builder, s *avroschema.Schema, registered *int32) error {
	version := int32(-1)
	if v := s.Prop(propVersion); v != nil {
		if !isNumber(v) {
			return data.Errorf(data.DataException, "Invalid Connect version found: %s", v.JavaText())
		}
		version = int32(number(v))
	} else if registered != nil {
		version = *registered
	}
	switch {
	case version < 0:
	case b.Version == nil:
		b.Version = &version
	case *b.Version != version:
		return data.Errorf(data.DataException, "Mismatched versions: version already added to SchemaBuilder (%d) differs from version in source schema (%d)", *b.Version, version)
	}
	return nil
}

func setName(b *builder, s *avroschema.Schema) error {
	name := ""
	switch v := s.Prop(propName); {
	case v.Kind() == data.String:
		name = v.Text()
	case v != nil:
		return data.Errorf(data.DataException, "Invalid schema name: %s", v.JavaText())
	case s.Kind.Named():
		name = s.Name.Full()
	}
	switch {
	case name == "" || strings.HasPrefix(name, defaultFullName):
	case b.Name == "":
		b.Name = name
	case b.Name != name:
		return data.Errorf(data.DataException, "Mismatched names: name already added to SchemaBuilder (%s) differs from name in source schema (%s)", b.Name, name)
	}
	return nil
}
