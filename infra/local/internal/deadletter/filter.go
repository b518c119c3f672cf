package deadletter

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Filter chooses letters. The zero Filter takes all.
type Filter struct {
	Reason    string // an ID, or a part of the reason's text
	Partition Range  // of the dead letter topic
	Offset    Range  // in it
	Since     time.Time
}

// Range is a number or several in a row; the zero Range is all.
type Range struct {
	set         bool
	first, last int64
}

// ParseRange reads "7" or "7-12" or "7-".
func ParseRange(s string) (Range, error) {
	from, to, several := strings.Cut(s, "-")
	r := Range{set: true}
	var err error
	if r.first, err = strconv.ParseInt(from, 10, 64); err != nil {
		return Range{}, fmt.Errorf("%q is no number, and no range like 7-12", s)
	}
	switch {
	case !several:
		r.last = r.first
	case to == "":
		r.last = 1<<63 - 1
	default:
		if r.last, err = strconv.ParseInt(to, 10, 64); err != nil || r.last < r.first {
			return Range{}, fmt.Errorf("%q is no range like 7-12", s)
		}
	}
	return r, nil
}

// Has says whether a number is in the range.
func (r Range) Has(n int64) bool { return !r.set || r.first <= n && n <= r.last }

// Takes says whether the filter chooses a letter.
func (f *Filter) Takes(l *Letter) bool {
	if !f.Partition.Has(int64(l.At.Partition)) || !f.Offset.Has(l.At.Offset) || !f.Since.IsZero() && l.Timestamp.Before(f.Since) {
		return false
	}
	if f.Reason == "" {
		return true
	}
	r := l.Reason()
	return r.ID() == f.Reason || strings.Contains(strings.Join([]string{l.Stage, l.Class, l.Exception, l.Message, r.Message}, " "), f.Reason)
}
