package deadletter

import (
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/host"
)

// Event is the event with which Lambda's event source mapping would hand the original record to a function
// (https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html). A null header becomes an empty one, for which the format
// has no other way.
func (l *Letter) Event() ([]byte, error) {
	type record struct {
		Topic         string              `json:"topic"`
		Partition     int32               `json:"partition"`
		Offset        int64               `json:"offset"`
		Timestamp     int64               `json:"timestamp"`
		TimestampType string              `json:"timestampType"`
		Key           *[]byte             `json:"key,omitempty"`
		Value         *[]byte             `json:"value,omitempty"`
		Headers       []map[string][]int8 `json:"headers"`
	}
	r := record{
		Topic: l.Origin.Topic, Partition: l.Origin.Partition, Offset: l.Origin.Offset,
		Timestamp: l.Timestamp.UnixMilli(), TimestampType: "CREATE_TIME", Headers: []map[string][]int8{},
	}
	if l.AppendTime {
		r.TimestampType = "LOG_APPEND_TIME"
	}
	if l.Key != nil {
		r.Key = &l.Key
	}
	if l.Value != nil {
		r.Value = &l.Value
	}
	for _, h := range l.Headers {
		r.Headers = append(r.Headers, map[string][]int8{h.Key: signed(h)})
	}
	b, err := json.Marshal(map[string]any{
		"eventSource": "SelfManagedKafka", "bootstrapServers": "",
		"records": map[string][]record{fmt.Sprintf("%s-%d", r.Topic, r.Partition): {r}},
	})
	if err != nil {
		return nil, fmt.Errorf("deadletter: event: %w", err)
	}
	if len(b) > host.MaxRequestBytes {
		return nil, fmt.Errorf("deadletter: it makes an event of %d bytes, and a function takes %d", len(b), host.MaxRequestBytes)
	}
	return b, nil
}

// signed are the bytes as Java's.
func signed(h kgo.RecordHeader) []int8 {
	s := make([]int8, len(h.Value))
	for i, b := range h.Value {
		s[i] = int8(b)
	}
	return s
}
