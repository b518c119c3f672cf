package codec

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/connectless/connectless/core/data"
)

// typeNames are the names of types in JSON, by type.
var typeNames = [...]string{"int8", "int16", "int32", "int64", "float", "double", "boolean", "string", "bytes", "array", "map", "struct"}

// schemaTexts remembers the JSON of schemas, by pointer.
type schemaTexts struct {
	limit int
	mu    sync.RWMutex
	texts map[*data.Schema][]byte
}

func (t *schemaTexts) append(dst []byte, c *jsonConverter, s *data.Schema) ([]byte, error) {
	if s == nil {
		return append(dst, "null"...), nil
	}
	t.mu.RLock()
	text := t.texts[s]
	t.mu.RUnlock()
	if text != nil {
		return append(dst, text...), nil
	}
	text, err := c.appendSchema(nil, s, "")
	if err != nil {
		return dst, err
	}
	t.mu.Lock()
	if t.texts == nil || len(t.texts) >= t.limit {
		t.texts = make(map[*data.Schema][]byte)
	}
	t.texts[s] = text
	t.mu.Unlock()
	return append(dst, text...), nil
}

// appendSchema writes a schema with the keys in Java's order; field is the name of the field that it describes, which
// comes last, or "".
func (c *jsonConverter) appendSchema(dst []byte, s *data.Schema, field string) ([]byte, error) {
	var err error
	dst = append(append(append(dst, `{"type":"`...), typeNames[s.Type()]...), '"')
	part := func(key string, part *data.Schema) {
		dst = append(append(append(dst, `,"`...), key...), `":`...)
		switch {
		case err != nil:
		case part == nil:
			dst = append(dst, "null"...)
		default:
			dst, err = c.appendSchema(dst, part, "")
		}
	}
	switch s.Type() {
	case data.TypeArray:
		part("items", s.Elem())
	case data.TypeMap:
		part("keys", s.KeySchema())
		part("values", s.Elem())
	case data.TypeStruct:
		dst = append(dst, `,"fields":[`...)
		for i, f := range s.Fields() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = c.appendSchema(dst, f.Schema, f.Name); err != nil {
				return dst, err
			}
		}
		dst = append(dst, ']')
	}
	if err != nil {
		return dst, err
	}
	dst = strconv.AppendBool(append(dst, `,"optional":`...), s.Optional())
	if s.Name() != "" {
		dst = data.AppendJSONString(append(dst, `,"name":`...), s.Name())
	}
	if s.Version() != nil {
		dst = strconv.AppendInt(append(dst, `,"version":`...), int64(*s.Version()), 10)
	}
	if s.Doc() != "" {
		dst = data.AppendJSONString(append(dst, `,"doc":`...), s.Doc())
	}
	if len(s.Params()) > 0 {
		dst = append(dst, `,"parameters":{`...)
		for i, p := range s.Params() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(data.AppendJSONString(dst, p.Key), ':')
			dst = data.AppendJSONString(dst, p.Value)
		}
		dst = append(dst, '}')
	}
	if s.Default() != nil {
		if dst, err = c.append(append(dst, `,"default":`...), s, s.Default()); err != nil {
			return dst, err
		}
	}
	if field != "" {
		dst = data.AppendJSONString(append(dst, `,"field":`...), field)
	}
	return append(dst, '}'), nil
}

// schemaMemo remembers the schemas of envelopes by their bytes. The schema is two thirds of a document and nearly always
// that of the document before: then comparing bytes is all it costs.
type schemaMemo struct {
	limit int
	last  atomic.Pointer[knownPrefix]
	mu    sync.RWMutex
	known map[string]*knownSchema // by the JSON text
}

// knownPrefix is a document up to its payload.
type knownPrefix struct {
	text   string
	schema *knownSchema
}

// knownSchema is a schema, nil for null, and how payloads of it are read.
type knownSchema struct {
	schema *data.Schema
	plan   *data.JSONPlan
}

// lookup finds the schema of a JSON text; nil if it has to be read.
func (m *schemaMemo) lookup(text []byte) *knownSchema {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.known[string(text)]
}

