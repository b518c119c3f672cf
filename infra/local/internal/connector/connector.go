package connector

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// Connector is a connector that was judged without an error.
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
		j.Connector = describe(v, worker, props)
		resolved := catalog.Judge(worker, props, config.Options{References: catalog.Resolve(ctx, worker, props)})
		if resolved.Effective != nil {
			j.Connector.Consumer = resolved.Effective.Consumer
		}
	}
	return j, nil
}

func describe(v *config.Verdict, worker, props map[string]string) *Connector {
	common := v.Effective.Common()
	c := &Connector{
		Name: common.Name, Definition: v.Connector.Name, Kind: v.Connector.Kind,
		Config: maps.Clone(props), Worker: maps.Clone(worker),
		TasksMax: common.TasksMax, Environment: environment(worker, props),
	}
	if s := v.Effective.Sink; s != nil {
		c.Topics, c.TopicsRegex, c.DeadLetterTopic = s.Topics, s.TopicsRegex, s.DeadLetterTopic
		c.Group = v.Effective.Consumer["group.id"]
		c.Latest = v.Effective.Consumer["auto.offset.reset"] == "latest"
	}
	return c
}

// reference is Kafka's pattern of a config provider's reference: ${provider:[path:]key}.
var reference = regexp.MustCompile(`\$\{([^}]*?):(?:([^}]*?):)?([^}]*?)\}`)

const envProvider = "EnvVarConfigProvider"

// environment names the variables that references of the two maps need.
func environment(worker, props map[string]string) []string {
	providers := []string{"env"}
	for _, name := range config.SplitList(worker["config.providers"]) {
		if strings.HasSuffix(worker["config.providers."+name+".class"], envProvider) {
			providers = append(providers, name)
		}
	}
	names := map[string]bool{}
	for _, m := range []map[string]string{worker, props} {
		for _, value := range m {
			for _, ref := range reference.FindAllStringSubmatch(value, -1) {
				if slices.Contains(providers, ref[1]) {
					names[ref[3]] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
