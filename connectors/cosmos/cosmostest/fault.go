package cosmostest

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Fault is what happens to a request instead of, before or after its processing. The fields combine: a Delay comes
// first, then Status (the request is not processed) or processing, then Cut or Stall. The zero value is no fault.
type Fault struct {
	Delay      time.Duration // wait first; a client that goes away meanwhile is not served
	Status     int           // answer this, without processing
	Substatus  int           // x-ms-substatus of Status
	RetryAfter time.Duration // x-ms-retry-after-ms of Status, in whole milliseconds
	Message    string        // of the error body of Status
	Item       string        // with Status, in a batch: only the operation on this id fails so, and with it the batch
	Cut        Cut           // close the connection without an answer
	Stall      Stall         // give no answer until the client gives up or the server closes
}

// Cut says when a connection is cut.
type Cut int

// CutBefore loses the request, CutAfter loses the answer to a request that took effect, CutDuring ends the
// connection in the middle of the response body.
const (
	CutNone Cut = iota
	CutBefore
	CutAfter
	CutDuring
)

// Stall says when a request hangs.
type Stall int

// StallBefore hangs before the request takes effect, StallAfter when it has taken effect.
const (
	StallNone Stall = iota
	StallBefore
	StallAfter
)

// Throttle is a 429 that asks to wait.
func Throttle(wait time.Duration) Fault {
	return Fault{Status: http.StatusTooManyRequests, Substatus: subThrottled, RetryAfter: wait}
}

// Gone is a 410: substatus 1002 after a split, 1007 during one, 1008 while a partition migrates.
func Gone(substatus int) Fault { return Fault{Status: http.StatusGone, Substatus: substatus} }

// Fail answers with an error status.
func Fail(status int) Fault { return Fault{Status: status} }

// Rule injects a fault into the requests it matches. Its zero fields match everything.
type Rule struct {
	Op           Op
	Database     string
	Container    string
	ID           string // one of Request.IDs
	PartitionKey string // as Request.PartitionKey, e.g. `["a"]`
	Range        string
	Match        func(*Request) bool // a further condition; called concurrently

	Skip  int // let so many matching requests pass first
	Times int // then apply to so many, 0 for all
	Fault Fault
}

func (r *Rule) matches(req *Request) bool {
	return (r.Op == "" || r.Op == req.Op) &&
		(r.Database == "" || r.Database == req.Database) &&
		(r.Container == "" || r.Container == req.Container) &&
		(r.PartitionKey == "" || r.PartitionKey == req.PartitionKey) &&
		(r.Range == "" || r.Range == req.Range) &&
		(r.ID == "" || slices.Contains(req.IDs(), r.ID)) &&
		(r.Match == nil || r.Match(req))
}

// Injected is a rule at work.
type Injected struct {
	owner *faults
	rule  Rule
	seen  int
	hits  int
}

// Hits is how many requests got the fault.
func (i *Injected) Hits() int {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	return i.hits
}

// Remove ends the rule.
func (i *Injected) Remove() {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	i.owner.rules = slices.DeleteFunc(i.owner.rules, func(o *Injected) bool { return o == i })
}

type faults struct {
	mu    sync.Mutex
	rules []*Injected
	hook  func(*Request) Fault
}

// Inject adds a rule. Of several rules that apply to a request the first added wins.
func (s *Server) Inject(r Rule) *Injected {
	i := &Injected{owner: &s.faults, rule: r}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rules = append(s.faults.rules, i)
	return i
}

// Fault sets a function that decides for each request that no rule applies to; nil removes it. It is called
// concurrently.
func (s *Server) Fault(f func(*Request) Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.hook = f
}

// pick decides the fault of a request. A malformed request has no fault: its answer is the malformed request's.
func (f *faults) pick(req *Request) Fault {
	f.mu.Lock()
	rules, hook := slices.Clone(f.rules), f.hook
	f.mu.Unlock()
	for _, i := range rules {
		// The condition runs without the lock, so that it may take its time or call Hits.
		if i.rule.matches(req) && i.take() {
			return i.rule.Fault
		}
	}
	if hook != nil {
		return hook(req)
	}
	return Fault{}
}

// take counts a match and reports whether the fault applies to it.
func (i *Injected) take() bool {
	i.owner.mu.Lock()
	defer i.owner.mu.Unlock()
	i.seen++
	if i.seen <= i.rule.Skip || i.rule.Times > 0 && i.hits >= i.rule.Times {
		return false
	}
	i.hits++
	return true
}

// failure is the answer that the fault prescribes.
func (f Fault) failure() *failure {
	if f.Status == http.StatusTooManyRequests && f.Message == "" {
		e := throttled(f.RetryAfter)
		e.substatus = f.Substatus
		return e
	}
	msg := f.Message
	if msg == "" {
		msg = "Injected fault: " + errorCode(f.Status) + "."
	}
	e := newFailure(f.Status, msg)
	e.substatus, e.retryAfter = f.Substatus, f.RetryAfter
	return e
}

// wait sleeps for d and reports false when the client or the server goes away first.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}

// stall returns when the client or the server goes away.
func (s *Server) stall(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.done:
	}
}