func (m *schemaMemo) store(text []byte, s *knownSchema) *knownSchema {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= m.limit {
		m.known = make(map[string]*knownSchema)
	}
	m.known[string(text)] = s
	return s
}

// readSchema is the schema that an envelope's JSON describes; nil for null. Errors are DataExceptions and
// SchemaBuilderExceptions. The schema owns its content.
func (c *jsonConverter) readSchema(v *data.Value) (*data.Schema, error) {
	if v.IsNull() {
		return nil, nil
	}
	typ := v.Get("type")
	if typ.Kind() != data.String {
		return nil, data.Errorf(data.DataException, "Schema must contain 'type' field")
	}
	spec, err := c.readType(typ.Text(), v)
	if err != nil {
		return nil, err
	}
	if optional := v.Get("optional"); optional.Kind() == data.Bool {
		spec.Optional = optional.Bool()
	}
	spec.Name, _ = textOf(v.Get("name"))
	spec.Doc, _ = textOf(v.Get("doc"))
	if version := v.Get("version"); version.Kind() == data.Int64 {
		n := int32(version.Int())
		spec.Version = &n
	}
	if params := v.Get("parameters"); params.Kind() == data.Map {
		for i := range params.Fields() {
			f := &params.Fields()[i]
			text, ok := textOf(&f.Value)
			if !ok {
				return nil, data.Errorf(data.DataException, "Schema parameters must have string values.")
			}
			spec.Params = append(spec.Params, data.Param{Key: own(f.Name), Value: text})
		}
	}
	schema, err := spec.Build()
	if err != nil {
		return nil, err
	}
	given := v.Get("default")
	if given == nil {
		return schema, nil
	}
	d := decoder{c: c}
	def, err := d.decode(schema, given)
	if err != nil {
		return nil, err
	}
	why := data.Validate(schema, &def)
	if def.Kind() == data.Struct {
		// JsonConverter hands the default to a builder, whose schema no struct's schema ever equals.
		why = data.Errorf(data.DataException, "Struct schemas do not match.")
	}
	switch {
	case why != nil:
		return nil, data.Errorf(data.SchemaBuilderException, "Invalid default value").Because(why)
	case def.IsNull():
		return schema, nil
	}
	def = def.Clone()
	spec.Default = &def
	return spec.Build()
}

// readType starts a spec with the type and its parts.
func (c *jsonConverter) readType(name string, v *data.Value) (spec data.Spec, err error) {
	at := -1
	for i, n := range typeNames {
		if n == name {
			at = i
		}
	}
	if at < 0 {
		return spec, data.Errorf(data.DataException, "Unknown schema type: %s", name)
	}
	spec.Type = data.Type(at)
	switch spec.Type {
	case data.TypeArray:
		items := v.Get("items")
		if items.IsNull() {
			return spec, data.Errorf(data.DataException, "Array schema did not specify the element type")
		}
		spec.Elem, err = c.readSchema(items)
	case data.TypeMap:
		keys, values := v.Get("keys"), v.Get("values")
		if keys == nil {
			return spec, data.Errorf(data.DataException, "Map schema did not specify the key type")
		}
		if values == nil {
			return spec, data.Errorf(data.DataException, "Map schema did not specify the value type")
		}
		if spec.Key, err = c.readSchema(keys); err == nil {
			spec.Elem, err = c.readSchema(values)
		}
	case data.TypeStruct:
		fields := v.Get("fields")
		if fields.Kind() != data.Array {
			return spec, data.Errorf(data.DataException, "Struct schema's \"fields\" argument is not an array.")
		}
		for i := range fields.Items() {
			f := &fields.Items()[i]
			name, ok := textOf(f.Get("field"))
			if !ok {
				return spec, data.Errorf(data.DataException, "Struct schema's field name not specified properly")
			}
			s, err := c.readSchema(f)
			if err != nil {
				return spec, err
			}
			spec.Fields = append(spec.Fields, data.SchemaField{Name: name, Schema: s})
		}
	}
	return spec, err
}

// textOf is a copy of a string value.
func textOf(v *data.Value) (string, bool) {
	if v.Kind() != data.String {
		return "", false
	}
	return own(v.Text()), true
}

func own(s string) string { return string(append([]byte(nil), s...)) }
