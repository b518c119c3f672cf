package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Record is one that is produced. Its key is the id of its document, its value holds that id and its version, which
// counts the records of the key from 1. A bad record can never be a document.
type Record struct {
	Partition  int32
	Offset     int64
	ID         string
	Version    int
	Bad        bool
	Key, Value []byte
}

// Name is the record's, in the header [NameHeader]: that of its document and the version.
func (r *Record) Name() string { return r.ID + "/" + strconv.Itoa(r.Version) }

// NameHeader is the header that tells records with the same bytes apart.
const NameHeader = "name"

func (r *Record) String() string { return fmt.Sprintf("%s (%d@%d)", r.Name(), r.Partition, r.Offset) }

// Message is a message as it was read from outside: a dead letter, or what an on-failure destination received.
type Message struct {
	Key, Value []byte
	Headers    map[string][]byte
}

// Invariant is a promise about delivery, in words that a report can use.
type Invariant string

const (
	// NothingLost: a good record was written or went to the on-failure destination, a bad one is a dead letter or went
	// there too.
	NothingLost Invariant = "nothing is lost"
	// LastVersion: the document of a key is that of its last good record, unless that one went to the on-failure destination.
	LastVersion Invariant = "the last version of a key stays"
	// OriginalBytes: dead letters and given up records have key, value and headers as they were produced, and dead letters
	// name the place they come from.
	OriginalBytes Invariant = "dead letters carry the original bytes"
	// OnlyBad: nothing that could be delivered is a dead letter.
	OnlyBad Invariant = "only what can never be delivered is a dead letter"
	// NothingInvented: what is written was produced, with these bytes.
	NothingInvented Invariant = "nothing is written that was never produced"
	// PositionWaits: a committed offset has nothing undelivered before it, at the time of the commit.
	PositionWaits Invariant = "positions wait for delivery"
	// Drains: when the outside is well again, everything is delivered in a reasonable time.
	Drains Invariant = "what waits is delivered once the outside is well"
)

// Violation is a promise that did not hold.
type Violation struct {
	Invariant Invariant
	After     time.Duration // since the history began
	What      string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: %s (after %v)", v.Invariant, v.What, v.After)
}

// History is what was produced and what has been seen of it from outside. Its methods may be called concurrently.
type History struct {
	begun time.Time

	mu         sync.Mutex
	partitions map[int32]*series  // by offset
	keys       map[string]*series // by version - 1
	seen       map[*Record]sight
	checked    map[int32]int64  // below it everything has been found delivered
	skipped    map[*Record]bool // by hand
	violations []Violation
}

// series is records in order, without the first ones if those were forgotten.
type series struct {
	gone int64
	of   []*Record
}

func (s *series) end() int64 {
	if s == nil {
		return 0
	}
	return s.gone + int64(len(s.of))
}

// at returns a record, nil for one that does not exist (any more).
func (s *series) at(i int64) *Record {
	if s == nil || i < s.gone || i >= s.end() {
		return nil
	}
	return s.of[i-s.gone]
}

// from returns the records from i on.
func (s *series) from(i int64) []*Record { return s.of[i-s.gone:] }

// sight is where a record has been seen.
type sight uint8

const (
	written sight = 1 << iota
	buried
	givenUp
)

// NewHistory returns a history that begins now.
func NewHistory() *History {
	return &History{begun: time.Now(), partitions: map[int32]*series{}, keys: map[string]*series{}, seen: map[*Record]sight{}, checked: map[int32]int64{}, skipped: map[*Record]bool{}}
}

// Produce notes a record that is about to be produced and fills in its offset and version: the history's producer is
// the only one, and produces each partition in order.
func (h *History) Produce(r *Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.partitions[r.Partition] == nil {
		h.partitions[r.Partition] = &series{}
	}
	if h.keys[r.ID] == nil {
		h.keys[r.ID] = &series{}
	}
	p, k := h.partitions[r.Partition], h.keys[r.ID]
	r.Offset, r.Version = p.end(), int(k.end())+1
	p.of, k.of = append(p.of, r), append(k.of, r)
}

// End is the offset after the partition's last record.
func (h *History) End(partition int32) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.partitions[partition].end()
}

// Produced is how many records were.
func (h *History) Produced() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, p := range h.partitions {
		n += int(p.end())
	}
	return n
}

// Violations are those found so far.
func (h *History) Violations() []Violation {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Violation(nil), h.violations...)
}

// Report adds a violation that was found elsewhere.
func (h *History) Report(i Invariant, format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.violate(i, format, args...)
}

// maxViolations are kept: one mistake breaks many records, and the first few say which.
const maxViolations = 20

func (h *History) violate(i Invariant, format string, args ...any) {
	if len(h.violations) < maxViolations {
		h.violations = append(h.violations, Violation{i, time.Since(h.begun), fmt.Sprintf(format, args...)})
	}
}

// find returns the record of a name, nil for none.
func (h *History) find(name string) *Record {
	id, version, _ := strings.Cut(name, "/")
	n, err := strconv.Atoi(version)
	if err != nil {
		return nil
	}
	return h.keys[id].at(int64(n) - 1)
}

// Wrote notes a document that the account has accepted.
func (h *History) Wrote(document []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.recognize("written", document); r != nil {
		h.seen[r] |= written
	}
}

