package avro

import (
	"slices"
	"strconv"
	"strings"

	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
)

// FromConnect is the Avro schema of a Connect schema; nil, no schema, is the record Anything, which holds values of any type. Errors are of the classes that Java
// throws there: DataExceptions, and Avro's for names it does not allow.
func (m *Mapping) FromConnect(s *data.Schema) (*avroschema.Schema, error) {
	if s == nil {
		return anything(), nil
	}
	return (&fromConnect{Mapping: m}).schema(s, false)
}

// fromConnect is the work on one schema.
type fromConnect struct {
	*Mapping
	done    []converted
	unnamed int // structs without a name so far
}

type converted struct {
	from *data.Schema
	to   *avroschema.Schema
}

// find returns what a schema that came before was converted to, so that a type is defined once.
func (c *fromConnect) find(s *data.Schema) *avroschema.Schema {
	for _, d := range c.done {
		if d.from.Equal(s) {
			return d.to
		}
	}
	return nil
}

func (c *fromConnect) schema(s *data.Schema, ignoreOptional bool) (*avroschema.Schema, error) {
	if !isUnion(s) && !s.Optional() {
		if known := c.find(s); known != nil {
			return known, nil
		}
	}
	base, err := c.base(s)
	if err != nil {
		return nil, err
	}
	if base.Kind == avroschema.Union {
		return c.remember(s, base), nil
	}
	if err := c.annotate(s, base); err != nil {
		return nil, err
	}
	if s.Optional() && !ignoreOptional {
		return optional(s, base)
	}
	return c.remember(s, base), nil
}

func (c *fromConnect) remember(s *data.Schema, to *avroschema.Schema) *avroschema.Schema {
	if !s.Optional() {
		c.done = append(c.done, converted{s, to})
	}
	return to
}

// optional adds null to a schema: first, as the default of a union has to fit its first branch, unless there is a
// default.
func optional(s *data.Schema, base *avroschema.Schema) (*avroschema.Schema, error) {
	if s.Default() != nil {
		return avroschema.NewUnion(base, avroschema.Primitive(avroschema.Null))
	}
	return avroschema.NewUnion(avroschema.Primitive(avroschema.Null), base)
}

var primitiveKinds = [...]avroschema.Kind{data.TypeInt8: avroschema.Int, data.TypeInt16: avroschema.Int, data.TypeInt32: avroschema.Int,
	data.TypeInt64: avroschema.Long, data.TypeFloat32: avroschema.Float, data.TypeFloat64: avroschema.Double,
	data.TypeBoolean: avroschema.Boolean, data.TypeString: avroschema.String, data.TypeBytes: avroschema.Bytes}

// base is the schema without what [fromConnect.annotate] adds. It is always a new one, except for unions.
func (c *fromConnect) base(s *data.Schema) (*avroschema.Schema, error) {
	switch s.Type() {
	case data.TypeString:
		if (c.GeneralizedSums || c.Enhanced) && isEnum(s) {
			return c.enum(s)
		}
	case data.TypeBytes:
		return c.bytes(s)
	case data.TypeArray:
		elem, err := c.schema(s.Elem(), false)
		return &avroschema.Schema{Kind: avroschema.Array, Elem: elem}, err
	case data.TypeMap:
		return c.mapSchema(s)
	case data.TypeStruct:
		return c.structSchema(s)
	}
	return &avroschema.Schema{Kind: primitiveKinds[s.Type()]}, nil
}

// name is a struct's, enum's or fixed's name, or the next one for those that have none.
func (c *fromConnect) name(s *data.Schema) (avroschema.Name, error) {
	if s.Name() == "" {
		c.unnamed++
		name := defaultName
		if c.unnamed > 1 {
			name += strconv.Itoa(c.unnamed)
		}
		return avroschema.Name{Name: name, Space: namespace}, nil
	}
	space, name := c.splitName(s.Name())
	return avroschema.NewName(name, space)
}

