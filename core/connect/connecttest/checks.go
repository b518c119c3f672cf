package connecttest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
)

func checkEmpty(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	r.mustPut()
	r.want()
	r.mustPut(r.record(0, "a", 1))
	r.want(Row{"a", 1})
}

func checkAll(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	var batch []*connect.Record
	var rows []Row
	for i := range 300 {
		batch = append(batch, r.record(int32(i%3), id(i), i))
		rows = append(rows, Row{id(i), i})
	}
	r.mustPut(batch...)
	r.want(rows...)
}

func checkNilKey(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	bare := r.record(0, "a", 1)
	bare.Key, bare.KeySchema, bare.Origin.Key = data.Value{}, nil, nil
	r.unusual(bare, Row{"a", 1}, d.NilKey, Stored)
}

func checkTombstone(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	r.mustPut(r.record(0, "a", 1))
	tombstone := r.record(0, "a", 2)
	tombstone.Value, tombstone.ValueSchema, tombstone.Origin.Value = data.Value{}, nil, nil
	r.unusual(tombstone, Row{"a", 1}, d.Tombstone, Refused)
}

// unusual puts a record between two others. Row is what the target holds of its id when it is stored, or, where an
// earlier record wrote it, as long as it is not deleted.
func (r *run) unusual(rec *connect.Record, row Row, want, byDefault Outcome) {
	r.Helper()
	if want == ByDefault {
		want = byDefault
	}
	before := slices.Contains(r.target.Written(), row)
	err := r.put(r.record(0, "before", 7), rec, r.record(0, "after", 8))
	if want == Refused {
		r.failedAlone(err, 1, 3)
	} else if err != nil {
		r.Fatalf("Put: %v", err)
	}
	rows := []Row{{"before", 7}, {"after", 8}}
	if want == Stored || before && want != Deleted {
		rows = append(rows, row)
	}
	r.want(rows...)
}

// failedAlone fails the test unless record i of n failed with a data error, and no other failed.
func (r *run) failedAlone(err error, i, n int) {
	r.Helper()
	errs := failed(err, n)
	if len(errs) != 1 || errs[i] == nil {
		r.Fatalf("Put = %v; want only record %d to fail: a data error must not hold up the others", err, i)
	}
	if c := connect.Classify(errs[i]); c != connect.ClassData {
		r.Errorf("record %d failed with a %v error, want a data error: %v", i, c, errs[i])
	}
}

func checkReplay(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	rows := []Row{{"a", 1}, {"b", 2}, {"a", 3}, {"c", 4}, {"b", 5}}
	batch := r.records(rows)
	r.mustPut(batch[:3]...)
	r.mustPut(batch[1:]...) // from an earlier offset
	r.want(rows...)
	r.mustPut(batch...)
	r.want(rows...)
	r.reopen() // by an instance that remembers nothing
	r.mustPut(batch...)
	r.want(rows...)
}

func checkLastInBatch(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	var rows []Row
	for i := range 250 {
		rows = append(rows, Row{id(i % 5), i})
	}
	r.mustPut(r.records(rows)...)
	r.want(rows...)
}

func checkLastAcrossBatches(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	var rows []Row
	for i := range 10 {
		next := []Row{{"a", 10 * i}, {"b", 10*i + 1}}
		rows = append(rows, next...)
		r.mustPut(r.records(next)...)
	}
	r.want(rows...)
}

func checkSpoiled(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	rows := []Row{{"a", 1}, {"b", 2}, {"c", 3}, {"a", 4}}
	batch := r.records(rows)
	d.Spoil(batch[1])
	r.failedAlone(r.put(batch...), 1, len(batch))
	r.want(rows[0], rows[2], rows[3])
	r.mustPut(r.record(0, "b", 5)) // and the sink goes on
	r.want(rows[0], rows[2], rows[3], Row{"b", 5})
}

