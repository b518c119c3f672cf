package connector

import (
	"context"
	"fmt"
	"maps"
	"os"

	"github.com/connectless/connectless/core/config"
)

// Connector is a connector that was judged without an error. It is not changed after it was made.
type Connector struct {
	Name       string
	Definition string // our short name of connector.class
	Kind       string // sink, source or feed
	Config     map[string]string
	Worker     map[string]string

	Topics          []string
	TopicsRegex     string // instead of Topics
	DeadLetterTopic string // "" for none
	Group           string // consumer group
	Latest          bool   // a new group begins with what comes next
	// Consumer is the properties of a Kafka consumer of the connector; a reference that the environment of this process
	// does not resolve is empty.
	Consumer config.Properties
	TasksMax int
	// Environment names the variables that the configuration refers to, sorted.
	Environment []string
}

// Judged is what is known of a connector file.
type Judged struct {
	File      string
	Problems  config.Problems
	Connector *Connector // nil when there are errors
}

// ReadFile reads a connector's JSON.
func ReadFile(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("connector: %w", err)
	}
	defer f.Close()
	props, err := config.ReadConnector(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return props, nil
}

// ReadWorker reads a worker's properties file; "" is an empty map.
func ReadWorker(file string) (map[string]string, error) {
	if file == "" {
		return map[string]string{}, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("worker map: %w", err)
	}
	defer f.Close()
	props, err := config.ReadProperties(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return props, nil
}

// Judge reads a connector file and judges it together with a worker map. The error is of reading; what is wrong with the
// configuration is in the result.
func Judge(ctx context.Context, catalog *config.Catalog, file string, worker map[string]string, o config.Options) (*Judged, error) {
	props, err := ReadFile(file)
	if err != nil {
		return nil, err
	}
	v := catalog.Judge(worker, props, o)
	j := &Judged{File: file, Problems: v.Problems}
	if v.Problems.Err() == nil {
		j.Connector = Describe(ctx, catalog, v, worker, props)
	}
	return j, nil
}

// Describe tells what is to be known of a connector whose verdict has no error.
func Describe(ctx context.Context, catalog *config.Catalog, v *config.Verdict, worker, props map[string]string) *Connector {
	common := v.Effective.Common()
	c := &Connector{
		Name: common.Name, Definition: v.Connector.Name, Kind: v.Connector.Kind,
		Config: maps.Clone(props), Worker: maps.Clone(worker),
		TasksMax: common.TasksMax, Environment: catalog.Environment(worker, props),
	}
	if s := v.Effective.Sink; s != nil {
		c.Topics, c.TopicsRegex, c.DeadLetterTopic = s.Topics, s.TopicsRegex, s.DeadLetterTopic
		c.Group = v.Effective.Consumer["group.id"]
		c.Latest = v.Effective.Consumer["auto.offset.reset"] == "latest"
	}
	resolved := catalog.Judge(worker, props, config.Options{References: catalog.Resolve(ctx, worker, props)})
	if resolved.Effective != nil {
		c.Consumer = resolved.Effective.Consumer
	}
	return c
}
