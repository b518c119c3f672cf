package workertest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
)

// ServeHTTP answers as a worker does.
func (w *Worker) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		write(rw, answer{http.StatusBadRequest, refusal(http.StatusBadRequest, "%v", err), ""})
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, Call{r.Method, r.URL.RequestURI(), string(body)})
	f := w.fault(r)
	if f != nil && !f.after {
		write(rw, answer{f.status, refusal(f.status, "%s", f.message), ""})
		return
	}
	a := w.answer(r, body)
	if f != nil {
		a = answer{f.status, refusal(f.status, "%s", f.message), ""}
	}
	write(rw, a)
}

func (w *Worker) fault(r *http.Request) *fault {
	for _, f := range w.faults {
		if f.left > 0 && (f.method == "" || f.method == r.Method) && strings.HasPrefix(r.URL.Path, f.prefix) {
			f.left--
			return f
		}
	}
	return nil
}

type answer struct {
	status   int
	body     any // nil: none
	location string
}

type errorBody struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

func refusal(code int, format string, args ...any) errorBody {
	return errorBody{code, fmt.Sprintf(format, args...)}
}

func refuse(code int, format string, args ...any) answer {
	return answer{code, refusal(code, format, args...), ""}
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func write(rw http.ResponseWriter, a answer) {
	if a.location != "" {
		rw.Header().Set("Location", a.location)
	}
	if a.body == nil {
		rw.WriteHeader(a.status)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(a.status)
	_ = json.NewEncoder(rw).Encode(a.body) // the client went away
}

func (w *Worker) answer(r *http.Request, body []byte) answer {
	if w.connectors == nil {
		w.connectors = map[string]*connector{}
	}
	parts := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i := range parts {
		parts[i], _ = url.PathUnescape(parts[i]) // it was parsed before
	}
	get := r.Method == http.MethodGet
	switch parts[0] {
	case "":
		if get {
			return ok(w.Root)
		}
		return refuse(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed")
	case "connector-plugins":
		return w.plugins(r, parts[1:], body)
	case "connectors":
		switch {
		case len(parts) > 1:
			return w.connector(r, parts[1], strings.Join(parts[2:], "/"), body)
		case get:
			return ok(slices.AppendSeq([]string{}, maps.Keys(w.connectors)))
		case r.Method == http.MethodPost:
			return w.create(r, body)
		}
	}
	return refuse(http.StatusNotFound, "HTTP 404 Not Found")
}

func (w *Worker) plugins(r *http.Request, parts []string, body []byte) answer {
	if len(parts) == 0 {
		if r.URL.Query().Get("connectorsOnly") == "false" {
			return ok(w.Plugins)
		}
		return ok(slices.DeleteFunc(slices.Clone(w.Plugins), func(p connectrest.Plugin) bool { return p.Type != "sink" && p.Type != "source" }))
	}
	switch parts[len(parts)-1] {
	case "validate":
		props, err := properties(body)
		if err != nil {
			return refuse(http.StatusInternalServerError, "%v", err)
		}
		class := props["connector.class"]
		if class == "" {
			return refuse(http.StatusInternalServerError, "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: Connector config %s contains no connector type", javaMap(props))
		}
		if class != parts[0] && !config.ClassMatches(parts[0], class, "Connector") {
			return refuse(http.StatusBadRequest, "Included connector type %s does not match request type %s", class, parts[0])
		}
		if _, err := w.Catalog.Connector(class); err != nil {
			return refuse(http.StatusInternalServerError, "%v", err)
		}
		return ok(w.judge(props))
	case "config":
		if c, err := w.Catalog.Connector(parts[0]); err == nil {
			framework, own := c.Keys(parts[0])
			return ok(config.KeyInfos(append(own, framework...)))
		}
		return refuse(http.StatusNotFound, "Unknown plugin %s.", parts[0])
	}
	return refuse(http.StatusNotFound, "HTTP 404 Not Found")
}

// judge judges with a worker whose own properties are in order.
func (w *Worker) judge(props map[string]string) *config.Infos {
	const text = "org.apache.kafka.connect.storage.StringConverter"
	worker := map[string]string{"bootstrap.servers": "kafka:9092", "key.converter": text, "value.converter": text}
	return w.Catalog.Judge(worker, props, config.Options{}).Infos()
}

// properties reads a JSON object of strings; null is as good as nothing.
func properties(body []byte) (map[string]string, error) {
	var raw map[string]*string
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, err
	}
	props := map[string]string{}
	for k, v := range raw {
		if v != nil {
			props[k] = *v
		}
	}
	return props, nil
}

// javaMap prints as Java prints a map, in the order of the keys.
func javaMap(props map[string]string) string {
	parts := []string{}
	for _, k := range slices.Sorted(maps.Keys(props)) {
		parts = append(parts, k+"="+props[k])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func (w *Worker) create(r *http.Request, body []byte) answer {
	var in struct {
		Name         string            `json:"name"`
		Config       map[string]string `json:"config"`
		InitialState string            `json:"initial_state"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return refuse(http.StatusInternalServerError, "%v", err)
	}
	if in.Config == nil {
		return refuse(http.StatusInternalServerError, "there is no config")
	}
	name := strings.TrimSpace(in.Name)
	state := connectrest.Running
	if in.InitialState != "" {
		state = connectrest.State(in.InitialState)
		if state != connectrest.Running && state != connectrest.Paused && state != connectrest.Stopped {
			return refuse(http.StatusInternalServerError, "No enum constant InitialState.%s", state)
		}
	}
	if given, ok := in.Config["name"]; ok && given != name {
		return refuse(http.StatusBadRequest, "Connector name configuration (%s) doesn't match connector name in the URL (%s)", given, name)
	}
	if _, ok := w.connectors[name]; ok {
		return refuse(http.StatusConflict, "Connector %s already exists", name)
	}
	in.Config["name"] = name
	c, bad := w.put(nil, in.Config)
	if bad != nil {
		return *bad
	}
	a := answer{http.StatusCreated, w.info(name, c), location(r, name)}
	w.connectors[name], c.state = c, state
	w.start(name, c)
	return a
}

func location(r *http.Request, name string) string { return "http://" + r.Host + "/connectors/" + name }

// put checks a configuration and gives it to a connector, a new one when there is none.
func (w *Worker) put(c *connector, props map[string]string) (*connector, *answer) {
	class := props["connector.class"]
	if class == "" {
		a := refuse(http.StatusBadRequest, "Connector config %s contains no connector type", javaMap(props))
		return nil, &a
	}
	declared, err := w.Catalog.Connector(class)
	if err != nil {
		a := refuse(http.StatusInternalServerError, "%v", err)
		return nil, &a
	}
	if message := w.judge(props).Rejection(); message != "" {
		a := refuse(http.StatusBadRequest, "%s", message)
		return nil, &a
	}
	if c == nil {
		c = &connector{state: connectrest.Running}
	}
	c.config, c.kind = props, declared.Kind
	return c, nil
}

func (w *Worker) info(name string, c *connector) connectrest.Info {
	info := connectrest.Info{Name: name, Config: maps.Clone(c.config), Tasks: []connectrest.TaskID{}, Type: c.kind}
	for i := range c.tasks {
		info.Tasks = append(info.Tasks, connectrest.TaskID{Connector: name, Task: i})
	}
	return info
}

func (w *Worker) connector(r *http.Request, name, rest string, body []byte) answer {
	c := w.connectors[name]
	if c == nil && r.Method+" "+rest != "PUT config" {
		switch rest {
		case "status":
			return refuse(http.StatusNotFound, "No status found for connector %s", name)
		case "pause", "resume", "stop":
			return refuse(http.StatusNotFound, "Unknown connector %s", name)
		case "restart":
			return refuse(http.StatusNotFound, "Unknown connector: %s", name)
		}
		return refuse(http.StatusNotFound, "Connector %s not found", name)
	}
	switch r.Method + " " + rest {
	case "GET ":
		return ok(w.info(name, c))
	case "GET config":
		return ok(c.config)
	case "GET status":
		if c.lag > 0 {
			c.lag--
			return ok(shown(c.shown, c.lag))
		}
		return ok(shown(w.status(name, c), 0))
	case "DELETE ":
		delete(w.connectors, name)
		return answer{status: http.StatusNoContent}
	case "PUT config", "PATCH config":
		return w.configure(r, name, c, body)
	case "PUT pause":
		return w.change(name, c, connectrest.Paused, http.StatusAccepted)
	case "PUT resume":
		return w.change(name, c, connectrest.Running, http.StatusAccepted)
	case "PUT stop":
		return w.change(name, c, connectrest.Stopped, http.StatusNoContent)
	case "POST restart":
		return w.restart(r, name, c)
	}
	return refuse(http.StatusNotFound, "HTTP 404 Not Found")
}

func (w *Worker) configure(r *http.Request, name string, c *connector, body []byte) answer {
	var given map[string]*string // null removes a key
	if err := json.Unmarshal(body, &given); err != nil {
		return refuse(http.StatusInternalServerError, "%v", err)
	}
	props := map[string]string{}
	if r.Method == http.MethodPatch {
		props = maps.Clone(c.config)
	}
	for k, v := range given {
		delete(props, k)
		if v != nil {
			props[k] = *v
		}
	}
	if other, ok := props["name"]; ok && other != name {
		return refuse(http.StatusBadRequest, "Connector name configuration (%s) doesn't match connector name in the URL (%s)", other, name)
	}
	props["name"] = name
	created := c == nil
	c, bad := w.put(c, props)
	if bad != nil {
		return *bad
	}
	a := ok(w.info(name, c)) // with the tasks there were
	if created {
		w.connectors[name] = c
		a.status, a.location = http.StatusCreated, location(r, name)
	}
	w.start(name, c)
	return a
}

func (w *Worker) change(name string, c *connector, state connectrest.State, status int) answer {
	if c.state != state {
		c.state = state
		w.start(name, c)
	}
	return answer{status: status}
}

func (w *Worker) restart(r *http.Request, name string, c *connector) answer {
	tasks, onlyFailed := r.URL.Query().Get("includeTasks") == "true", r.URL.Query().Get("onlyFailed") == "true"
	s := w.status(name, c)
	restart := !onlyFailed || s.Failure() != ""
	if restart {
		w.start(name, c)
	}
	if !tasks && !onlyFailed {
		return answer{status: http.StatusNoContent}
	}
	if restart {
		s.Connector.State = "RESTARTING"
		for i := range s.Tasks {
			s.Tasks[i].State = "RESTARTING"
		}
	}
	return answer{http.StatusAccepted, shown(s, 0), ""}
}

// shown is a status as a worker writes it: the connector has no id, and only what failed has a trace. While it lags, tasks
// are being assigned.
func shown(s connectrest.Status, lag int) map[string]any {
	instance := func(i connectrest.Instance, task bool) map[string]any {
		m := map[string]any{"state": i.State, "worker_id": i.WorkerID}
		if task {
			m["id"] = i.ID
		}
		if i.Trace != "" {
			m["trace"] = i.Trace
		}
		return m
	}
	tasks := []any{}
	for _, t := range s.Tasks {
		if lag > 0 && t.State != connectrest.Failed {
			t.State = "UNASSIGNED"
		}
		tasks = append(tasks, instance(t, true))
	}
	return map[string]any{"name": s.Name, "connector": instance(s.Connector, false), "tasks": tasks, "type": s.Type}
}
