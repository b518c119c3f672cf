package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
)

func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func newProducer(t *testing.T, c *kfake.Cluster, props map[string]string) *Producer {
	t.Helper()
	all := map[string]string{"bootstrap.servers": strings.Join(c.ListenAddrs(), ",")}
	for k, v := range props {
		all[k] = v
	}
	p, err := NewProducer(all)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func record(topic, key, value string) *connect.Record {
	return &connect.Record{Topic: topic, Partition: -1, Timestamp: trigger.NoTimestamp, Key: data.OfBytes([]byte(key)), Value: data.OfBytes([]byte(value))}
}

// consume reads n records of a topic.
func consume(t *testing.T, c *kfake.Cluster, topic string, n int, opts ...kgo.Opt) []*kgo.Record {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(topic)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out []*kgo.Record
	for len(out) < n {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatal(err)
		}
		out = append(out, fetches.Records()...)
	}
	return out
}

// Null and empty stay what they are; headers keep order and repetition.
func TestPutKeepsBytes(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "out"))
	p := newProducer(t, c, map[string]string{"compression.type": "gzip", "client.id": "dlq"})
	r := &connect.Record{Topic: "out", Partition: 0, Timestamp: 1234, Key: data.Value{}, Value: data.OfBytes([]byte{}),
		Headers: connect.Headers{{Key: "h", Raw: []byte{0, 255}, Encoded: true}, {Key: "h", Encoded: true}, {Key: "v", Value: data.OfBytes([]byte("x"))}}}
	if err := p.Put(t.Context(), []*connect.Record{r, record("out", "k", "v")}); err != nil {
		t.Fatal(err)
	}
	got := consume(t, c, "out", 2)
	if got[0].Key != nil || got[0].Value == nil || len(got[0].Value) != 0 || got[0].Timestamp.UnixMilli() != 1234 {
		t.Errorf("got %+v, want a null key, an empty value and the timestamp 1234", got[0])
	}
	want := []kgo.RecordHeader{{Key: "h", Value: []byte{0, 255}}, {Key: "h"}, {Key: "v", Value: []byte("x")}}
	if diff := cmp.Diff(want, got[0].Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if string(got[1].Key) != "k" || string(got[1].Value) != "v" {
		t.Errorf("got %s=%s", got[1].Key, got[1].Value)
	}
}

// Keys go where Java's default partitioner sends them: their murmur2 hash without its sign, modulo the partitions. The
// hashes are those of Apache Kafka's own test of it.
func TestPartitionByKey(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(6, "out"))
	p := newProducer(t, c, nil)
	hashes := map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	}
	var batch []*connect.Record
	for key := range hashes {
		batch = append(batch, record("out", key, "v"), record("out", key, "v"))
	}
	if err := p.Put(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	for _, r := range consume(t, c, "out", len(batch)) {
		if want := hashes[string(r.Key)] & math.MaxInt32 % 6; r.Partition != want {
			t.Errorf("key %s is in partition %d, want %d", r.Key, r.Partition, want)
		}
	}
}

// A dead letter on its topic: the record's own bytes, by its key, and behind its own headers those of the error, in order.
func TestDeadLetterOnItsTopic(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(6, "dlq"))
	p := newProducer(t, c, nil)
	policy := errpolicy.Policy{Connector: "orders", Topic: "dlq", Headers: true}
	m := &trigger.Message{Topic: "in", Partition: 3, Offset: 42, Timestamp: 1234, Key: []byte("foobar"), Value: []byte{0, 0xff},
		Headers: []trigger.Header{{Key: "h", Value: []byte{1}}, {Key: "__connect.errors.topic", Value: []byte("of an earlier letter")}, {Key: "n"}}}
	failure := &errpolicy.Failure{Stage: errpolicy.ValueConverter, Class: "org.apache.kafka.connect.json.JsonConverter", Err: data.Errorf(data.DataException, "broken: \u00e9")}
	if err := p.Put(t.Context(), []*connect.Record{policy.Letter(m, failure)}); err != nil {
		t.Fatal(err)
	}
	got := consume(t, c, "dlq", 1)[0]
	want := []kgo.RecordHeader{
		{Key: "h", Value: []byte{1}}, {Key: "__connect.errors.topic", Value: []byte("of an earlier letter")}, {Key: "n"},
		{Key: "__connect.errors.topic", Value: []byte("in")}, {Key: "__connect.errors.partition", Value: []byte("3")},
		{Key: "__connect.errors.offset", Value: []byte("42")}, {Key: "__connect.errors.connector.name", Value: []byte("orders")},
		{Key: "__connect.errors.task.id", Value: []byte("0")}, {Key: "__connect.errors.stage", Value: []byte("VALUE_CONVERTER")},
		{Key: "__connect.errors.class.name", Value: []byte("org.apache.kafka.connect.json.JsonConverter")},
		{Key: "__connect.errors.exception.class.name", Value: []byte("org.apache.kafka.connect.errors.DataException")},
		{Key: "__connect.errors.exception.message", Value: []byte("broken: \xc3\xa9")},
		{Key: "__connect.errors.exception.stacktrace", Value: []byte("org.apache.kafka.connect.errors.DataException: broken: \xc3\xa9")},
	}
	if diff := cmp.Diff(want, got.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if string(got.Key) != "foobar" || !bytes.Equal(got.Value, m.Value) || got.Timestamp.UnixMilli() != 1234 || got.Partition != -790332482&math.MaxInt32%6 {
		t.Errorf("letter %+v", got)
	}
}

