package deadletter

import (
	"context"
	"errors"
	"path"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/deadletter"
	"github.com/connectless/connectless/core/trigger"
)

// Target is a bucket or a queue with dead letters to read.
type Target struct {
	config.DeadLetterTarget
	Warn func(error) // told of a queue that does not give out all it has
}

// Read calls each with the letters that the filter takes: of a bucket in the order of their names, of a queue as they come.
// An error of each ends it. Letters of a queue are given back when it returns. A letter in a bucket lies where its record
// did, so that a filter's partitions and offsets are the record's; letters of a queue are counted.
func (t Target) Read(ctx context.Context, f *Filter, cluster func(id string) error, each func(*Letter) error) error {
	if err := cluster(""); err != nil {
		return err
	}
	n := int64(0)
	err := deadletter.Read(ctx, t.DeadLetterTarget, func(s *deadletter.Stored) error {
		l := fromStored(s)
		if t.Queue != "" {
			l.At = Position{path.Base(t.Queue), 0, n}
			n++
		}
		if !f.Takes(l) {
			return nil
		}
		return each(l)
	})
	if more, ok := errors.AsType[*deadletter.MoreError](err); ok {
		t.Warn(more)
		return nil
	}
	return err
}

// fromStored reads a letter, which says where its record is from without headers too.
func fromStored(s *deadletter.Stored) *Letter {
	l := &Letter{
		At: Position{s.Topic, s.Partition, s.Offset}, Timestamp: time.UnixMilli(max(s.Timestamp, trigger.NoTimestamp)),
		Key: s.Key, Value: s.Value,
	}
	headers := make([]kgo.RecordHeader, len(s.Headers))
	for i, h := range s.Headers {
		headers[i] = kgo.RecordHeader{Key: h.Key, Value: h.Value}
	}
	l.read(headers)
	l.Origin, l.Known = l.At, true
	return l
}
