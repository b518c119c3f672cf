package cosmossink

import (
	"context"
	"net/http"
	"net/url"

	"github.com/connectless/connectless/connectors/cosmos"
)

// Limits of a transactional batch. https://learn.microsoft.com/azure/cosmos-db/nosql/transactional-batch
const (
	maxOperations = 100
	maxBody       = 2 << 20 // bytes of a request, and of a document
)

// job is the work of one lane: records of one logical partition (or of one item, for point writes), in order, as
// requests that hold copies of everything. It is filled by Put's goroutine and run by one other.
type job struct {
	call call
	ct   *container
	def  *definition
	pk   string

	buf    []byte // requests one after another, each an array of operations
	ops    []operation
	chunks []int // index into ops where each request begins
}

// operation is one record's part of a job.
type operation struct {
	record     int
	start, end int      // in job.buf: the operation of a batch
	doc        int      // in job.buf: where its document begins, up to end-1
	item       *url.URL // of a point delete, nil for all others
}

// reset readies the job for a lane. Memory that a transport may still read is left to the garbage collector.
func (j *job) reset(ct *container, def *definition, pk string) {
	if j.call.leaked {
		j.buf, j.call.leaked = nil, false
	}
	j.ct, j.def, j.pk = ct, def, pk
	j.buf, j.ops, j.chunks = j.buf[:0], j.ops[:0], j.chunks[:0]
}

// trim lets go of a buffer that has grown beyond most.
func (j *job) trim(most int) {
	if cap(j.buf) > most {
		j.buf = nil
	}
}

const (
	upsertStart = `{"operationType":"Upsert","resourceBody":`
	deleteStart = `{"operationType":"Delete","id":`
)

// begin starts an operation; the caller appends its document or id and calls end. Two bytes before it are for what
// stands between operations.
func (j *job) begin(record int, start string) {
	j.buf = append(j.buf, "]["...)
	at := len(j.buf)
	j.buf = append(j.buf, start...)
	j.ops = append(j.ops, operation{record: record, start: at, doc: len(j.buf)})
}

// size is how long the document or id of the operation that is being filled is.
func (j *job) size() int { return len(j.buf) - j.ops[len(j.ops)-1].doc }

// drop removes the operation that is being filled.
func (j *job) drop() {
	last := len(j.ops) - 1
	j.buf, j.ops = j.buf[:j.ops[last].start-2], j.ops[:last]
}

// end closes the operation. It joins the request before it, which takes up to most operations, if there is room.
func (j *job) end(most int) {
	j.buf = append(j.buf, '}')
	last := len(j.ops) - 1
	op := &j.ops[last]
	op.end = len(j.buf)
	if n := len(j.chunks); n > 0 {
		first := j.chunks[n-1]
		if last-first < most && op.end-j.ops[first].start+2 <= maxBody {
			j.buf[op.start-2], j.buf[op.start-1] = ',', ' '
			return
		}
	}
	j.chunks = append(j.chunks, last)
}

// finish closes the last request.
func (j *job) finish() { j.buf = append(j.buf, ']') }

// body is the body of a batch: as it stands in the buffer for the operations of a whole request, else a copy. The buffer
// is not written to, because a transport may still read an earlier request from it.
func (j *job) body(ops []operation) []byte {
	first, last := ops[0], ops[len(ops)-1]
	whole := j.buf[first.start-1] == '[' && j.buf[last.end] == ']'
	for i := 1; i < len(ops); i++ {
		whole = whole && ops[i].start == ops[i-1].end+2
	}
	if whole {
		return j.buf[first.start-1 : last.end+1]
	}
	b := make([]byte, 0, last.end-first.start+2)
	for i, op := range ops {
		b = append(b, "[,"[min(i, 1)])
		b = append(b, j.buf[op.start:op.end]...)
	}
	return append(b, ']')
}

// send sends operations once: several as a transactional batch, a single one as the point write of the strategy.
func (j *job) send(ctx context.Context, ops []operation, strategy cosmos.WriteStrategy) (reply, error) {
	ct := j.ct
	if op := &ops[0]; len(ops) == 1 {
		switch {
		case strategy == cosmos.Append:
			return j.call.do(ctx, http.MethodPost, ct.docs, asPlain, &ct.post, j.pk, j.buf[op.doc:op.end-1])
		case strategy == cosmos.Overwrite:
			return j.call.do(ctx, http.MethodPost, ct.docs, asUpsert, &ct.post, j.pk, j.buf[op.doc:op.end-1])
		case op.item != nil:
			return j.call.do(ctx, http.MethodDelete, op.item, asPlain, &resource{verb: "delete", kind: "docs", link: op.item.Path[1:]}, j.pk, nil)
		}
	}
	return j.call.do(ctx, http.MethodPost, ct.docs, asBatch, &ct.post, j.pk, j.body(ops))
}
