// Package trigger is what a host hands to a task and gets back: the events of managed triggers without any host's wire
// format (platform packages translate), and the positions that must come again.
//
// It imports the standard library only and does nothing by itself.
package trigger

import "fmt"

// Event is one invocation's input: [*Messages], [*Documents] or [*Tick].
type Event interface{ event() }

// Messages is a batch of Kafka records. Messages of one partition are in offset order; partitions may alternate.
type Messages struct {
	Messages []Message
	// Bytes is the size of the event as the host sent it.
	Bytes int
}

// Documents is a batch of changed documents of a database's change feed, each as the JSON the host sent.
type Documents struct {
	Documents [][]byte
	Bytes     int
}

// Tick is an invocation by a schedule.
type Tick struct{}

func (*Messages) event()  {}
func (*Documents) event() {}
func (*Tick) event()      {}

// Message is one Kafka record as it was consumed. Key, Value and header values tell nil (null) from empty. The memory
// belongs to the event and is valid until the invocation has been answered.
type Message struct {
	Topic         string
	Partition     int32
	Offset        int64
	Timestamp     int64 // milliseconds since the epoch; [NoTimestamp] when the record has none
	TimestampType TimestampType
	Key           []byte
	Value         []byte
	Headers       []Header
}

// NoTimestamp is the timestamp of a record that has none.
const NoTimestamp = -1

// Header is one Kafka record header; names may repeat.
type Header struct {
	Key   string
	Value []byte
}

// TimestampType says who set a record's timestamp.
type TimestampType uint8

const (
	CreateTime TimestampType = iota
	LogAppendTime
	NoTimestampType
)

// String is the name Kafka's logs print.
func (t TimestampType) String() string {
	return [...]string{"CreateTime", "LogAppendTime", "NoTimestampType"}[t]
}

// Position is a record of a partition: as an answer, the first one that must come again.
type Position struct {
	Topic     string
	Partition int32
	Offset    int64
}

func (p Position) String() string { return fmt.Sprintf("%s-%d@%d", p.Topic, p.Partition, p.Offset) }

// Result is the outcome of an invocation: all delivered or dead-lettered (the zero Result), or some positions must come
// again, with the reason. A host adapter turns it into the host's answer.
type Result struct {
	// Failed has at most one position per partition: the first that is neither durable nor dead-lettered.
	Failed []Position
	// Err says why; nil exactly when Failed is empty, unless the invocation failed as a whole before any record.
	Err error
}

// Decode fills m from an event in a host's wire format. All bytes it keeps come from alloc, so that they live and die
// with the batch. m's slices are reused: Decode overwrites them.
type Decode func(m *Messages, alloc func(n int) []byte) error
