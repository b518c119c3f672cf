package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/connectless/connectless/core/data"
)

// The vectors' JSON for schemas and values, both ways.

type jsonSchema struct {
	Type       string            `json:"type"`
	Optional   bool              `json:"optional"`
	Name       string            `json:"name,omitempty"`
	Version    *int32            `json:"version,omitempty"`
	Doc        string            `json:"doc,omitempty"`
	Parameters map[string]string `json:"parameters,omitempty"`
	Default    json.RawMessage   `json:"default,omitempty"`
	Fields     []jsonField       `json:"fields,omitempty"`
	Keys       json.RawMessage   `json:"keys,omitempty"`
	Values     json.RawMessage   `json:"values,omitempty"`
}

type jsonField struct {
	Name   string          `json:"name"`
	Schema json.RawMessage `json:"schema"`
}

type jsonValue struct {
	T        string          `json:"t"`
	V        json.RawMessage `json:"v,omitempty"`
	Unscaled string          `json:"unscaled,omitempty"`
	Scale    *int32          `json:"scale,omitempty"`
	Schema   json.RawMessage `json:"schema,omitempty"`
}

func isNull(b json.RawMessage) bool { return len(b) == 0 || string(bytes.TrimSpace(b)) == "null" }

// schemas finds the schemas it has read again, so that the same text is the same pointer, as a converter's cache has it.
var schemas = map[string]*data.Schema{}

// decodeSchema reads a schema; null is nil.
func decodeSchema(b json.RawMessage) (*data.Schema, error) {
	if isNull(b) {
		return nil, nil
	}
	if s := schemas[string(b)]; s != nil {
		return s, nil
	}
	var j jsonSchema
	if err := json.Unmarshal(b, &j); err != nil {
		return nil, err
	}
	t, ok := data.ParseType(j.Type)
	if !ok {
		return nil, fmt.Errorf("unknown schema type %q", j.Type)
	}
	spec := data.Spec{Type: t, Optional: j.Optional, Name: j.Name, Version: j.Version, Doc: j.Doc}
	for k, v := range j.Parameters {
		spec.Params = append(spec.Params, data.Param{Key: k, Value: v})
	}
	var err error
	for _, f := range j.Fields {
		field := data.SchemaField{Name: f.Name}
		if field.Schema, err = decodeSchema(f.Schema); err != nil {
			return nil, err
		}
		spec.Fields = append(spec.Fields, field)
	}
	if spec.Key, err = decodeSchema(j.Keys); err != nil {
		return nil, err
	}
	if spec.Elem, err = decodeSchema(j.Values); err != nil {
		return nil, err
	}
	if !isNull(j.Default) {
		bare, err := spec.Build()
		if err != nil {
			return nil, err
		}
		d, err := decodeValue(j.Default, bare)
		if err != nil {
			return nil, err
		}
		spec.Default = &d
	}
	s, err := spec.Build()
	if err == nil {
		schemas[string(b)] = s
	}
	return s, err
}

// encodeSchema is the JSON of a schema.
func encodeSchema(s *data.Schema) json.RawMessage {
	if s == nil {
		return json.RawMessage("null")
	}
	j := jsonSchema{Type: strings.ToLower(s.Type().String()), Optional: s.Optional(), Name: s.Name(), Version: s.Version(), Doc: s.Doc()}
	for _, p := range s.Params() {
		if j.Parameters == nil {
			j.Parameters = map[string]string{}
		}
		j.Parameters[p.Key] = p.Value
	}
	if s.Default() != nil {
		j.Default = encodeValue(s.Default())
	}
	for _, f := range s.Fields() {
		j.Fields = append(j.Fields, jsonField{Name: f.Name, Schema: encodeSchema(f.Schema)})
	}
	if s.KeySchema() != nil {
		j.Keys = encodeSchema(s.KeySchema())
	}
	if s.Elem() != nil {
		j.Values = encodeSchema(s.Elem())
	}
	return marshal(j)
}

