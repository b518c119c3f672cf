package eventsource

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/host"
)

// encoder writes Lambda's Kafka event (https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html). Records are
// appended to a buffer per partition as they come, so that the size of the event is known exactly at any moment; event puts the buffers
// together. All buffers are reused: what event returned is valid until reset.
//
// A nil key or value is left out, as AWS does (aws-powertools/powertools-lambda-typescript issue 5016), an empty one is
// "". A header whose value is nil becomes an empty array: the format has no other way to say it.
type encoder struct {
	topic    string
	head     []byte // up to and including the brace that opens records
	limit    int
	segments []segment
	used     int // segments in use; those after it wait with their buffers
	size     int
	out      []byte
}

// segment is the records of one partition: "topic-0":[{...},{...}
type segment struct {
	partition int32
	open      []byte // "t-0":[
	fixed     []byte // {"topic":"t","partition":0,"offset":
	buf       []byte
}

const (
	segmentEnd = "]"
	eventEnd   = "}}"
)

func newEncoder(c Config) *encoder {
	var head []byte
	if c.EventSourceARN != "" {
		head = append(head, `{"eventSource":"aws:kafka","eventSourceArn":`...)
		head = appendString(head, c.EventSourceARN)
	} else {
		head = append(head, `{"eventSource":"SelfManagedKafka"`...)
	}
	head = append(head, `,"bootstrapServers":`...)
	head = appendString(head, strings.Join(c.Brokers, ","))
	head = append(head, `,"records":{`...)
	e := &encoder{topic: c.Topic, head: head, limit: host.MaxRequestBytes}
	e.reset()
	return e
}

func (e *encoder) reset() {
	e.used = 0
	e.size = len(e.head) + len(eventEnd)
}

// add appends a record if the event has room for it.
func (e *encoder) add(r *kgo.Record) bool {
	s, fresh := e.segment(r.Partition)
	before := len(s.buf)
	overhead := 0
	if fresh {
		before = 0
		s.buf = append(s.buf[:0], s.open...)
		overhead = len(segmentEnd)
		if e.used > 1 {
			overhead++ // the comma before it
		}
	} else {
		s.buf = append(s.buf, ',')
	}
	s.buf = s.appendRecord(r)
	grown := len(s.buf) - before + overhead
	if e.size+grown > e.limit {
		s.buf = s.buf[:before]
		if fresh {
			e.used--
		}
		return false
	}
	e.size += grown
	return true
}

// segment returns the partition's segment and whether it has just been taken into use.
func (e *encoder) segment(partition int32) (s *segment, fresh bool) {
	for i := e.used - 1; i >= 0; i-- { // records come in runs of a partition: mostly the last one
		if e.segments[i].partition == partition {
			return &e.segments[i], false
		}
	}
	if e.used == len(e.segments) {
		e.segments = append(e.segments, segment{partition: -1})
	}
	s = &e.segments[e.used]
	e.used++
	if s.partition != partition {
		s.partition = partition
		s.open = appendString(s.open[:0], partitionKey(e.topic, partition))
		s.open = append(s.open, ":["...)
		s.fixed = append(s.fixed[:0], `{"topic":`...)
		s.fixed = appendString(s.fixed, e.topic)
		s.fixed = append(s.fixed, `,"partition":`...)
		s.fixed = strconv.AppendInt(s.fixed, int64(partition), 10)
		s.fixed = append(s.fixed, `,"offset":`...)
	}
	return s, true
}

// event returns the whole event.
func (e *encoder) event() []byte {
	e.out = append(e.out[:0], e.head...)
	for i := range e.segments[:e.used] {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		e.out = append(e.out, e.segments[i].buf...)
		e.out = append(e.out, segmentEnd...)
	}
	e.out = append(e.out, eventEnd...)
	return e.out
}

func (s *segment) appendRecord(r *kgo.Record) []byte {
	b := append(s.buf, s.fixed...)
	b = strconv.AppendInt(b, r.Offset, 10)
	b = append(b, `,"timestamp":`...)
	b = strconv.AppendInt(b, r.Timestamp.UnixMilli(), 10)
	if r.Attrs.TimestampType() == 1 {
		b = append(b, `,"timestampType":"LOG_APPEND_TIME"`...)
	} else {
		b = append(b, `,"timestampType":"CREATE_TIME"`...)
	}
	if r.Key != nil {
		b = append(b, `,"key":"`...)
		b = base64.StdEncoding.AppendEncode(b, r.Key)
		b = append(b, '"')
	}
	if r.Value != nil {
		b = append(b, `,"value":"`...)
		b = base64.StdEncoding.AppendEncode(b, r.Value)
		b = append(b, '"')
	}
	b = append(b, `,"headers":[`...)
	for i, h := range r.Headers {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		b = appendString(b, h.Key)
		b = append(b, ":["...)
		for j, v := range h.Value {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, signedBytes[v]...)
		}
		b = append(b, "]}"...)
	}
	return append(b, "]}"...)
}

// signedBytes are the decimal texts of the bytes as Java's signed ones.
var signedBytes = func() (t [256]string) {
	for i := range t {
		t[i] = strconv.Itoa(int(int8(i)))
	}
	return t
}()

// partitionKey is how an event and a partial batch response name a partition.
func partitionKey(topic string, partition int32) string {
	return topic + "-" + strconv.Itoa(int(partition))
}

// appendString appends s as a JSON string; what is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
