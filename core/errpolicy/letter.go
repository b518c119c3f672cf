package errpolicy

import (
	"strconv"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// Names of the headers that a dead letter gets, in this order (KIP-298).
const (
	HeaderTopic            = "__connect.errors.topic"
	HeaderPartition        = "__connect.errors.partition"
	HeaderOffset           = "__connect.errors.offset"
	HeaderConnector        = "__connect.errors.connector.name"
	HeaderTask             = "__connect.errors.task.id"
	HeaderStage            = "__connect.errors.stage"
	HeaderClass            = "__connect.errors.class.name"
	HeaderException        = "__connect.errors.exception.class.name"
	HeaderExceptionMessage = "__connect.errors.exception.message"
	HeaderStackTrace       = "__connect.errors.exception.stacktrace"
)

// Letter makes the dead letter of a record: its original key, value, timestamp and headers as consumed, for the dead
// letter topic, partitioned by key, or the target, with the context headers if the policy has them. It shares the
// message's memory.
func (p *Policy) Letter(m *trigger.Message, f *Failure) *connect.Record {
	r := &connect.Record{
		Topic:         p.Topic,
		Partition:     -1,
		Timestamp:     m.Timestamp,
		TimestampType: m.TimestampType,
		KeySchema:     data.Of(data.TypeBytes, true),
		Key:           bytesOrNull(m.Key),
		ValueSchema:   data.Of(data.TypeBytes, true),
		Value:         bytesOrNull(m.Value),
		Origin:        m,
	}
	r.Headers = make(connect.Headers, 0, len(m.Headers)+10)
	for _, h := range m.Headers {
		r.Headers = append(r.Headers, connect.Header{Key: h.Key, Raw: h.Value, Encoded: true})
	}
	if !p.Headers {
		return r
	}
	class, message := Exception(f.Err)
	add := func(key, value string) {
		r.Headers = append(r.Headers, connect.Header{Key: key, Raw: []byte(value), Encoded: true})
	}
	add(HeaderTopic, m.Topic)
	add(HeaderPartition, strconv.Itoa(int(m.Partition)))
	add(HeaderOffset, strconv.FormatInt(m.Offset, 10))
	add(HeaderConnector, p.Connector)
	add(HeaderTask, strconv.Itoa(p.Task))
	add(HeaderStage, string(f.Stage))
	add(HeaderClass, f.Class)
	add(HeaderException, class)
	if message == "" {
		r.Headers = append(r.Headers, connect.Header{Key: HeaderExceptionMessage, Encoded: true})
	} else {
		add(HeaderExceptionMessage, message)
	}
	add(HeaderStackTrace, StackTrace(f.Err))
	return r
}

func bytesOrNull(b []byte) data.Value {
	if b == nil {
		return data.Value{}
	}
	return data.OfBytes(b)
}
