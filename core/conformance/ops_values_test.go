package conformance

import (
	"encoding/json"
	"fmt"

	"github.com/connectless/connectless/core/data"
)

// valuesOps are the ops of the data model: Values, SchemaProjector, ConnectSchema, SchemaBuilder.
var valuesOps = map[string]op{
	"values":        runValues,
	"project":       runProject,
	"validateValue": runValidate,
	"schema":        runSchema,
	"schemaEquals":  runSchemaEquals,
}

var convertTo = map[string]func(*data.Schema, *data.Value) (data.Value, error){
	"convertToBoolean":   data.ConvertToBoolean,
	"convertToByte":      data.ConvertToInt8,
	"convertToShort":     data.ConvertToInt16,
	"convertToInteger":   data.ConvertToInt32,
	"convertToLong":      data.ConvertToInt64,
	"convertToFloat":     data.ConvertToFloat32,
	"convertToDouble":    data.ConvertToFloat64,
	"convertToString":    data.ConvertToString,
	"convertToList":      data.ConvertToList,
	"convertToMap":       data.ConvertToMap,
	"convertToStruct":    data.ConvertToStruct,
	"convertToDate":      data.ConvertToDate,
	"convertToTime":      data.ConvertToTime,
	"convertToTimestamp": data.ConvertToTimestamp,
}

type schemaAndValue struct {
	Schema json.RawMessage `json:"schema"`
	Value  json.RawMessage `json:"value"`
	// JavaNull says that Java answered null instead of a schema and a value.
	JavaNull bool `json:"javaNull,omitempty"`
}

func runValues(q *query) (any, error) {
	s, v, err := decodeBoth(q.Schema, q.Value)
	if err != nil {
		return nil, err
	}
	switch q.Method {
	case "parseString":
		text := v.Text()
		switch {
		case q.Text != nil:
			text = *q.Text
		case v.IsNull():
			return schemaAndValue{}, nil
		}
		s, v := data.ParseString(text)
		return schemaAndValue{Schema: encodeSchema(s), Value: encodeValue(&v), JavaNull: s == nil}, nil
	case "inferSchema":
		s, err := data.InferSchema(&v)
		return map[string]any{"schema": encodeSchema(s)}, err
	case "convertToDecimal":
		if q.Scale == nil {
			return nil, fmt.Errorf("%s without a scale", q.Method)
		}
		out, err := data.ConvertToDecimal(s, &v, *q.Scale)
		return map[string]any{"value": encodeValue(&out)}, err
	}
	f := convertTo[q.Method]
	if f == nil {
		return nil, errUnknown
	}
	out, err := f(s, &v)
	return map[string]any{"value": encodeValue(&out)}, err
}

func runProject(q *query) (any, error) {
	source, v, err := decodeBoth(q.Source, q.Value)
	if err != nil {
		return nil, err
	}
	target, err := decodeSchema(q.Target)
	if err != nil {
		return nil, err
	}
	out, err := data.Project(source, &v, target)
	return map[string]any{"value": encodeValue(&out)}, err
}

func runValidate(q *query) (any, error) {
	s, v, err := decodeBoth(q.Schema, q.Value)
	if err != nil {
		return nil, err
	}
	if q.Name != nil {
		err = data.ValidateField(*q.Name, s, &v)
	} else {
		err = data.Validate(s, &v)
	}
	return map[string]any{"valid": true}, err
}

func runSchema(q *query) (any, error) {
	s, err := decodeSchema(q.Schema)
	return map[string]any{"schema": encodeSchema(s)}, err
}

func runSchemaEquals(q *query) (any, error) {
	a, err := decodeSchema(q.A)
	if err != nil {
		return nil, err
	}
	b, err := decodeSchema(q.B)
	return map[string]any{"equals": a.Equal(b)}, err
}