func checkRefused(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	heal := r.target.Refuse("b")
	defer heal()
	rows := []Row{{"a", 1}, {"b", 2}, {"c", 3}, {"b", 4}, {"a", 5}}
	errs := failed(r.put(r.records(rows)...), len(rows))
	for _, i := range []int{1, 3} {
		if errs[i] == nil {
			r.Errorf("record %d (%v) is not reported as failed, though the target refused its id", i, rows[i])
		}
	}
	r.retriable(errs)
	r.settled(errs, rows)
	heal()
	if r.holds(rows[3]) {
		r.Errorf("record 3 (%v) was written after an earlier failure of its id", rows[3])
	}
}

func checkHealed(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	heal := r.target.Refuse("b")
	rows := []Row{{"a", 1}, {"b", 2}, {"b", 3}, {"a", 4}}
	batch := r.records(rows)
	err := r.put(batch...)
	heal()
	if err == nil {
		r.Fatalf("Put = nil, though the target refused an id")
	}
	r.mustPut(batch...)
	r.want(rows...)
}

func checkCancel(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	reached, release := r.target.Stall("b")
	defer release()
	rows := []Row{{"a", 1}, {"b", 2}, {"c", 3}, {"b", 4}}
	batch := r.records(rows)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-reached
		cancel()
	}()
	err := r.putWith(ctx, Patience, batch)
	cancel()
	select {
	case <-reached:
	default:
		r.Fatalf("Put = %v before it reached the target", err)
	}
	errs := failed(err, len(batch))
	if errs[1] == nil || errs[3] == nil {
		r.Errorf("Put = %v; want the records failed that could not be written", err)
	}
	r.retriable(errs)
	r.settled(errs, rows)
	release()
	if connect.IsStillReading(err) { // the engine would drop the memory and close the sink
		_ = closeSink(r.sink)
		r.reopen()
	}
	r.mustPut(batch...)
	r.want(rows...)
}

func checkExpired(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	rows := []Row{{"a", 1}, {"b", 2}}
	batch := r.records(rows)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	errs := failed(r.putWith(ctx, Patience, batch), len(batch))
	r.retriable(errs)
	r.settled(errs, rows)
	r.mustPut(batch...)
	r.want(rows...)
}

// checkMemory recycles the memory of every batch, as the engine does: what the sink kept of it is poison.
func checkMemory(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	var rows []Row
	for i := range 20 {
		next := []Row{{id(i), i}, {id(i + 100), i}}
		rows = append(rows, next...)
		r.mustPut(r.records(next)...)
		r.arena.Reset()
	}
	r.want(rows...)
}

func checkClose(t testing.TB, d *SinkDriver) {
	r := begin(t, d)
	r.mustPut(r.record(0, "a", 1))
	for i := range 2 {
		if err := closeSink(r.sink); err != nil {
			r.Errorf("Close, call %d: %v", i+1, err)
		}
	}
	r.want(Row{"a", 1})
}

func checkLeak(t testing.TB, d *SinkDriver) {
	target := d.New(t)
	target.Written() // may connect
	before := goroutines()
	r := &run{TB: t, d: d, target: target, offset: map[int32]int64{}, arena: data.NewArena()}
	s, err := target.Open(context.Background())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	r.sink = s
	var batch []*connect.Record
	for i := range 100 {
		batch = append(batch, r.record(0, id(i), i))
	}
	r.mustPut(batch...)
	if err := closeSink(s); err != nil {
		t.Errorf("Close: %v", err)
	}
	// Closing a connection ends goroutines on both sides, which takes them a moment.
	tick, deadline := time.NewTicker(20*time.Millisecond), time.Now().Add(5*time.Second)
	defer tick.Stop()
	for {
		after := goroutines()
		maps.DeleteFunc(after, func(number, _ string) bool { return before[number] != "" })
		if len(after) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%d goroutines are left after Close:\n%s", len(after), strings.Join(slices.Collect(maps.Values(after)), "\n\n"))
			return
		}
		<-tick.C
	}
}
