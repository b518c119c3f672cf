package smt

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
)

// recordText is what Java prints for a record.
func recordText(r *connect.Record) string {
	var b strings.Builder
	if isSink(r) {
		fmt.Fprintf(&b, "SinkRecord{kafkaOffset=%d, timestampType=%s, originalTopic=%s, originalKafkaPartition=%d, originalKafkaOffset=%d} ",
			r.Offset(), r.TimestampType, r.Origin.Topic, r.Origin.Partition, r.Origin.Offset)
	} else if r.Source != nil {
		fmt.Fprintf(&b, "SourceRecord{sourcePartition=%s, sourceOffset=%s} ", mapText(r.Source.Partition), mapText(r.Source.Offset))
	}
	partition, stamp := "null", "null"
	if r.Partition >= 0 {
		partition = fmt.Sprint(r.Partition)
	}
	if ms, ok := timestamp(r); ok {
		stamp = fmt.Sprint(ms)
	}
	fmt.Fprintf(&b, "ConnectRecord{topic='%s', kafkaPartition=%s, key=%s, keySchema=%s, value=%s, valueSchema=%s, timestamp=%s, headers=ConnectHeaders(headers=",
		r.Topic, partition, r.Key.JavaText(), schemaText(r.KeySchema), r.Value.JavaText(), schemaText(r.ValueSchema), stamp)
	for i := range r.Headers {
		h := &r.Headers[i]
		b.WriteString([]string{"[", ", "}[min(i, 1)])
		value := h.Value.JavaText()
		if h.Encoded {
			value = string(h.Raw)
		}
		fmt.Fprintf(&b, "ConnectHeader(key=%s, value=%s, schema=%s)", h.Key, value, schemaText(h.Schema))
	}
	if len(r.Headers) > 0 {
		b.WriteByte(']')
	}
	b.WriteString(")}")
	return b.String()
}

func schemaText(s *data.Schema) string {
	if s == nil {
		return "null"
	}
	return s.String()
}

func mapText(m map[string]any) string {
	if m == nil {
		return "null"
	}
	var entries []string
	for _, k := range hashOrder(slices.Sorted(maps.Keys(m)), 16) {
		entries = append(entries, fmt.Sprintf("%s=%v", k, m[k]))
	}
	return "{" + strings.Join(entries, ", ") + "}"
}
