package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// ProducerConfig is a producer's configuration; its defaults are those that Kafka Connect gives its producers.
type ProducerConfig struct {
	Client
	Acks            string
	Compression     string
	Linger          int64
	MaxRequest      int
	DeliveryTimeout int
}

// Define declares the keys.
func (c *ProducerConfig) Define(d *config.Def) {
	c.Client.Define(d)
	d.String(&c.Acks, "acks", "all", "Replicas that must have a record before it counts as written.", config.OneOf("all", "-1", "1", "0"))
	d.String(&c.Compression, "compression.type", "none", "Compression of batches.", config.OneOf("none", "gzip", "snappy", "lz4", "zstd"))
	d.Long(&c.Linger, "linger.ms", 0, "How long to wait for a batch to fill, in milliseconds.", config.AtLeast(0))
	d.Int(&c.MaxRequest, "max.request.size", 1048576, "Largest batch, in bytes; the topic's max.message.bytes must allow it.", config.AtLeast(1))
	d.Int(&c.DeliveryTimeout, "delivery.timeout.ms", 2147483647, "How long a record may take to be written, in milliseconds; an invocation's deadline ends it earlier.", config.AtLeast(1))
}

// Producer writes records to Kafka. It is a connect.Sink whose Put is safe for concurrent use. Keys, values and headers must
// be encoded: Bytes, or null.
type Producer struct {
	client  *kgo.Client
	timeout time.Duration // of a Put; the client's own delivery timeout counts from a record's timestamp, which may be years old
}

// NewProducer makes a producer from Java producer properties; it connects when it first writes. opts are added last.
func NewProducer(props map[string]string, opts ...kgo.Opt) (*Producer, error) {
	var c ProducerConfig
	if err := parse(props, &c); err != nil {
		return nil, connect.Fatal(err)
	}
	all, err := c.Options()
	if err != nil {
		return nil, connect.Fatal(err)
	}
	all = append(all,
		kgo.ProducerLinger(millis(c.Linger)),
		kgo.ProducerBatchMaxBytes(int32(min(c.MaxRequest, 1<<30))),
		kgo.ProducerBatchCompression(codec(c.Compression)),
		kgo.RecordPartitioner(partitioner()),
		// A topic that is not there is a mistake in the deployment, not something to wait for; a few tries cover a
		// topic that was created a moment ago.
		kgo.UnknownTopicRetries(3),
		// An invocation's deadline must be able to end a write. It may then have happened or not, which is what
		// at-least-once allows.
		kgo.AllowIdempotentProduceCancellation(),
	)
	switch c.Acks {
	case "1":
		all = append(all, kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite())
	case "0":
		all = append(all, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite())
	}
	client, err := kgo.NewClient(append(all, opts...)...)
	if err != nil {
		return nil, connect.Fatal(fmt.Errorf("kafka: producer: %w", err))
	}
	return &Producer{client: client, timeout: millis(int64(c.DeliveryTimeout))}, nil
}

func codec(name string) kgo.CompressionCodec {
	switch name {
	case "gzip":
		return kgo.GzipCompression()
	case "snappy":
		return kgo.SnappyCompression()
	case "lz4":
		return kgo.Lz4Compression()
	case "zstd":
		return kgo.ZstdCompression()
	}
	return kgo.NoCompression()
}

// partitioner keeps a partition that a record names, and hashes keys as Java's default partitioner does.
func partitioner() kgo.Partitioner {
	byKey := kgo.StickyKeyPartitioner(nil)
	return kgo.BasicConsistentPartitioner(func(topic string) func(*kgo.Record, int) int {
		hashed := byKey.ForTopic(topic)
		return func(r *kgo.Record, n int) int {
			if r.Partition >= 0 && int(r.Partition) < n {
				return int(r.Partition)
			}
			return hashed.Partition(r, n)
		}
	})
}

// Put writes the batch and waits until all of it is acknowledged, or the context ends.
func (p *Producer) Put(ctx context.Context, batch []*connect.Record) error {
	if len(batch) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var failed connect.BatchError
	records := make([]*kgo.Record, 0, len(batch))
	at := make(map[*kgo.Record]int, len(batch))
	for i, r := range batch {
		k, err := encode(r)
		if err != nil {
			failed.Fail(i, connect.DataError(err))
			continue
		}
		records = append(records, k)
		at[k] = i
	}
	for _, result := range p.client.ProduceSync(ctx, records...) {
		err := result.Err
		if errors.Is(err, kerr.MessageTooLarge) && len(records) > 1 {
			// What is too large is the batch that the client made: each record alone shows which of them is.
			err = p.client.ProduceSync(ctx, again(result.Record)).FirstErr()
		}
		if err != nil {
			failed.Fail(at[result.Record], classify(result.Record.Topic, err))
		}
	}
	if ctx.Err() != nil && failed.Len() > 0 {
		// The client gave the records up while a request with them may still be being written.
		return connect.StillReading(&failed)
	}
	return failed.ErrOrNil()
}

// again is a record as it was before the client filled it in.
func again(r *kgo.Record) *kgo.Record {
	return &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp}
}

// Close closes the client; unwritten records fail.
func (p *Producer) Close() error {
	p.client.Close()
	return nil
}

func encode(r *connect.Record) (*kgo.Record, error) {
	k := &kgo.Record{Topic: r.Topic, Partition: r.Partition}
	var err error
	if k.Key, err = encoded(&r.Key); err != nil {
		return nil, fmt.Errorf("kafka: key: %w", err)
	}
	if k.Value, err = encoded(&r.Value); err != nil {
		return nil, fmt.Errorf("kafka: value: %w", err)
	}
	if r.Timestamp != trigger.NoTimestamp {
		k.Timestamp = time.UnixMilli(r.Timestamp)
	}
	for i := range r.Headers {
		h := kgo.RecordHeader{Key: r.Headers[i].Key, Value: r.Headers[i].Raw}
		if !r.Headers[i].Encoded {
			if h.Value, err = encoded(&r.Headers[i].Value); err != nil {
				return nil, fmt.Errorf("kafka: header %s: %w", h.Key, err)
			}
		}
		k.Headers = append(k.Headers, h)
	}
	return k, nil
}

func encoded(v *data.Value) ([]byte, error) {
	switch v.Kind() {
	case data.Null:
		return nil, nil
	case data.Bytes:
		return v.Raw(), nil
	}
	return nil, fmt.Errorf("not encoded: %s", v.Kind())
}

// classify decides what an error of a write to a topic means.
func classify(topic string, err error) error {
	wrapped := fmt.Errorf("kafka: write to %s: %w", topic, err)
	switch {
	case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge), errors.Is(err, kerr.InvalidRecord):
		return connect.DataError(wrapped)
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return connect.Fatal(fmt.Errorf("%w (create the topic; it is never created by a running connector)", wrapped))
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.SaslAuthenticationFailed),
		errors.Is(err, kerr.UnsupportedSaslMechanism), errors.Is(err, kerr.IllegalSaslState):
		return connect.Fatal(wrapped)
	}
	return connect.Retriable(wrapped)
}

var _ connect.Sink = (*Producer)(nil)
