package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/rest"
	"github.com/connectless/connectless/core/rest/herder"
	"github.com/connectless/connectless/infra/local/events"
	"github.com/connectless/connectless/infra/local/internal/cloud"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

// stopTime is what running requests and invocations get to end when everything is stopped.
const stopTime = 10 * time.Second

// localCloud is what connectless local runs.
type localCloud struct {
	flags  *localFlags
	worker map[string]string
	shelf  *shelf
	given  []*connector.Connector // by --connector
}

// serve runs until ctx is done, or until nothing can work any more, which is an error.
func (l *localCloud) serve(ctx context.Context, r *reporter) (err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	server, err := listen(l.flags.restAddr) // before anything is made, so that a busy port costs nothing
	if err != nil {
		return err
	}
	if server != nil {
		defer func() { err = errors.Join(err, closing(server.Close)) }()
	}
	c, err := cloud.Start(l.options(r, fail))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()

	// The loggers have the names of what they stand for in a Kafka Connect worker: tools ask for these.
	levels, log := herder.NewLevels(), &workerLog{report: r.report}
	o := herder.Options{
		Catalog: l.shelf.catalog, Worker: c.Worker(), Runner: c, Commit: version, Cluster: c.ID(ctx),
		Levels: levels, Log: slog.New(levels.Filter("org.apache.kafka.connect.runtime.Worker", log.handler())),
	}
	addresses := &events.Addresses{Kafka: strings.Join(c.Brokers(), ","), Cosmos: c.CosmosEndpoint()}
	if server != nil {
		o.Address = server.Addr()
		addresses.REST = "http://" + o.Address
	}
	if l.flags.dataDir != "" {
		o.Dir = filepath.Join(l.flags.dataDir, "connectors")
	}
	h, err := herder.Open(o)
	if err != nil {
		return err
	}
	// What it can complain of is that invocations were given up; their records come again after the next start.
	defer func() { _ = closing(h.Close) }()
	if err := l.settle(ctx, h, r); err != nil {
		return cmp.Or(causeOf(ctx), err)
	}
	log.open.Store(true)
	if server != nil {
		server.Serve(rest.Handler(h, slog.New(levels.Filter("org.apache.kafka.connect.runtime.rest.RestServer", log.handler()))))
	}
	r.report(events.Event{Time: time.Now(), Kind: events.Ready, Addresses: addresses})
	<-ctx.Done()
	return causeOf(ctx)
}

// listen takes the address of the REST API; "" is none.
func listen(addr string) (*rest.Server, error) {
	if addr == "" {
		return nil, nil
	}
	server, err := rest.Listen(addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the REST API cannot listen on %s: the port is in use by another program; choose another with --rest-addr", addr)
	case err != nil:
		return nil, fmt.Errorf("the REST API cannot listen: %w", err)
	}
	return server, nil
}

// closing closes something that gives up what runs when its context is done.
func closing(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return f(ctx)
}

func (l *localCloud) options(r *reporter, fail func(error)) cloud.Options {
	f := l.flags
	o := cloud.Options{
		KafkaAddr: f.kafkaAddr, CosmosAddr: f.cosmosAddr, DataDir: f.dataDir, Partitions: f.partitions,
		Catalog: l.shelf.catalog, Worker: l.worker, Mapping: f.mapping, Prepare: l.deployment, Report: r.report, Fatal: fail,
	}
	if f.bootstrapServers != "" {
		o.BootstrapServers = config.SplitList(f.bootstrapServers)
	}
	return o
}

// settle puts the connectors of the command line there and waits until every connector is what it should be. One of the
// command line that does not start is an error; one that was kept from an earlier run is not, because it can be mended
// over the REST API.
func (l *localCloud) settle(ctx context.Context, h *herder.Herder, r *reporter) error {
	for _, k := range l.given {
		if _, _, err := h.Put(ctx, k.Name, k.Config); err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
	}
	if err := h.Settle(ctx); err != nil {
		return err
	}
	for _, name := range h.Names() {
		s, err := h.Status(name)
		if err != nil {
			return err
		}
		if s.Connector.State != rest.Failed {
			continue
		}
		if slices.ContainsFunc(l.given, func(k *connector.Connector) bool { return k.Name == name }) {
			return fmt.Errorf("%s: %s", name, s.Connector.Trace)
		}
		r.report(events.Event{Time: time.Now(), Kind: events.Problem, Connector: name, Message: s.Connector.Trace})
	}
	return nil
}

// causeOf is why the cloud failed, nil when the user ended it or nobody did.
func causeOf(ctx context.Context) error {
	if cause := context.Cause(ctx); !slices.Contains([]error{nil, context.Canceled}, cause) {
		return cause
	}
	return nil
}

// workerLog makes events of what the REST API and the herder log. Until it is open it drops everything: what goes wrong
// before that is reported or returned.
type workerLog struct {
	open   atomic.Bool
	report func(events.Event)
}

func (w *workerLog) Write(line []byte) (int, error) {
	if w.open.Load() {
		w.report(events.Event{Time: time.Now(), Kind: events.Worker, Message: strings.TrimSuffix(string(line), "\n")})
	}
	return len(line), nil
}

// handler writes lines that begin with their level.
func (w *workerLog) handler() slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug - 4, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey { // the event has it
			return slog.Attr{}
		}
		return a
	}})
}
