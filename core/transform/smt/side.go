package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// side is the half of a record that a transform works on.
type side bool

const (
	keySide   side = false
	valueSide side = true
)

// of returns schema and value of the half, to be read and set.
func (s side) of(r *connect.Record) (**data.Schema, *data.Value) {
	if s == keySide {
		return &r.KeySchema, &r.Key
	}
	return &r.ValueSchema, &r.Value
}

// isSink says whether the record was consumed from Kafka, as a SinkRecord is.
func isSink(r *connect.Record) bool { return r.Source == nil && r.Origin != nil }

// timestamp is the record's time; ok is false when it has none. NoTimestamp is what a record without a time is consumed
// with, so it counts as a time only on a record that was consumed with another one.
func timestamp(r *connect.Record) (ms int64, ok bool) {
	if r.Timestamp != trigger.NoTimestamp {
		return r.Timestamp, true
	}
	return r.Timestamp, r.Origin != nil && r.Origin.Timestamp != trigger.NoTimestamp
}
