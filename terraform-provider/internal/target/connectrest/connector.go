package connectrest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/connectless/connectless/core/config"
)

const connectorsPath = "/connectors"

// Server is what GET / answers.
type Server struct {
	Version        string `json:"version"`
	Commit         string `json:"commit"`
	KafkaClusterID string `json:"kafka_cluster_id"`
}

// Plugin is an entry of GET /connector-plugins.
type Plugin struct {
	Class   string `json:"class"`
	Type    string `json:"type"`
	Version string `json:"version"`
}

// Info is what GET /connectors/{name} answers.
type Info struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []TaskID          `json:"tasks"`
	Type   string            `json:"type"`
}

// TaskID names a task.
type TaskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

// State is the state of a connector or task.
type State string

// The states that a connector may be wanted in, and the one that needs somebody.
const (
	Running State = "RUNNING"
	Paused  State = "PAUSED"
	Stopped State = "STOPPED"
	Failed  State = "FAILED"
)

// Status is what GET /connectors/{name}/status answers.
type Status struct {
	Name      string     `json:"name"`
	Connector Instance   `json:"connector"`
	Tasks     []Instance `json:"tasks"`
	Type      string     `json:"type"`
}

// Instance is the status of a connector or of one of its tasks.
type Instance struct {
	ID       int    `json:"id"` // of a task
	State    State  `json:"state"`
	WorkerID string `json:"worker_id"`
	Trace    string `json:"trace"`
}

// Failure is the part of the status that says what failed, "" when nothing did.
func (s *Status) Failure() string {
	var lines []string
	say := func(who string, i *Instance) {
		if i.State != Failed {
			return
		}
		trace := strings.TrimSpace(i.Trace)
		if trace == "" {
			trace = "(the worker gives no trace)"
		}
		lines = append(lines, fmt.Sprintf("%s on %s: %s", who, i.WorkerID, trace))
	}
	say("connector", &s.Connector)
	for i := range s.Tasks {
		say(fmt.Sprintf("task %d", s.Tasks[i].ID), &s.Tasks[i])
	}
	return strings.Join(lines, "\n")
}

// tasks says how many tasks are in which state.
func (s *Status) tasks() string {
	if len(s.Tasks) == 0 {
		return "no task"
	}
	count := map[State]int{}
	for i := range s.Tasks {
		count[s.Tasks[i].State]++
	}
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d %s", count[state], state))
	}
	return "tasks: " + strings.Join(parts, ", ")
}

func connectorPath(name, rest string) string {
	return connectorsPath + "/" + url.PathEscape(name) + rest
}

// Server asks what answers at the URL.
func (c *Client) Server(ctx context.Context) (Server, error) {
	var s Server
	return s, c.call(ctx, http.MethodGet, "/", nil, &s)
}

// Plugins lists the connectors that may be created, or, with all, transforms, predicates and converters too.
func (c *Client) Plugins(ctx context.Context, all bool) ([]Plugin, error) {
	path := "/connector-plugins"
	if all {
		path += "?connectorsOnly=false"
	}
	var list []Plugin
	return list, c.call(ctx, http.MethodGet, path, nil, &list)
}

// Keys lists the keys of a plugin.
func (c *Client) Keys(ctx context.Context, class string) ([]config.KeyInfo, error) {
	var keys []config.KeyInfo
	return keys, c.call(ctx, http.MethodGet, "/connector-plugins/"+url.PathEscape(class)+"/config", nil, &keys)
}

// Validate asks the cluster to judge a configuration, which has to name its class.
func (c *Client) Validate(ctx context.Context, props map[string]string) (*config.Infos, error) {
	infos := new(config.Infos)
	if err := c.call(ctx, http.MethodPut, "/connector-plugins/"+url.PathEscape(props["connector.class"])+"/config/validate", props, infos); err != nil {
		return nil, err
	}
	for i := range infos.Configs {
		v := &infos.Configs[i].Value
		for j := range v.Errors {
			v.Errors[j] = c.hide(v.Errors[j])
		}
		if v.Value != nil {
			*v.Value = c.hide(*v.Value)
		}
	}
	return infos, nil
}

// Get reads a connector. Secrets in its configuration are in clear.
func (c *Client) Get(ctx context.Context, name string) (*Info, error) {
	info := new(Info)
	if err := c.call(ctx, http.MethodGet, connectorPath(name, ""), nil, info); err != nil {
		return nil, err
	}
	return info, nil
}

