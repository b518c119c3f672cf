package cosmossink

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/core/connect"
)

// sink writes the records of one Put as lanes: what must stay in order is one lane, lanes run concurrently. A lane is a
// logical partition where transactional batches are written, an item where each record is a request.
//
// Put's goroutine alone looks at records: it routes them to lanes and copies each lane's documents into the buffers of a
// job, so that nothing reads the batch's memory after Put has returned, not even a request that hangs.
type sink struct {
	cfg         *cosmos.SinkConfig
	client      *client
	concurrency int
	solo        *job      // writes what needs no concurrency
	free        chan *job // the others at rest
	made        int       // the others that exist
	closed      bool

	targets map[string]*target // by container

	// Of the Put that runs.
	records []record
	lanes   []lane
	index   map[string]int // lane by container, partition key and, for point writes, id
	scratch []byte         // ids
	keys    []byte         // the key being looked up
	halt    atomic.Pointer[error]
}

// target is a container as this sink knows it.
type target struct {
	number uint32 // tells containers apart in lane keys
	ct     *container
	def    *definition
	known  *definition // found wanting; def is nil
	err    error       // why def could not be read, in this Put
}

type record struct {
	next           int // in its lane, -1 at its end
	idStart, idEnd int // in scratch
	err            error
}

type lane struct {
	target      *target
	pk          string
	first, last int
}

// errStale marks records that have to be routed again by a newer definition.
var errStale = errors.New("cosmossink: the container was replaced while the batch was being written")

// Put implements [connect.Sink]. A data error of a record does not hold back later records of the same document; any
// other failure does.
func (s *sink) Put(ctx context.Context, batch []*connect.Record) error {
	if len(batch) == 0 {
		return nil
	}
	s.halt.Store(nil)
	s.records = append(s.records[:0], make([]record, len(batch))...)
	const passes = 2
	for pass := range passes {
		s.resolve(ctx, batch)
		s.route(batch, pass > 0)
		s.write(ctx, batch)
		if !s.forgetStale() {
			break
		}
	}
	return s.outcome()
}

// Close gives the connections back.
func (s *sink) Close() error {
	if !s.closed {
		s.closed = true
		s.client.release()
	}
	return nil
}

// Warm implements [connect.Warmer]: it reads what a Put has to know of the containers, all of which are in the topic map.
func (s *sink) Warm(ctx context.Context) {
	var unknown []*target
	for _, name := range s.cfg.Containers {
		if t := s.target(name); t.def == nil && t.err == nil {
			t.err = errUnread
			unknown = append(unknown, t)
		}
	}
	s.read(ctx, unknown)
}

// target is what is known of a container.
func (s *sink) target(name string) *target {
	t := s.targets[name]
	if t == nil {
		t = &target{number: uint32(len(s.targets)), ct: &container{name: name}}
		s.targets[name] = t
	}
	return t
}

// resolve reads what is not known yet of the containers that the batch goes to.
func (s *sink) resolve(ctx context.Context, batch []*connect.Record) {
	for _, t := range s.targets {
		t.err = nil
	}
	var unknown []*target
	last := ""
	for i, r := range batch {
		if i > 0 && r.Topic == last {
			continue
		}
		last = r.Topic
		name, ok := s.cfg.Containers[r.Topic]
		if !ok {
			continue
		}
		if t := s.target(name); t.def == nil && t.err == nil {
			t.err = errUnread
			unknown = append(unknown, t)
		}
	}
	s.read(ctx, unknown)
}

// read reads the definitions of containers at the same time.
func (s *sink) read(ctx context.Context, unknown []*target) {
	var wg sync.WaitGroup
	for i, t := range unknown {
		if i == len(unknown)-1 {
			t.read(ctx, s.client, s.cfg.Database)
			break
		}
		wg.Go(func() { t.read(ctx, s.client, s.cfg.Database) })
	}
	wg.Wait()
}

var errUnread = errors.New("cosmossink: not read yet")

