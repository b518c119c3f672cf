package conformance

import (
	"encoding/json"

	"github.com/connectless/connectless/core/convert/avro"
	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/registry"
)

// avroOps are the ops of the mapping between Avro's schemas and Connect's.
var avroOps = map[string]op{
	"avroFromConnectSchema": runAvroFromConnectSchema,
	"avroToConnectSchema":   runAvroToConnectSchema,
	"srRegister":            runRegister,
}

// avroText is a query's Avro schema, which is given as JSON or as a string of JSON.
func avroText(q *query) []byte {
	var text string
	if json.Unmarshal(q.Avro, &text) == nil {
		return []byte(text)
	}
	return q.Avro
}

func runAvroFromConnectSchema(q *query) (any, error) {
	m, err := avro.NewMapping(q.Config)
	if err != nil {
		return nil, err
	}
	s, err := decodeSchema(q.Schema)
	if err != nil {
		return nil, err
	}
	to, err := m.FromConnect(s)
	if err != nil {
		return nil, err
	}
	text, err := to.AppendJSON(nil)
	return map[string]any{"avro": string(text)}, err
}

func runAvroToConnectSchema(q *query) (any, error) {
	m, err := avro.NewMapping(q.Config)
	if err != nil {
		return nil, err
	}
	from, err := avroschema.Parse(avroText(q), avroschema.Options{CheckDefaults: true})
	if err != nil {
		return nil, err
	}
	s, err := m.ToConnect(from, nil)
	if err != nil {
		return nil, err
	}
	return map[string]any{"schema": encodeSchema(s)}, nil
}

// runRegister adds a schema to the registry in this process that mock://scope names.
func runRegister(q *query) (any, error) {
	s, err := avroschema.Parse(avroText(q), avroschema.Options{CheckDefaults: true})
	if err != nil {
		return nil, err
	}
	id, _ := registry.Mock(q.Scope).Register(q.Subject, s.String())
	return map[string]any{"id": id}, nil
}
