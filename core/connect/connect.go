package connect

import (
	"context"

	"github.com/connectless/connectless/core/trigger"
)

// Sink delivers records to an outside system.
//
//  1. Put returns after every record it does not report as failed is durable. nil means all of them are.
//  2. A *[BatchError] says which records failed and why; any other error means that all failed. Classify with
//     [Retriable], [DataError] and [Fatal]; an unclassified error counts as retriable, because losing is worse than
//     repeating.
//  3. Within one key of the target, records are written in the order of the batch, and nothing later of the same
//     partition is written after an earlier failure of that key. Other keys may be written in any order, concurrently.
//  4. Put may see a record again (same topic, partition, offset) and must make of it what it made the first time.
//  5. Put respects the context: after its deadline it returns soon, and what it does not report as failed is durable.
//     Goroutines that still read the batch's bytes after Put returned make the engine drop, not recycle, that memory:
//     report it with [StillReading]. Tries after the first that it makes by itself it counts with [CountRetries].
//  6. One Put at a time per Sink; the engine may open several. A Sink may also implement io.Closer.
type Sink interface {
	Put(ctx context.Context, batch []*Record) error
}

// Warmer is a Sink that can make its connections before the first Put: a function does that while its host prepares the
// first event. What fails then fails again, and is told, in Put.
type Warmer interface {
	Warm(ctx context.Context)
}

// Targeter is a Sink that can tell which thing of the outside a record writes: a document, a row. Where a batch comes again
// the engine then knows which of its records overwrite one another; of other sinks it takes Kafka's key for that.
type Targeter interface {
	// AppendTarget appends to dst what is the same for records that write the same thing, and for no others. It is called
	// with records that the last Put has written, while no Put runs. After false such a record is written again.
	AppendTarget(dst []byte, r *Record) (target []byte, ok bool)
}

// Source is polled for records. Poll returns what there is, io.EOF when nothing more is there now.
type Source interface {
	Poll(ctx context.Context) ([]*SourceRecord, error)
}

// Feed turns a batch of changed documents into records. An error means that the whole batch comes again.
type Feed interface {
	Receive(ctx context.Context, e *trigger.Documents) ([]*SourceRecord, error)
}
