package connecttest

import (
	"context"
	"testing"

	"github.com/connectless/connectless/core/connect"
)

// SinkDriver tells the suite what kind of sink it has before it. The zero values suit a sink that upserts by id and
// refuses tombstones as data errors.
type SinkDriver struct {
	// New makes a target that holds nothing; every test has its own. What it starts ends with t.
	New func(t testing.TB) *SinkTarget
	// Fill changes a record of the suite into one that the sink takes; nil leaves it as it is: topic "records", the id as
	// string key, and a schemaless value {"id": id, "n": n}. The row that is written must have the id and n again.
	Fill func(r *connect.Record, id string, n int)
	// Spoil changes a record into one that can never be delivered. nil: there is no such record.
	Spoil func(r *connect.Record)
	// KeepsAll says that the target keeps every record once, by topic, partition and offset, as files do; otherwise it
	// holds one row per id.
	KeepsAll bool
	// NilKey is what becomes of a record without key, Tombstone of one without value.
	NilKey    Outcome
	Tombstone Outcome
}

// SinkTarget is what one test writes to.
type SinkTarget struct {
	// Open opens another sink on the target, as the engine does at a cold start.
	Open func(ctx context.Context) (connect.Sink, error)
	// Written reads what the target holds now. Where it keeps all records, rows of one partition are in offset order.
	Written func() []Row
	// Refuse makes every write of the id fail with an error that may go away, until heal is called. The sink gives up
	// within the test's patience ([Patience]). nil: the target cannot refuse.
	Refuse func(id string) (heal func())
	// Stall makes writes of the id hang until release is called or the client gives up; reached is closed when the first
	// one hangs. nil: the target cannot hang.
	Stall func(id string) (reached <-chan struct{}, release func())
}

// Row is what a record of the suite became.
type Row struct {
	ID string
	N  int
}

// Outcome is what becomes of an unusual record.
type Outcome uint8

const (
	// ByDefault: a record without key is stored, a tombstone is a data error.
	ByDefault Outcome = iota
	Stored
	Deleted // the row of its key goes away
	Refused // with a data error
	Dropped // without an error
)

// Sink runs the suite.
func Sink(t *testing.T, d SinkDriver) {
	for _, c := range sinkChecks {
		if c.applies != nil && !c.applies(&d, d.New(t)) {
			continue
		}
		t.Run(c.name, func(t *testing.T) { c.run(t, &d) })
	}
}

// A sinkCheck is one test of the suite.
type sinkCheck struct {
	name    string
	applies func(*SinkDriver, *SinkTarget) bool // nil: to every sink
	run     func(testing.TB, *SinkDriver)
}

func canRefuse(_ *SinkDriver, t *SinkTarget) bool { return t.Refuse != nil }
func canStall(_ *SinkDriver, t *SinkTarget) bool  { return t.Stall != nil }
func canSpoil(d *SinkDriver, _ *SinkTarget) bool  { return d.Spoil != nil }

var sinkChecks = []sinkCheck{
	{"an empty batch is fine", nil, checkEmpty},
	{"all records of a batch are written", nil, checkAll},
	{"a record without key", nil, checkNilKey},
	{"a tombstone", nil, checkTombstone},
	{"a replay changes nothing", nil, checkReplay},
	{"the last record of an id wins within a batch", nil, checkLastInBatch},
	{"the last record of an id wins across batches", nil, checkLastAcrossBatches},
	{"a record that can never be delivered fails alone", canSpoil, checkSpoiled},
	{"nothing follows a failure of its id", canRefuse, checkRefused},
	{"a failed batch is delivered when it comes again", canRefuse, checkHealed},
	{"a cancelled Put returns soon", canStall, checkCancel},
	{"a Put whose time is over writes or fails", nil, checkExpired},
	{"no memory of a batch is read after Put", nil, checkMemory},
	{"closing twice is fine", nil, checkClose},
	{"no goroutine outlives Close", nil, checkLeak},
}
