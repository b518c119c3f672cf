// Package status is the reading half of Kafka Connect's REST API for the connectors of the local cloud: what there is,
// how it is configured and whether it runs, in Kafka Connect's JSON. It changes nothing: every other method is answered
// with 405.
package status

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// State is where a connector or a task is in its life.
type State string

const (
	Running State = "RUNNING"
	Failed  State = "FAILED"
)

// Connector is a connector as it is now.
type Connector struct {
	Name   string
	Kind   string // sink or source
	Config map[string]string
	Tasks  []Task
}

// Task is one of a connector's tasks. Trace says why it failed, or what it tries again.
type Task struct {
	State State
	Trace string
}

// Cluster is what is shown.
type Cluster interface {
	Connectors() []Connector // by name
	ID() string              // of the Kafka cluster
}

// Server serves the API.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Listen takes the address; nothing is answered before Serve.
func Listen(addr string) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the REST API cannot listen on %s: the port is in use by another program; choose another with --rest-addr", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("the REST API cannot listen: %w", err)
	}
	return &Server{listener: l}, nil
}

// Addr is the host:port it listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve answers from now on, until Close.
func (s *Server) Serve(version string, c Cluster) {
	s.http = &http.Server{Handler: Handler(version, s.Addr(), c), ReadHeaderTimeout: 10 * time.Second}
	go s.http.Serve(s.listener) // its error is always ErrServerClosed: Close ends it
}

// Close stops listening and cuts what is open.
func (s *Server) Close() error {
	if s.http == nil {
		return s.listener.Close()
	}
	return s.http.Close()
}

// Handler is the API. worker names this worker, host:port.
func Handler(version, worker string, c Cluster) http.Handler {
	a := &api{version: version, worker: worker, cluster: c}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", get(a.root))
	mux.HandleFunc("/health", get(a.health))
	mux.HandleFunc("/connectors", get(a.list))
	mux.HandleFunc("/connectors/{name}", get(a.connector(a.info)))
	mux.HandleFunc("/connectors/{name}/config", get(a.connector(func(c *Connector) any { return c.Config })))
	mux.HandleFunc("/connectors/{name}/status", get(a.status))
	mux.HandleFunc("/connectors/{name}/tasks", get(a.connector(a.tasks)))
	mux.HandleFunc("/connectors/{name}/tasks/{task}/status", get(a.taskStatus))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, errNoPath) })
	return mux
}

// failure is an answer that is no success.
type failure struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

func (f *failure) Error() string { return f.Message }

var errNoPath = &failure{http.StatusNotFound, "HTTP 404 Not Found"}

func notFound(format string, args ...any) error {
	return &failure{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

// get answers GET and HEAD with what f returns.
func get(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			refuse(w, &failure{http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed"})
			return
		}
		body, err := f(r)
		if fail, ok := errors.AsType[*failure](err); ok {
			refuse(w, fail)
			return
		}
		write(w, http.StatusOK, body)
	}
}

func refuse(w http.ResponseWriter, f *failure) { write(w, f.Code, f) }

func write(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// What cannot be written is a client that went away.
	_ = json.NewEncoder(w).Encode(body)
}

type api struct {
	version, worker string
	cluster         Cluster
}

func (a *api) root(*http.Request) (any, error) {
	return struct {
		Version string `json:"version"`
		Commit  string `json:"commit"`
		Cluster string `json:"kafka_cluster_id"`
	}{a.version, "unknown", a.cluster.ID()}, nil
}

func (a *api) health(*http.Request) (any, error) {
	return map[string]string{"status": "healthy", "message": "Worker has completed startup and is ready to handle requests."}, nil
}

func (a *api) list(r *http.Request) (any, error) {
	q := r.URL.Query()
	expand, expanded := q["expand"]
	names, all := []string{}, map[string]map[string]any{}
	for _, c := range a.cluster.Connectors() {
		names = append(names, c.Name)
		all[c.Name] = map[string]any{}
		for _, what := range expand {
			switch what {
			case "info":
				all[c.Name]["info"] = a.info(&c)
			case "status":
				all[c.Name]["status"] = a.state(&c)
			}
		}
	}
	if expanded {
		return all, nil
	}
	return names, nil
}

func (a *api) find(r *http.Request) *Connector {
	for _, c := range a.cluster.Connectors() {
		if c.Name == r.PathValue("name") {
			return &c
		}
	}
	return nil
}

func (a *api) connector(show func(*Connector) any) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		c := a.find(r)
		if c == nil {
			return nil, notFound("Connector %s not found", r.PathValue("name"))
		}
		return show(c), nil
	}
}

type taskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

func (a *api) info(c *Connector) any {
	ids := []taskID{}
	for i := range c.Tasks {
		ids = append(ids, taskID{c.Name, i})
	}
	return struct {
		Name   string            `json:"name"`
		Config map[string]string `json:"config"`
		Tasks  []taskID          `json:"tasks"`
		Type   string            `json:"type"`
	}{c.Name, c.Config, ids, c.Kind}
}

func (a *api) tasks(c *Connector) any {
	type task struct {
		ID     taskID            `json:"id"`
		Config map[string]string `json:"config"`
	}
	tasks := []task{}
	for i := range c.Tasks {
		tasks = append(tasks, task{taskID{c.Name, i}, c.Config})
	}
	return tasks
}

type connectorState struct {
	State  State  `json:"state"`
	Worker string `json:"worker_id"`
}

type taskState struct {
	ID int `json:"id"`
	connectorState
	Trace string `json:"trace,omitempty"`
}

func (a *api) task(c *Connector, i int) taskState {
	return taskState{i, connectorState{c.Tasks[i].State, a.worker}, c.Tasks[i].Trace}
}

func (a *api) state(c *Connector) any {
	tasks := []taskState{}
	for i := range c.Tasks {
		tasks = append(tasks, a.task(c, i))
	}
	return struct {
		Name      string         `json:"name"`
		Connector connectorState `json:"connector"`
		Tasks     []taskState    `json:"tasks"`
		Type      string         `json:"type"`
	}{c.Name, connectorState{Running, a.worker}, tasks, c.Kind}
}

func (a *api) status(r *http.Request) (any, error) {
	c := a.find(r)
	if c == nil {
		return nil, notFound("No status found for connector %s", r.PathValue("name"))
	}
	return a.state(c), nil
}

func (a *api) taskStatus(r *http.Request) (any, error) {
	i, err := strconv.Atoi(r.PathValue("task"))
	if err != nil {
		return nil, errNoPath
	}
	c := a.find(r)
	if c == nil || i < 0 || i >= len(c.Tasks) {
		return nil, notFound("No status found for task %s-%d", r.PathValue("name"), i)
	}
	return a.task(c, i), nil
}
