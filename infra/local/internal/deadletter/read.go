package deadletter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Topic is a dead letter topic to read.
type Topic struct {
	Name    string
	Options []kgo.Opt // of the client
}

// idle is how long a partition may give nothing before its end.
const idle = 30 * time.Second

// Read calls each with the letters that the filter takes, partition by partition, as far as the topic reaches when it
// begins. It joins no group and commits nothing. An error of each ends it. cluster is told the cluster's id first.
func (t *Topic) Read(ctx context.Context, f *Filter, cluster func(id string) error, each func(*Letter) error) error {
	client, err := kgo.NewClient(append(append([]kgo.Opt{}, t.Options...), kgo.KeepControlRecords())...)
	if err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	defer func() { go client.Close() }() // it waits for brokers that do not answer
	admin := kadm.NewClient(client)
	m, err := admin.Metadata(ctx, t.Name)
	if err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	if err := m.Topics[t.Name].Err; err != nil {
		return fmt.Errorf("deadletter: topic %s: %w", t.Name, err)
	}
	if err := cluster(m.Cluster); err != nil {
		return err
	}
	starts, err := admin.ListStartOffsets(ctx, t.Name)
	if err != nil {
		return fmt.Errorf("deadletter: topic %s: %w", t.Name, err)
	}
	ends, err := admin.ListEndOffsets(ctx, t.Name)
	if err != nil {
		return fmt.Errorf("deadletter: topic %s: %w", t.Name, err)
	}
	if err := errors.Join(starts.Error(), ends.Error()); err != nil {
		return fmt.Errorf("deadletter: topic %s: %w", t.Name, err)
	}
	for _, p := range m.Topics[t.Name].Partitions.Sorted() {
		if !f.Partition.Has(int64(p.Partition)) {
			continue
		}
		start, _ := starts.Lookup(t.Name, p.Partition)
		end, _ := ends.Lookup(t.Name, p.Partition)
		first, last := start.Offset, end.Offset-1
		if f.Offset.set {
			first, last = max(first, f.Offset.first), min(last, f.Offset.last)
		}
		if first > last {
			continue
		}
		if err := t.partition(ctx, client, p.Partition, first, last, func(l *Letter) error {
			if !f.Takes(l) {
				return nil
			}
			return each(l)
		}); err != nil {
			return err
		}
	}
	return nil
}

// partition reads from first to last.
func (t *Topic) partition(ctx context.Context, client *kgo.Client, partition int32, first, last int64, each func(*Letter) error) error {
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{t.Name: {partition: kgo.NewOffset().At(first)}})
	defer client.RemoveConsumePartitions(map[string][]int32{t.Name: {partition}})
	for {
		fetches, err := poll(ctx, client)
		if err != nil {
			return fmt.Errorf("deadletter: %s-%d: %w", t.Name, partition, err)
		}
		for records := fetches.RecordIter(); !records.Done(); {
			r := records.Next()
			if r.Partition != partition {
				continue // fetched before it was removed
			}
			if r.Offset <= last && !r.Attrs.IsControl() {
				if err := each(Parse(r)); err != nil {
					return err
				}
			}
			if r.Offset >= last {
				return nil
			}
		}
	}
}

func poll(ctx context.Context, client *kgo.Client) (kgo.Fetches, error) {
	waiting, cancel := context.WithTimeout(ctx, idle)
	defer cancel()
	fetches := client.PollFetches(waiting)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case waiting.Err() != nil && fetches.NumRecords() == 0:
		return nil, fmt.Errorf("nothing came for %s", idle)
	}
	for _, f := range fetches.Errors() {
		return nil, f.Err
	}
	return fetches, nil
}
