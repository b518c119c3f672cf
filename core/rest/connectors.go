package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

func (a *api) list(r *http.Request) (*answer, error) {
	names := a.herder.Names()
	expand, expanded := r.URL.Query()["expand"]
	if !expanded {
		return ok(append([]string{}, names...)), nil
	}
	all := map[string]map[string]any{}
	for _, name := range names {
		one := map[string]any{}
		for _, what := range expand {
			var err error
			switch what {
			case "info":
				one[what], err = a.herder.Info(name)
			case "status":
				one[what], err = a.herder.Status(name)
			}
			if err != nil { // deleted since the names were read
				one = nil
				break
			}
		}
		if one != nil {
			all[name] = one
		}
	}
	return ok(all), nil
}

const creationClass = "org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest"

func (a *api) create(r *http.Request) (*answer, error) {
	c, err := readCreation(r)
	if err != nil {
		return nil, err
	}
	info, err := a.herder.Create(r.Context(), *c)
	if err != nil {
		return nil, err
	}
	return created(r, info), nil
}

func readCreation(r *http.Request) (*Creation, error) {
	b, err := readBody(r)
	if err != nil {
		return nil, err
	}
	members, err := b.object()
	if err != nil {
		return nil, err
	}
	if err := b.known(members, creationClass, "name", "config", "initial_state"); err != nil {
		return nil, err
	}
	c := &Creation{State: Running}
	if s := members["initial_state"]; !s.null() {
		text, err := b.string(s)
		if err != nil {
			return nil, err
		}
		if c.State, err = initialState(b, s, *text); err != nil {
			return nil, err
		}
	}
	if name, err := b.string(members["name"]); err != nil {
		return nil, err
	} else if name != nil {
		c.Name = strings.TrimFunc(*name, func(r rune) bool { return r <= ' ' }) // Java's String.trim
	}
	if members["config"].null() {
		return nil, errNoConfig
	}
	if c.Config, err = b.config(members["config"]); err != nil {
		return nil, err
	}
	return c, named(c.Config, c.Name)
}

// errNoConfig is what Kafka says about a body without a configuration.
var errNoConfig = Errorf(http.StatusInternalServerError, `Cannot invoke "java.util.Map.get(Object)" because "<parameter2>" is null`)

func initialState(b *body, v value, text string) (State, error) {
	switch s := State(strings.ToUpper(text)); s {
	case Running, Paused, Stopped:
		return s, nil
	}
	return "", Errorf(http.StatusInternalServerError,
		"Cannot construct instance of `%s$InitialState`, problem: No enum constant %s.InitialState.%s%s (through reference chain: %s[\"initial_state\"])",
		creationClass, creationClass, strings.ToUpper(text), b.at(v.end), creationClass)
}

// config reads a configuration. A null is as good as a missing key.
func (b *body) config(v value) (map[string]string, error) {
	if v.null() {
		return nil, errNoConfig
	}
	members, err := b.strings(v)
	if err != nil {
		return nil, err
	}
	config := make(map[string]string, len(members))
	for key, text := range members {
		if text != nil {
			config[key] = *text
		}
	}
	return config, nil
}

// named puts the connector's name into its configuration, where no other may stand.
func named(config map[string]string, name string) error {
	if given, found := config["name"]; found && given != name {
		return Errorf(http.StatusBadRequest, "Connector name configuration (%s) doesn't match connector name in the URL (%s)", given, name)
	}
	config["name"] = name
	return nil
}

// created is an answer about a connector that was made. The Location is a whole URL, as Kafka's.
func created(r *http.Request, info *Info) *answer {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return &answer{code: http.StatusCreated, location: fmt.Sprintf("%s://%s/connectors/%s", scheme, r.Host, url.PathEscape(info.Name)), body: info}
}

// flat reads a body that is a configuration.
func flat(r *http.Request) (map[string]string, error) {
	b, err := readBody(r)
	if err != nil {
		return nil, err
	}
	v, err := b.whole()
	if err != nil {
		return nil, err
	}
	return b.config(v)
}

