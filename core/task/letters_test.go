package task

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/connectless/connectless/core/connect"
)

// letterClient answers with an error, or keeps what it is given.
type letterClient struct {
	err    error
	kept   int
	closed chan struct{}
}

func (c *letterClient) Put(_ context.Context, batch []*connect.Record) error {
	if c.err == nil {
		c.kept += len(batch)
	}
	return c.err
}

func (c *letterClient) Close() error { close(c.closed); return nil }

// A client is kept while another try with it may help, and replaced when it was refused.
func TestDeadLettersReopen(t *testing.T) {
	var clients []*letterClient
	var openErr, putErr error
	d := NewDeadLetters(func(context.Context) (connect.Sink, error) {
		if openErr != nil {
			return nil, openErr
		}
		clients = append(clients, &letterClient{err: putErr, closed: make(chan struct{})})
		return clients[len(clients)-1], nil
	}, slog.New(slog.DiscardHandler))
	if err := d.Close(); err != nil {
		t.Errorf("closing what was never opened: %v", err)
	}
	letter := []*connect.Record{{Topic: "dlq"}}
	write := func(want error) {
		t.Helper()
		if err, lost := d.Write(t.Context(), letter); !errors.Is(err, want) || lost {
			t.Errorf("%v (lost: %t), want %v", err, lost, want)
		}
	}
	openErr = errors.New("no broker")
	write(openErr)
	openErr, putErr = nil, connect.Retriable(errors.New("busy"))
	write(putErr)
	write(putErr)
	if len(clients) != 1 {
		t.Errorf("%d clients, want the busy one to stay", len(clients))
	}
	clients[0].err = connect.Fatal(errors.New("denied"))
	putErr = nil
	write(clients[0].err)
	<-clients[0].closed
	write(nil)
	if err := d.Close(); err != nil || len(clients) != 2 || clients[1].kept != 1 {
		t.Errorf("%v, %d clients", err, len(clients))
	}
	<-clients[1].closed
}
