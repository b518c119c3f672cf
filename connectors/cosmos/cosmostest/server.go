package cosmostest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Key is the master key of a server that is given none. It is no secret: it is published here so that a local client
// can be configured without asking for a key, and it opens nothing but servers of this package.
const Key = "Y29ubmVjdGxlc3MgbG9jYWwgY29zbW9zIGtleSwgcHVibGlzaGVkIGFuZCB0aGVyZWZvcmUgbm8gc2VjcmV0Lg=="

// Options configure a [Server]. The zero value is a server in memory with the published [Key].
type Options struct {
	// Key is the master key, base64. Requests signed with another key are answered with 401. Default: [Key].
	Key string
	// AllowUnsigned accepts requests without an Authorization header, for curl. A wrong signature is still refused.
	AllowUnsigned bool
	// Dir keeps the contents across restarts in a journal in this directory, which is created when it is missing.
	// What was answered survives a killed process, not a lost machine: nothing is synced. One server per directory.
	Dir string
	// Clock gives _ts and refills the throughput budgets. Default: time.Now.
	Clock func() time.Time
	// EnforceThroughput throttles every container to its provisioned throughput (x-ms-offer-throughput, 400 RU/s when
	// a client gives none), shared evenly by its physical partitions. [ContainerOptions.Throughput] does so for one
	// container. A request is admitted while its partition has budget left and may overdraw it; then requests get 429
	// until the budget is positive again, with x-ms-retry-after-ms saying when.
	//
	// Charges, in request units per started KiB of the document: read 1, create, upsert, replace, patch and delete 5.
	// A batch costs the sum of its operations, a query 2 and 1 per KiB returned, a change feed page 1 and 1 per
	// KiB returned, everything else 1.
	EnforceThroughput bool
	// GatewayQueries refuses cross-partition queries that need merging (ORDER BY, TOP, OFFSET, DISTINCT, GROUP BY,
	// aggregates) with the 400 and substatus 1004 of the service's gateway. Otherwise they are simply answered.
	GatewayQueries bool
}

// Server is one Cosmos DB account. Its methods may be called concurrently, also while requests are served.
type Server struct {
	opts Options
	key  []byte

	mu      sync.RWMutex // the tree of databases and containers, not what containers hold
	dbs     map[string]*database
	nextRID uint32
	etags   atomic.Uint64
	journal *journal

	faults    faults
	observers observers
	seq       atomic.Uint64

	life struct {
		sync.Mutex
		idle    sync.Cond // active == 0 && conns == 0
		closed  bool
		active  int // requests
		conns   int
		http    *http.Server
		served  chan struct{}
		address string
	}
	done chan struct{} // closed by Close: releases delayed and stalled requests
}

// New returns a server, with what Options.Dir holds. Use it as an http.Handler, or have it listen with [Server.Listen]
// or [Server.Start]. Close it in any case.
func New(o Options) (*Server, error) {
	if o.Key == "" {
		o.Key = Key
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	key, err := base64.StdEncoding.DecodeString(o.Key)
	if err != nil {
		return nil, fmt.Errorf("cosmostest: the key is not base64: %w", err)
	}
	s := &Server{opts: o, key: key, dbs: make(map[string]*database), done: make(chan struct{})}
	s.life.idle.L = &s.life.Mutex
	if o.Dir != "" {
		if s.journal, err = openJournal(o.Dir, s); err != nil {
			return nil, fmt.Errorf("cosmostest: %w", err)
		}
	}
	return s, nil
}

// TB is the part of testing.TB that [NewServer] needs; a server that is shipped does not link package testing.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// NewServer starts a server on a free port of 127.0.0.1 and closes it when the test ends. Each call takes a new port:
// azcosmos caches partition maps and resource ids process-wide by endpoint.
func NewServer(t TB, o Options) *Server {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	})
	return s
}

// Listen starts serving on a TCP address such as "127.0.0.1:8081".
func (s *Server) Listen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("cosmostest: %w", err)
	}
	return s.Start(l)
}

// Start serves on l, which may be an in-memory listener, and returns at once. Close closes l. A server listens once.
func (s *Server) Start(l net.Listener) error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.life.closed || s.life.http != nil {
		_ = l.Close()
		return errors.New("cosmostest: the server is closed or listens already")
	}
	s.life.address = l.Addr().String()
	s.life.http = &http.Server{Handler: s, ConnState: s.connState, ReadHeaderTimeout: time.Minute}
	s.life.served = make(chan struct{})
	go func() {
		defer close(s.life.served)
		_ = s.life.http.Serve(l) // ends with ErrServerClosed, or with l's error when somebody else closed it
	}()
	return nil
}

// Endpoint is the account URL of a server that listens, "" otherwise.
func (s *Server) Endpoint() string {
	s.life.Lock()
	defer s.life.Unlock()
	if s.life.address == "" {
		return ""
	}
	return "http://" + s.life.address
}

// Close stops listening, cuts the open connections and returns when no goroutine of the server is left. Requests that
// are delayed or stalled by a fault end first. It is safe to call it twice.
func (s *Server) Close() error {
	s.life.Lock()
	if s.life.closed {
		s.life.Unlock()
		return nil
	}
	s.life.closed = true
	h, served := s.life.http, s.life.served
	s.life.Unlock()

	close(s.done)
	if h != nil {
		_ = h.Close()
		<-served
	}
	s.life.Lock()
	for s.life.active > 0 || s.life.conns > 0 {
		s.life.idle.Wait()
	}
	s.life.Unlock()
	return s.journal.close()
}

func (s *Server) connState(_ net.Conn, state http.ConnState) {
	s.life.Lock()
	defer s.life.Unlock()
	switch state {
	case http.StateNew:
		s.life.conns++
	case http.StateClosed, http.StateHijacked:
		s.life.conns--
		s.life.idle.Broadcast()
	}
}

// enter counts a request in; false means the server is closed.
func (s *Server) enter() bool {
	s.life.Lock()
	defer s.life.Unlock()
	if s.life.closed {
		return false
	}
	s.life.active++
	return true
}

func (s *Server) leave() {
	s.life.Lock()
	defer s.life.Unlock()
	s.life.active--
	s.life.idle.Broadcast()
}
