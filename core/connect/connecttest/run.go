package connecttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// Patience is how long a Put may take that has nothing to wait for but a target that refuses, and how soon one whose
// context has ended must return.
const Patience = 20 * time.Second

// A run is one test's sink on its target.
type run struct {
	testing.TB
	d      *SinkDriver
	target *SinkTarget
	sink   connect.Sink
	arena  *data.Arena
	offset map[int32]int64
}

func begin(t testing.TB, d *SinkDriver) *run {
	t.Helper()
	r := &run{TB: t, d: d, target: d.New(t), offset: map[int32]int64{}, arena: data.NewArena()}
	r.arena.PoisonOnReset()
	r.reopen()
	return r
}

// reopen replaces the sink by a new one, without closing the old one, as when a function's instance is lost.
func (r *run) reopen() {
	r.Helper()
	s, err := r.target.Open(context.Background())
	if err != nil {
		r.Fatalf("Open: %v", err)
	}
	r.sink = s
	r.Cleanup(func() { _ = closeSink(s) })
}

func closeSink(s connect.Sink) error {
	if c, ok := s.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// record makes the next record of a partition. Its value is JSON in the run's arena, as a converter makes it.
func (r *run) record(partition int32, id string, n int) *connect.Record {
	r.Helper()
	text := fmt.Sprintf(`{"id":%q,"n":%d}`, id, n)
	inArena := r.arena.Alloc(len(text))
	copy(inArena, text)
	value, ok, err := data.ParseJSON(r.arena, inArena)
	if err != nil || !ok {
		r.Fatalf("%s: %v", text, err)
	}
	offset := r.offset[partition]
	r.offset[partition]++
	rec := &connect.Record{
		Topic: "records", Partition: partition, Timestamp: 1_700_000_000_000 + offset, TimestampType: trigger.CreateTime,
		Key: data.OfString(id), Value: value, Arena: r.arena,
		Origin: &trigger.Message{
			Topic: "records", Partition: partition, Offset: offset, Timestamp: 1_700_000_000_000 + offset,
			Key: []byte(id), Value: []byte(text),
		},
	}
	if r.d.Fill != nil {
		r.d.Fill(rec, id, n)
	}
	return rec
}

// put is a Put that must end.
func (r *run) put(batch ...*connect.Record) error {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return r.putWith(ctx, Patience+Patience/2, batch)
}

func (r *run) putWith(ctx context.Context, limit time.Duration, batch []*connect.Record) error {
	r.Helper()
	done := make(chan error, 1)
	go func() { done <- r.sink.Put(ctx, batch) }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		r.Fatalf("Put did not return within %v", limit)
		return nil
	}
}

func (r *run) mustPut(batch ...*connect.Record) {
	r.Helper()
	if err := r.put(batch...); err != nil {
		r.Fatalf("Put: %v", err)
	}
}

// want compares what the target holds with rows; for a target with one row per id the last row of an id counts.
func (r *run) want(rows ...Row) {
	r.Helper()
	if diff := cmp.Diff(r.fold(rows), r.fold(r.target.Written()), cmpopts.EquateEmpty()); diff != "" {
		r.Errorf("the target holds something else (-want +got):\n%s", diff)
	}
}

func (r *run) fold(rows []Row) []Row {
	var folded []Row
	for _, row := range rows {
		i := slices.IndexFunc(folded, func(f Row) bool { return f.ID == row.ID })
		if i < 0 || r.d.KeepsAll {
			folded = append(folded, row)
			continue
		}
		folded[i] = row
	}
	slices.SortStableFunc(folded, func(a, b Row) int { return strings.Compare(a.ID, b.ID) }) // versions of an id keep their order
	return folded
}

func (r *run) holds(row Row) bool { return slices.Contains(r.target.Written(), row) }

// failed lists the failed records of a Put's error, each with its own.
func failed(err error, n int) map[int]error {
	errs := map[int]error{}
	if err == nil {
		return errs
	}
	var batch *connect.BatchError
	for i := range n {
		if errors.As(err, &batch) {
			if e := batch.Failed(i); e != nil {
				errs[i] = e
			}
			continue
		}
		errs[i] = err
	}
	return errs
}

// settled fails the test unless every row whose record is not among the failed is durable, or overwritten by a later one.
func (r *run) settled(errs map[int]error, rows []Row) {
	r.Helper()
	for i, row := range rows {
		if errs[i] != nil || r.holds(row) {
			continue
		}
		later := func(l Row) bool { return l.ID == row.ID && r.holds(l) }
		if r.d.KeepsAll || !slices.ContainsFunc(rows[i+1:], later) {
			r.Errorf("record %d (%v) was not reported as failed, and is not there", i, row)
		}
	}
}

// retriable fails the test unless all errors say that the record may be delivered later.
func (r *run) retriable(errs map[int]error) {
	r.Helper()
	for i, err := range errs {
		if c := connect.Classify(err); c != connect.ClassRetriable {
			r.Errorf("record %d failed with a %v error, want a retriable one: %v", i, c, err)
		}
	}
}

func (r *run) records(rows []Row) []*connect.Record {
	r.Helper()
	batch := make([]*connect.Record, len(rows))
	for i, row := range rows {
		batch[i] = r.record(0, row.ID, row.N)
	}
	return batch
}

// goroutines are the stacks of all goroutines by their numbers, which are never used again.
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	for _, stack := range strings.Split(string(buf), "\n\n") {
		number, _, _ := strings.Cut(stack, " [") // goroutine 7 [running]:
		all[number] = stack
	}
	return all
}

func id(i int) string { return "id-" + strconv.Itoa(i) }
