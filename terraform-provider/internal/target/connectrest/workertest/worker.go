package workertest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
)

// Worker is a worker, and its cluster. Set its exported fields before it is used.
type Worker struct {
	Root    connectrest.Server
	Catalog *config.Catalog
	// Plugins is the answer of GET /connector-plugins.
	Plugins []connectrest.Plugin
	// ID is the worker_id in statuses.
	ID string
	// Fails decides what becomes of a connector that is to run: the trace of its failure, "" for none. Its tasks fail, not
	// the connector. nil: nothing fails.
	Fails func(props map[string]string) (trace string)
	// Polls is how often a status has to be read until a change shows in it.
	Polls int

	mu         sync.Mutex
	connectors map[string]*connector
	faults     []*fault
	calls      []Call
}

// Call is a request that the worker got.
type Call struct {
	Method, Path string
	Body         string
}

func (c Call) String() string { return c.Method + " " + c.Path }

type connector struct {
	kind   string
	config map[string]string
	state  connectrest.State
	trace  string // of its own failure
	tasks  []task
	lag    int // readings of the status until it is this one
	shown  connectrest.Status
	starts int
}

type task struct {
	state connectrest.State
	trace string
}

type fault struct {
	left           int
	method, prefix string
	status         int
	message        string
	after          bool // what was asked for is done
}

// Refuse makes the worker answer the next n requests of a method ("" for any) below a path with an error.
func (w *Worker) Refuse(n int, method, prefix string, status int, message string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, &fault{left: n, method: method, prefix: prefix, status: status, message: message})
}

// Lose makes the worker do what the next request of a method below a path says, and then answer 500, as it does when it
// took too long.
func (w *Worker) Lose(method, prefix string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, &fault{left: 1, method: method, prefix: prefix, status: http.StatusInternalServerError, message: "Request timed out", after: true})
}

// Calls returns and forgets the calls since the last time, without those that only read.
func (w *Worker) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := slices.DeleteFunc(w.calls, func(c Call) bool { return c.Method == http.MethodGet })
	w.calls = nil
	return calls
}

// Config is a connector's configuration, nil when there is no such connector.
func (w *Worker) Config(name string) map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.connectors[name]; c != nil {
		return maps.Clone(c.config)
	}
	return nil
}

// Starts is how often a connector was started.
func (w *Worker) Starts(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.connectors[name]; c != nil {
		return c.starts
	}
	return 0
}

// Edit changes keys of a connector's configuration behind everybody's back.
func (w *Worker) Edit(name string, change map[string]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(w.connectors[name].config, change)
}

// Fail makes a connector fail by itself, until it is started again.
func (w *Worker) Fail(name, trace string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connectors[name].trace = trace
}

// Remove deletes a connector behind everybody's back.
func (w *Worker) Remove(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.connectors, name)
}

// start makes tasks of a connector's configuration.
func (w *Worker) start(name string, c *connector) {
	c.shown = w.status(name, c) // until Polls readings later
	c.lag = w.Polls
	c.tasks, c.trace = nil, ""
	if c.state == connectrest.Stopped {
		return
	}
	c.starts++
	n, err := strconv.Atoi(c.config["tasks.max"])
	if err != nil {
		n = 1
	}
	trace := ""
	if w.Fails != nil && c.state == connectrest.Running {
		trace = w.Fails(c.config)
	}
	for range n {
		t := task{state: c.state}
		if trace != "" {
			t = task{connectrest.Failed, trace}
		}
		c.tasks = append(c.tasks, t)
	}
}

func (w *Worker) status(name string, c *connector) connectrest.Status {
	s := connectrest.Status{Name: name, Connector: connectrest.Instance{State: c.state, WorkerID: w.ID}, Tasks: []connectrest.Instance{}, Type: c.kind}
	if c.trace != "" {
		s.Connector.State, s.Connector.Trace = connectrest.Failed, c.trace
	}
	for i, t := range c.tasks {
		s.Tasks = append(s.Tasks, connectrest.Instance{ID: i, State: t.state, WorkerID: w.ID, Trace: t.trace})
	}
	return s
}
