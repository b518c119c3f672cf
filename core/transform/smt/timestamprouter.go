package smt

import (
	"strings"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
	"github.com/connectless/connectless/core/transform"
)

type timestampRouter struct {
	topicFormat string
	format      *javatext.DateFormat
	err         error // of a bad pattern, which Java finds out with the first record
}

func newTimestampRouter(c *transform.TimestampRouter) (transform.Transform, error) {
	t := &timestampRouter{topicFormat: c.TopicFormat}
	var err error
	if t.format, err = javatext.ParsePattern(c.TimestampFormat); err != nil {
		t.err = javaError(err)
	}
	return t, nil
}

func (t *timestampRouter) Apply(r *connect.Record) (bool, error) {
	ms, ok := timestamp(r)
	switch {
	case !ok:
		return true, data.Errorf(data.DataException, "Timestamp missing on record: %s", recordText(r))
	case t.err != nil:
		return true, t.err
	}
	var short [64]byte
	stamp := t.format.Append(short[:0], ms)
	// The topic goes in first: a name that holds ${timestamp} gets it replaced too.
	const topicVar, timestampVar = "${topic}", "${timestamp}"
	var long, longer [256]byte
	b := appendReplaced(long[:0], t.topicFormat, topicVar, r.Topic)
	b = appendReplaced(longer[:0], string(b), timestampVar, string(stamp))
	topic := r.Arena.Text(b)
	r.Topic = topic.Text()
	return true, nil
}

// appendReplaced appends s with every old replaced.
func appendReplaced(dst []byte, s, old, by string) []byte {
	for {
		before, after, found := strings.Cut(s, old)
		dst = append(dst, before...)
		if !found {
			return dst
		}
		dst = append(dst, by...)
		s = after
	}
}
