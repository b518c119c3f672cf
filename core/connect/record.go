package connect

import (
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// Record is one record on its way to a sink, after conversion and transforms.
//
// Everything it refers to belongs to the batch: it is valid until Put returns. A sink that keeps anything longer clones it.
// A Record is for one goroutine at a time, also for reading (see [data.Value]).
type Record struct {
	// Topic, Partition and Timestamp may have been changed by transforms. Partition is negative when unset.
	Topic         string
	Partition     int32
	Timestamp     int64 // milliseconds since the epoch, [trigger.NoTimestamp] for none
	TimestampType trigger.TimestampType
	KeySchema     *data.Schema
	Key           data.Value
	ValueSchema   *data.Schema
	Value         data.Value
	Headers       Headers

	// Origin is the record as it was consumed: the coordinates that offsets and dead letters go by, whatever transforms
	// did, and the original bytes. It is nil only for records that did not come from Kafka.
	Origin *trigger.Message
	// Source is set on records of a source instead.
	Source *SourcePosition
	// Arena is where new content of the record's values goes; nil uses the garbage collector.
	Arena *data.Arena
}

// Offset is the offset the record was consumed from; 0 for records that did not come from Kafka.
func (r *Record) Offset() int64 {
	if r.Origin == nil {
		return 0
	}
	return r.Origin.Offset
}

// SourcePosition is where a record of a source came from, in the source's own terms.
type SourcePosition struct {
	Partition map[string]any
	Offset    map[string]any
}

// SourceRecord is a record on its way to Kafka: a [Record] with Source set.
type SourceRecord = Record

// Header is one header; names may repeat, order counts.
type Header struct {
	Key    string
	Schema *data.Schema
	Value  data.Value
	// Raw is the content of a header that is Encoded: bytes on their way to Kafka, nil for null. Then Schema and Value are
	// not set.
	Raw     []byte
	Encoded bool
}

// Headers is a record's headers in order.
type Headers []Header

// Has says whether there is a header of that name.
func (h Headers) Has(key string) bool {
	for i := range h {
		if h[i].Key == key {
			return true
		}
	}
	return false
}
