package formats

import (
	"encoding/json"
	"fmt"

	"github.com/hamba/avro/v2"
)

// AvroSchema is the schema of the Avro records.
const AvroSchema = `{"type":"record","name":"Order","namespace":"shop","fields":[` +
	`{"name":"order_id","type":"string"},{"name":"ts","type":"long"},{"name":"status","type":"string"},{"name":"amount","type":"double"},` +
	`{"name":"currency","type":"string"},{"name":"paid","type":"boolean"},{"name":"internal_note","type":["null","string"],"default":null},` +
	`{"name":"cust","type":{"type":"record","name":"Customer","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"},{"name":"email","type":"string"},` +
	`{"name":"address","type":{"type":"record","name":"Address","fields":[{"name":"street","type":"string"},{"name":"city","type":"string"},{"name":"zip","type":"string"},` +
	`{"name":"lat","type":"double"},{"name":"lon","type":"double"}]}}]}},` +
	`{"name":"items","type":{"type":"array","items":{"type":"record","name":"Item","fields":[{"name":"sku","type":"string"},{"name":"name","type":"string"},` +
	`{"name":"qty","type":"int"},{"name":"price","type":"double"}]}}},` +
	`{"name":"tags","type":{"type":"array","items":"string"}},{"name":"meta","type":{"type":"map","values":"string"}},{"name":"version","type":"int"}]}`

// envelopeSchema is the same schema as JsonConverter writes it.
const envelopeSchema = `{"type":"struct","fields":[` +
	`{"type":"string","optional":false,"field":"order_id"},{"type":"int64","optional":false,"field":"ts"},{"type":"string","optional":false,"field":"status"},` +
	`{"type":"double","optional":false,"field":"amount"},{"type":"string","optional":false,"field":"currency"},{"type":"boolean","optional":false,"field":"paid"},` +
	`{"type":"string","optional":true,"field":"internal_note"},{"type":"struct","fields":[{"type":"int64","optional":false,"field":"id"},` +
	`{"type":"string","optional":false,"field":"name"},{"type":"string","optional":false,"field":"email"},{"type":"struct","fields":[` +
	`{"type":"string","optional":false,"field":"street"},{"type":"string","optional":false,"field":"city"},{"type":"string","optional":false,"field":"zip"},` +
	`{"type":"double","optional":false,"field":"lat"},{"type":"double","optional":false,"field":"lon"}],"optional":false,"name":"shop.Address","field":"address"}],` +
	`"optional":false,"name":"shop.Customer","field":"cust"},{"type":"array","items":{"type":"struct","fields":[{"type":"string","optional":false,"field":"sku"},` +
	`{"type":"string","optional":false,"field":"name"},{"type":"int32","optional":false,"field":"qty"},{"type":"double","optional":false,"field":"price"}],` +
	`"optional":false,"name":"shop.Item"},"optional":false,"field":"items"},{"type":"array","items":{"type":"string","optional":false},"optional":false,"field":"tags"},` +
	`{"type":"map","keys":{"type":"string","optional":false},"values":{"type":"string","optional":false},"optional":false,"field":"meta"},` +
	`{"type":"int32","optional":false,"field":"version"}],"optional":false,"name":"shop.Order"}`

// head is what Confluent's serializers put before Avro data: a zero byte and the schema's ID, which is 1 here.
const head = "\x00\x00\x00\x00\x01"

// AvroEvent is the event with each document in Avro, of the schema with the ID 1.
func AvroEvent(event []byte) ([]byte, error) {
	schema, err := avro.Parse(AvroSchema)
	if err != nil {
		return nil, err
	}
	return Each(event, func(doc []byte) ([]byte, error) {
		var order Order
		if err := json.Unmarshal(doc, &order); err != nil {
			return nil, err
		}
		b, err := avro.Marshal(schema, order)
		return append([]byte(head), b...), err
	})
}

// EnvelopeEvent is the event with each document in an envelope.
func EnvelopeEvent(event []byte) ([]byte, error) {
	return Each(event, func(doc []byte) ([]byte, error) {
		return fmt.Appendf(nil, `{"schema":%s,"payload":%s}`, envelopeSchema, doc), nil
	})
}

// Order is a document, to encode it.
type Order struct {
	ID       string  `json:"order_id" avro:"order_id"`
	TS       int64   `json:"ts" avro:"ts"`
	Status   string  `json:"status" avro:"status"`
	Amount   float64 `json:"amount" avro:"amount"`
	Currency string  `json:"currency" avro:"currency"`
	Paid     bool    `json:"paid" avro:"paid"`
	Note     *string `json:"internal_note" avro:"internal_note"`
	Customer struct {
		ID      int64  `json:"id" avro:"id"`
		Name    string `json:"name" avro:"name"`
		Email   string `json:"email" avro:"email"`
		Address struct {
			Street string  `json:"street" avro:"street"`
			City   string  `json:"city" avro:"city"`
			Zip    string  `json:"zip" avro:"zip"`
			Lat    float64 `json:"lat" avro:"lat"`
			Lon    float64 `json:"lon" avro:"lon"`
		} `json:"address" avro:"address"`
	} `json:"cust" avro:"cust"`
	Items []struct {
		SKU   string  `json:"sku" avro:"sku"`
		Name  string  `json:"name" avro:"name"`
		Qty   int     `json:"qty" avro:"qty"`
		Price float64 `json:"price" avro:"price"`
	} `json:"items" avro:"items"`
	Tags    []string          `json:"tags" avro:"tags"`
	Meta    map[string]string `json:"meta" avro:"meta"`
	Version int               `json:"version" avro:"version"`
}

// Avro reads a record's value into a map with github.com/hamba/avro.
func Avro() (Read, error) {
	schema, err := avro.Parse(AvroSchema)
	return func(raw []byte) (map[string]any, int64, error) {
		if len(raw) < len(head) || string(raw[:len(head)]) != head {
			return nil, 0, fmt.Errorf("not of the schema: % x", raw[:min(len(raw), len(head))])
		}
		var m map[string]any
		if err := avro.Unmarshal(schema, raw[len(head):], &m); err != nil {
			return nil, 0, err
		}
		ms, ok := m["ts"].(int64)
		if !ok {
			return nil, 0, fmt.Errorf("ts is a %T", m["ts"])
		}
		return m, ms, nil
	}, err
}

// Envelope reads a record's value, schema and all, into a map with encoding/json.
func Envelope(raw []byte) (map[string]any, int64, error) {
	var envelope map[string]any
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return nil, 0, err
	}
	m, ok := envelope["payload"].(map[string]any)
	if _, has := envelope["schema"].(map[string]any); !ok || !has || len(envelope) != 2 {
		return nil, 0, fmt.Errorf("no envelope")
	}
	ms, ok := m["ts"].(float64)
	if !ok {
		return nil, 0, fmt.Errorf("ts is a %T", m["ts"])
	}
	return m, int64(ms), nil
}
