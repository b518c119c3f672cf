// Package withschema is the baseline of package handwritten for records that carry a schema: Avro in Confluent's wire
// format, and JSON in Kafka Connect's envelope. The records hold what handwritten.Event has, and the changes are the same.
package withschema

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
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
	return each(event, func(doc []byte) ([]byte, error) {
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
	return each(event, func(doc []byte) ([]byte, error) {
		return fmt.Appendf(nil, `{"schema":%s,"payload":%s}`, envelopeSchema, doc), nil
	})
}

// each replaces the values of an event.
func each(event []byte, change func(doc []byte) ([]byte, error)) ([]byte, error) {
	const before = `"value":"`
	var out strings.Builder
	rest := string(event)
	for {
		upTo, from, found := strings.Cut(rest, before)
		out.WriteString(upTo)
		if !found {
			return []byte(out.String()), nil
		}
		value, after, _ := strings.Cut(from, `"`)
		doc, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return nil, err
		}
		if doc, err = change(doc); err != nil {
			return nil, err
		}
		out.WriteString(before + base64.StdEncoding.EncodeToString(doc) + `"`)
		rest = after
	}
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

// HandleAvro does what handwritten.Handle does with an event of Avro records: github.com/hamba/avro reads each into a
// map. It returns the number of records.
func HandleAvro(event []byte, put func(doc []byte) error) (int, error) {
	schema, err := avro.Parse(AvroSchema)
	if err != nil {
		return 0, err
	}
	return handle(event, put, func(raw []byte) (map[string]any, int64, error) {
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
	})
}

// HandleEnvelope does the same with JSON in envelopes: encoding/json reads each, schema and all, into a map.
func HandleEnvelope(event []byte, put func(doc []byte) error) (int, error) {
	return handle(event, put, func(raw []byte) (map[string]any, int64, error) {
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
	})
}

// handle decodes an event, reads each record and changes it as handwritten.Handle does.
func handle(event []byte, put func(doc []byte) error, read func(raw []byte) (m map[string]any, ts int64, err error)) (int, error) {
	var e events.KafkaEvent
	if err := json.Unmarshal(event, &e); err != nil {
		return 0, err
	}
	partitions := make([]string, 0, len(e.Records))
	for p := range e.Records {
		partitions = append(partitions, p)
	}
	sort.Strings(partitions)
	n := 0
	for _, p := range partitions {
		for i := range e.Records[p] {
			r := &e.Records[p][i]
			raw, err := base64.StdEncoding.DecodeString(r.Value)
			if err != nil {
				return n, err
			}
			m, ms, err := read(raw)
			if err != nil {
				return n, fmt.Errorf("%s offset %d: %w", p, r.Offset, err)
			}
			m["_topic"] = r.Topic
			m["_offset"] = r.Offset
			m["source_system"] = "shop-eu"
			delete(m, "internal_note")
			m["id"] = m["order_id"]
			delete(m, "order_id")
			m["customer"] = m["cust"]
			delete(m, "cust")
			m["ts"] = time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
			doc, err := json.Marshal(m)
			if err != nil {
				return n, err
			}
			if err := put(doc); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}
