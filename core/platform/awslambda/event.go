package awslambda

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/emmansun/base64"

	"github.com/connectless/connectless/core/trigger"
)

// EventError says why an event is not one of a Kafka event source mapping.
type EventError struct {
	Offset int // byte of the event
	What   string
}

func (e *EventError) Error() string {
	return fmt.Sprintf("awslambda: not an event of a Kafka event source mapping: %s (byte %d)", e.What, e.Offset)
}

// Decode reads a Kafka event as Lambda sends it (AWS Lambda developer guide, "Using Lambda with Amazon MSK" and
// "… with self-managed Apache Kafka"). A key or value that is null or absent is nil, an empty one is empty. Fields this
// code does not know are skipped. m's slices are reused; bytes it keeps are decoded into memory from alloc.
func Decode(event []byte, m *trigger.Messages, alloc func(int) []byte) error {
	d := decoder{b: event, m: m}
	// Base64 shrinks by a quarter, so this holds every key and value; header values are copied one by one.
	d.room = alloc(base64.StdEncoding.DecodedLen(len(event)))
	d.alloc = alloc
	m.Messages, m.Bytes = m.Messages[:0], len(event)
	var source string
	found := false
	err := d.object(func(name []byte) error {
		switch string(name) {
		case "eventSource":
			s, err := d.text()
			source = s
			return err
		case "records":
			found = true
			return d.object(func([]byte) error { return d.array(d.record) })
		}
		return d.skip()
	})
	switch {
	case err != nil:
		return err
	case !found:
		return d.fail(`there is no "records"`)
	case source != "aws:kafka" && source != "SelfManagedKafka":
		return d.fail(fmt.Sprintf("eventSource is %q", source))
	}
	return nil
}

type decoder struct {
	b       []byte
	i       int
	depth   int
	m       *trigger.Messages
	room    []byte // for decoded keys and values
	alloc   func(int) []byte
	topic   string // of the record before: the next one's is nearly always the same
	headers []trigger.Header
	scratch []byte // a header value being read
}

func (d *decoder) fail(what string) error { return &EventError{Offset: d.i, What: what} }

