package herder

import (
	"context"
	"maps"
	"slices"

	"github.com/connectless/connectless/core/rest"
)

// A lane brings one connector to what its record says. It lives as long as there is a record, or something to stop.
type lane struct {
	name string
	work chan struct{} // holds one token while the Runner is called for the connector

	// Under Herder.mu:
	revision, settled int // the first counts what was asked for, the second says which of it was done
	again             *restart
	state             rest.State // Unassigned, Running, Paused, Stopped or Failed
	trace             string     // of Failed
	tasks             int
	shown             int // generation of the configuration that the three above are of

	// Of the holder of the token:
	started, paused bool
	generation      int // of the configuration that was started, or failed to
}

// restart is what is to be restarted.
type restart struct {
	whole bool
	tasks map[int]bool
}

func (l *lane) acquire(ctx context.Context) error {
	select { // a token that is there is taken even when ctx is done: Close has to stop what runs
	case l.work <- struct{}{}:
		return nil
	default:
	}
	select {
	case l.work <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *lane) release() { <-l.work }

// taskCount and failed need the Herder's lock.
func (l *lane) taskCount() int {
	if l == nil {
		return 0
	}
	return l.tasks
}

func (l *lane) failed() bool { return l != nil && l.state == rest.Failed }

// steer has a lane do what was asked for by now. It needs the lock; the channel is closed when it is done.
func (h *Herder) steer(name string) <-chan struct{} {
	l := h.lanes[name]
	if l == nil {
		l = &lane{name: name, work: make(chan struct{}, 1), state: rest.Unassigned}
		h.lanes[name] = l
	}
	l.revision++
	done := make(chan struct{})
	h.running.Go(func() {
		defer close(done)
		if l.acquire(h.ctx) == nil {
			h.settle(l)
			l.release()
		}
	})
	return done
}

// settle needs the lane's token. It returns when there is nothing left to do, or the Herder is closed.
func (h *Herder) settle(l *lane) {
	for h.ctx.Err() == nil {
		h.mu.Lock()
		if l.settled == l.revision {
			if h.records[l.name] == nil && h.lanes[l.name] == l {
				delete(h.lanes, l.name)
			}
			h.mu.Unlock()
			return
		}
		r, revision, again := h.records[l.name], l.revision, l.again
		h.mu.Unlock()

		now := h.step(l, r, again)

		h.mu.Lock()
		l.settled = revision
		l.state, l.trace, l.tasks = now.state, now.trace, now.tasks
		if r != nil {
			l.shown = r.Generation
		}
		if l.again == again {
			l.again = nil
		}
		h.mu.Unlock()
	}
}

// outcome is how a connector is after a step.
type outcome struct {
	state rest.State
	trace string
	tasks int
}

// step makes the Runner do what the record says.
func (h *Herder) step(l *lane, r *record, again *restart) outcome {
	runner := h.o.Runner
	run := r != nil && r.State != rest.Stopped
	whole := again != nil && again.whole
	before := outcome{l.state, l.trace, l.tasks} // nobody else changes them
	if l.started && (!run || l.generation != r.Generation || whole) {
		if run {
			h.unassign(l)
		}
		runner.Stop(h.ctx, l.name)
		l.started = false
	}
	switch {
	case !run:
		l.generation = 0
		return outcome{state: rest.Stopped}
	case !l.started && before.state == rest.Failed && l.generation == r.Generation && again == nil:
		return before // nothing has changed that could make it start
	case !l.started:
		return h.start(l, r)
	}
	after := outcome{state: r.State, tasks: l.tasks}
	var err error
	switch paused := r.State == rest.Paused; {
	case paused && !l.paused:
		err = runner.Pause(h.ctx, l.name)
	case !paused && l.paused:
		err = runner.Resume(h.ctx, l.name)
	}
	if err == nil {
		l.paused = r.State == rest.Paused
		if again != nil && len(again.tasks) > 0 {
			err = runner.RestartTasks(h.ctx, l.name, slices.Sorted(maps.Keys(again.tasks)))
		}
	}
	if err != nil {
		return outcome{rest.Failed, err.Error(), l.tasks}
	}
	return after
}

// unassign shows that a connector is about to start. The tasks it had are shown until it is known which it has.
func (h *Herder) unassign(l *lane) {
	h.mu.Lock()
	l.state, l.trace = rest.Unassigned, ""
	h.mu.Unlock()
}

// start starts what does not run.
func (h *Herder) start(l *lane, r *record) outcome {
	h.unassign(l)
	l.generation = r.Generation
	spec, err := h.spec(r)
	if err != nil {
		return outcome{state: rest.Failed, trace: err.Error()}
	}
	tasks, err := h.o.Runner.Start(h.ctx, spec)
	if err != nil {
		h.o.Log.Error("connector does not start", "connector", r.Name, "error", err)
		return outcome{state: rest.Failed, trace: err.Error()}
	}
	l.started, l.paused = true, spec.Paused
	return outcome{state: r.State, tasks: tasks}
}

// spec judges a record again: what may be named can be another than when it was kept.
func (h *Herder) spec(r *record) (*Spec, error) {
	v, err := h.accept(r.Config)
	if err != nil {
		return nil, err
	}
	return &Spec{
		Name: r.Name, Config: r.Config, Verdict: v, Paused: r.State == rest.Paused,
		Used: func(topic string) { h.used(r.Name, topic) },
	}, nil
}
