package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/infra/local/events"
)

// What infra/local/demo/earthquakes.json says.
const (
	topic       = "earthquakes"
	deadLetters = "earthquakes-dead-letters"
	group       = "connect-earthquakes"
	database    = "demo"
	container   = "quakes"
	keyPath     = "/net" // the container's partition key: the seismic network
)

const largestRecord = 4 << 20

// clients talk to the local cloud as anybody would to the real one.
type clients struct {
	kafka  *kgo.Client
	admin  *kadm.Client
	cosmos *azcosmos.ContainerClient
}

// connect makes the clients, and the database and container that the connector writes to.
func connect(ctx context.Context, at *events.Addresses) (*clients, error) {
	k, err := kgo.NewClient(kgo.SeedBrokers(at.Kafka), kgo.ProducerBatchMaxBytes(largestRecord), kgo.ProducerLinger(0))
	if err != nil {
		return nil, fmt.Errorf("make a Kafka client: %w", err)
	}
	c := &clients{kafka: k, admin: kadm.NewClient(k)}
	if c.cosmos, err = createContainer(ctx, at.Cosmos); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *clients) close() { c.kafka.Close() }

func createContainer(ctx context.Context, endpoint string) (*azcosmos.ContainerClient, error) {
	key, err := azcosmos.NewKeyCredential(cosmostest.Key)
	if err != nil {
		return nil, fmt.Errorf("make a Cosmos DB key: %w", err)
	}
	account, err := azcosmos.NewClientWithKey(endpoint, key, nil)
	if err != nil {
		return nil, fmt.Errorf("make a Cosmos DB client: %w", err)
	}
	if _, err := account.CreateDatabase(ctx, azcosmos.DatabaseProperties{ID: database}, nil); err != nil {
		return nil, fmt.Errorf("create database %s: %w", database, err)
	}
	db, err := account.NewDatabase(database)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", database, err)
	}
	properties := azcosmos.ContainerProperties{ID: container, PartitionKeyDefinition: azcosmos.PartitionKeyDefinition{Paths: []string{keyPath}}}
	if _, err := db.CreateContainer(ctx, properties, nil); err != nil {
		return nil, fmt.Errorf("create container %s: %w", container, err)
	}
	return db.NewContainer(container)
}

// deliver produces the records at the rate that was asked for, and returns when the connector's group has committed all
// of them. A declaration is changed when half of them are produced; the last quarter of them waits for that.
func (c *clients) deliver(ctx context.Context, o *options, records []*record, l *local, p *progress, d *declaration) error {
	var changing sync.WaitGroup
	defer changing.Wait()
	ctx, cancel := context.WithTimeoutCause(ctx, o.deadline, fmt.Errorf("not all records were accounted for within %s: %w", o.deadline, errIncomplete))
	defer cancel()
	watch := time.NewTicker(250 * time.Millisecond)
	defer watch.Stop()
	produced := make(chan error, 1)
	var count atomic.Int64
	changed := make(chan struct{})
	go func() { produced <- c.produce(ctx, records, o.rate, changed, &count) }()
	if d == nil {
		close(changed)
	}
	change := make(chan error, 1)
	for done, begun := false, d == nil; ; {
		select {
		case err := <-produced:
			if err != nil {
				return cause(ctx, err)
			}
			done = true
		case err := <-change:
			if err != nil {
				return cause(ctx, err)
			}
			close(changed)
		case <-watch.C:
		case <-ctx.Done():
			return cause(ctx, ctx.Err())
		}
		s, err := c.state(ctx)
		if err != nil {
			return cause(ctx, err)
		}
		calls := l.invocations()
		s.produced, s.invocations = int(count.Load()), len(calls)
		p.show(s)
		if !begun && s.produced >= len(records)/2 && s.committed > 0 {
			begun = true
			changing.Go(func() {
				text, err := d.change(ctx)
				p.say(text)
				change <- err
			})
		}
		if done && s.committed == int64(len(records)) && delivered(calls) >= len(records) {
			return nil
		}
	}
}

// delivered is how many records successful invocations held: the last ones may be told of after their offsets are
// committed.
func delivered(calls []*events.Invocation) (n int) {
	for _, inv := range calls {
		if inv.Error == "" {
			n += inv.Records
		}
	}
	return n
}

// produce hands the records to the producer one by one and waits for all of them. The last quarter waits for a gate.
func (c *clients) produce(ctx context.Context, records []*record, rate int, gate <-chan struct{}, count *atomic.Int64) error {
	var mu sync.Mutex
	var failed error
	p := pace{time.Now(), rate}
	for i, r := range records {
		if i == len(records)*3/4 {
			if err := p.pass(ctx, gate); err != nil {
				return err
			}
		}
		if err := p.until(ctx, i); err != nil {
			return err
		}
		r.at = time.Now()
		c.kafka.Produce(ctx, &kgo.Record{Topic: topic, Key: []byte(r.key), Value: r.value, Timestamp: r.at}, func(k *kgo.Record, err error) {
			if err != nil {
				mu.Lock()
				failed = errors.Join(failed, fmt.Errorf("produce %s: %w", r.key, err))
				mu.Unlock()
				return
			}
			r.placed = position{k.Partition, k.Offset}
			count.Add(1)
		})
	}
	if err := c.kafka.Flush(ctx); err != nil {
		return err
	}
	return failed // Flush returned after the last callback
}

// state asks Kafka how far the connector is.
func (c *clients) state(ctx context.Context) (s state, err error) {
	offsets, err := c.admin.FetchOffsetsForTopics(ctx, group, topic)
	if err != nil {
		return s, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	offsets.Each(func(o kadm.OffsetResponse) { s.committed += max(o.At, 0) })
	ends, err := c.admin.ListEndOffsets(ctx, deadLetters)
	if err != nil {
		return s, fmt.Errorf("end of topic %s: %w", deadLetters, err)
	}
	ends.Each(func(o kadm.ListedOffset) { s.deadLetters += max(o.Offset, 0) })
	return s, nil
}