func (t *target) read(ctx context.Context, c *client, database string) {
	t.ct = c.container(database, t.ct.name)
	t.def, t.err = c.definition(ctx, database, t.ct, t.known)
}

// route puts records into lanes, or finds out that they cannot be written. staleOnly leaves alone what an earlier pass
// has dealt with.
func (s *sink) route(batch []*connect.Record, staleOnly bool) {
	s.lanes, s.scratch = s.lanes[:0], s.scratch[:0]
	clear(s.index)
	for i, r := range batch {
		rec := &s.records[i]
		if staleOnly && rec.err != errStale { //nolint:errorlint // a mark, never wrapped
			continue
		}
		rec.next, rec.err = -1, s.place(i, r)
	}
}

func (s *sink) place(i int, r *connect.Record) error {
	name, ok := s.cfg.Containers[r.Topic]
	if !ok {
		return connect.Fatal(fmt.Errorf("cosmossink: no container is configured for topic %q: add %s#<container> to the topic map", r.Topic, r.Topic))
	}
	t := s.targets[name]
	if t.err != nil {
		return t.err
	}
	switch {
	case r.Value.IsNull():
		return connect.DataError(errors.New("cosmossink: the record is a tombstone (its value is null) and names no document; a Filter with the predicate RecordIsTombstone drops tombstones"))
	case !isDocument(&r.Value):
		return connect.DataError(fmt.Errorf("cosmossink: the record's value is not a JSON object but %s: a document is made of a map or a struct", describeKind(&r.Value)))
	}
	var err error
	rec := &s.records[i]
	rec.idStart = len(s.scratch)
	if s.scratch, err = appendID(s.scratch, &s.cfg.ID, r); err != nil {
		return connect.DataError(fmt.Errorf("cosmossink: %w", err))
	}
	rec.idEnd = len(s.scratch)
	id := s.scratch[rec.idStart:]

	if s.keys, err = appendLogicalPartition(s.keys[:0], t, t.def, r, id); err != nil {
		return connect.DataError(fmt.Errorf("cosmossink: %w", err))
	}
	pkEnd := len(s.keys)
	if !s.batches() {
		s.keys = append(s.keys, id...)
	}
	if n, ok := s.index[string(s.keys)]; ok {
		l := &s.lanes[n]
		s.records[l.last].next = i
		l.last = i
		return nil
	}
	key := string(s.keys)
	s.index[key] = len(s.lanes)
	s.lanes = append(s.lanes, lane{target: t, pk: key[4:pkEnd], first: i, last: i})
	return nil
}

// appendLogicalPartition appends a container's number and the partition key of a record in it.
func appendLogicalPartition(dst []byte, t *target, def *definition, r *connect.Record, id []byte) ([]byte, error) {
	return appendPartitionKey(binary.LittleEndian.AppendUint32(dst, t.number), def, &r.Value, id)
}

// AppendTarget implements [connect.Targeter]: what a record writes is a container's item, which partition key and id tell
// from others. It cannot be told when the container was replaced by one with another partition key.
func (s *sink) AppendTarget(dst []byte, r *connect.Record) ([]byte, bool) {
	t := s.targets[s.cfg.Containers[r.Topic]]
	id, err := appendID(nil, &s.cfg.ID, r)
	if err != nil || t.def == nil {
		return dst, false
	}
	dst, err = appendLogicalPartition(dst, t, t.def, r, id)
	return append(dst, id...), err == nil
}

// batches says whether records of one logical partition are written together.
func (s *sink) batches() bool { return s.cfg.Write == cosmos.Overwrite && s.cfg.Batches }

// write runs all lanes and returns when no request is in flight.
func (s *sink) write(ctx context.Context, batch []*connect.Record) {
	if n := min(s.concurrency, len(s.lanes)); n > 1 {
		s.writeConcurrently(ctx, batch, n)
		return
	}
	if s.solo == nil {
		s.solo = &job{call: call{c: s.client}}
	}
	for i := range s.lanes {
		s.fill(s.solo, &s.lanes[i], batch)
		s.run(ctx, s.solo)
	}
	s.solo.trim(maxSolo)
}

