package herder_test

import (
	"context"
	"testing"

	"github.com/connectless/connectless/core/rest/herder"
)

// closeHerder is for cleanups, when the test's context is done.
func closeHerder(t testing.TB, h *herder.Herder) {
	if err := h.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
