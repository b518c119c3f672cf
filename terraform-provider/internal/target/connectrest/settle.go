package connectrest

import (
	"context"
	"reflect"
	"time"
)

// noTasksFor is how long a running or paused connector may have no tasks before it is believed that it has none, and how long a
// failure that was there before is believed to be news of the past: workers learn of changes from a topic.
const noTasksFor = 15 * time.Second

// Settle waits until a connector is in a state, and its tasks too, or until one of them failed for good, which is no
// error: see [Status.Failure]. before is the status before the change that is waited for, nil if there was none. When ctx
// ends first it is an *[UnsettledError].
func (c *Client) Settle(ctx context.Context, name string, want State, before *Status) (*Status, error) {
	var last *Status
	begun := time.Now()
	for pause := newPause(); ; {
		s, err := c.Status(ctx, name)
		switch {
		case err == nil:
			last = s
			old := time.Since(begun) >= noTasksFor
			stale := before != nil && !old && s.Failure() != "" && reflect.DeepEqual(s, before)
			if !stale && s.settled(want, old) {
				return s, nil
			}
		case !IsNotFound(err): // a status is written after the connector
			if ctx.Err() != nil {
				return last, &UnsettledError{Want: want, Last: last, Err: err}
			}
			return nil, err
		}
		if !pause.wait(ctx) {
			return last, &UnsettledError{Want: want, Last: last, Err: context.Cause(ctx)}
		}
	}
}

func (s *Status) settled(want State, old bool) bool {
	if s.Connector.State == Failed {
		return true
	}
	if s.Connector.State != want {
		return false
	}
	for i := range s.Tasks {
		if state := s.Tasks[i].State; state != want && state != Failed {
			return false
		}
	}
	if want == Stopped {
		return len(s.Tasks) == 0
	}
	return len(s.Tasks) > 0 || old
}

const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// A pause grows from one wait to the next.
type pause struct{ next time.Duration }

func newPause() *pause { return &pause{next: firstPause} }

// wait is false when ctx ended.
func (p *pause) wait(ctx context.Context) bool {
	t := time.NewTimer(p.next)
	defer t.Stop()
	p.next = min(2*p.next, lastPause)
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