// decodeValue reads a value; the schema, nil for none, is for structs that name none of their own. What Java refuses when
// the value is made is a *data.Error.
func decodeValue(b json.RawMessage, s *data.Schema) (data.Value, error) {
	if isNull(b) {
		return data.Value{}, nil
	}
	var j jsonValue
	if err := json.Unmarshal(b, &j); err != nil {
		return data.Value{}, err
	}
	switch j.T {
	case "int8", "int16", "int32", "int64", "date":
		i, err := strconv.ParseInt(string(j.V), 10, 64)
		switch j.T {
		case "int8":
			return data.OfInt8(int8(i)), err
		case "int16":
			return data.OfInt16(int16(i)), err
		case "int32":
			return data.OfInt32(int32(i)), err
		case "date":
			return data.OfDate(i), err
		}
		return data.OfInt64(i), err
	case "float32", "float64":
		var v any
		d := json.NewDecoder(bytes.NewReader(j.V))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			return data.Value{}, err
		}
		n, ok := floatBits(j.T, v).(json.Number)
		if !ok {
			return data.Value{}, fmt.Errorf("not a float: %s", j.V)
		}
		bits, err := strconv.ParseUint(n.String(), 10, 64)
		if j.T == "float32" {
			return data.OfFloat32(math.Float32frombits(uint32(bits))), err
		}
		return data.OfFloat64(math.Float64frombits(bits)), err
	case "boolean":
		var v bool
		err := json.Unmarshal(j.V, &v)
		return data.OfBool(v), err
	case "decimal":
		return decodeDecimal(&j)
	case "string", "bytes", "bytebuffer", "bigint":
		var text string
		if err := json.Unmarshal(j.V, &text); err != nil {
			return data.Value{}, err
		}
		switch j.T {
		case "string":
			// encoding/json has no room for half a surrogate pair; Java has, and so has ours.
			v, _, err := data.ParseJSON(nil, bytes.Clone(j.V))
			return data.OfString(v.Text()), err
		case "bigint":
			i, ok := new(big.Int).SetString(text, 10)
			if !ok {
				return data.Value{}, fmt.Errorf("not an integer: %s", text)
			}
			return data.OfBigInt(i), nil
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if j.T == "bytebuffer" {
			return data.OfByteBuffer(raw), err
		}
		return data.OfBytes(raw), err
	case "list":
		var items []json.RawMessage
		if err := json.Unmarshal(j.V, &items); err != nil {
			return data.Value{}, err
		}
		values, err := decodeAll(items, elem(s))
		return data.OfArray(values...), err
	case "map":
		return decodeMap(j.V, s)
	case "struct":
		return decodeStruct(&j, s)
	}
	return data.Value{}, fmt.Errorf("unknown value type %q", j.T)
}

func decodeDecimal(j *jsonValue) (data.Value, error) {
	text, scale := j.Unscaled, int32(0)
	if text == "" {
		if err := json.Unmarshal(j.V, &text); err != nil {
			return data.Value{}, err
		}
		digits, exponent, _ := strings.Cut(strings.ToLower(text), "e")
		whole, fraction, _ := strings.Cut(digits, ".")
		text = whole + fraction
		scale = int32(len(fraction))
		if exponent != "" {
			e, err := strconv.Atoi(exponent)
			if err != nil {
				return data.Value{}, err
			}
			scale -= int32(e)
		}
	}
	if j.Scale != nil {
		scale = *j.Scale
	}
	i, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return data.Value{}, fmt.Errorf("not a decimal: %s", text)
	}
	return data.OfDecimal(i, scale), nil
}

func elem(s *data.Schema) *data.Schema {
	if s == nil {
		return nil
	}
	return s.Elem()
}

