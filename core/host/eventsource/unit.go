package eventsource

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// unit is what one event carries. Its slices are of different partitions.
type unit struct {
	slices []slice
	tries  int // invocations with exactly these records; they lengthen the delay before the next one
	last   outcome
}

// slice is a run of records of one partition, in offset order, that succeed or fail together.
type slice struct {
	part     *partition
	records  []*kgo.Record
	end      int64 // the position to commit when the slice is done with; beyond records that were dropped
	attempts int   // failed invocations that count against the retry limit, all with the same first record
}

func (u *unit) size() int {
	n := 0
	for _, s := range u.slices {
		n += len(s.records)
	}
	return n
}

// add appends a record to the slice of its partition.
func (u *unit) add(p *partition, r *kgo.Record) {
	for i := range u.slices {
		if s := &u.slices[i]; s.part == p {
			s.records = append(s.records, r)
			s.end = r.Offset + 1
			return
		}
	}
	u.slices = append(u.slices, slice{part: p, records: []*kgo.Record{r}, end: r.Offset + 1})
}

// filter keeps the records for which keep is true and returns the others, by slice.
func (u *unit) filter(keep func(*kgo.Record) bool) (removed []slice) {
	for i := range u.slices {
		s := &u.slices[i]
		var kept, gone []*kgo.Record
		for _, r := range s.records {
			if keep(r) {
				kept = append(kept, r)
			} else {
				gone = append(gone, r)
			}
		}
		if len(gone) > 0 {
			removed = append(removed, slice{part: s.part, records: gone, end: s.end, attempts: s.attempts})
			s.records = kept
			u.tries = 0
		}
	}
	return removed
}

// begins removes the slices that have no records left and returns where each partition stands: nothing before the
// first record that a slice still has is to be delivered, and an empty slice is done with.
func (u *unit) begins() (at []position) {
	kept := u.slices[:0:0]
	for _, s := range u.slices {
		if len(s.records) == 0 {
			at = append(at, position{s.part, s.end})
			continue
		}
		at = append(at, position{s.part, s.records[0].Offset})
		kept = append(kept, s)
	}
	u.slices = kept
	return at
}

// position is where a partition continues.
type position struct {
	part   *partition
	offset int64
}

// deliveredAll are the positions after the unit.
func (u *unit) deliveredAll() []position {
	done := make([]position, 0, len(u.slices))
	for _, s := range u.slices {
		done = append(done, position{s.part, s.end})
	}
	return done
}

// resume applies a report of failed items: it returns how far each partition got and leaves in the unit what comes again.
// A report that names something the unit does not hold changes nothing and is an error.
//
// A slice that got further begins to count its attempts anew, at this one: the limit is for a record that stays in front.
func (u *unit) resume(topic string, lowest map[string]int64) (done []position, err error) {
	cut := make([]int, len(u.slices)) // how many records of each slice were delivered
	known := 0
	for i, s := range u.slices {
		cut[i] = len(s.records)
		offset, failed := lowest[partitionKey(topic, s.part.id)]
		if !failed {
			continue
		}
		known++
		if cut[i] = s.find(offset); cut[i] < 0 {
			return nil, fmt.Errorf("%w: %s has no offset %d in this batch", errReport, partitionKey(topic, s.part.id), offset)
		}
	}
	if known < len(lowest) {
		return nil, fmt.Errorf("%w: it names a partition that is not in this batch", errReport)
	}
	var rest []slice
	progress := false
	for i, s := range u.slices {
		switch n := cut[i]; {
		case n == len(s.records):
			done = append(done, position{s.part, s.end})
			progress = true
		case n > 0:
			done = append(done, position{s.part, s.records[n].Offset})
			rest = append(rest, slice{s.part, s.records[n:], s.end, 1})
			progress = true
		default:
			s.attempts++
			rest = append(rest, s)
		}
	}
	u.slices = rest
	if progress {
		u.tries = 0
	}
	return done, nil
}

// stuck tells whether a report names the first record of every slice: nothing was delivered.
func (u *unit) stuck(topic string, lowest map[string]int64) bool {
	for _, s := range u.slices {
		if offset, failed := lowest[partitionKey(topic, s.part.id)]; !failed || offset != s.records[0].Offset {
			return false
		}
	}
	return true
}

// find returns the index of the record with the offset, or -1.
func (s slice) find(offset int64) int {
	for i, r := range s.records {
		if r.Offset == offset {
			return i
		}
	}
	return -1
}

// halve splits the unit in two, in the order in which the halves must be delivered. The parts count as many attempts as the
// whole did before it failed: splitting uses up no retry.
func (u *unit) halve() (first, second *unit) {
	first, second = &unit{last: u.last}, &unit{last: u.last}
	want := u.size() / 2
	for _, s := range u.slices {
		n := min(len(s.records), want)
		want -= n
		switch n {
		case len(s.records):
			first.slices = append(first.slices, s)
		case 0:
			second.slices = append(second.slices, s)
		default:
			first.slices = append(first.slices, slice{s.part, s.records[:n], s.records[n].Offset, s.attempts})
			second.slices = append(second.slices, slice{s.part, s.records[n:], s.end, s.attempts})
		}
	}
	return first, second
}

// exhausted removes and returns the slices that failed more often than retries allows; -1 allows any number.
func (u *unit) exhausted(retries int) (over []slice) {
	if retries < 0 {
		return nil
	}
	kept := u.slices[:0:0]
	for _, s := range u.slices {
		if s.attempts > retries {
			over = append(over, s)
			u.tries = 0
			continue
		}
		kept = append(kept, s)
	}
	u.slices = kept
	return over
}

// attempt is the number of the next invocation with these records, from 1.
func (u *unit) attempt() int {
	n := u.tries
	for _, s := range u.slices {
		n = max(n, s.attempts)
	}
	return n + 1
}

func (u *unit) ranges() []Range {
	rs := make([]Range, len(u.slices))
	for i, s := range u.slices {
		rs[i] = Range{Partition: s.part.id, First: s.records[0].Offset, Last: s.records[len(s.records)-1].Offset, Records: len(s.records)}
	}
	return rs
}

// times returns the timestamps of the oldest and the newest record.
func (u *unit) times() (oldest, newest time.Time) {
	for _, s := range u.slices {
		for _, r := range s.records {
			if oldest.IsZero() || r.Timestamp.Before(oldest) {
				oldest = r.Timestamp
			}
			if r.Timestamp.After(newest) {
				newest = r.Timestamp
			}
		}
	}
	return oldest, newest
}
