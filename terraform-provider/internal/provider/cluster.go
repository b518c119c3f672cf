package provider

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/connectless/connectless/connectors"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/transform"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
)

// catalog is everything that the functions know, as declarations.
func catalog() *config.Catalog {
	c := &config.Catalog{Plugins: append(transform.Plugins(), convert.Plugins()...)}
	for _, d := range connectors.All() {
		c.Connectors = append(c.Connectors, d.Declaration())
	}
	return c
}

// cluster is a Kafka Connect cluster, or the local cloud, which speaks like one.
type cluster struct {
	client *connectrest.Client

	mu    sync.Mutex
	facts *facts
}

// facts are what a plan has to know of a cluster. They do not change while Terraform runs.
type facts struct {
	ours    bool // it is the local cloud
	plugins []connectrest.Plugin
}

// planPatience is how long a plan waits for a cluster.
const planPatience = 10 * time.Second

// ask returns the facts; only answers are kept.
func (c *cluster) ask(ctx context.Context) (*facts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.facts != nil {
		return c.facts, nil
	}
	ctx, cancel := context.WithTimeout(ctx, planPatience)
	defer cancel()
	client := c.client.Once()
	server, err := client.Server(ctx)
	if err != nil {
		return nil, err
	}
	plugins, err := client.Plugins(ctx, false)
	if err != nil {
		return nil, err
	}
	c.facts = &facts{ours: isOurs(server, plugins), plugins: plugins}
	tflog.Debug(ctx, "asked what runs connectors", map[string]any{"url": client.URL(), "version": server.Version, "connectless": c.facts.ours})
	return c.facts, nil
}

// isOurs says whether the local cloud answered: it says so, or it has a connector by one of our short names, which no Java
// class has.
func isOurs(server connectrest.Server, plugins []connectrest.Plugin) bool {
	if strings.Contains(strings.ToLower(server.Version+" "+server.Commit), "connectless") {
		return true
	}
	for _, d := range connectors.All() {
		for _, p := range plugins {
			if p.Class == d.Name {
				return true
			}
		}
	}
	return false
}

// connector finds the plugin that a value of connector.class names.
func (f *facts) connector(class string) (connectrest.Plugin, error) {
	var c config.Catalog
	for _, p := range f.plugins {
		if p.Type == "sink" || p.Type == "source" {
			c.Connectors = append(c.Connectors, config.Connector{
				Name: p.Class[strings.LastIndexByte(p.Class, '.')+1:], Classes: []string{p.Class}, Kind: p.Type, Version: p.Version,
			})
		}
	}
	found, err := c.Connector(class)
	if err != nil {
		return connectrest.Plugin{}, err
	}
	return connectrest.Plugin{Class: found.Classes[0], Type: found.Kind, Version: found.Version}, nil
}

// need returns the cluster, or says why there is none.
func (d *configured) need(ds *diag.Diagnostics, at path.Path) *cluster {
	switch {
	case d == nil || d.connect == nil && d.later:
		ds.AddAttributeError(at, "The Kafka Connect cluster is not known yet", "The provider's connect_rest block depends on values that are known only after something else has been created. Create that first, with -target.")
	case d.connect == nil:
		ds.AddAttributeError(at, "There is no Kafka Connect cluster", "Neither the provider's connect_rest block has a url, nor is the environment variable "+envURL+" set.")
	default:
		return d.connect
	}
	return nil
}
