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
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/eventsource"
	"github.com/connectless/connectless/core/host/lambdahost"
	"github.com/connectless/connectless/core/kafka"
	"github.com/connectless/connectless/infra/local/events"
)

// References that stand for the embedded Cosmos DB when the environment says nothing else.
const (
	CosmosEndpointVariable = "COSMOS_ENDPOINT"
	CosmosKeyVariable      = "COSMOS_KEY"
)

const (
	enableTime = 30 * time.Second // for a mapping to join its group
	// stopTime is what running invocations get to end when the cloud is stopped.
	stopTime = 10 * time.Second
)

// running is a connector that was deployed.
type running struct {
	d        Deployment
	function *lambdahost.Function
	mappings []*eventsource.Mapping
}

// deploy makes what a connector consists of. The result is what there is to be stopped, also with an error.
func (c *Cloud) deploy(ctx context.Context, d Deployment) (*running, error) {
	doc := function.Document{Config: d.Config, Worker: maps.Clone(d.Worker)}
	doc.Worker["bootstrap.servers"] = strings.Join(c.brokers, ",")
	doc.Trigger.ReportBatchItemFailures = c.o.Mapping.ReportItems
	root := filepath.Join(c.dir, url.PathEscape(d.Name))
	if err := writeTaskRoot(root, doc); err != nil {
		return nil, err
	}
	topics, err := c.topics(ctx, d)
	if err != nil {
		return nil, err
	}
	f, err := lambdahost.New(lambdahost.Config{
		Name: d.Name, Path: d.Binary, TaskRoot: root, Env: c.environment(d),
		MemoryMB: c.o.Mapping.MemoryMB, Timeout: c.o.Mapping.Timeout, MaxConcurrency: d.TasksMax,
		Log: func(l lambdahost.LogLine) {
			c.o.Report(events.Event{Time: l.Time, Kind: events.Log, Connector: d.Name, Message: l.Text})
		},
	})
	if err != nil {
		return nil, err
	}
	r := &running{d: d, function: f}
	if err := f.Warm(ctx); err != nil { // a configuration that the function refuses shows now, not with the first record
		return r, refusal(err)
	}
	for _, topic := range topics {
		m, err := eventsource.Start(c.mapping(r, topic, len(topics)))
		if err != nil {
			return r, err
		}
		r.mappings = append(r.mappings, m)
	}
	ctx, cancel := context.WithTimeout(ctx, enableTime)
	defer cancel()
	for _, m := range r.mappings {
		if err := m.WaitEnabled(ctx); err != nil {
			return r, err
		}
	}
	c.o.Report(events.Event{Time: time.Now(), Kind: events.Started, Connector: d.Name, Message: fmt.Sprintf(
		"%s reads %s as %s", d.Definition, strings.Join(topics, ", "), c.group(d, "", 1))})
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
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return diskError(dir, fmt.Errorf("task root: %w", err))
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("task root: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "connector.json"), append(b, '\n'), 0o644); err != nil {
		return diskError(dir, fmt.Errorf("task root: %w", err))
	}
	return nil
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

// topics are those that the connector reads now. A mapping reads one topic, so topics.regex stands for those that exist.
func (c *Cloud) topics(ctx context.Context, d Deployment) ([]string, error) {
	if d.TopicsRegex == "" {
		return d.Topics, nil
	}
	pattern, err := regexp.Compile("^(?:" + d.TopicsRegex + ")$")
	if err != nil {
		return nil, fmt.Errorf("topics.regex: %w", err)
	}
	opts, err := c.clientOptions(d)
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.brokers...)}, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("topics.regex: %w", err)
	}
	defer client.Close()
	all, err := kadm.NewClient(client).ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("topics.regex: %w", err)
	}
	topics := slices.DeleteFunc(all.Names(), func(name string) bool { return !pattern.MatchString(name) })
	if len(topics) == 0 {
		return nil, fmt.Errorf("no topic matches topics.regex = %s: create one first, an event source mapping reads topics that exist", d.TopicsRegex)
	}
	return topics, nil
}

// clientOptions are what it takes to talk to a cluster that is not the embedded one.
func (c *Cloud) clientOptions(d Deployment) ([]kgo.Opt, error) {
	if c.broker != nil {
		return nil, nil
	}
	var client kafka.Client
	if err := config.Parse(d.Consumer, &client).Err(); err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}
	return client.Options()
}

func (c *Cloud) mapping(r *running, topic string, topics int) eventsource.Config {
	m := c.o.Mapping
	cfg := eventsource.Config{
		Function: r.function, FunctionARN: r.function.ARN(),
		Brokers: c.brokers, Topic: topic, ConsumerGroup: c.group(r.d, topic, topics),
		BatchSize: m.BatchSize, MaximumBatchingWindow: &m.BatchWindow, ReportBatchItemFailures: m.ReportItems,
		OnInvocation: func(inv eventsource.Invocation) { c.o.Report(r.event(topic, inv, m.MemoryMB)) },
		Logger:       slog.New(newProblemLog(r.d.Name, c.o.Report)),
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

// group is the consumer group of a mapping. Mappings must not share one.
func (c *Cloud) group(d Deployment, topic string, topics int) string {
	if topics == 1 {
		return d.Group
	}
	return d.Group + "." + topic
}

func (r *running) event(topic string, inv eventsource.Invocation, memory int) events.Event {
	e := &events.Invocation{
		RequestID: inv.RequestID, Topic: topic, Records: inv.Records, Bytes: inv.Bytes, Attempt: inv.Attempt,
		Start: inv.Start, End: inv.Start.Add(inv.Duration),
		DurationMS: millis(inv.Function.Duration), BilledMS: millis(inv.Function.Billed),
		Cold: inv.Function.Cold, InitMS: millis(inv.Function.Init),
		MemoryMB: memory, PeakMemoryMB: float64(r.function.Stats().PeakRSS) / (1 << 20),
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

// stop ends the mappings, then the function's processes.
func (r *running) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var closing sync.WaitGroup
	for _, m := range r.mappings {
		// What Close can complain of is that invocations were given up; their records come again after the next start.
		closing.Go(func() { _ = m.Close(ctx) })
	}
	closing.Wait()
	_ = r.function.Close(ctx) // never fails
}