// record reads one record of a partition's list.
func (d *decoder) record() error {
	m := trigger.Message{Timestamp: trigger.NoTimestamp, TimestampType: trigger.CreateTime}
	var seen uint8
	err := d.object(func(name []byte) error {
		var err error
		switch string(name) {
		case "topic":
			seen |= 1
			m.Topic, err = d.name()
		case "partition":
			seen |= 2
			var n int64
			n, err = d.integer()
			if n != int64(int32(n)) || n < 0 {
				return d.fail("partition out of range")
			}
			m.Partition = int32(n)
		case "offset":
			seen |= 4
			m.Offset, err = d.integer()
		case "timestamp":
			m.Timestamp, err = d.integer()
		case "timestampType":
			var t string
			t, err = d.text()
			switch t {
			case "LOG_APPEND_TIME":
				m.TimestampType = trigger.LogAppendTime
			case "NO_TIMESTAMP_TYPE":
				m.TimestampType = trigger.NoTimestampType
			}
		case "key":
			m.Key, err = d.base64()
		case "value":
			m.Value, err = d.base64()
		case "headers":
			start := len(d.headers)
			err = d.array(d.header)
			if end := len(d.headers); end > start {
				m.Headers = d.headers[start:end:end]
			}
		default:
			err = d.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if seen != 7 {
		return d.fail("a record without topic, partition or offset")
	}
	d.m.Messages = append(d.m.Messages, m)
	return nil
}

// header reads an object of one name and an array of signed bytes; each name of it is a header.
func (d *decoder) header() error {
	return d.object(func(name []byte) error {
		h := trigger.Header{Key: string(name)}
		if d.null() {
			d.headers = append(d.headers, h)
			return nil
		}
		value := d.scratch[:0]
		err := d.array(func() error {
			n, err := d.integer()
			if err != nil {
				return err
			}
			if n < -128 || n > 255 {
				return d.fail("a header value's byte is out of range")
			}
			value = append(value, byte(n))
			return nil
		})
		d.scratch = value
		h.Value = d.alloc(len(value))
		copy(h.Value, value)
		d.headers = append(d.headers, h)
		return err
	})
}

// base64 decodes a string into the room; null is nil.
func (d *decoder) base64() ([]byte, error) {
	if d.null() {
		return nil, nil
	}
	if d.i >= len(d.b) || d.b[d.i] != '"' {
		return nil, d.fail("expected base64 in a string")
	}
	src := d.b[d.i+1:]
	end := bytes.IndexByte(src, '"')
	if end < 0 {
		return nil, d.fail("a string without end")
	}
	src = src[:end]
	if bytes.IndexByte(src, '\\') >= 0 { // "\/" is a legal way to write a slash
		src = bytes.ReplaceAll(src, []byte(`\/`), []byte{'/'})
	}
	need := base64.StdEncoding.DecodedLen(len(src))
	if need > len(d.room) {
		d.room = d.alloc(need)
	}
	n, err := base64.StdEncoding.Decode(d.room, src)
	if err != nil {
		return nil, d.fail("broken base64")
	}
	d.i += end + 2
	out := d.room[:n:n]
	d.room = d.room[n:]
	return out, nil
}

// name reads a topic, making a new string only when it changes.
func (d *decoder) name() (string, error) {
	if d.i < len(d.b) && d.b[d.i] == '"' {
		rest := d.b[d.i+1:]
		if n := len(d.topic); n > 0 && len(rest) > n && rest[n] == '"' && string(rest[:n]) == d.topic {
			d.i += n + 2
			return d.topic, nil
		}
	}
	s, err := d.text()
	d.topic = s
	return s, err
}

// text reads a string.
func (d *decoder) text() (string, error) {
	raw, err := d.raw()
	if err != nil {
		return "", err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), nil
	}
	s, err := unquote(raw)
	if err != nil {
		return "", d.fail("broken escape in a string")
	}
	return s, nil
}

// raw reads a string and returns what is between its quotes.
func (d *decoder) raw() ([]byte, error) {
	if d.i >= len(d.b) || d.b[d.i] != '"' {
		return nil, d.fail("expected a string")
	}
	start := d.i + 1
	for i := start; i < len(d.b); i++ {
		switch c := d.b[i]; {
		case c == '"':
			d.i = i + 1
			return d.b[start:i], nil
		case c == '\\':
			i++
		case c < 0x20:
			d.i = i
			return nil, d.fail("control character in a string")
		}
	}
	return nil, d.fail("a string without end")
}

func (d *decoder) integer() (int64, error) {
	start := d.i
	if d.i < len(d.b) && d.b[d.i] == '-' {
		d.i++
	}
	for d.i < len(d.b) && d.b[d.i]-'0' <= 9 {
		d.i++
	}
	n, err := strconv.ParseInt(string(d.b[start:d.i]), 10, 64)
	if err != nil {
		return 0, d.fail("expected an integer")
	}
	return n, nil
}

func (d *decoder) null() bool {
	if bytes.HasPrefix(d.b[d.i:], []byte("null")) {
		d.i += 4
		return true
	}
	return false
}

// maxDepth is far beyond what an event has; it keeps a hostile one from exhausting the stack.
const maxDepth = 64

func (d *decoder) enter() error {
	if d.depth++; d.depth > maxDepth {
		return d.fail("nested too deeply")
	}
	return nil
}

// object calls field with the cursor at each value; field must consume it. A null object has no fields.
func (d *decoder) object(field func(name []byte) error) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer func() { d.depth-- }()
	d.space()
	if !d.is('{') {
		return d.fail("expected an object")
	}
	for first := true; ; first = false {
		d.space()
		if d.is('}') {
			return nil
		}
		if !first {
			if !d.is(',') {
				return d.fail("expected ',' or '}'")
			}
			d.space()
		}
		name, err := d.raw()
		if err != nil {
			return err
		}
		if bytes.IndexByte(name, '\\') >= 0 {
			s, err := unquote(name)
			if err != nil {
				return d.fail("broken escape in a string")
			}
			name = []byte(s)
		}
		d.space()
		if !d.is(':') {
			return d.fail("expected ':'")
		}
		d.space()
		if err := field(name); err != nil {
			return err
		}
	}
}

// array calls item with the cursor at each item; item must consume it. null is an empty array.
func (d *decoder) array(item func() error) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer func() { d.depth-- }()
	d.space()
	if d.null() {
		return nil
	}
	if !d.is('[') {
		return d.fail("expected an array")
	}
	for first := true; ; first = false {
		d.space()
		if d.is(']') {
			return nil
		}
		if !first {
			if !d.is(',') {
				return d.fail("expected ',' or ']'")
			}
			d.space()
		}
		if err := item(); err != nil {
			return err
		}
	}
}

// skip passes over a value of a field this code does not know.
func (d *decoder) skip() error {
	if d.i >= len(d.b) {
		return d.fail("unexpected end")
	}
	switch c := d.b[d.i]; c {
	case '"':
		_, err := d.raw()
		return err
	case '{':
		return d.object(func([]byte) error { return d.skip() })
	case '[':
		return d.array(d.skip)
	}
	start := d.i
	for d.i < len(d.b) && bytes.IndexByte([]byte("+-.0123456789abcdefghijklmnopqrstuvwxyzE"), d.b[d.i]) >= 0 {
		d.i++
	}
	if d.i == start {
		return d.fail("unexpected character")
	}
	return nil
}

func (d *decoder) space() {
	for d.i < len(d.b) && (d.b[d.i] == ' ' || d.b[d.i] == '\n' || d.b[d.i] == '\t' || d.b[d.i] == '\r') {
		d.i++
	}
}

// is consumes c if it is next.
func (d *decoder) is(c byte) bool {
	if d.i < len(d.b) && d.b[d.i] == c {
		d.i++
		return true
	}
	return false
}
