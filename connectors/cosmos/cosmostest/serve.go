package cosmostest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	maxDocument = 2 << 20  // bytes of one document, and of one batch request
	maxBody     = 16 << 20 // bytes read of any request
)

// request is a Request being served.
type request struct {
	*Request
	ctx      context.Context
	host     string
	scheme   string
	activity string
	minimal  bool // Prefer: return=minimal
	fault    Fault
}

// ServeHTTP serves one request. Cuts abort the handler, as net/http prescribes, with http.ErrAbortHandler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "the server is closed", http.StatusServiceUnavailable)
		return
	}
	defer s.leave()

	start := time.Now()
	req, resp := s.accept(r)
	if resp.status == 0 {
		req.fault = s.faults.pick(req.Request)
		resp = s.process(req)
	}
	s.notify(Exchange{
		Request: req.Request, Status: resp.status, Sub: resp.substatus(), Response: len(resp.body), Charge: resp.charge,
		Duration: time.Since(start), Fault: req.fault,
	})
	_ = s.journal.rewriteIfLarge() // a journal that cannot be rewritten goes on as it is
	if req.fault.Stall == StallAfter {
		s.stall(r.Context())
		panic(http.ErrAbortHandler)
	}
	if req.fault.Cut == CutAfter || req.fault.Cut == CutBefore || resp.aborted() {
		panic(http.ErrAbortHandler)
	}
	s.write(w, req, resp)
}

// accept reads and authorizes a request. A response with a status ends it.
func (s *Server) accept(r *http.Request) (*request, response) {
	rt, bad := parseRoute(r)
	h := r.Header
	req := &request{
		Request: &Request{
			Seq: s.seq.Add(1), Time: s.now(), Method: r.Method, Path: r.URL.Path, Op: rt.op, Header: h,
			Database: rt.db, Container: rt.coll, ID: rt.id,
			PartitionKey: h.Get(hdrPartitionKey), Range: rangeID(h.Get(hdrRange)),
		},
		ctx: r.Context(), host: r.Host, scheme: "http", activity: h.Get(hdrActivityID),
		minimal: h.Get("Prefer") == "return=minimal",
	}
	if r.TLS != nil {
		req.scheme = "https"
	}
	if req.activity == "" {
		req.activity = newActivityID()
	}
	body, err := readBody(r)
	req.Body = body
	switch {
	case errors.Is(err, errBodyTooLarge):
		return req, failed(tooLarge())
	case err != nil: // the client went away
		return req, failed(badRequest("The request body ended early."))
	case bad != nil:
		return req, failed(bad)
	}
	if bad := s.authorize(r, rt); bad != nil {
		return req, failed(bad)
	}
	return req, response{}
}

var errBodyTooLarge = errors.New("request body too large")

func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, errBodyTooLarge
	}
	if n := r.ContentLength; n >= 0 {
		body := make([]byte, n)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if len(body) > maxBody {
		return nil, errBodyTooLarge
	}
	return body, err
}

// process applies the request's fault and, unless that prevents it, the request.
func (s *Server) process(req *request) response {
	f := req.fault
	if f.Delay > 0 && !s.wait(req.ctx, f.Delay) {
		return response{status: statusAborted, items: -1}
	}
	if f.Stall == StallBefore {
		s.stall(req.ctx)
		return response{status: statusAborted, items: -1}
	}
	if f.Cut == CutBefore {
		return response{status: statusAborted, items: -1}
	}
	if f.Status != 0 && (f.Item == "" || req.Op != OpBatch) {
		return failed(f.failure())
	}
	return s.dispatch(req)
}

// statusAborted marks a request that never got an answer; nginx made the number known.
const statusAborted = 499

func (r response) aborted() bool { return r.status == statusAborted }

func (r response) substatus() int {
	if r.fail != nil {
		return r.fail.substatus
	}
	return 0
}

func (s *Server) dispatch(req *request) response {
	switch req.Op {
	case OpReadAccount:
		return s.readAccount(req)
	case OpCreateDatabase:
		return s.createDatabase(req)
	case OpReadDatabase:
		return s.readDatabase(req)
	case OpDeleteDatabase:
		return s.deleteDatabase(req)
	case OpListDatabases, OpQueryDatabases:
		return s.listDatabases(req)
	case OpCreateContainer:
		return s.createContainer(req)
	case OpDeleteContainer:
		return s.deleteContainer(req)
	case OpListContainers, OpQueryContainers:
		return s.listContainers(req)
	case OpQueryOffers:
		return s.queryOffers(req)
	case OpReadOffer:
		return s.readOffer(req)
	case OpReplaceOffer:
		return s.replaceOffer(req)
	}
	c := s.container(req.Database, req.Container)
	if c == nil {
		e := notFound()
		e.substatus = 1003 // owner resource does not exist
		if req.Op == OpReadContainer || req.Op == OpReplaceContainer {
			e.substatus = 0
		}
		return failed(e)
	}
	switch req.Op {
	case OpReadContainer:
		return c.read(req)
	case OpReplaceContainer:
		return c.replace(req)
	case OpReadRanges:
		return c.readRanges(req)
	case OpBatch:
		return c.batch(req)
	case OpQueryItems:
		return c.query(req)
	case OpQueryPlan:
		return c.queryPlan(req)
	case OpListItems:
		return c.list(req)
	case OpChangeFeed:
		return c.changeFeed(req)
	case OpReadItem:
		return c.readItem(req)
	}
	return c.writeItem(req)
}

func (s *Server) write(w http.ResponseWriter, req *request, resp response) {
	h := w.Header()
	h.Set(hdrActivityID, req.activity)
	h.Set(hdrCharge, strconv.FormatFloat(resp.charge, 'f', -1, 64))
	h.Set("X-Ms-Gatewayversion", "version=2.14.0")
	h.Set("X-Ms-Schemaversion", "1.16")
	if resp.etag != "" {
		h.Set("Etag", resp.etag)
	}
	if resp.session != "" {
		h.Set(hdrSession, resp.session)
	}
	if resp.continuation != "" {
		h.Set(hdrContinuation, resp.continuation)
	}
	if resp.items >= 0 {
		h.Set(hdrItemCount, strconv.Itoa(resp.items))
	}
	body := resp.body
	if e := resp.fail; e != nil {
		if e.substatus != 0 {
			h.Set(hdrSubstatus, strconv.Itoa(e.substatus))
		}
		if e.retryAfter > 0 {
			h.Set(hdrRetryAfter, strconv.FormatInt(max(1, e.retryAfter.Milliseconds()), 10))
		}
		if body == nil {
			body = e.body(req.activity)
		}
	}
	if len(body) > 0 {
		h.Set("Content-Type", "application/json")
	}
	if resp.status != http.StatusNoContent && resp.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(resp.status)
	if req.fault.Cut == CutDuring {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush() // a writer that cannot flush is cut as well
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) // an error means that the client is gone
}

func newActivityID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	x := hex.EncodeToString(b[:])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// rangeID is the physical partition id of the header, which older clients prefix with the container's resource id.
func rangeID(h string) string {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i] == ',' {
			return h[i+1:]
		}
	}
	return h
}
