package cloud

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/infra/local/events"
)

// problemLog makes events of what a mapping logs, but for failed calls, which are events already.
type problemLog struct{ slog.Handler }

func newProblemLog(connector string, report func(events.Event)) *problemLog {
	lines := writer(func(line string) {
		report(events.Event{Time: time.Now(), Kind: events.Problem, Connector: connector, Message: line})
	})
	return &problemLog{slog.NewTextHandler(lines, &slog.HandlerOptions{ReplaceAttr: withoutTime})}
}

// Handle implements slog.Handler.
func (h *problemLog) Handle(ctx context.Context, r slog.Record) error {
	told := false
	r.Attrs(func(a slog.Attr) bool {
		err, _ := a.Value.Any().(error)
		_, told = errors.AsType[*host.FunctionError](err)
		return !told
	})
	if told {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *problemLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &problemLog{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h *problemLog) WithGroup(name string) slog.Handler {
	return &problemLog{h.Handler.WithGroup(name)}
}

// withoutTime leaves out what the event says itself.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// writer is an io.Writer that is called with a line at a time.
type writer func(line string)

func (w writer) Write(b []byte) (int, error) {
	w(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}