func (a *api) put(r *http.Request) (*answer, error) {
	name := r.PathValue("name")
	config, err := flat(r)
	if err != nil {
		return nil, err
	}
	if err := named(config, name); err != nil {
		return nil, err
	}
	info, isNew, err := a.herder.Put(r.Context(), name, config)
	switch {
	case err != nil:
		return nil, err
	case isNew:
		return created(r, info), nil
	}
	return ok(info), nil
}

func (a *api) patch(r *http.Request) (*answer, error) {
	b, err := readBody(r)
	if err != nil {
		return nil, err
	}
	v, err := b.whole()
	if err != nil {
		return nil, err
	}
	changes, err := b.strings(v)
	if err != nil {
		return nil, err
	}
	info, err := a.herder.Patch(r.Context(), r.PathValue("name"), changes)
	if err != nil {
		return nil, err
	}
	return ok(info), nil
}

func (a *api) remove(r *http.Request) (*answer, error) {
	if err := a.herder.Delete(r.Context(), r.PathValue("name")); err != nil {
		return nil, err
	}
	return &answer{code: http.StatusNoContent}, nil
}

func (a *api) info(r *http.Request) (*answer, error) {
	info, err := a.herder.Info(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return ok(info), nil
}

func (a *api) config(r *http.Request) (*answer, error) {
	info, err := a.herder.Info(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return ok(info.Config), nil
}

func (a *api) status(r *http.Request) (*answer, error) {
	status, err := a.herder.Status(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return ok(status), nil
}

func (a *api) tasks(r *http.Request) (*answer, error) {
	tasks, err := a.herder.Tasks(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return ok(append([]Task{}, tasks...)), nil
}

func (a *api) tasksConfig(r *http.Request) (*answer, error) {
	tasks, err := a.herder.Tasks(r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	configs := map[string]map[string]string{}
	for _, t := range tasks {
		configs[fmt.Sprintf("%s-%d", t.ID.Connector, t.ID.Task)] = t.Config
	}
	return ok(configs), nil
}

func (a *api) taskStatus(r *http.Request) (*answer, error) {
	task, err := taskNumber(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if status, err := a.herder.Status(name); err == nil && task >= 0 && task < len(status.Tasks) {
		return ok(status.Tasks[task]), nil
	}
	return nil, Errorf(http.StatusNotFound, "No status found for task %s-%d", name, task)
}

// target makes the method that asks for a state.
func (a *api) target(s State, code int) method {
	return func(r *http.Request) (*answer, error) {
		if err := a.herder.SetState(r.Context(), r.PathValue("name"), s); err != nil {
			return nil, err
		}
		return &answer{code: code}, nil
	}
}

// restart answers with what it restarts if it was told what that is to be (KIP-745).
func (a *api) restart(r *http.Request) (*answer, error) {
	q := r.URL.Query()
	o := Restart{IncludeTasks: flag(q, "includeTasks"), OnlyFailed: flag(q, "onlyFailed")}
	status, err := a.herder.Restart(r.Context(), r.PathValue("name"), o)
	switch {
	case err != nil:
		return nil, err
	case o == Restart{}:
		return &answer{code: http.StatusNoContent}, nil
	}
	return &answer{code: http.StatusAccepted, body: status}, nil
}

func (a *api) restartTask(r *http.Request) (*answer, error) {
	task, err := taskNumber(r)
	if err != nil {
		return nil, err
	}
	if err := a.herder.RestartTask(r.Context(), r.PathValue("name"), task); err != nil {
		return nil, err
	}
	return &answer{code: http.StatusNoContent}, nil
}

func (a *api) topics(r *http.Request) (*answer, error) {
	name := r.PathValue("name")
	topics, err := a.herder.Topics(name)
	if err != nil {
		return nil, err
	}
	return ok(map[string]map[string][]string{name: {"topics": append([]string{}, topics...)}}), nil
}

func (a *api) resetTopics(r *http.Request) (*answer, error) {
	if err := a.herder.ResetTopics(r.PathValue("name")); err != nil {
		return nil, err
	}
	return &answer{code: http.StatusAccepted}, nil
}