// Status reads a connector's status.
func (c *Client) Status(ctx context.Context, name string) (*Status, error) {
	s := new(Status)
	if err := c.call(ctx, http.MethodGet, connectorPath(name, "/status"), nil, s); err != nil {
		return nil, err
	}
	s.Connector.Trace = c.hide(s.Connector.Trace)
	for i := range s.Tasks {
		s.Tasks[i].Trace = c.hide(s.Tasks[i].Trace)
	}
	slices.SortFunc(s.Tasks, func(a, b Instance) int { return a.ID - b.ID })
	return s, nil
}

// Create creates a connector in a state. Paused and Stopped need Kafka Connect 3.7 (KIP-980). It is an *[ExistsError]
// when there is one of the name. When the worker's answer got lost, or came too late for it, but the connector is there as
// it was asked for, it has been created.
func (c *Client) Create(ctx context.Context, name string, props map[string]string, state State) error {
	switch _, err := c.Get(ctx, name); {
	case err == nil:
		return &ExistsError{Name: name}
	case !IsNotFound(err):
		return err
	}
	body := struct {
		Name         string            `json:"name"`
		Config       map[string]string `json:"config"`
		InitialState State             `json:"initial_state,omitempty"`
	}{Name: name, Config: props}
	if state != Running { // older workers know RUNNING only, by not knowing the field
		body.InitialState = state
	}
	for pause := newPause(); ; {
		err := c.call(ctx, http.MethodPost, connectorsPath, body, nil)
		if err == nil {
			return nil
		}
		refused, _ := errors.AsType[*Error](err)
		if refused != nil && refused.Status < http.StatusInternalServerError && refused.Status != http.StatusConflict {
			return err
		}
		if there, getErr := c.Get(ctx, name); getErr == nil {
			if same(there.Config, props) {
				return nil
			}
			return &ExistsError{Name: name}
		}
		if refused == nil || refused.Status != http.StatusConflict || !pause.wait(ctx) {
			return err
		}
	}
}

// same compares configurations; a worker adds the name.
func same(have, want map[string]string) bool {
	for key, value := range want {
		if v, ok := have[key]; !ok || v != value {
			return false
		}
	}
	for key := range have {
		if _, ok := want[key]; !ok && key != "name" {
			return false
		}
	}
	return true
}

// Configure replaces a connector's configuration, unless it is the same already: writing it again would restart the
// connector. It says whether it wrote.
func (c *Client) Configure(ctx context.Context, name string, props map[string]string) (wrote bool, err error) {
	there, err := c.Get(ctx, name)
	if err != nil {
		return false, err // PUT would create it, in a state that nobody asked for
	}
	if same(there.Config, props) {
		return false, nil
	}
	return true, c.call(ctx, http.MethodPut, connectorPath(name, "/config"), props, nil)
}

// SetState asks for a state; see [Client.Settle] for when it is there. Stopped needs Kafka Connect 3.5 (KIP-875).
func (c *Client) SetState(ctx context.Context, name string, state State) error {
	verb, ok := map[State]string{Running: "/resume", Paused: "/pause", Stopped: "/stop"}[state]
	if !ok {
		return fmt.Errorf("connectrest: %s is not a state to ask for", state)
	}
	return c.call(ctx, http.MethodPut, connectorPath(name, verb), nil, nil)
}

// Restart restarts the connector and its tasks, or those that failed.
func (c *Client) Restart(ctx context.Context, name string, onlyFailed bool) error {
	return c.call(ctx, http.MethodPost, connectorPath(name, fmt.Sprintf("/restart?includeTasks=true&onlyFailed=%t", onlyFailed)), nil, nil)
}

// Delete deletes a connector and waits until it is gone. One that is not there is no error.
func (c *Client) Delete(ctx context.Context, name string) error {
	if err := c.call(ctx, http.MethodDelete, connectorPath(name, ""), nil, nil); err != nil && !IsNotFound(err) {
		return err
	}
	for pause := newPause(); ; {
		_, err := c.Get(ctx, name)
		if IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if !pause.wait(ctx) {
			return fmt.Errorf("connectrest: connector %s was deleted and is still there: %w", name, context.Cause(ctx))
		}
	}
}
