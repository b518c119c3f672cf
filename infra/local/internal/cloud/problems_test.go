package cloud

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/infra/local/events"
)

func TestProblemLog(t *testing.T) {
	var got []string
	log := slog.New(newProblemLog("c", func(e events.Event) { got = append(got, string(e.Kind)+" "+e.Connector+" "+e.Message) })).With("topic", "t")
	log.Warn("trouble", "err", errors.New("unreachable"))
	log.Warn("trouble", "err", fmt.Errorf("call: %w", &host.FunctionError{Type: "T"}))
	log.WithGroup("g").Info("better", "time", 1)
	want := []string{`problem c level=WARN msg=trouble topic=t err=unreachable`, `problem c level=INFO msg=better topic=t g.time=1`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
