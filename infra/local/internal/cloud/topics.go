package cloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/kafka"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

// maxMessageBytes is the limit of the embedded Kafka's topics. Records may be larger than Kafka's default of 1 MiB, so that
// the limits of what is behind a connector can be met; an event source mapping takes 6 MB.
const maxMessageBytes = "6291456"

// admin makes a client of the connector's cluster, with the connector's own login.
func (c *Cloud) admin(k *connector.Connector) (*kadm.Client, error) {
	opts := []kgo.Opt{kgo.SeedBrokers(c.brokers...), kgo.RequestRetries(2)}
	if c.broker == nil {
		var client kafka.Client
		if err := config.Parse(k.Consumer, &client).Err(); err != nil {
			return nil, fmt.Errorf("consumer: %w", err)
		}
		own, err := client.Options()
		if err != nil {
			return nil, fmt.Errorf("consumer: %w", err)
		}
		opts = append(opts, own...)
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}
	return kadm.NewClient(client), nil
}

// openTopics returns the topics that the connector is to read. In the embedded Kafka they are made if they are missing,
// and the dead letter topic too. The positions of the topics are where this connector's mappings look for them.
func (c *Cloud) openTopics(ctx context.Context, k *connector.Connector) ([]string, error) {
	admin, err := c.admin(k)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	topics, err := topics(ctx, admin, k)
	if err != nil {
		return nil, err
	}
	if c.broker != nil {
		if err := createTopics(ctx, admin, c.o.Partitions, topics...); err != nil {
			return nil, err
		}
		if k.DeadLetterTopic != "" {
			if err := createTopics(ctx, admin, 1, k.DeadLetterTopic); err != nil { // as Kafka Connect makes it
				return nil, err
			}
		}
	}
	return topics, carry(ctx, admin, k, topics)
}

func createTopics(ctx context.Context, admin *kadm.Client, partitions int, names ...string) error {
	created, err := admin.CreateTopics(ctx, int32(partitions), 1, map[string]*string{"max.message.bytes": new(maxMessageBytes)}, names...)
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	for _, t := range created.Sorted() {
		if t.Err != nil && !errors.Is(t.Err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s: %w", t.Topic, t.Err)
		}
	}
	return nil
}

// topics are those that the connector reads now. A mapping reads one topic, so topics.regex stands for those that exist.
func topics(ctx context.Context, admin *kadm.Client, k *connector.Connector) ([]string, error) {
	if k.TopicsRegex == "" {
		return slices.Compact(slices.Sorted(slices.Values(k.Topics))), nil
	}
	pattern, err := regexp.Compile("^(?:" + k.TopicsRegex + ")$")
	if err != nil {
		return nil, fmt.Errorf("topics.regex: %w", err)
	}
	all, err := admin.ListTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("topics.regex: %w", err)
	}
	topics := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool { return !pattern.MatchString(name) })
	if len(topics) == 0 {
		return nil, fmt.Errorf("no topic matches topics.regex = %s: create one first, an event source mapping reads topics that exist", k.TopicsRegex)
	}
	return topics, nil
}
