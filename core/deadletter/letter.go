package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// letter is a dead letter as it is written. Bytes are in base64, null where Kafka has null.
type letter struct {
	Topic     string   `json:"topic"`
	Partition int32    `json:"partition"`
	Offset    int64    `json:"offset"`
	Timestamp *int64   `json:"timestamp"` // milliseconds
	Key       []byte   `json:"key"`
	Value     []byte   `json:"value"`
	Headers   []header `json:"headers"` // in order; names may repeat
}

type header struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

var errNotALetter = errors.New("deadletter: the record did not come from Kafka, or is not encoded")

// encode writes a letter that errpolicy made: topic, partition and offset are those of the record it is of. The result
// shares no memory with it.
func encode(r *connect.Record) ([]byte, error) {
	if r.Origin == nil {
		return nil, connect.DataError(errNotALetter)
	}
	l := letter{Topic: r.Origin.Topic, Partition: r.Origin.Partition, Offset: r.Origin.Offset, Headers: make([]header, len(r.Headers))}
	if r.Timestamp != trigger.NoTimestamp {
		l.Timestamp = &r.Timestamp
	}
	var ofKey, ofValue bool
	l.Key, ofKey = content(&r.Key)
	l.Value, ofValue = content(&r.Value)
	if !ofKey || !ofValue {
		return nil, connect.DataError(errNotALetter)
	}
	for i, h := range r.Headers {
		if !h.Encoded {
			return nil, connect.DataError(errNotALetter)
		}
		l.Headers[i] = header{h.Key, h.Raw}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil {
		return nil, connect.DataError(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// content is what Bytes hold, nil for null only.
func content(v *data.Value) (b []byte, ok bool) {
	switch v.Kind() {
	case data.Null:
		return nil, true
	case data.Bytes:
		return append([]byte{}, v.Raw()...), true
	}
	return nil, false
}
