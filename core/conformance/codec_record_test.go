package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// jsonRecord is a record of the vectors. A sink's Origin... fields are in answers only.
type jsonRecord struct {
	Kind            string          `json:"kind"`
	Topic           string          `json:"topic"`
	Partition       *int32          `json:"partition"`
	KeySchema       json.RawMessage `json:"keySchema"`
	Key             json.RawMessage `json:"key"`
	ValueSchema     json.RawMessage `json:"valueSchema"`
	Value           json.RawMessage `json:"value"`
	Timestamp       *int64          `json:"timestamp"`
	TimestampType   string          `json:"timestampType,omitempty"`
	Offset          *int64          `json:"offset,omitempty"`
	Headers         []jsonHeader    `json:"headers"`
	SourcePartition position        `json:"sourcePartition,omitzero"`
	SourceOffset    position        `json:"sourceOffset,omitzero"`

	OriginalTopic     string `json:"originalTopic,omitempty"`
	OriginalPartition *int32 `json:"originalPartition,omitempty"`
	OriginalOffset    *int64 `json:"originalOffset,omitempty"`
}

// position is a map of a source record, null or not; a sink record has none.
type position struct {
	Given bool
	Map   map[string]any
}

func (p *position) UnmarshalJSON(b []byte) error {
	p.Given = true
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // messages show numbers as they are
	return d.Decode(&p.Map)
}

func (p position) MarshalJSON() ([]byte, error) { return json.Marshal(p.Map) }

type jsonHeader struct {
	Key    string          `json:"key"`
	Schema json.RawMessage `json:"schema"`
	Value  json.RawMessage `json:"value"`
}

var timestampTypes = map[string]trigger.TimestampType{"": trigger.CreateTime, "CreateTime": trigger.CreateTime,
	"LogAppendTime": trigger.LogAppendTime, "NoTimestampType": trigger.NoTimestampType}

// decodeRecord reads a record. What Java leaves to its constructors is filled in: a sink record has a partition.
func decodeRecord(b json.RawMessage) (*connect.Record, error) {
	var j jsonRecord
	if err := json.Unmarshal(b, &j); err != nil {
		return nil, err
	}
	tt, ok := timestampTypes[j.TimestampType]
	if !ok {
		return nil, fmt.Errorf("unknown timestamp type %q", j.TimestampType)
	}
	r := &connect.Record{Topic: j.Topic, Partition: -1, Timestamp: trigger.NoTimestamp, TimestampType: tt, Arena: data.NewArena()}
	r.Arena.PoisonOnReset()
	if j.Partition != nil {
		r.Partition = *j.Partition
	}
	if j.Timestamp != nil {
		r.Timestamp = *j.Timestamp
	}
	if j.Kind == "source" {
		r.Source = &connect.SourcePosition{Partition: j.SourcePartition.Map, Offset: j.SourceOffset.Map}
	} else {
		if j.Partition == nil {
			r.Partition = 0
		}
		r.Origin = &trigger.Message{Topic: r.Topic, Partition: r.Partition, Timestamp: r.Timestamp, TimestampType: tt}
		if j.Offset != nil {
			r.Origin.Offset = *j.Offset
		}
	}
	if j.Timestamp != nil && *j.Timestamp == trigger.NoTimestamp {
		// Some vectors have -1 as a time. A consumed record never has: there it is what Kafka writes for none. It is a
		// time here if the record came with another one.
		if r.Origin == nil {
			r.Origin = &trigger.Message{}
		}
		r.Origin.Timestamp = 0
	}
	var err error
	if r.KeySchema, r.Key, err = decodeBoth(j.KeySchema, j.Key); err != nil {
		return nil, err
	}
	if r.ValueSchema, r.Value, err = decodeBoth(j.ValueSchema, j.Value); err != nil {
		return nil, err
	}
	for _, h := range j.Headers {
		header := connect.Header{Key: h.Key}
		if header.Schema, header.Value, err = decodeBoth(h.Schema, h.Value); err != nil {
			return nil, err
		}
		r.Headers = append(r.Headers, header)
	}
	return r, nil
}

func decodeBoth(schema, value json.RawMessage) (*data.Schema, data.Value, error) {
	s, err := decodeSchema(schema)
	if err != nil {
		return nil, data.Value{}, err
	}
	v, err := decodeValue(value, s)
	return s, v, err
}

// encodeRecord is the JSON of a record.
func encodeRecord(r *connect.Record) any {
	j := jsonRecord{Topic: r.Topic, KeySchema: encodeSchema(r.KeySchema), Key: encodeValue(&r.Key),
		ValueSchema: encodeSchema(r.ValueSchema), Value: encodeValue(&r.Value), Headers: []jsonHeader{}}
	if r.Partition >= 0 {
		j.Partition = &r.Partition
	}
	if r.Timestamp != trigger.NoTimestamp || r.Origin != nil && r.Origin.Timestamp != trigger.NoTimestamp {
		j.Timestamp = &r.Timestamp
	}
	for i := range r.Headers {
		h := &r.Headers[i]
		j.Headers = append(j.Headers, jsonHeader{Key: h.Key, Schema: encodeSchema(h.Schema), Value: encodeValue(&h.Value)})
	}
	if r.Source != nil {
		j.Kind, j.SourcePartition, j.SourceOffset = "source", position{true, r.Source.Partition}, position{true, r.Source.Offset}
		return j
	}
	offset := r.Offset()
	j.Kind, j.TimestampType, j.Offset = "sink", r.TimestampType.String(), &offset
	j.OriginalTopic, j.OriginalPartition, j.OriginalOffset = r.Origin.Topic, &r.Origin.Partition, &offset
	return j
}
