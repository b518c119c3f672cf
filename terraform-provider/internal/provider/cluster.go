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

	mu     sync.Mutex
	facts  *facts
	err    error // instead of facts
	failed time.Time
}

// facts are what a plan has to know of a cluster. They do not change while Terraform runs.
type facts struct {
	ours    bool // it is the local cloud
	plugins []connectrest.Plugin
}

// planPatience is how long a plan waits for a cluster.
const planPatience = 10 * time.Second

// ask returns the facts. That there is no answer is kept for a while, or a plan would wait again for every connector.
func (c *cluster) ask(ctx context.Context) (*facts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.facts != nil {
		return c.facts, nil
	}
	if c.err != nil && time.Since(c.failed) < planPatience {
		return nil, c.err
	}
	c.facts, c.err = c.find(ctx)
	c.failed = time.Now()
	return c.facts, c.err
}

func (c *cluster) find(ctx context.Context) (*facts, error) {
	ctx, cancel := context.WithTimeout(ctx, planPatience)
	defer cancel()
	client := c.client.Once()
	plugins, err := client.Plugins(ctx, false)
	if err != nil {
		return nil, err
	}
	// The local cloud knows connectors by our short names, which no Java class can have.
	_, err = client.Keys(ctx, connectors.All()[0].Name)
	if err != nil && !connectrest.IsNotFound(err) {
		return nil, err
	}
	tflog.Debug(ctx, "asked what runs connectors", map[string]any{"url": client.URL(), "connectless": err == nil})
	return &facts{ours: err == nil, plugins: plugins}, nil
}

// unknown is an error that lists the connectors there are, if a value of connector.class names none of them.
func (c *cluster) unknown(ctx context.Context, f *facts, class string) error {
	var listed config.Catalog
	for _, p := range f.plugins {
		if p.Type == "sink" || p.Type == "source" {
			listed.Connectors = append(listed.Connectors, config.Connector{Name: p.Class[strings.LastIndexByte(p.Class, '.')+1:], Classes: []string{p.Class}})
		}
	}
	_, err := listed.Connector(class)
	if err == nil {
		return nil
	}
	if _, refused := c.client.Once().Keys(ctx, class); !connectrest.IsNotFound(refused) { // a name that is not listed
		return nil
	}
	return err
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
