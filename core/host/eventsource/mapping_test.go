package eventsource

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDeliversAndCommits(t *testing.T) {
	inWorld(t, 1, func(w *world) {
		w.produce(0, "a", "b", "c")
		f := &function{}
		m := w.start(f, nil)
		settle(time.Second)
		if diff := cmp.Diff([][]string{{"0:a", "0:b", "0:c"}}, f.received()); diff != "" {
			t.Errorf("invocations (-want +got):\n%s", diff)
		}
		if got := w.committed(0); got != 3 {
			t.Errorf("the group is at %d, want 3", got)
		}
		s := m.Status()
		if s.State != Enabled || s.LastProcessingResult != "OK" || s.Delivered != 3 {
			t.Errorf("status %+v", s)
		}
		w.close(m)
	})
}
