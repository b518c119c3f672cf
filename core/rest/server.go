package rest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Server serves the API at one address.
type Server struct {
	listener net.Listener
	http     *http.Server
	served   chan struct{} // closed when Serve has ended; nil before
}

// Listen takes the address, host:port; port 0 is a free one. Nothing is answered before [Server.Serve]. The error wraps
// the operating system's, such as syscall.EADDRINUSE.
func Listen(addr string) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("rest: %w", err)
	}
	return &Server{listener: l}, nil
}

// Addr is the host:port it listens on, which names the worker too.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers in the background from now on. It is called once.
func (s *Server) Serve(h http.Handler) {
	s.http = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		_ = s.http.Serve(s.listener) // always ErrServerClosed: only Close ends it
	}()
}

// Close stops listening, lets running requests finish until ctx is done, and cuts what is left then.
func (s *Server) Close(ctx context.Context) error {
	if s.http == nil {
		return s.listener.Close()
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("rest: requests were cut: %w", err)
		_ = s.http.Close() // what it closes is being given up
	}
	<-s.served
	return err
}