// recognize finds the record that a document was made of.
func (h *History) recognize(how string, document []byte) *Record {
	var d struct {
		ID      string
		Version int
	}
	if err := json.Unmarshal(document, &d); err != nil {
		h.violate(NothingInvented, "what was %s is no document: %v: %.200q", how, err, document)
		return nil
	}
	r := h.find(d.ID + "/" + strconv.Itoa(d.Version))
	switch {
	case r == nil:
		h.violate(NothingInvented, "%s/%d was %s and never produced: %.200q", d.ID, d.Version, how, document)
	case r.Bad || !sameJSON(document, r.Value):
		h.violate(NothingInvented, "%v was produced as %.200q and %s as %.200q", r, r.Value, how, document)
	default:
		return r
	}
	return nil
}

// sameJSON compares documents; the order of their fields does not count.
func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// Buried notes a dead letter that the broker has. Its record is the one whose place it names.
func (h *History) Buried(m *Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	place := string(m.Headers["__connect.errors.partition"]) + "@" + string(m.Headers["__connect.errors.offset"])
	var r *Record
	if partition, offset, err := parsePlace(place); err == nil {
		r = h.partitions[partition].at(offset)
	}
	if r == nil {
		h.violate(NothingInvented, "a dead letter is of %q, where nothing was produced", place)
		return
	}
	if h.original("dead letter", r, m) {
		h.seen[r] |= buried
	}
	if !r.Bad {
		h.violate(OnlyBad, "%v is a dead letter: %s", r, m.Headers["__connect.errors.exception.message"])
	}
}

func parsePlace(place string) (partition int32, offset int64, err error) {
	_, err = fmt.Sscanf(place, "%d@%d", &partition, &offset)
	return partition, offset, err
}

// GaveUp notes a record in the on-failure destination.
func (h *History) GaveUp(m *Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.find(string(m.Headers[NameHeader]))
	switch {
	case r == nil:
		h.violate(NothingInvented, "a record was given up that is named %q, which was never produced", m.Headers[NameHeader])
	case h.original("given up record", r, m):
		h.seen[r] |= givenUp
	}
}

// original says whether a message has what its record was produced with.
func (h *History) original(what string, r *Record, m *Message) bool {
	switch {
	case !same(r.Key, m.Key):
		h.violate(OriginalBytes, "the key of the %s of %v is %q", what, r, m.Key)
	case !same(r.Value, m.Value):
		h.violate(OriginalBytes, "the value of the %s of %v is %.200q, was %.200q", what, r, m.Value, r.Value)
	case string(m.Headers[NameHeader]) != r.Name():
		h.violate(OriginalBytes, "the %s of %v is named %q", what, r, m.Headers[NameHeader])
	default:
		return true
	}
	return false
}

// same tells null and empty apart.
func same(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

// Committed checks a commit at the moment it is asked for: everything before the offset has been delivered.
func (h *History) Committed(partition int32, offset int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	records := h.partitions[partition]
	if offset > records.end() {
		h.violate(PositionWaits, "%d@%d was committed, beyond the last record", partition, offset)
		offset = records.end()
	}
	for at := h.checked[partition]; at < offset; at++ {
		if r := records.at(at); h.seen[r] == 0 {
			h.violate(PositionWaits, "%d@%d was committed while %v had not been delivered", partition, offset, r)
			return
		}
		h.checked[partition] = at + 1
	}
}

// skip notes that somebody has decided to do without bad records.
func (h *History) skip(partition int32, from, to int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.partitions[partition].from(from)[:to-from] {
		if r.Bad {
			h.seen[r] |= givenUp
			h.skipped[r] = true
		}
	}
}

// forget lets go of what was delivered of a partition, for a history that goes on for long. Finish must not be called after.
func (h *History) forget(partition int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.partitions[partition]
	n := h.checked[partition] - p.gone
	for _, r := range p.of[:n] {
		delete(h.seen, r)
		if k := h.keys[r.ID]; k.at(int64(r.Version)-1) == r { // keys are of one partition, so these are their first ones
			k.gone, k.of = k.gone+1, k.of[1:]
		}
	}
	p.gone, p.of = p.gone+n, append([]*Record(nil), p.of[n:]...)
}

// reread forgets what requests have shown of letters and given up records, before the topics themselves are read.
func (h *History) reread() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for r := range h.seen {
		if !h.skipped[r] {
			h.seen[r] &= written
		}
	}
}

// Finish compares what there is at the end with all that was produced. documents are those in the container.
func (h *History) Finish(documents [][]byte) []Violation {
	h.mu.Lock()
	defer h.mu.Unlock()
	final := map[string]*Record{}
	for _, d := range documents {
		if r := h.recognize("in the container", d); r != nil {
			final[r.ID] = r
		}
	}
	for id, versions := range h.keys {
		for _, r := range versions.of {
			if s := h.seen[r]; r.Bad && s&(buried|givenUp) == 0 {
				h.violate(NothingLost, "%v is bad and neither a dead letter nor given up", r)
			} else if !r.Bad && s&(written|givenUp) == 0 {
				h.violate(NothingLost, "%v was neither written nor given up", r)
			}
		}
		stays := 0
		if r := final[id]; r != nil {
			stays = r.Version
		}
		for _, r := range versions.from(int64(stays)) {
			if !r.Bad && h.seen[r]&givenUp == 0 {
				h.violate(LastVersion, "the document of %s is version %d, and %v is later", id, stays, r)
				break
			}
		}
	}
	return append([]Violation(nil), h.violations...)
}
