package cosmostest

import (
	"context"
	"net"
	"sync"
)

// Pipe is a [net.Listener] within the process: a Server on it and the clients that dial it can share a synctest bubble,
// where time is virtual. It is safe for concurrent use.
type Pipe struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// NewPipe returns a listener that nothing has been dialled on.
func NewPipe() *Pipe { return &Pipe{conns: make(chan net.Conn), done: make(chan struct{})} }

// Accept implements [net.Listener].
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (p *Pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr implements [net.Listener].
func (p *Pipe) Addr() net.Addr { return pipeAddr{} }

// Dial connects to the listener, whatever the address: it is an http.Transport's DialContext. After Close it fails with
// [net.ErrClosed].
func (p *Pipe) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	select {
	case <-p.done: // before a connection is made that nobody would close
		return nil, net.ErrClosed
	default:
	}
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "account.test:80" }