func (c *fromConnect) enum(s *data.Schema) (*avroschema.Schema, error) {
	simple := ""
	if s.Name() == "" {
		c.unnamed++
		simple = defaultName
	} else {
		_, simple = c.splitName(s.Name())
	}
	full, ok := c.enumName(s)
	if !ok {
		return nil, data.Errorf(data.NullPointer, "Type must have a name")
	}
	e := &avroschema.Schema{Kind: avroschema.Enum, Symbols: c.symbols(s)}
	if c.DiscardTypeDocDefault {
		e.Doc = param(s, propEnumDoc)
	} else {
		e.Doc, e.Fallback = param(s, paramEnumDoc+simple), param(s, paramEnumDef+simple)
	}
	var err error
	if e.Name, err = avroschema.NewName(full, ""); err != nil {
		return nil, err
	}
	return e, e.CheckEnum()
}

// symbols are an enum's symbols in their order. Their parameters have them by name; the general form numbers them.
func (c *fromConnect) symbols(s *data.Schema) []string {
	prefix := c.enumParam() + "."
	var symbols []string
	position := map[string]int{}
	for _, p := range s.Params() {
		symbol, ok := strings.CutPrefix(p.Key, prefix)
		if !ok {
			continue
		}
		symbols = append(symbols, symbol)
		if n, err := strconv.Atoi(p.Value); err == nil && c.GeneralizedSums {
			position[symbol] = n
		}
	}
	slices.SortStableFunc(symbols, func(a, b string) int { return position[a] - position[b] })
	return symbols
}

func param(s *data.Schema, key string) *string {
	if v, ok := s.Param(key); ok {
		return &v
	}
	return nil
}

// intParam is a parameter that is a number; or is what it is when it is missing.
func intParam(s *data.Schema, key string, or int) (int, error) {
	text, ok := s.Param(key)
	if !ok {
		return or, nil
	}
	n, err := javatext.ParseInt(text)
	if err != nil {
		return 0, data.Errorf(data.NumberFormat, "For input string: %q", text)
	}
	return int(n), nil
}

func (c *fromConnect) bytes(s *data.Schema) (*avroschema.Schema, error) {
	b := &avroschema.Schema{Kind: avroschema.Bytes}
	if isFixed(s) {
		name, err := c.name(s)
		if err != nil {
			return nil, err
		}
		size, err := intParam(s, propFixedSize, 0)
		if err != nil {
			return nil, err
		}
		if size < 0 {
			return nil, data.Errorf(data.IllegalArgument, "Invalid fixed size: %d", size)
		}
		b = &avroschema.Schema{Kind: avroschema.Fixed, Name: name, Size: size}
	}
	if !isDecimal(s) {
		return b, nil
	}
	if _, ok := s.Param(data.ScaleParameter); !ok {
		return nil, data.Errorf(data.NumberFormat, "null")
	}
	scale, err := intParam(s, data.ScaleParameter, 0)
	if err != nil {
		return nil, err
	}
	precision, err := intParam(s, propPrecision, defaultPrecision)
	if err != nil {
		return nil, err
	}
	b.SetProp(decimalScale, data.OfInt64(int64(scale)))
	b.SetProp(decimalPrecision, data.OfInt64(int64(precision)))
	return b, nil
}

func isDecimal(s *data.Schema) bool { return strings.EqualFold(s.Name(), data.LogicalDecimal) }

// asMap says whether a map is one in Avro too, whose keys are strings.
func (m *Mapping) asMap(s *data.Schema) bool {
	key := s.KeySchema()
	return key.Type() == data.TypeString && (!key.Optional() || m.OptionalMapKeys)
}

func (c *fromConnect) mapSchema(s *data.Schema) (*avroschema.Schema, error) {
	if c.asMap(s) {
		values, err := c.schema(s.Elem(), false)
		return &avroschema.Schema{Kind: avroschema.Map, Elem: values}, err
	}
	entry := &avroschema.Schema{Kind: avroschema.Record, Name: avroschema.Name{Name: mapEntryName, Space: namespace}}
	if s.Name() != "" {
		var err error
		if entry.Name, err = c.name(s); err != nil {
			return nil, err
		}
		entry.SetProp(propInternal, data.OfString(mapEntryName))
	}
	for _, f := range []data.SchemaField{{Name: keyField, Schema: s.KeySchema()}, {Name: valueField, Schema: s.Elem()}} {
		if err := c.addField(entry, f.Name, f.Schema, nil); err != nil {
			return nil, err
		}
	}
	return &avroschema.Schema{Kind: avroschema.Array, Elem: entry}, nil
}