// decodeAll reads values of one schema.
func decodeAll(items []json.RawMessage, s *data.Schema) ([]data.Value, error) {
	values := make([]data.Value, len(items))
	for i := range items {
		var err error
		if values[i], err = decodeValue(items[i], s); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func decodeMap(b json.RawMessage, s *data.Schema) (data.Value, error) {
	var entries [][2]json.RawMessage
	if err := json.Unmarshal(b, &entries); err != nil {
		return data.Value{}, err
	}
	var pairs []data.Value
	var fields []data.Field
	var keys *data.Schema
	if s != nil {
		keys = s.KeySchema()
	}
	for _, e := range entries {
		k, err := decodeValue(e[0], keys)
		if err != nil {
			return data.Value{}, err
		}
		v, err := decodeValue(e[1], elem(s))
		if err != nil {
			return data.Value{}, err
		}
		pairs = append(pairs, k, v)
		if k.Kind() == data.String {
			fields = append(fields, data.F(k.Text(), v))
		}
	}
	v := data.OfPairs(pairs...)
	if len(fields) == len(entries) {
		v = data.OfMap(fields...)
	}
	v.SetMapOrder(data.InsertionOrder) // Kafka's side of the vectors made LinkedHashMaps
	return v, nil
}

func decodeStruct(j *jsonValue, s *data.Schema) (data.Value, error) {
	if !isNull(j.Schema) {
		var err error
		if s, err = decodeSchema(j.Schema); err != nil {
			return data.Value{}, err
		}
	}
	if s == nil {
		return data.Value{}, fmt.Errorf("a struct without a schema")
	}
	var content map[string]json.RawMessage
	if err := json.Unmarshal(j.V, &content); err != nil {
		return data.Value{}, err
	}
	v := data.OfStruct(s)
	for i := range v.Fields() {
		f := &v.Fields()[i]
		b, given := content[f.Name]
		if !given {
			continue
		}
		of := s.Fields()[i].Schema
		var err error
		if f.Value, err = decodeValue(b, of); err != nil {
			return data.Value{}, err
		}
		if err := data.ValidateField(f.Name, of, &f.Value); err != nil {
			return data.Value{}, err
		}
	}
	return v, nil
}

// encodeValue is the JSON of a value.
func encodeValue(v *data.Value) json.RawMessage {
	j := jsonValue{T: v.Kind().String()}
	switch v.Kind() {
	case data.Null:
		return json.RawMessage("null")
	case data.Bool:
		j.V = marshal(v.Bool())
	case data.Int8, data.Int16, data.Int32, data.Int64, data.Date:
		j.V = marshal(v.Int())
	case data.Float32:
		j.V = marshal(fmt.Sprintf("0x%08x", math.Float32bits(float32(v.Float()))))
	case data.Float64:
		j.V = marshal(fmt.Sprintf("0x%016x", math.Float64bits(v.Float())))
	case data.String:
		j.V = marshal(v.Text())
	case data.Bytes:
		if v.JavaClass() != v.Kind().JavaClass() {
			j.T = "bytebuffer"
		}
		j.V = marshal(v.Raw())
	case data.BigInt:
		j.V = marshal(v.Unscaled().String())
	case data.Decimal:
		scale := v.Scale()
		j.Unscaled, j.Scale = v.Unscaled().String(), &scale
	case data.Array:
		j.T = "list"
		items := []json.RawMessage{}
		for i := range v.Items() {
			items = append(items, encodeValue(&v.Items()[i]))
		}
		j.V = marshal(items)
	case data.Map:
		entries := [][2]json.RawMessage{}
		if pairs := v.Pairs(); pairs != nil {
			for i := 0; i < len(pairs); i += 2 {
				entries = append(entries, [2]json.RawMessage{encodeValue(&pairs[i]), encodeValue(&pairs[i+1])})
			}
		} else {
			for i := range v.Fields() {
				f := &v.Fields()[i]
				key := data.OfString(f.Name)
				entries = append(entries, [2]json.RawMessage{encodeValue(&key), encodeValue(&f.Value)})
			}
		}
		j.V = marshal(entries)
	case data.Struct:
		j.Schema = encodeSchema(v.Schema())
		content := map[string]json.RawMessage{}
		for i := range v.Fields() {
			f := &v.Fields()[i]
			content[f.Name] = encodeValue(&f.Value)
		}
		j.V = marshal(content)
	}
	return marshal(j)
}

func marshal(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // our own structs
	}
	return bytes.TrimSpace(b.Bytes())
}
