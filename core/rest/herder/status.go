package herder

import (
	"context"
	"net/http"

	"github.com/connectless/connectless/core/rest"
)

// health is what a Runner says of a connector. It is asked without the lock, which the Runner may be waiting for.
type health struct {
	connector Health
	tasks     []Health
}

func (h *Herder) health(name string) (s health) {
	s.connector, s.tasks = h.o.Runner.Health(name)
	return s
}

// Status returns how a connector and its tasks are.
func (h *Herder) Status(name string) (*rest.Status, error) {
	health := h.health(name)
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.find(name, rest.NoStatus)
	if err != nil {
		return nil, err
	}
	return h.status(r, health), nil
}

// status needs the lock.
func (h *Herder) status(r *record, now health) *rest.Status {
	l := h.lanes[r.Name]
	state, trace := l.state, l.trace
	if r.State != rest.Stopped && l.shown != r.Generation { // of the configuration before, which nobody wants to know of
		state, trace = rest.Unassigned, ""
	}
	s := &rest.Status{Name: r.Name, Connector: rest.Condition{State: state, Worker: h.o.Address, Trace: trace}, Tasks: []rest.TaskStatus{}, Type: h.kind(r)}
	well := rest.Condition{State: state, Worker: h.o.Address}
	if state == rest.Failed { // of the connector; its tasks, if it has some, go on as they were
		well.State = r.State
	}
	if state != rest.Running && state != rest.Paused && (state != rest.Failed || l.tasks == 0) {
		now = health{} // of what does not run, or no longer
	}
	s.Connector = condition(s.Connector, now.connector)
	for i := range l.tasks {
		c := well
		if i < len(now.tasks) {
			c = condition(well, now.tasks[i])
		}
		s.Tasks = append(s.Tasks, rest.TaskStatus{ID: i, Condition: c})
	}
	if l.again != nil {
		mark(s, l.again)
	}
	return s
}

func condition(c rest.Condition, health Health) rest.Condition {
	if health.Failed {
		c.State = rest.Failed
	}
	if health.Trace != "" {
		c.Trace = health.Trace
	}
	return c
}

// mark shows what is being restarted.
func mark(s *rest.Status, again *restart) {
	if again.whole {
		s.Connector.State, s.Connector.Trace = rest.Restarting, ""
	}
	for i := range s.Tasks {
		if again.tasks[i] {
			s.Tasks[i].State, s.Tasks[i].Trace = rest.Restarting, ""
		}
	}
}

// Restart restarts a connector, its tasks, or what of them has failed.
func (h *Herder) Restart(ctx context.Context, name string, o rest.Restart) (*rest.Status, error) {
	health := h.health(name)
	h.mu.Lock()
	r, err := h.find(name, rest.NoRestart)
	if err != nil {
		h.mu.Unlock()
		return nil, err
	}
	s := h.status(r, health)
	again := &restart{whole: !o.OnlyFailed || s.Connector.State == rest.Failed, tasks: map[int]bool{}}
	for _, t := range s.Tasks {
		again.tasks[t.ID] = o.IncludeTasks && (!o.OnlyFailed || t.State == rest.Failed)
	}
	return s, h.restart(ctx, name, again, s)
}

// RestartTask restarts one task.
func (h *Herder) RestartTask(ctx context.Context, name string, task int) error {
	health := h.health(name)
	h.mu.Lock()
	r, err := h.find(name, rest.NoRestart)
	if err != nil {
		h.mu.Unlock()
		return err
	}
	if task < 0 || task >= h.lanes[name].tasks {
		h.mu.Unlock()
		return rest.Errorf(http.StatusNotFound, "Unknown task: %s-%d", name, task)
	}
	return h.restart(ctx, name, &restart{tasks: map[int]bool{task: true}}, h.status(r, health))
}

// restart needs the lock, which it releases. It marks in s what it restarts.
func (h *Herder) restart(ctx context.Context, name string, again *restart, s *rest.Status) error {
	for task, wanted := range again.tasks {
		if !wanted {
			delete(again.tasks, task)
		}
	}
	if !again.whole && len(again.tasks) == 0 {
		h.mu.Unlock()
		return nil
	}
	mark(s, again)
	l := h.lanes[name]
	if l.again != nil { // together with what is about to be restarted
		merged := &restart{whole: again.whole || l.again.whole, tasks: map[int]bool{}}
		for _, one := range []*restart{l.again, again} {
			for task := range one.tasks {
				merged.tasks[task] = true
			}
		}
		again = merged
	}
	l.again = again
	done := h.steer(name)
	h.mu.Unlock()
	h.wait(ctx, done)
	return nil
}
