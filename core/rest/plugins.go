package rest

import (
	"net/http"
	"strings"

	"github.com/connectless/connectless/core/config"
)

func (a *api) plugins(r *http.Request) (*answer, error) {
	q := r.URL.Query()
	connectorsOnly := !q.Has("connectorsOnly") || flag(q, "connectorsOnly")
	return ok(append([]Plugin{}, a.herder.Plugins(connectorsOnly)...)), nil
}

func (a *api) pluginKeys(r *http.Request) (*answer, error) {
	keys, err := a.herder.Keys(r.PathValue("plugin"))
	if err != nil {
		return nil, err
	}
	return ok(append([]config.KeyInfo{}, keys...)), nil
}

func (a *api) validate(r *http.Request) (*answer, error) {
	props, err := flat(r)
	if err != nil {
		return nil, err
	}
	infos, err := a.herder.Validate(r.PathValue("plugin"), props)
	if err != nil {
		return nil, err
	}
	return ok(infos), nil
}

func (a *api) loggers(*http.Request) (*answer, error) { return ok(a.herder.Loggers()), nil }

func (a *api) logger(r *http.Request) (*answer, error) {
	l, err := a.herder.Logger(r.PathValue("logger"))
	if err != nil {
		return nil, err
	}
	return ok(l), nil
}

// setLevel sets a level on this worker, or on all of the cluster: here that is the same but for the answer (KIP-976).
func (a *api) setLevel(r *http.Request) (*answer, error) {
	b, err := readBody(r)
	if err != nil {
		return nil, err
	}
	v, err := b.whole()
	if err != nil {
		return nil, err
	}
	members, err := b.strings(v)
	if err != nil {
		return nil, err
	}
	level := members["level"]
	if level == nil {
		return nil, Errorf(http.StatusBadRequest, "Desired 'level' parameter was not specified in request.")
	}
	changed, err := a.herder.SetLevel(r.PathValue("logger"), *level)
	switch {
	case err != nil:
		return nil, err
	case strings.EqualFold(r.URL.Query().Get("scope"), "cluster"):
		return &answer{code: http.StatusNoContent}, nil
	}
	return ok(changed), nil
}
