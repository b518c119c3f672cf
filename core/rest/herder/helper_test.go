package herder_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/connectless/connectless/core/rest"
	"github.com/connectless/connectless/core/rest/herder"
)

// closeHerder is for cleanups, when the test's context is done.
func closeHerder(t testing.TB, h *herder.Herder) {
	if err := h.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// handler is the API of a Herder, without a log.
func handler(h *herder.Herder) http.Handler { return rest.Handler(h, slog.New(slog.DiscardHandler)) }
