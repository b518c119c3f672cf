package deadletter

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/errpolicy"
)

// headerPrefix begins the names of the headers that say what happened.
const headerPrefix = "__connect.errors."

// Letter is a record of a dead letter topic, or what stands for one in a bucket or a queue.
type Letter struct {
	At        Position // where it lies
	Timestamp time.Time
	// AppendTime says that the timestamp is the broker's.
	AppendTime bool
	// Key, Value and Headers are the original record's; nil is null.
	Key, Value []byte
	Headers    []kgo.RecordHeader

	// Origin is where the original record lies; Known is false when the letter does not say.
	Origin Position
	Known  bool

	Connector, Task                              string
	Stage, Class, Exception, Message, Stacktrace string
}

// Position is a place in a topic.
type Position struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

func (p Position) String() string { return fmt.Sprintf("%s-%d@%d", p.Topic, p.Partition, p.Offset) }

// Parse reads a letter. The letter shares the record's memory.
func Parse(r *kgo.Record) *Letter {
	l := &Letter{
		At: Position{r.Topic, r.Partition, r.Offset}, Timestamp: r.Timestamp, AppendTime: r.Attrs.TimestampType() == 1,
		Key: r.Key, Value: r.Value,
	}
	l.read(r.Headers)
	return l
}

// read tells the headers of the record from those that say what happened.
func (l *Letter) read(headers []kgo.RecordHeader) {
	said := map[string]string{} // the last of a name counts: a record that was a letter before has two
	for _, h := range headers {
		if strings.HasPrefix(h.Key, headerPrefix) {
			said[h.Key] = string(h.Value)
		} else {
			l.Headers = append(l.Headers, h)
		}
	}
	partition, err1 := strconv.ParseInt(said[errpolicy.HeaderPartition], 10, 32)
	offset, err2 := strconv.ParseInt(said[errpolicy.HeaderOffset], 10, 64)
	if topic := said[errpolicy.HeaderTopic]; topic != "" && err1 == nil && err2 == nil {
		l.Origin, l.Known = Position{topic, int32(partition), offset}, true
	}
	l.Connector, l.Task = said[errpolicy.HeaderConnector], said[errpolicy.HeaderTask]
	l.Stage, l.Class = said[errpolicy.HeaderStage], said[errpolicy.HeaderClass]
	l.Exception, l.Message = said[errpolicy.HeaderException], said[errpolicy.HeaderExceptionMessage]
	l.Stacktrace = said[errpolicy.HeaderStackTrace]
}

// Identity tells original records apart: letters of the same one are copies, which a repeated batch makes. A letter that
// does not say where it is from is only itself. The content counts too: a topic that was created anew has its old
// positions again.
type Identity [sha256.Size]byte

// Identity returns the letter's.
func (l *Letter) Identity() Identity {
	at := l.Origin
	if !l.Known {
		at = l.At
	}
	h := sha256.New()
	add := func(b []byte) {
		length := int64(len(b))
		if b == nil {
			length = -1
		}
		_ = binary.Write(h, binary.BigEndian, length) // a hash takes everything
		h.Write(b)
	}
	add([]byte(at.String()))
	add(l.Key)
	add(l.Value)
	for _, header := range l.Headers {
		add([]byte(header.Key))
		add(header.Value)
	}
	return Identity(h.Sum(nil))
}

// Reason is why letters were written, without what differs from record to record.
type Reason struct {
	Stage     string `json:"stage"`
	Class     string `json:"class"`
	Exception string `json:"exception"`
	Message   string `json:"message"`
}

// Reason returns the letter's.
func (l *Letter) Reason() Reason {
	return Reason{l.Stage, l.Class, l.Exception, Normalize(l.Message)}
}

// ID is a short name of the reason.
func (r Reason) ID() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{r.Stage, r.Class, r.Exception, r.Message}, "\x00")))
	return fmt.Sprintf("%x", sum[:4])
}

// Known says whether the letters told anything.
func (r Reason) Known() bool { return r != Reason{} }
