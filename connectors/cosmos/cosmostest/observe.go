package cosmostest

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Request is one request as the server received it. Neither the server nor a hook may change it; a hook may keep it.
type Request struct {
	Seq    uint64 // 1 for the first request of the server
	Time   time.Time
	Method string
	Path   string
	Op     Op
	Header http.Header
	Body   []byte // exactly the bytes received

	Database     string
	Container    string
	ID           string // of the item or offer that the path names
	PartitionKey string // the JSON array of the header, "" without one
	Range        string // the physical partition that the header names, "" without one
}

// Operation is one operation of a batch.
type Operation struct {
	Type         string // Create, Upsert, Replace, Delete, Read or Patch
	ID           string
	PartitionKey string // only in bulk requests
}

// Operations lists the operations of a batch, nil for any other request or a body that is not a batch.
func (r *Request) Operations() []Operation {
	if r.Op != OpBatch || !validJSON(r.Body) || kind(r.Body) != '[' {
		return nil
	}
	var ops []Operation
	for v := range elements(r.Body) {
		op, _ := parseOperation(v)
		if len(op.body) > 0 && op.body[0] == '{' && (op.kind == kindCreate || op.kind == kindUpsert) {
			op.id, _ = stringValue(member(op.body, "id"))
		}
		ops = append(ops, Operation{Type: op.kind, ID: op.id, PartitionKey: op.partitionKey})
	}
	return ops
}

// IDs lists the item ids that the request names, in its path, its body or its batch operations.
func (r *Request) IDs() []string {
	switch r.Op {
	case OpCreateItem, OpUpsertItem:
		if validJSON(r.Body) && kind(r.Body) == '{' {
			if id, ok := stringValue(member(r.Body, "id")); ok {
				return []string{id}
			}
		}
		return nil
	case OpBatch:
		var ids []string
		for _, op := range r.Operations() {
			ids = append(ids, op.ID)
		}
		return ids
	case OpReadItem, OpReplaceItem, OpPatchItem, OpDeleteItem:
		return []string{r.ID}
	}
	return nil
}

// Exchange is a request and its outcome.
type Exchange struct {
	*Request
	Status   int // what the client gets, or would without a fault after processing; 499 for a request that was not processed
	Sub      int // x-ms-substatus
	Response int // bytes of the response body
	Charge   float64
	Duration time.Duration
	Fault    Fault // the fault that was injected, zero if none
}

// observers is the list of functions to tell about exchanges, replaced as a whole.
type observers struct {
	mu   sync.Mutex
	list atomic.Pointer[[]func(Exchange)]
}

// Observe calls f after each request has been processed and before its response is sent: a client that has its answer
// knows that f has returned. Requests are served concurrently, and so f is called.
func (s *Server) Observe(f func(Exchange)) {
	s.observers.mu.Lock()
	defer s.observers.mu.Unlock()
	var list []func(Exchange)
	if old := s.observers.list.Load(); old != nil {
		list = append(list, *old...)
	}
	list = append(list, f)
	s.observers.list.Store(&list)
}

func (s *Server) notify(x Exchange) {
	if list := s.observers.list.Load(); list != nil {
		for _, f := range *list {
			f(x)
		}
	}
}

// Recorder keeps exchanges: `s.Observe(rec.Add)`. The zero value is ready.
type Recorder struct {
	mu sync.Mutex
	xs []Exchange
}

// Add appends x.
func (r *Recorder) Add(x Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.xs = append(r.xs, x)
}

// Exchanges returns what was recorded, restricted to the given operations if there are any, in the order of completion.
func (r *Recorder) Exchanges(ops ...Op) []Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Exchange
	for _, x := range r.xs {
		match := len(ops) == 0
		for _, op := range ops {
			match = match || x.Op == op
		}
		if match {
			out = append(out, x)
		}
	}
	return out
}

// Reset forgets what was recorded.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.xs = nil
}
