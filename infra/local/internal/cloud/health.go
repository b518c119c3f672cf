package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/eventsource"
	"github.com/connectless/connectless/core/rest/herder"
)

// part is a partition of a topic.
type part struct {
	topic string
	id    int32
}

// note remembers what became of the partitions that an invocation held.
func (r *running) note(topic string, inv eventsource.Invocation) {
	if errors.Is(inv.Err, context.Canceled) {
		return // given up by us
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if inv.Err == nil {
		r.refused = herder.Health{}
	}
	for _, p := range inv.Partitions {
		at := part{topic, p.Partition}
		_, failed := inv.Failed[fmt.Sprintf("%s-%d", topic, p.Partition)]
		if inv.Err == nil || inv.Failed != nil && !failed {
			delete(r.faults, at)
		} else {
			r.faults[at] = healthOf(inv.Err)
		}
	}
}

// health tells how each task is. A task stands for the partitions whose number is its own modulo tasks.max, which is how an
// event source mapping deals them out to its lanes.
func (r *running) health() []herder.Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	tasks := make([]herder.Health, r.d.TasksMax)
	faulty := map[string]bool{} // topics
	for _, at := range slices.SortedFunc(maps.Keys(r.faults), func(a, b part) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.id, b.id))
	}) {
		worse(&tasks[int(at.id)%len(tasks)], r.faults[at])
		faulty[at.topic] = true
	}
	all := []herder.Health{r.refused}
	for topic, m := range r.mappings {
		// A call that failed is a problem of the mapping too, which is known by partition already.
		if err := m.Status().Err; err != nil && (!faulty[topic] || errors.Is(err, eventsource.ErrUnreachable)) {
			all = append(all, herder.Health{Trace: err.Error()})
		}
	}
	for i := range tasks {
		for _, h := range all {
			worse(&tasks[i], h)
		}
	}
	return tasks
}

// worse replaces a health by one that is worse: failed, then trying again, then well.
func worse(h *herder.Health, than herder.Health) {
	if than.Failed && !h.Failed || than.Trace != "" && h.Trace == "" {
		*h = than
	}
}

// healthOf is the health of a task whose last call failed. It has failed when somebody has to do something: the function
// does not start, it crashed, or it said that the same will happen again. Everything else is being tried again, and so is
// a task that failed, so that it runs again when what is behind it has been mended.
func healthOf(err error) herder.Health {
	if _, ok := errors.AsType[*host.InitError](err); ok {
		return herder.Health{Failed: true, Trace: refusal(err).Error()}
	}
	if f, ok := errors.AsType[*host.FunctionError](err); ok {
		again := f.Type == data.RetriableException || f.Type == host.ErrorTypeTimeout
		return herder.Health{Failed: !again, Trace: f.Type + ": " + f.Message}
	}
	return herder.Health{Trace: err.Error()}
}
