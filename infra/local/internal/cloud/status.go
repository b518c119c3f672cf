package cloud

import (
	"errors"
	"slices"
	"strings"

	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/infra/local/internal/status"
)

// ID names the Kafka cluster, as the embedded one names itself.
func (c *Cloud) ID() string { return "connectless-local" }

// Connectors are the connectors as they are now, by name, with a task for each mapping.
func (c *Cloud) Connectors() []status.Connector {
	var all []status.Connector
	for _, r := range c.connectors {
		k := status.Connector{Name: r.d.Name, Kind: r.d.Kind, Config: r.d.Config}
		for _, m := range r.mappings {
			k.Tasks = append(k.Tasks, taskOf(m.Status().Err))
		}
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b status.Connector) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// taskOf is the state of a task whose mapping has a problem. A function that does not start has failed until somebody
// changes its configuration; whatever else fails is tried again and shows as a trace.
func taskOf(problem error) status.Task {
	t := status.Task{State: status.Running}
	if problem != nil {
		t.Trace = problem.Error()
	}
	if _, ok := errors.AsType[*host.InitError](problem); ok {
		t.State = status.Failed
	}
	return t
}
