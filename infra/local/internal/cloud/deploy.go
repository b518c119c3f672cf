package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/eventsource"
	"github.com/connectless/connectless/core/host/lambdahost"
	"github.com/connectless/connectless/core/rest/herder"
	"github.com/connectless/connectless/infra/local/events"
)

// References that stand for the embedded Cosmos DB when the environment says nothing else.
const (
	CosmosEndpointVariable = "COSMOS_ENDPOINT"
	CosmosKeyVariable      = "COSMOS_KEY"
)

// enableTime is what a mapping gets to join its group.
const enableTime = 30 * time.Second

// running is a connector that was started.
type running struct {
	d        Deployment
	root     string                          // task root
	mappings map[string]*eventsource.Mapping // by topic

	mu       sync.Mutex
	function *lambdahost.Function
	refused  herder.Health          // why the function does not start, until it does
	faults   map[part]herder.Health // of partitions whose last call failed
}

// deploy makes what a connector consists of. With an error it leaves nothing.
func (c *Cloud) deploy(ctx context.Context, d Deployment, s *herder.Spec) (_ *running, err error) {
	topics, err := c.openTopics(ctx, d.Connector)
	if err != nil {
		return nil, err
	}
	r := &running{
		d: d, root: filepath.Join(c.dir, url.PathEscape(d.Name)),
		mappings: map[string]*eventsource.Mapping{}, faults: map[part]herder.Health{},
	}
	defer func() {
		if err != nil {
			r.stop(ctx)
		}
	}()
	doc := function.Document{Config: d.Config, Worker: d.Worker}
	doc.Trigger.ReportBatchItemFailures = c.o.Mapping.ReportItems
	if err := writeTaskRoot(r.root, doc); err != nil {
		return nil, err
	}
	if r.function, err = c.function(d, r.root); err != nil {
		return nil, err
	}
	if err := r.function.Warm(ctx); err != nil { // a configuration that the function refuses shows now, not with the first record
		return nil, refusal(err)
	}
	for _, topic := range topics {
		cfg := c.mapping(r, topic, len(topics), s.Used)
		cfg.Disabled = s.Paused
		m, err := eventsource.Start(cfg)
		if err != nil {
			return nil, err
		}
		r.mappings[topic] = m
	}
	if !s.Paused {
		if err := r.waitEnabled(ctx); err != nil {
			return nil, err
		}
	}
	c.o.Report(events.Event{Time: time.Now(), Kind: events.Started, Connector: d.Name, Message: fmt.Sprintf(
		"%s reads %s as %s", d.Definition, strings.Join(topics, ", "), d.Group)})
	return r, nil
}

// refusal is why a function does not start. What it says itself is enough; its output is for when it says nothing.
func refusal(err error) error {
	init, ok := errors.AsType[*host.InitError](err)
	if !ok || strings.HasPrefix(init.Type, "Runtime.") || init.Type == host.ErrorTypeTimeout {
		return err
	}
	return fmt.Errorf("the function does not start: %s", init.Message)
}

func writeTaskRoot(dir string, doc function.Document) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return diskError(dir, fmt.Errorf("task root: %w", err))
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("task root: %w", err)
	}
	// It holds passwords if the configuration does.
	if err := os.WriteFile(filepath.Join(dir, "connector.json"), append(b, '\n'), 0o600); err != nil {
		return diskError(dir, fmt.Errorf("task root: %w", err))
	}
	return nil
}

// function makes the connector's function; nothing of it runs yet.
func (c *Cloud) function(d Deployment, root string) (*lambdahost.Function, error) {
	return lambdahost.New(lambdahost.Config{
		Name: d.Name, Path: d.Binary, TaskRoot: root, Env: c.environment(d),
		MemoryMB: c.o.Mapping.MemoryMB, Timeout: c.o.Mapping.Timeout, MaxConcurrency: d.TasksMax,
		Log: func(l lambdahost.LogLine) {
			c.o.Report(events.Event{Time: l.Time, Kind: events.Log, Connector: d.Name, Message: l.Text})
		},
	})
}

// environment is the variables that the connector's references need, and no others.
func (c *Cloud) environment(d Deployment) map[string]string {
	env := maps.Clone(d.Env)
	if env == nil {
		env = map[string]string{}
	}
	for name, value := range map[string]string{CosmosEndpointVariable: c.CosmosEndpoint(), CosmosKeyVariable: cosmostest.Key} {
		if _, set := env[name]; !set && c.cosmos != nil && slices.Contains(d.Environment, name) {
			env[name] = value
		}
	}
	return env
}

