package doctor_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/host/broker"
	"github.com/connectless/connectless/infra/local/internal/doctor"
)

func start(t *testing.T, topics ...broker.Topic) *broker.Broker {
	t.Helper()
	b, err := broker.Start(broker.Options{Topics: topics, AutoCreateTopics: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func topic(name string, settings ...string) broker.Topic {
	t := broker.Topic{Name: name, Partitions: 2, Configs: map[string]string{}}
	for i := 0; i < len(settings); i += 2 {
		t.Configs[settings[i]] = settings[i+1]
	}
	return t
}

// effective is a sink of orders with dead letters, changed by change.
func effective(addr string, change func(*config.Effective)) *config.Effective {
	e := &config.Effective{
		Sink:     &config.SinkSettings{Topics: []string{"orders"}, DeadLetterTopic: "dead", DeadLetterReplication: 1, DeadLetterHeaders: true},
		Consumer: config.Properties{"bootstrap.servers": addr, "group.id": "connect-c"},
		Producer: config.Properties{"bootstrap.servers": addr},
	}
	e.Sink.Errors.Tolerance = "all"
	if change != nil {
		change(e)
	}
	return e
}

// lines are findings as text; those that contain what is wanted at their place become that.
func lines(found []connect.Finding, want []string) []string {
	var got []string
	for i, f := range found {
		line := strings.TrimSpace(fmt.Sprintf("%s %s: %s %s", f.Level, f.Subject, f.Message, f.Remedy))
		if i < len(want) && strings.Contains(line, want[i]) {
			line = want[i]
		}
		got = append(got, line)
	}
	return got
}

const (
	consumerOK = "ok Kafka consumer: 1 broker reached, let in by PLAINTEXT"
	producerOK = "ok Kafka producer: 1 broker reached, let in by PLAINTEXT"
	ordersOK   = "ok topic orders: it exists, with 2 partitions"
	deadOK     = "ok dead letter topic dead: it exists, with 2 partitions"
	groupOK    = "ok consumer group connect-c: nobody uses it, and it has no offsets: orders begins with the earliest record"
)

func TestTopics(t *testing.T) {
	for _, tc := range []struct {
		name   string
		topics []broker.Topic
		change func(*config.Effective)
		want   []string
	}{
		{"all is there", []broker.Topic{topic("orders"), topic("dead")}, nil, []string{consumerOK, ordersOK, producerOK, deadOK, groupOK}},
		{"nothing is there", nil, nil, []string{consumerOK,
			"error topic orders: it does not exist, or the credentials may not see it Create it before the connector", producerOK,
			"error topic dead: it does not exist, or the credentials may not see it Create it: kafka-topics.sh --create --topic dead --partitions 1 --replication-factor 1 --config max.message.bytes=1048588"}},
		{"no dead letters", []broker.Topic{topic("orders")}, func(e *config.Effective) { e.Sink.DeadLetterTopic = "" }, []string{consumerOK, ordersOK,
			"warning dead letters: errors.tolerance is all and there is no dead letter topic: records that cannot be delivered are dropped Set errors.deadletterqueue.topic.name", groupOK}},
		{"no dead letters are needed", []broker.Topic{topic("orders")}, func(e *config.Effective) { e.Sink.DeadLetterTopic, e.Sink.Errors.Tolerance = "", "none" }, []string{consumerOK, ordersOK, groupOK}},
		{"large records", []broker.Topic{topic("orders", "max.message.bytes", "6291456"), topic("dead")}, nil, []string{consumerOK,
			"warning topic orders: it takes records of up to 6291456 bytes, and one of more than 4715520 does not fit into the 6 MB event", ordersOK, producerOK,
			"warning dead letter topic dead: records of orders may have 6291456 bytes, and a letter at most 1048576: a larger record that cannot be delivered would hold its partition Raise max.message.bytes of it, and producer.override.max.request.size, to 6295552.",
			deadOK, groupOK}},
		{"a small dead letter topic", []broker.Topic{topic("orders"), topic("dead", "max.message.bytes", "1000")}, func(e *config.Effective) { e.Producer["max.request.size"] = "2000000" }, []string{consumerOK, ordersOK, producerOK,
			"warning dead letter topic dead: it takes batches of up to 1000 bytes, and the producer sends up to 2000000 (max.request.size) Raise its max.message.bytes to 2000012",
			"warning dead letter topic dead: records of orders may have 1048588 bytes, and a letter at most 1000", deadOK, groupOK}},
		{"a compacted dead letter topic without replicas and headers", []broker.Topic{topic("orders"), topic("dead", "cleanup.policy", "compact", "min.insync.replicas", "2")},
			func(e *config.Effective) { e.Sink.DeadLetterHeaders = false }, []string{consumerOK, ordersOK, producerOK,
				"error dead letter topic dead: min.insync.replicas is 2 and it has 1 replica: no letter can be written",
				"error dead letter topic dead: it is compacted", "warning dead letter topic dead: letters will not say where they come from", deadOK, groupOK}},
		{"a pattern", []broker.Topic{topic("orders"), topic("orders-old"), topic("dead")}, func(e *config.Effective) { e.Sink.Topics, e.Sink.TopicsRegex = nil, "orders.*" }, []string{consumerOK,
			"ok topics.regex orders.*: it matches orders, orders-old", ordersOK, "ok topic orders-old: it exists", producerOK, deadOK,
			"ok consumer group connect-c.orders: nobody uses it", "ok consumer group connect-c.orders-old: nobody uses it"}},
		{"a pattern without a topic", []broker.Topic{topic("dead")}, func(e *config.Effective) { e.Sink.Topics, e.Sink.TopicsRegex = nil, "orders.*" }, []string{consumerOK,
			"error topics.regex orders.*: no topic matches Create one first", producerOK, deadOK}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := start(t, tc.topics...)
			got := doctor.Kafka(t.Context(), effective(b.Addr(), tc.change))
			if diff := cmp.Diff(tc.want, lines(got, tc.want)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if b.Cluster().TopicInfo("dead") != nil && len(tc.topics) == 0 {
				t.Error("looking created a topic")
			}
		})
	}
}

func TestConnect(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	b := start(t, topic("orders"), topic("dead"))
	for _, tc := range []struct {
		name    string
		props   config.Properties
		timeout time.Duration
		want    []string
	}{
		{"nobody listens", config.Properties{"bootstrap.servers": closed.Addr().String()}, time.Minute, []string{"connection refused Nothing listens there: check host and port"}},
		{"nobody answers", config.Properties{"bootstrap.servers": silent.Addr().String()}, 300 * time.Millisecond, []string{"No answer: check security groups"}},
		{"TLS to a listener without", config.Properties{"bootstrap.servers": b.Addr(), "security.protocol": "SSL"}, 300 * time.Millisecond, []string{"whether security.protocol fits the port"}},
		{"no servers", config.Properties{}, time.Minute, []string{`error Kafka consumer: config: Missing required configuration "bootstrap.servers"`}},
		{"no trust store", config.Properties{"bootstrap.servers": b.Addr(), "security.protocol": "SSL", "ssl.truststore.location": "/none.pem", "ssl.truststore.type": "PEM"}, time.Minute, []string{"none.pem"}},
		{"no such name", config.Properties{"bootstrap.servers": "kafka.invalid:9092"}, time.Minute, []string{"That name is not known here"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tc.timeout)
			defer cancel()
			got := lines(doctor.Kafka(ctx, effective("", func(e *config.Effective) { e.Consumer = tc.props })), tc.want)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	// A producer of its own is looked at with its own settings.
	got := doctor.Kafka(t.Context(), effective(b.Addr(), func(e *config.Effective) { e.Producer["bootstrap.servers"] = closed.Addr().String() }))
	want := []string{consumerOK, ordersOK, "error Kafka producer: ", groupOK}
	if diff := cmp.Diff(want, lines(got, want)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// join makes a consumer a member of a group and returns once it is one.
func join(t *testing.T, addr, group, id, topic string, opts ...kgo.Opt) {
	t.Helper()
	joined := make(chan struct{}, 1)
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(addr), kgo.ConsumerGroup(group), kgo.ClientID(id), kgo.ConsumeTopics(topic),
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) {
			select {
			case joined <- struct{}{}:
			default:
			}
		})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	select {
	case <-joined:
	case <-time.After(30 * time.Second):
		t.Fatal("it did not join in time")
	}
}

func commit(t *testing.T, addr, group, topic string, offsets ...int64) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var os kadm.Offsets
	for p, at := range offsets {
		os.AddOffset(topic, int32(p), at, -1)
	}
	if err := kadm.NewClient(c).CommitAllOffsets(t.Context(), group, os); err != nil {
		t.Fatal(err)
	}
}

func produce(t *testing.T, addr, topic string, n int) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range n {
		if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("x")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGroups(t *testing.T) {
	const subject = "consumer group connect-c: "
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, b *broker.Broker)
		change  func(*config.Effective)
		want    []string // after the topics
	}{
		{"it has offsets", func(t *testing.T, b *broker.Broker) {
			produce(t, b.Addr(), "orders", 5)
			commit(t, b.Addr(), "connect-c", "orders", 2, 0)
		}, nil, []string{"ok " + subject + "it continues where it is in orders, 3 records behind"}},
		{"it is ahead of the topic", func(t *testing.T, b *broker.Broker) { commit(t, b.Addr(), "connect-c", "orders", 7) }, nil,
			[]string{"warning " + subject + "it is at orders-0@7, which the topic does not have", "ok " + subject}},
		{"records were deleted before they were read", func(t *testing.T, b *broker.Broker) {
			produce(t, b.Addr(), "orders", 5)
			commit(t, b.Addr(), "connect-c", "orders", 1)
			remove(t, b.Addr(), "orders", 3)
		}, nil, []string{"warning " + subject + "it is at orders-0@1, and the topic begins at 3", "ok " + subject}},
		{"a new one begins with what comes next", func(*testing.T, *broker.Broker) {}, func(e *config.Effective) { e.Consumer["auto.offset.reset"] = "latest" },
			[]string{"ok " + subject + "nobody uses it, and it has no offsets: orders begins with what comes next"}},
		{"it has members", func(t *testing.T, b *broker.Broker) { join(t, b.Addr(), "connect-c", "me", "orders") }, nil,
			[]string{"warning " + subject + "it has 1 member now: me at 127.0.0.1", "ok " + subject + "nobody"}},
		{"Kafka Connect runs the connector", func(t *testing.T, b *broker.Broker) {
			join(t, b.Addr(), "connect-c", "connector-consumer-c-0", "orders")
		}, nil, []string{"error " + subject + "Kafka Connect runs the connector: connector-consumer-c-0 at 127.0.0.1"}},
		{"somebody else", func(t *testing.T, b *broker.Broker) { join(t, b.Addr(), "connect-c", "me", "dead") }, nil,
			[]string{"error " + subject + "others use it, for dead: me at 127.0.0.1"}},
		{"several topics, one of them with offsets of Kafka Connect", func(t *testing.T, b *broker.Broker) { commit(t, b.Addr(), "connect-c", "orders", 0) },
			func(e *config.Effective) {
				e.Sink.Topics, e.Sink.DeadLetterTopic, e.Sink.Errors.Tolerance = []string{"orders", "returns"}, "", "none"
			},
			[]string{"ok topic returns", "warning consumer group connect-c.orders: it has no offsets, and connect-c has some for orders: without them the connector begins anew Copy them",
				"ok consumer group connect-c.returns: nobody uses it"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := start(t, topic("orders"), topic("returns"), topic("dead"))
			tc.prepare(t, b)
			want := append([]string{consumerOK, ordersOK, producerOK, deadOK}, tc.want...)
			if strings.HasPrefix(tc.want[0], "ok topic") {
				want = append([]string{consumerOK, ordersOK}, tc.want...)
			}
			if diff := cmp.Diff(want, lines(doctor.Kafka(t.Context(), effective(b.Addr(), tc.change)), want)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func remove(t *testing.T, addr, topic string, before int64) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var os kadm.Offsets
	os.AddOffset(topic, 0, before, -1)
	if _, err := kadm.NewClient(c).DeleteRecords(t.Context(), os); err != nil {
		t.Fatal(err)
	}
}