func TestPutFailures(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "out"))
	p := newProducer(t, c, nil)

	t.Run("topic that does not exist", func(t *testing.T) {
		err := p.Put(t.Context(), []*connect.Record{record("out", "k", "v"), record("nowhere", "k", "v")})
		var be *connect.BatchError
		if !errors.As(err, &be) || be.Failed(0) != nil || connect.Classify(be.Failed(1)) != connect.ClassFatal {
			t.Fatalf("error %v, want the second record to fail for good", err)
		}
		if !strings.Contains(be.Failed(1).Error(), "create the topic") {
			t.Errorf("error %v does not say what to do", be.Failed(1))
		}
	})
	t.Run("record too large for the broker", func(t *testing.T) {
		c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
			resp := req.ResponseKind().(*kmsg.ProduceResponse)
			for _, rt := range req.(*kmsg.ProduceRequest).Topics {
				topic := kmsg.NewProduceResponseTopic()
				topic.Topic, topic.TopicID = rt.Topic, rt.TopicID
				part := kmsg.NewProduceResponseTopicPartition()
				part.ErrorCode = kerr.MessageTooLarge.Code
				topic.Partitions = append(topic.Partitions, part)
				resp.Topics = append(resp.Topics, topic)
			}
			return resp, nil, true
		})
		err := p.Put(t.Context(), []*connect.Record{record("out", "k", "v")})
		var be *connect.BatchError
		if !errors.As(err, &be) || connect.Classify(be.Failed(0)) != connect.ClassData {
			t.Errorf("error %v, want a data error", err)
		}
	})
	t.Run("one large record does not fail its neighbours", func(t *testing.T) {
		c := cluster(t, kfake.SeedTopics(1, "out"))
		p := newProducer(t, c, map[string]string{"max.request.size": "4194304"})
		var be *connect.BatchError
		err := p.Put(t.Context(), []*connect.Record{record("out", "a", "small"), record("out", "b", strings.Repeat("x", 2<<20)), record("out", "c", "small")})
		if !errors.As(err, &be) || be.Failed(0) != nil || connect.Classify(be.Failed(1)) != connect.ClassData || be.Failed(2) != nil {
			t.Errorf("error %v, want the large record alone to fail", err)
		}
		consume(t, c, "out", 2)
	})
	t.Run("record that is not encoded", func(t *testing.T) {
		r := record("out", "k", "v")
		r.Value = data.OfInt32(1)
		var be *connect.BatchError
		if err := p.Put(t.Context(), []*connect.Record{r}); !errors.As(err, &be) || connect.Classify(be.Failed(0)) != connect.ClassData {
			t.Errorf("error %v, want a data error", err)
		}
	})
	t.Run("broker away", func(t *testing.T) {
		gone := cluster(t, kfake.SeedTopics(1, "out"))
		p := newProducer(t, gone, nil)
		gone.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		var be *connect.BatchError
		if err := p.Put(ctx, []*connect.Record{record("out", "k", "v")}); !errors.As(err, &be) || !connect.IsRetriable(be.Failed(0)) || !connect.IsStillReading(err) {
			t.Errorf("error %v, want a retriable one that gives up the batch's memory", err)
		}
	})
}

func TestLogin(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "out"), kfake.EnableSASL(), kfake.User("SCRAM-SHA-256", "ann", "secret"), kfake.User("PLAIN", "bob", "secret"))
	jaas := func(module, user, password string) string {
		return fmt.Sprintf(`org.apache.kafka.common.security.%s required username=%q password=%q;`, module, user, password)
	}
	for _, tc := range []struct {
		name, mechanism, jaas string
		class                 connect.Class
		ok                    bool
	}{
		{name: "scram", mechanism: "SCRAM-SHA-256", jaas: jaas("scram.ScramLoginModule", "ann", "secret"), ok: true},
		{name: "plain", mechanism: "PLAIN", jaas: jaas("plain.PlainLoginModule", "bob", "secret"), ok: true},
		{name: "wrong password", mechanism: "PLAIN", jaas: jaas("plain.PlainLoginModule", "bob", "wrong")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newProducer(t, c, map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": tc.mechanism, "sasl.jaas.config": tc.jaas})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			err := p.Put(ctx, []*connect.Record{record("out", "k", "v")})
			if (err == nil) != tc.ok {
				t.Errorf("error %v, want success: %v", err, tc.ok)
			}
			if err != nil && strings.Contains(err.Error(), "wrong") {
				t.Errorf("error %v has the password", err)
			}
		})
	}
}
