package task

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"github.com/connectless/connectless/core/connect"
)

// DeadLetters is where a connector's dead letters go, a topic or another target: a client that is opened for the first
// letter, shared by all invocations, and opened anew after a failure that may have been mended. Whoever runs records of a kind makes the letters, decides
// when they are written, and answers for those that could not be. It is safe for concurrent use.
type DeadLetters struct {
	open func(context.Context) (connect.Sink, error)
	log  *slog.Logger

	mu     sync.Mutex
	client connect.Sink
}

// NewDeadLetters returns one that nothing has been written to; open makes its client.
func NewDeadLetters(open func(context.Context) (connect.Sink, error), log *slog.Logger) *DeadLetters {
	return &DeadLetters{open: open, log: log}
}

// Write puts letters, one batch at a time: they are rare. The error is a Put's: those letters are durable that it does not
// name as failed. lost says that the letters' memory may still be read.
func (d *DeadLetters) Write(ctx context.Context, letters []*connect.Record) (err error, lost bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.client == nil {
		if d.client, err = d.open(ctx); err != nil {
			d.client = nil
			return err, false
		}
	}
	err, lost = deliver(ctx, d.client, letters)
	if lost || anyFatal(err, len(letters)) { // what it was opened with may have been mended by the next time
		abandon(ctx, d.log, d.client)
		d.client = nil
	}
	return err, lost
}

// Close closes the client. No letter may be under way.
func (d *DeadLetters) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.client.(io.Closer)
	d.client = nil
	if !ok {
		return nil
	}
	return c.Close()
}

func anyFatal(err error, n int) bool {
	for i := range n {
		if e := errorOf(err, i); e != nil && connect.Classify(e) == connect.ClassFatal {
			return true
		}
	}
	return false
}

// abandon closes a client that may be stuck, without waiting for it.
func abandon(ctx context.Context, log *slog.Logger, client connect.Sink) {
	c, ok := client.(io.Closer)
	if !ok {
		return
	}
	go func() {
		if err := c.Close(); err != nil {
			log.WarnContext(ctx, "closing a client that was given up", "error", err)
		}
	}()
}
