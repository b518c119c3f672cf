package awslambda

import (
	"bytes"
	"fmt"
	"math"
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
	// Base64 shrinks by a quarter and a header's byte takes at least two of the event, so this holds everything.
	d.room = alloc(base64.StdEncoding.DecodedLen(len(event)))
	d.alloc = alloc
	m.Messages, m.Bytes = m.Messages[:0], len(event)
	found, source, err := d.event()
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

// event reads the outermost object; found says whether it has records.
func (d *decoder) event() (found bool, source string, err error) {
	if err = d.open('{'); err != nil {
		return
	}
	for first := true; ; first = false {
		name, err := d.field(first)
		if err != nil || name == nil {
			return found, source, err
		}
		switch string(name) {
		case "eventSource":
			source, err = d.text()
		case "records":
			found = true
			err = d.partitions()
		default:
			err = d.skip()
		}
		if err != nil {
			return found, source, err
		}
	}
}

// partitions reads an object of lists of records. Its names are "<topic>-<partition>", which the records say better.
func (d *decoder) partitions() error {
	if err := d.open('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		name, err := d.field(first)
		if err != nil || name == nil {
			return err
		}
		if d.null() {
			continue
		}
		if err := d.open('['); err != nil {
			return err
		}
		for first := true; ; first = false {
			more, err := d.item(first)
			if err != nil {
				return err
			}
			if !more {
				break
			}
			if err := d.record(); err != nil {
				return err
			}
		}
	}
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
	const topic, partition, offset, all = 1, 2, 4, 7
	m := trigger.Message{Timestamp: trigger.NoTimestamp, TimestampType: trigger.CreateTime}
	seen := 0
	if err := d.open('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		name, err := d.field(first)
		if err != nil {
			return err
		}
		if name == nil {
			break
		}
		switch string(name) {
		case "topic":
			seen |= topic
			m.Topic, err = d.name()
		case "partition":
			seen |= partition
			var n int64
			if n, err = d.integer(); err == nil && (n < 0 || n > math.MaxInt32) {
				err = d.fail("partition out of range")
			}
			m.Partition = int32(n)
		case "offset":
			seen |= offset
			m.Offset, err = d.integer()
		case "timestamp":
			m.Timestamp, err = d.integer()
		case "timestampType":
			m.TimestampType, err = d.timestampType()
		case "key":
			m.Key, err = d.base64()
		case "value":
			m.Value, err = d.base64()
		case "headers":
			m.Headers, err = d.recordHeaders()
		default:
			err = d.skip()
		}
		if err != nil {
			return err
		}
	}
	if seen != all {
		return d.fail("a record without topic, partition or offset")
	}
	d.m.Messages = append(d.m.Messages, m)
	return nil
}

func (d *decoder) timestampType() (trigger.TimestampType, error) {
	raw, err := d.raw()
	switch string(raw) {
	case "LOG_APPEND_TIME":
		return trigger.LogAppendTime, err
	case "NO_TIMESTAMP_TYPE":
		return trigger.NoTimestampType, err
	}
	return trigger.CreateTime, err
}

// recordHeaders reads a list of objects; each name in them is a header, its value an array of signed bytes or null.
func (d *decoder) recordHeaders() ([]trigger.Header, error) {
	if d.null() {
		return nil, nil
	}
	if err := d.open('['); err != nil {
		return nil, err
	}
	start := len(d.headers)
	for first := true; ; first = false {
		more, err := d.item(first)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if err := d.open('{'); err != nil {
			return nil, err
		}
		for first := true; ; first = false {
			name, err := d.field(first)
			if err != nil {
				return nil, err
			}
			if name == nil {
				break
			}
			h := trigger.Header{Key: string(name)}
			if !d.null() {
				if h.Value, err = d.signedBytes(); err != nil {
					return nil, err
				}
			}
			d.headers = append(d.headers, h)
		}
	}
	if end := len(d.headers); end > start {
		return d.headers[start:end:end], nil
	}
	return nil, nil
}

// signedBytes reads an array of numbers from -128 to 127; those up to 255 are taken for unsigned ones.
func (d *decoder) signedBytes() ([]byte, error) {
	if err := d.open('['); err != nil {
		return nil, err
	}
	d.scratch = d.scratch[:0]
	for first := true; ; first = false {
		more, err := d.item(first)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		n, err := d.integer()
		if err != nil {
			return nil, err
		}
		if n < -128 || n > 255 {
			return nil, d.fail("a header value's byte is out of range")
		}
		d.scratch = append(d.scratch, byte(n))
	}
	value := d.take(len(d.scratch))
	copy(value, d.scratch)
	return value, nil
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
	out := d.take(base64.StdEncoding.DecodedLen(len(src)))
	n, err := base64.StdEncoding.Decode(out, src)
	if err != nil && bytes.IndexByte(src, '\\') >= 0 { // "\/" is a legal way to write a slash
		n, err = base64.StdEncoding.Decode(out, bytes.ReplaceAll(src, []byte(`\/`), []byte{'/'}))
	}
	if err != nil {
		return nil, d.fail("broken base64")
	}
	d.i += end + 2
	return out[:n:n], nil
}

// take cuts n bytes off the room.
func (d *decoder) take(n int) []byte {
	if n > len(d.room) {
		d.room = d.alloc(n)
	}
	out := d.room[:n:n]
	d.room = d.room[n:]
	return out
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
	i := d.i
	negative := i < len(d.b) && d.b[i] == '-'
	if negative {
		i++
	}
	start := i
	var n uint64
	for ; i < len(d.b) && d.b[i]-'0' <= 9; i++ {
		n = n*10 + uint64(d.b[i]-'0')
	}
	const digits = 18 // always fit; longer ones are read with care
	switch {
	case i == start:
		return 0, d.fail("expected an integer")
	case i-start > digits:
		n, err := strconv.ParseInt(string(d.b[d.i:i]), 10, 64)
		if err != nil {
			return 0, d.fail("integer out of range")
		}
		d.i = i
		return n, nil
	}
	d.i = i
	if negative {
		return -int64(n), nil
	}
	return int64(n), nil
}

func (d *decoder) null() bool {
	if bytes.HasPrefix(d.b[d.i:], []byte("null")) {
		d.i += 4
		return true
	}
	return false
}

// open consumes the beginning of an object or array.
func (d *decoder) open(bracket byte) error {
	d.space()
	if d.is(bracket) {
		return nil
	}
	if bracket == '{' {
		return d.fail("expected an object")
	}
	return d.fail("expected an array")
}

// field moves to the value of an object's next field and returns its name, nil at the end of the object.
func (d *decoder) field(first bool) (name []byte, err error) {
	d.space()
	if d.is('}') {
		return nil, nil
	}
	if !first {
		if !d.is(',') {
			return nil, d.fail("expected ',' or '}'")
		}
		d.space()
	}
	if name, err = d.raw(); err != nil {
		return nil, err
	}
	if bytes.IndexByte(name, '\\') >= 0 {
		s, err := unquote(name)
		if err != nil {
			return nil, d.fail("broken escape in a string")
		}
		name = []byte(s)
	}
	d.space()
	if !d.is(':') {
		return nil, d.fail("expected ':'")
	}
	d.space()
	if name == nil {
		name = []byte{}
	}
	return name, nil
}

// item moves to an array's next item; false at the end of the array.
func (d *decoder) item(first bool) (bool, error) {
	d.space()
	if d.is(']') {
		return false, nil
	}
	if !first {
		if !d.is(',') {
			return false, d.fail("expected ',' or ']'")
		}
		d.space()
	}
	return true, nil
}

// maxDepth is far beyond what an event has; it keeps a hostile one from exhausting the stack.
const maxDepth = 64

// skip passes over a value of a field this code does not know.
func (d *decoder) skip() error {
	if d.depth++; d.depth > maxDepth {
		return d.fail("nested too deeply")
	}
	defer func() { d.depth-- }()
	if d.i >= len(d.b) {
		return d.fail("unexpected end")
	}
	switch d.b[d.i] {
	case '"':
		_, err := d.raw()
		return err
	case '{':
		d.i++
		for first := true; ; first = false {
			name, err := d.field(first)
			if err != nil || name == nil {
				return err
			}
			if err := d.skip(); err != nil {
				return err
			}
		}
	case '[':
		d.i++
		for first := true; ; first = false {
			more, err := d.item(first)
			if err != nil || !more {
				return err
			}
			if err := d.skip(); err != nil {
				return err
			}
		}
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
