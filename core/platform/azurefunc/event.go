package azurefunc

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/connectless/connectless/core/trigger"
)

// invocation is the body of a custom handler's call.
// https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#request-payload
type invocation struct {
	Data     map[string]json.RawMessage
	Metadata map[string]json.RawMessage
}

// Decode reads a batch of the Kafka trigger. m's slices are reused; bytes it keeps are decoded into memory from alloc.
func Decode(body []byte, m *trigger.Messages, alloc func(int) []byte) error {
	if err := decode(body, m, alloc); err != nil {
		return fmt.Errorf("azurefunc: not a batch of a Kafka trigger: %w", err)
	}
	return nil
}

func decode(body []byte, m *trigger.Messages, alloc func(int) []byte) error {
	m.Messages, m.Bytes = m.Messages[:0], len(body)
	var in invocation
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	if len(in.Data) != 1 {
		return fmt.Errorf("member Data has %d members, not the one binding of the trigger", len(in.Data))
	}
	var values []string
	for name, raw := range in.Data {
		if err := unwrap(raw, &values); err != nil {
			return fmt.Errorf("member Data.%s: %w (cardinality must be many, dataType binary)", name, err)
		}
	}
	var topics, times []string
	var partitions []int32
	var offsets []int64
	var keys []*string
	var headers [][]struct {
		Key   string
		Value *string
	}
	for _, column := range []struct {
		name     string
		into     any
		length   func() int
		required bool
	}{
		{"TopicArray", &topics, func() int { return len(topics) }, true},
		{"PartitionArray", &partitions, func() int { return len(partitions) }, true},
		{"OffsetArray", &offsets, func() int { return len(offsets) }, true},
		{"TimestampArray", &times, func() int { return len(times) }, false},
		{"KeyArray", &keys, func() int { return len(keys) }, false},
		{"HeadersArray", &headers, func() int { return len(headers) }, false},
	} {
		raw, ok := in.Metadata[column.name]
		if !ok && !column.required {
			continue
		}
		if err := unwrap(raw, column.into); err != nil {
			return fmt.Errorf("member Metadata.%s: %w", column.name, err)
		}
		if n := column.length(); n != len(values) && (column.required || n != 0) {
			return fmt.Errorf("member Metadata.%s has %d items for %d values", column.name, n, len(values))
		}
	}
	decoded := func(s string) ([]byte, error) {
		b := alloc(base64.StdEncoding.DecodedLen(len(s)))
		n, err := base64.StdEncoding.Decode(b, []byte(s))
		return b[:n:n], err
	}
	for i := range values {
		r := trigger.Message{Topic: topics[i], Partition: partitions[i], Offset: offsets[i], Timestamp: trigger.NoTimestamp}
		var err error
		if values[i] != "" {
			if r.Value, err = decoded(values[i]); err != nil {
				return fmt.Errorf("value %d: %w", i, err)
			}
		}
		if len(keys) > 0 && keys[i] != nil {
			if r.Key, err = decoded(*keys[i]); err != nil {
				return fmt.Errorf("key %d: %w (keyDataType must be Binary)", i, err)
			}
		}
		if len(times) > 0 {
			if r.Timestamp, err = millis(times[i]); err != nil {
				return fmt.Errorf("timestamp %d: %w", i, err)
			}
		}
		if len(headers) > 0 {
			for _, h := range headers[i] {
				header := trigger.Header{Key: h.Key}
				if h.Value != nil {
					if header.Value, err = decoded(*h.Value); err != nil {
						return fmt.Errorf("header %s of record %d: %w", h.Key, i, err)
					}
				}
				r.Headers = append(r.Headers, header)
			}
		}
		m.Messages = append(m.Messages, r)
	}
	return nil
}

// unwrap decodes a value that the host may have put into a JSON string, once or more often.
func unwrap(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return errors.New("missing")
	}
	for raw[0] == '"' {
		var inner string
		if err := json.Unmarshal(raw, &inner); err != nil {
			return err
		}
		if inner == "" {
			return errors.New("an empty text")
		}
		raw = json.RawMessage(inner)
	}
	return json.Unmarshal(raw, into)
}

// millis reads a .NET timestamp; one without a zone is UTC.
func millis(s string) (int64, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("%q is not a timestamp", s)
}
