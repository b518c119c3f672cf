package connect

import (
	"errors"
	"fmt"
	"time"
)

// Class is what an error decides.
type Class uint8

const (
	// ClassRetriable: again later. An error that nobody classified is retriable.
	ClassRetriable Class = iota
	// ClassData: this record never can be delivered; others can.
	ClassData
	// ClassFatal: configuration or credentials; nothing can be delivered until somebody mends it.
	ClassFatal
)

func (c Class) String() string { return [...]string{"retriable", "data", "fatal"}[c] }

type classified struct {
	class Class
	wait  time.Duration
	err   error
}

func (c *classified) Error() string { return c.err.Error() }
func (c *classified) Unwrap() error { return c.err }

// Retriable marks an error that may go away: a throttled or unreachable system.
func Retriable(err error) error { return mark(ClassRetriable, 0, err) }

// RetriableAfter is Retriable with the wait that the other side asked for.
func RetriableAfter(wait time.Duration, err error) error { return mark(ClassRetriable, wait, err) }

// DataError marks an error of the record itself: a dead letter, if the configuration tolerates errors. For one record of a
// batch ([BatchError.Fail]) it is what a call of ErrantRecordReporter.report is in Kafka Connect: the letter names the stage
// TASK_PUT and the class SinkTask, and is durable before the position moves. A sink need not ask whether there is
// somebody to report to; without a dead letter topic the record is logged, where errors.log.enable wants that, and passed.
func DataError(err error) error { return mark(ClassData, 0, err) }

// Fatal marks an error of the configuration or its credentials: the connector is FAILED.
func Fatal(err error) error { return mark(ClassFatal, 0, err) }

func mark(c Class, wait time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &classified{class: c, wait: wait, err: err}
}

// Classify returns the class of an error; the outermost mark counts.
func Classify(err error) Class {
	var c *classified
	if errors.As(err, &c) {
		return c.class
	}
	return ClassRetriable
}

// RetryAfter is the wait that [RetriableAfter] recorded, 0 for none.
func RetryAfter(err error) time.Duration {
	var c *classified
	if errors.As(err, &c) {
		return c.wait
	}
	return 0
}

// BatchError says which records of a batch failed. The zero value is ready to use; it is for one goroutine.
type BatchError struct {
	failed map[int]error
}

// Fail records that the batch's record i failed. The first error of a record stays.
func (b *BatchError) Fail(i int, err error) {
	if err == nil {
		return
	}
	if b.failed == nil {
		b.failed = make(map[int]error)
	}
	if _, ok := b.failed[i]; !ok {
		b.failed[i] = err
	}
}

// Failed is the error of record i, nil when it was delivered.
func (b *BatchError) Failed(i int) error { return b.failed[i] }

// Len is the number of failed records.
func (b *BatchError) Len() int { return len(b.failed) }

// ErrOrNil is b if any record failed.
func (b *BatchError) ErrOrNil() error {
	if len(b.failed) == 0 {
		return nil
	}
	return b
}

func (b *BatchError) Error() string {
	first := -1
	for i := range b.failed {
		if first < 0 || i < first {
			first = i
		}
	}
	if first < 0 {
		return "no record failed"
	}
	return fmt.Sprintf("%d records failed, the first (index %d) with: %v", len(b.failed), first, b.failed[first])
}

type stillReading struct{ err error }

func (s *stillReading) Error() string { return s.err.Error() }
func (s *stillReading) Unwrap() error { return s.err }

// StillReading marks an error of a Put that returned (its context ended) while a call it made may still read the
// batch's bytes. The engine then drops that memory instead of recycling it, and closes the sink.
func StillReading(err error) error {
	if err == nil {
		return nil
	}
	return &stillReading{err}
}

// IsStillReading says whether an error carries [StillReading].
func IsStillReading(err error) bool {
	var s *stillReading
	return errors.As(err, &s)
}

// IsRetriable says whether an error was marked [Retriable]: worth trying again at once. An error that nobody classified
// is not, though its record comes again with the next delivery like a retriable one's.
func IsRetriable(err error) bool {
	var c *classified
	return errors.As(err, &c) && c.class == ClassRetriable
}

// IsMarked says whether somebody classified an error.
func IsMarked(err error) bool {
	var c *classified
	return errors.As(err, &c)
}