func (c *fromConnect) structSchema(s *data.Schema) (*avroschema.Schema, error) {
	null := avroschema.Primitive(avroschema.Null)
	switch {
	case isUnion(s):
		var branches []*avroschema.Schema
		if s.Optional() {
			branches = append(branches, null)
		}
		for _, f := range s.Fields() {
			b, err := c.schema(nonOptional(f.Schema), true)
			if err != nil {
				return nil, err
			}
			branches = append(branches, b)
		}
		return avroschema.NewUnion(branches...)
	case s.Optional():
		r, err := c.schema(nonOptional(s), false)
		if err != nil {
			return nil, err
		}
		return avroschema.NewUnion(null, r)
	}
	name, err := c.name(s)
	if err != nil {
		return nil, err
	}
	docParam := paramRecordDoc
	if c.DiscardTypeDocDefault {
		docParam = propRecordDoc
	}
	r := &avroschema.Schema{Kind: avroschema.Record, Name: name, Doc: param(s, docParam)}
	for _, f := range s.Fields() {
		var doc *string
		if !c.DiscardTypeDocDefault {
			doc = param(s, paramFieldDoc+f.Name)
		}
		if err := c.addField(r, c.scrub(f.Name), f.Schema, doc); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// nonOptional is the schema without its being optional.
func nonOptional(s *data.Schema) *data.Schema {
	if !s.Optional() {
		return s
	}
	spec := s.Spec()
	spec.Optional = false
	return spec.MustBuild() // what is optional is valid otherwise
}

func (c *fromConnect) addField(r *avroschema.Schema, name string, s *data.Schema, doc *string) error {
	of, err := c.schema(s, false)
	if err != nil {
		return err
	}
	if err := avroschema.CheckName(name); err != nil {
		return err
	}
	if r.Field(name) != nil {
		return data.Errorf(avroschema.RuntimeException, "Duplicate field %s in record %s: %s", name, r.Name.Full(), name)
	}
	f := avroschema.Field{Name: name, Schema: of, Doc: doc}
	if c.DiscardTypeDocDefault && s.Doc() != "" {
		text := s.Doc()
		f.Doc = &text
	}
	switch {
	case s.Default() != nil:
		def, err := c.defaultJSON(s, s.Default(), true)
		if err != nil {
			return err
		}
		if avroschema.ValidDefault(of, &def) {
			f.Default = &def
		}
	case s.Optional():
		if null := (data.Value{}); avroschema.ValidDefault(of, &null) {
			f.Default = &null
		}
	}
	r.Fields = append(r.Fields, f)
	return nil
}

// annotate adds what Avro has no place for as properties, and the logical types.
func (c *fromConnect) annotate(s *data.Schema, to *avroschema.Schema) error {
	if c.MetaData {
		if s.Doc() != "" {
			to.SetProp(propDoc, data.OfString(s.Doc()))
		}
		if s.Version() != nil {
			to.SetProp(propVersion, data.OfInt64(int64(*s.Version())))
		}
		if params := c.params(s); len(params) > 0 {
			to.SetProp(propParams, data.OfMap(params...))
		}
		if _, flag := s.Param(paramDefault); s.Default() != nil && (c.DiscardTypeDocDefault || !flag) {
			def, err := c.defaultJSON(s, s.Default(), false)
			if err != nil {
				return err
			}
			to.SetProp(propDefault, def)
		}
		if s.Name() != "" {
			to.SetProp(propName, data.OfString(s.Name()))
		}
		switch s.Type() {
		case data.TypeInt8, data.TypeInt16:
			to.SetProp(propType, data.OfString(strings.ToLower(s.Type().String())))
		}
	}
	logical := ""
	switch {
	case isDecimal(s):
		logical = logicalDecimal
		if err := checkDecimal(to); err != nil {
			return err
		}
	case strings.EqualFold(s.Name(), data.LogicalTime):
		logical = logicalTime
	case strings.EqualFold(s.Name(), data.LogicalTimestamp):
		logical = logicalTimestamp
	case strings.EqualFold(s.Name(), data.LogicalDate):
		logical = logicalDate
	}
	if logical != "" {
		to.SetProp(logicalType, data.OfString(logical))
	}
	for _, p := range s.Params() {
		if strings.HasPrefix(p.Key, paramPrefix) {
			to.SetProp(p.Key, data.OfString(p.Value))
		}
	}
	return nil
}

func (c *fromConnect) params(s *data.Schema) []data.Field {
	var fields []data.Field
	for _, p := range s.Params() {
		if c.DiscardTypeDocDefault || p.Key != paramDefault {
			fields = append(fields, data.F(p.Key, data.OfString(p.Value)))
		}
	}
	return fields
}

// checkDecimal refuses a precision that does not fit the schema. Where the scale is one that the specification does not
// allow, Java annotates the schema without a check.
func checkDecimal(s *avroschema.Schema) error {
	precision, scale := int(s.Prop(decimalPrecision).Int()), int(s.Prop(decimalScale).Int())
	if scale < 0 || scale > precision {
		return nil
	}
	if precision <= 0 {
		return data.Errorf(data.IllegalArgument, "Invalid decimal precision: %d (must be positive)", precision)
	}
	if s.Kind != avroschema.Fixed {
		return nil
	}
	// log10(2^(8n-1)-1): the digits that always fit.
	if most := int(float64(8*s.Size-1) * 0.30102999566398119521); s.Size == 0 || precision > most {
		if s.Size == 0 {
			most = 0
		}
		return data.Errorf(data.IllegalArgument, "fixed(%d) cannot store %d digits (max %d)", s.Size, precision, most)
	}
	return nil
}

// defaultJSON is a default value as Avro writes it in JSON. A field's default goes through Avro's library, which turns
// floats into doubles.
func (c *fromConnect) defaultJSON(s *data.Schema, v *data.Value, ofField bool) (data.Value, error) {
	if v.IsNull() {
		return data.Value{}, nil
	}
	plain, err := unlogical(s, v)
	if err != nil {
		return data.Value{}, err
	}
	v = &plain
	if !holds(s.Type(), v) {
		return data.Value{}, data.Errorf(data.DataException, "Invalid type used for default value of %s field: class %s", s.Type(), v.JavaClass())
	}
	switch s.Type() {
	case data.TypeInt8, data.TypeInt16, data.TypeInt32:
		return data.OfInt64(v.Int()), nil
	case data.TypeFloat32:
		if ofField {
			return data.OfFloat64(v.Float()), nil
		}
	case data.TypeBytes:
		return data.OfString(latin1(v.Raw())), nil
	case data.TypeArray:
		items := make([]data.Value, v.Len())
		for i := range items {
			if items[i], err = c.defaultJSON(s.Elem(), &v.Items()[i], ofField); err != nil {
				return data.Value{}, err
			}
		}
		return data.OfArray(items...), nil
	case data.TypeMap:
		return c.mapDefault(s, v, ofField)
	case data.TypeStruct:
		var fields []data.Field
		for i, f := range s.Fields() {
			def, err := c.defaultJSON(f.Schema, v.GetWithDefault(i), ofField)
			if err != nil || isUnion(s) { // Java takes the first field of a union, set or not
				return def, err
			}
			fields = append(fields, data.F(c.scrub(f.Name), def))
		}
		return data.OfMap(fields...), nil
	}
	return v.Clone(), nil
}

func (c *fromConnect) mapDefault(s *data.Schema, v *data.Value, ofField bool) (data.Value, error) {
	var fields []data.Field
	var pairs []data.Value
	for key, value := range v.Entries() {
		to, err := c.defaultJSON(s.Elem(), value, ofField)
		if err != nil {
			return data.Value{}, err
		}
		if c.asMap(s) {
			fields = append(fields, data.F(key.JavaText(), to))
			continue
		}
		from, err := c.defaultJSON(s.KeySchema(), key, ofField)
		if err != nil {
			return data.Value{}, err
		}
		pairs = append(pairs, data.OfArray(from, to))
	}
	if c.asMap(s) {
		return data.OfMap(fields...), nil
	}
	return data.OfArray(pairs...), nil
}

// latin1 is text with a character for each byte, as Avro writes bytes in JSON.
func latin1(b []byte) string {
	var text strings.Builder
	for _, c := range b {
		text.WriteRune(rune(c))
	}
	return text.String()
}