func (c *Cloud) mapping(r *running, topic string, topics int, used func(topic string)) eventsource.Config {
	m := c.o.Mapping
	cfg := eventsource.Config{
		Function: r.function, FunctionARN: r.function.ARN(),
		Brokers: c.brokers, Topic: topic, ConsumerGroup: group(r.d.Connector, topic, topics),
		BatchSize: m.BatchSize, MaximumBatchingWindow: &m.BatchWindow, ReportBatchItemFailures: m.ReportItems,
		// As in Kafka Connect a topic is in use before what is read from it is delivered: who sees a record sees its topic.
		BeforeInvocation: func() { used(topic) },
		OnInvocation: func(inv eventsource.Invocation) {
			r.note(topic, inv)
			c.o.Report(r.event(topic, inv, m.MemoryMB))
		},
		Logger: slog.New(newProblemLog(r.d.Name, c.o.Report)),
	}
	if r.d.Latest {
		cfg.StartingPosition = eventsource.Latest
	}
	if m.Provisioned {
		cfg.Provisioned = &eventsource.Provisioned{MaximumPollers: r.d.TasksMax}
	} else {
		cfg.Lanes = r.d.TasksMax
	}
	return cfg
}

// current is the function that is called now.
func (r *running) current() *lambdahost.Function {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.function
}

// replace has another function called in the place of the current one, which it closes. problem is why the new one does
// not start, nil if it does.
func (r *running) replace(ctx context.Context, f *lambdahost.Function, problem error) error {
	r.mu.Lock()
	old := r.function
	r.function, r.refused = f, herder.Health{}
	if problem != nil {
		r.refused = healthOf(problem)
	}
	r.mu.Unlock()
	err := r.update(ctx, func(m *eventsource.Config) { m.Function = f })
	r.mu.Lock()
	clear(r.faults) // of the old one
	r.mu.Unlock()
	_ = old.Close(ctx) // what it complains of is that invocations were given up; their records come again
	return err
}

// each does something with every mapping at the same time.
func (r *running) each(do func(*eventsource.Mapping) error) error {
	var doing sync.WaitGroup
	errs := make(chan error, len(r.mappings))
	for _, m := range r.mappings {
		doing.Go(func() { errs <- do(m) })
	}
	doing.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// update changes every mapping. Invocations that run may end until ctx is done.
func (r *running) update(ctx context.Context, change func(*eventsource.Config)) error {
	return r.each(func(m *eventsource.Mapping) error { return m.Update(ctx, change) })
}

// waitEnabled returns when every mapping reads.
func (r *running) waitEnabled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, enableTime)
	defer cancel()
	return r.each(func(m *eventsource.Mapping) error { return m.WaitEnabled(ctx) })
}

// stop ends the mappings, then the function's processes, and removes the task root.
func (r *running) stop(ctx context.Context) {
	// What closing can complain of is that invocations were given up; their records come again after the next start.
	_ = r.each(func(m *eventsource.Mapping) error { return m.Close(ctx) })
	if r.function != nil {
		_ = r.function.Close(ctx)
	}
	_ = os.RemoveAll(r.root) // what is left is overwritten by the next start
}

func (r *running) event(topic string, inv eventsource.Invocation, memory int) events.Event {
	e := &events.Invocation{
		RequestID: inv.RequestID, Topic: topic, Records: inv.Records, Bytes: inv.Bytes, Attempt: inv.Attempt,
		Start: inv.Start, End: inv.Start.Add(inv.Duration),
		DurationMS: millis(inv.Function.Duration), BilledMS: millis(inv.Function.Billed),
		Cold: inv.Function.Cold, InitMS: millis(inv.Function.Init),
		MemoryMB: memory, PeakMemoryMB: float64(r.current().Stats().PeakRSS) / (1 << 20),
		Failed: inv.Failed,
	}
	for _, p := range inv.Partitions {
		e.Partitions = append(e.Partitions, events.Range{Partition: p.Partition, First: p.First, Last: p.Last, Records: p.Records})
	}
	if inv.Err != nil {
		e.Error = inv.Err.Error()
	}
	return events.Event{Time: e.End, Kind: events.Invoked, Connector: r.d.Name, Invocation: e}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
