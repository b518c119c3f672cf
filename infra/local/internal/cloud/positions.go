package cloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/rest/herder"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

// group is the consumer group of a mapping. Mappings must not share one, so a connector with several topics has a group
// for each; one with a single topic has Kafka Connect's.
func group(k *connector.Connector, topic string, topics int) string {
	if topics == 1 {
		return k.Group
	}
	return k.Group + "." + topic
}

// committed returns the offsets that a group has committed for a topic, by partition.
func committed(ctx context.Context, admin *kadm.Client, group, topic string) (map[int32]int64, error) {
	all, err := admin.FetchOffsets(ctx, group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return nil, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	offsets := map[int32]int64{}
	for id, o := range all[topic] {
		if o.Err != nil {
			return nil, fmt.Errorf("offsets of group %s: %w", group, o.Err)
		}
		if o.At >= 0 {
			offsets[id] = o.At
		}
	}
	return offsets, nil
}

// carry moves positions to the group where this number of topics has them, after a change between one and several. The
// group of a topic is ours, so that positions are moved away from there; Kafka Connect's is only read.
func carry(ctx context.Context, admin *kadm.Client, k *connector.Connector, topics []string) error {
	single := len(topics) == 1
	for _, topic := range topics {
		from, to := k.Group, group(k, topic, 2)
		if single {
			from, to = to, from
		}
		offsets, err := committed(ctx, admin, from, topic)
		if errors.Is(err, kerr.GroupAuthorizationFailed) {
			continue // it was never ours
		}
		if err != nil {
			return err
		}
		have, err := committed(ctx, admin, to, topic)
		if err != nil {
			return err
		}
		if len(offsets) == 0 || !single && len(have) > 0 {
			continue
		}
		if err := commit(ctx, admin, to, topic, offsets); err != nil {
			return err
		}
		if single {
			if err := forget(ctx, admin, from, topic, slices.Collect(maps.Keys(offsets))); err != nil {
				return err
			}
		}
	}
	return nil
}

func commit(ctx context.Context, admin *kadm.Client, group, topic string, offsets map[int32]int64) error {
	if len(offsets) == 0 {
		return nil
	}
	all := kadm.Offsets{}
	for id, offset := range offsets {
		all.AddOffset(topic, id, offset, -1)
	}
	if err := admin.CommitAllOffsets(ctx, group, all); err != nil {
		return fmt.Errorf("commit offsets of group %s: %w", group, err)
	}
	return nil
}

func forget(ctx context.Context, admin *kadm.Client, group, topic string, partitions []int32) error {
	if len(partitions) == 0 {
		return nil
	}
	set := kadm.TopicsSet{}
	set.Add(topic, partitions...)
	deleted, err := admin.DeleteOffsets(ctx, group, set)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil
	}
	for _, one := range deleted[topic] {
		err = errors.Join(err, one)
	}
	if err != nil {
		return fmt.Errorf("delete offsets of group %s: %w", group, err)
	}
	return nil
}

// Positions implements [herder.Runner].
func (c *Cloud) Positions(ctx context.Context, s *herder.Spec) ([]herder.Position, error) {
	k := c.describe(ctx, s)
	admin, err := c.admin(k)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	topics, err := topics(ctx, admin, k)
	if err != nil {
		return nil, err
	}
	var all []herder.Position
	for _, topic := range topics {
		offsets, err := committed(ctx, admin, group(k, topic, len(topics)), topic)
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Sorted(maps.Keys(offsets)) {
			all = append(all, herder.Position{Topic: topic, Partition: id, Offset: offsets[id]})
		}
	}
	return all, nil
}

// SetPositions implements [herder.Runner].
func (c *Cloud) SetPositions(ctx context.Context, s *herder.Spec, positions []herder.Position) error {
	k := c.describe(ctx, s)
	admin, err := c.admin(k)
	if err != nil {
		return err
	}
	defer admin.Close()
	topics, err := topics(ctx, admin, k)
	if err != nil {
		return err
	}
	set, gone := map[string]map[int32]int64{}, map[string][]int32{} // by topic
	for _, p := range positions {
		if p.Offset == herder.NoOffset {
			gone[p.Topic] = append(gone[p.Topic], p.Partition)
			continue
		}
		if set[p.Topic] == nil {
			set[p.Topic] = map[int32]int64{}
		}
		set[p.Topic][p.Partition] = p.Offset
	}
	if err := exist(ctx, admin, positions); err != nil { // before anything is changed
		return err
	}
	for topic, offsets := range set {
		if err := commit(ctx, admin, group(k, topic, len(topics)), topic, offsets); err != nil {
			return err
		}
	}
	for topic, partitions := range gone {
		if err := forget(ctx, admin, group(k, topic, len(topics)), topic, partitions); err != nil {
			return err
		}
	}
	return nil
}

// exist checks that the partitions of positions exist.
func exist(ctx context.Context, admin *kadm.Client, positions []herder.Position) error {
	var names []string
	for _, p := range positions {
		names = append(names, p.Topic)
	}
	found, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return fmt.Errorf("list topics: %w", err)
	}
	for _, p := range positions {
		if _, ok := found[p.Topic].Partitions[p.Partition]; !ok {
			return fmt.Errorf("there is no partition %d of topic %s", p.Partition, p.Topic)
		}
	}
	return nil
}

const idTime = 5 * time.Second

// ID names the Kafka cluster, "" if it does not answer.
func (c *Cloud) ID(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, idTime)
	defer cancel()
	admin, err := c.admin(&connector.Connector{Consumer: config.Properties(c.Worker())})
	if err != nil {
		return ""
	}
	defer admin.Close()
	m, err := admin.BrokerMetadata(ctx)
	if err != nil {
		return ""
	}
	return m.Cluster
}
