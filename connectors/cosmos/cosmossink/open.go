package cosmossink

import (
	"context"
	"fmt"
	"net/http"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

// defaultConcurrency is how many requests a sink has in flight: enough to hide the latency of point writes, few enough
// for the connections of a small function.
const defaultConcurrency = 16

// Options are what settings do not say. The zero value is what a function runs with.
type Options struct {
	// Transport sends the requests; nil means connections of our own, shared by all sinks of the process with the same
	// account. It must follow the rules of http.RoundTripper, and return when a request's context ends.
	Transport http.RoundTripper
	// Concurrency bounds the requests in flight; 0 means 16.
	Concurrency int
}

// Open returns a sink for settings that [config.Parse] has filled. It sends nothing: what it needs to know about the
// account and its containers is read with the first records. Close the sink to give its connections back.
func Open(ctx context.Context, settings config.Definer) (connect.Sink, error) {
	return Options{}.Open(ctx, settings)
}

// Open is [Open] with options.
func (o Options) Open(_ context.Context, settings config.Definer) (connect.Sink, error) {
	cfg, ok := settings.(*cosmos.SinkConfig)
	if !ok {
		return nil, connect.Fatal(fmt.Errorf("cosmossink: settings are %T, want *cosmos.SinkConfig", settings))
	}
	c, err := lease(cfg, o.Transport)
	if err != nil {
		return nil, connect.Fatal(err)
	}
	n := o.Concurrency
	if n <= 0 {
		n = defaultConcurrency
	}
	return &sink{
		cfg: cfg, client: c, concurrency: n, free: make(chan *job, n+1),
		targets: make(map[string]*target), index: make(map[string]int),
	}, nil
}
