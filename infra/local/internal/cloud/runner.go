package cloud

import (
	"context"

	"github.com/connectless/connectless/core/host/eventsource"
	"github.com/connectless/connectless/core/rest/herder"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

var _ herder.Runner = (*Cloud)(nil)

// Start implements [herder.Runner]: it makes the connector's topics, its function and the mappings that call it.
func (c *Cloud) Start(ctx context.Context, s *herder.Spec) (tasks int, err error) {
	d, err := c.o.Prepare(c.describe(ctx, s))
	if err != nil {
		return 0, err
	}
	r, err := c.deploy(ctx, d, s)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connectors[s.Name] = r
	return d.TasksMax, nil
}

// describe tells what is to be known of a connector before it is started, and of one that is not.
func (c *Cloud) describe(ctx context.Context, s *herder.Spec) *connector.Connector {
	return connector.Describe(ctx, c.o.Catalog, s.Verdict, c.Worker(), s.Config)
}

// running returns a connector that was started, else nil.
func (c *Cloud) running(name string) *running {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connectors[name]
}

// Stop implements [herder.Runner]: it removes the mappings, the function and its task root.
func (c *Cloud) Stop(ctx context.Context, name string) {
	c.mu.Lock()
	r := c.connectors[name]
	delete(c.connectors, name)
	c.mu.Unlock()
	r.stop(ctx)
}

// Pause implements [herder.Runner].
func (c *Cloud) Pause(ctx context.Context, name string) error {
	return c.running(name).update(ctx, func(m *eventsource.Config) { m.Disabled = true })
}

// Resume implements [herder.Runner]. It returns when the connector reads; what keeps it from that shows in its health.
func (c *Cloud) Resume(ctx context.Context, name string) error {
	r := c.running(name)
	if err := r.update(ctx, func(m *eventsource.Config) { m.Disabled = false }); err != nil {
		return err
	}
	_ = r.waitEnabled(ctx)
	return nil
}

// RestartTasks implements [herder.Runner]. Tasks share the processes of the function, so that is what is replaced: a
// process that is new has read files and variables anew. One that does not start shows in the health.
func (c *Cloud) RestartTasks(ctx context.Context, name string, _ []int) error {
	r := c.running(name)
	f, err := c.function(r.d, r.root)
	if err != nil {
		return err
	}
	return r.replace(ctx, f, f.Warm(ctx))
}

// Health implements [herder.Runner].
func (c *Cloud) Health(name string) (herder.Health, []herder.Health) {
	r := c.running(name)
	if r == nil {
		return herder.Health{}, nil
	}
	return herder.Health{}, r.health()
}