// Buffers up to these sizes are kept for the next Put.
const (
	maxKept = 1 << 20 // of each concurrent job
	maxSolo = 8 << 20
)

func (s *sink) writeConcurrently(ctx context.Context, batch []*connect.Record, workers int) {
	jobs := make(chan *job)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for j := range jobs {
				s.run(ctx, j)
				j.trim(maxKept)
				s.free <- j
			}
		})
	}
	for i := range s.lanes {
		if s.stopped(ctx) != nil {
			s.skip(ctx, s.lanes[i:])
			break
		}
		j := s.take()
		s.fill(j, &s.lanes[i], batch)
		jobs <- j
	}
	close(jobs)
	wg.Wait()
}

// skip gives up lanes that nothing was sent of.
func (s *sink) skip(ctx context.Context, lanes []lane) {
	err := s.stopped(ctx)
	for i := range lanes {
		for r := lanes[i].first; r >= 0; r = s.records[r].next {
			s.records[r].err = err
		}
	}
}

// take returns a job at rest. There is one more than workers, so that the next is filled while all are busy.
func (s *sink) take() *job {
	select {
	case j := <-s.free:
		return j
	default:
	}
	if s.made < cap(s.free) {
		s.made++
		return &job{call: call{c: s.client}}
	}
	return <-s.free
}

// fill copies a lane's documents into the job.
func (s *sink) fill(j *job, l *lane, batch []*connect.Record) {
	j.reset(l.target.ct, l.target.def, l.pk)
	most := 1
	if s.batches() {
		most = maxOperations
	}
	j.buf = slices.Grow(j.buf, s.estimate(l, batch))
	for i := l.first; i >= 0; i = s.records[i].next {
		rec := &s.records[i]
		id := s.scratch[rec.idStart:rec.idEnd]
		if s.cfg.Write == cosmos.Delete {
			j.begin(i, deleteStart)
			j.buf = appendIDText(j.buf, id)
			j.ops[len(j.ops)-1].item = itemURL(j.ct, id)
		} else {
			j.begin(i, upsertStart)
			j.buf = appendDocument(j.buf, &batch[i].Value, id)
			if n := j.size(); n > maxBody {
				j.drop()
				rec.err = connect.DataError(fmt.Errorf("cosmossink: the document has %d bytes, the limit is %d", n, maxBody))
				continue
			}
		}
		j.end(most)
	}
	j.finish()
}

// estimate is about how much buffer a lane needs: documents are about as long as the messages that they came in.
func (s *sink) estimate(l *lane, batch []*connect.Record) int {
	size := 0
	for i := l.first; i >= 0; i = s.records[i].next {
		size += len(upsertStart) + 64
		if o := batch[i].Origin; o != nil {
			size += len(o.Value)
		}
	}
	return size
}

// forgetStale reports whether records have to be routed again, and drops what is known about their containers.
func (s *sink) forgetStale() bool {
	found := false
	for i := range s.lanes {
		l := &s.lanes[i]
		for r := l.first; r >= 0; r = s.records[r].next {
			if s.records[r].err != errStale { //nolint:errorlint // a mark, never wrapped
				continue
			}
			found = true
			if t := l.target; t.def != nil {
				t.known, t.def = t.def, nil
			}
			break
		}
	}
	return found
}

// outcome is what Put returns.
func (s *sink) outcome() error {
	var failed connect.BatchError
	same := s.records[0].err
	for i := range s.records {
		err := s.records[i].err
		if err == errStale { //nolint:errorlint // a mark, never wrapped
			err = connect.Retriable(errStale)
		}
		if err != same { //nolint:errorlint // the same value, not the same kind
			same = nil
		}
		failed.Fail(i, err)
	}
	if same != nil && connect.Classify(same) != connect.ClassData {
		return same
	}
	return failed.ErrOrNil()
}
