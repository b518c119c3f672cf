package provider_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/connectless/connectless/connectors"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/rest"
	"github.com/connectless/connectless/core/rest/herder"
	"github.com/connectless/connectless/core/transform"
)

// localCloud is the REST API of the local cloud, over connectors that run nothing.
type localCloud struct {
	url    string
	runner *idle
	herder *herder.Herder
}

func newLocalCloud(t *testing.T) *localCloud {
	t.Helper()
	catalog := &config.Catalog{Plugins: append(transform.Plugins(), convert.Plugins()...)}
	for _, d := range connectors.All() {
		catalog.Connectors = append(catalog.Connectors, d.Declaration())
	}
	c := &localCloud{runner: &idle{health: map[string]herder.Health{}, starts: map[string]int{}}}
	var err error
	c.herder, err = herder.Open(herder.Options{
		Catalog: catalog, Runner: c.runner, Address: "127.0.0.1:8083", Log: slog.New(slog.DiscardHandler),
		Worker: map[string]string{
			"bootstrap.servers": "127.0.0.1:9092", "key.converter": "org.apache.kafka.connect.storage.StringConverter",
			"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(rest.Handler(c.herder, slog.New(slog.DiscardHandler)))
	c.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if err := c.herder.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return c
}

// terraform is Terraform with a provider that is configured for the local cloud.
func (c *localCloud) terraform(t *testing.T, providerLines string) *terraform {
	t.Helper()
	tf := newTerraform(t)
	tf.vars["url"] = cty.StringVal(c.url)
	tf.noErrors(tf.configure(`provider "connectless" {
		connect_rest {
			url = var.url
		}
		` + providerLines + `
	}`))
	return tf
}

// idle is a Runner of connectors that do nothing.
type idle struct {
	mu     sync.Mutex
	health map[string]herder.Health // of tasks
	starts map[string]int
}

func (i *idle) Start(_ context.Context, s *herder.Spec) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.starts[s.Name]++
	return s.Verdict.Effective.Common().TasksMax, nil
}
func (i *idle) Stop(context.Context, string)                                       {}
func (i *idle) Pause(context.Context, string) error                                { return nil }
func (i *idle) Resume(context.Context, string) error                               { return nil }
func (i *idle) RestartTasks(context.Context, string, []int) error                  { return nil }
func (i *idle) Positions(context.Context, *herder.Spec) ([]herder.Position, error) { return nil, nil }
func (i *idle) SetPositions(context.Context, *herder.Spec, []herder.Position) error {
	return nil
}

func (i *idle) Health(name string) (herder.Health, []herder.Health) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return herder.Health{}, []herder.Health{i.health[name]}
}

func (i *idle) fail(name, trace string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.health[name] = herder.Health{Failed: trace != "", Trace: trace}
}

func (i *idle) started(name string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.starts[name]
}
