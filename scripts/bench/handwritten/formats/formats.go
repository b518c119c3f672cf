// Package formats is the baseline of package handwritten for records in other formats than plain JSON, and for longer
// chains. The events hold what handwritten.Event has; the code is what a Go developer writes for each format.
package formats

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Each replaces the values of an event.
func Each(event []byte, change func(doc []byte) ([]byte, error)) ([]byte, error) {
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

// Read reads a record's value, and its field ts, which is in milliseconds.
type Read func(raw []byte) (m map[string]any, ts int64, err error)

// JSON reads a record's value into a map with encoding/json.
func JSON(raw []byte) (map[string]any, int64, error) {
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, 0, err
	}
	ms, ok := m["ts"].(float64)
	if !ok {
		return nil, 0, fmt.Errorf("ts is a %T", m["ts"])
	}
	return m, int64(ms), nil
}

// Handle decodes an event, reads each record and changes it as handwritten.Handle does. more, unless nil, changes it further.
// It returns the number of records.
func Handle(event []byte, put func(doc []byte) error, read Read, more func(m map[string]any) error) (int, error) {
	return records(event, func(r *events.KafkaRecord, raw []byte) error {
		m, ms, err := read(raw)
		if err != nil {
			return err
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
		if more != nil {
			if err := more(m); err != nil {
				return err
			}
		}
		doc, err := json.Marshal(m)
		if err != nil {
			return err
		}
		return put(doc)
	})
}

// MaskAndCast are the fourth and fifth change of a chain: the status is masked, and the version becomes a string.
func MaskAndCast(m map[string]any) error {
	m["status"] = "***"
	switch v := m["version"].(type) {
	case float64:
		m["version"] = fmt.Sprint(int64(v))
	case int:
		m["version"] = fmt.Sprint(v)
	default:
		return fmt.Errorf("version is a %T", v)
	}
	return nil
}

// HandleScalar decodes an event and passes on each record's value, a single string, blob or number, as JSON. It returns the
// number of records.
func HandleScalar(event []byte, put func(doc []byte) error, read func(raw []byte) (any, error)) (int, error) {
	return records(event, func(_ *events.KafkaRecord, raw []byte) error {
		v, err := read(raw)
		if err != nil {
			return err
		}
		doc, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return put(doc)
	})
}

// records decodes an event and its values.
func records(event []byte, each func(r *events.KafkaRecord, raw []byte) error) (int, error) {
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
			if err := each(r, raw); err != nil {
				return n, fmt.Errorf("%s offset %d: %w", p, r.Offset, err)
			}
			n++
		}
	}
	return n, nil
}
