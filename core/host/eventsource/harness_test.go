package eventsource

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/broker"
)

// world is an embedded Kafka and its clients in virtual time. The topic is "orders", the group "connect-orders".
type world struct {
	t      *testing.T
	net    *kfake.VirtualNetwork
	broker *broker.Broker
	cl     *kgo.Client
	adm    *kadm.Client
	all    []*Mapping
}

// inWorld runs a test in a bubble; everything it started must have ended when it returns, or the bubble fails.
func inWorld(t *testing.T, partitions int, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, net: new(kfake.VirtualNetwork)}
		w.startBroker(partitions)
		var err error
		w.cl, err = kgo.NewClient(append(w.clientOptions(), kgo.SeedBrokers("localhost:9092"), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
		if err != nil {
			t.Fatal(err)
		}
		w.adm = kadm.NewClient(w.cl)
		defer func() {
			for _, m := range w.all { // of a test that failed before it closed them
				m.Close(t.Context())
			}
			w.cl.Close()
			w.broker.Close()
		}()
		f(t, w)
	})
}

func (w *world) startBroker(partitions int) {
	w.t.Helper()
	var topics []broker.Topic
	if partitions > 0 {
		topics = []broker.Topic{{Name: "orders", Partitions: partitions}}
	}
	var err error
	w.broker, err = broker.Start(broker.Options{Addr: "localhost:9092", Listen: w.net.Listen, Topics: topics})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) clientOptions() []kgo.Opt { return []kgo.Opt{kgo.Dialer(w.net.DialContext)} }

// produce writes values to a partition, keys being "k" and the value.
func (w *world) produce(partition int32, values ...string) {
	w.t.Helper()
	for _, v := range values {
		w.produceRecord(&kgo.Record{Partition: partition, Key: []byte("k" + v), Value: []byte(v)})
	}
}

func (w *world) produceRecord(r *kgo.Record) {
	w.t.Helper()
	r.Topic = "orders"
	if err := w.cl.ProduceSync(w.t.Context(), r).FirstErr(); err != nil {
		w.t.Fatal(err)
	}
}

// committed is where the group is in a partition, as any Kafka tool sees it; -1 is nowhere.
func (w *world) committed(partition int32) int64 {
	w.t.Helper()
	offsets, err := w.adm.FetchOffsetsForTopics(w.t.Context(), "connect-orders", "orders")
	if err != nil {
		w.t.Fatal(err)
	}
	o, ok := offsets.Lookup("orders", partition)
	if !ok {
		return -1
	}
	return o.At
}

// start runs a mapping of f with defaults that suit tests: no batching window, short delays.
func (w *world) start(f host.Invoker, change func(*Config)) *Mapping {
	w.t.Helper()
	m, err := Start(w.config(f, change))
	if err != nil {
		w.t.Fatal(err)
	}
	w.all = append(w.all, m)
	return m
}

func (w *world) config(f host.Invoker, change func(*Config)) Config {
	c := Config{
		Function: f, Brokers: []string{"localhost:9092"}, ClientOptions: w.clientOptions(),
		Topic: "orders", ConsumerGroup: "connect-orders", MaximumBatchingWindow: new(time.Duration(0)),
		RetryBackoff: host.Backoff{Min: 100 * time.Millisecond, Max: time.Second},
		Logger:       slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&c)
	}
	return c
}

func (w *world) close(m *Mapping) {
	w.t.Helper()
	if err := m.Close(w.t.Context()); err != nil {
		w.t.Error(err)
	}
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

// settle lets virtual time pass until nothing but periodic work is left to do. Outside a bubble it panics.
func settle(d time.Duration) {
	synctest.Wait()
	pass(d)
	synctest.Wait()
}

// function is a fake function: it records what it received and answers as the script says, call by call; after the script
// it succeeds.
type function struct {
	mu     sync.Mutex
	script []answer
	calls  []call
	during func(call) // called within the invocation, without the lock
}

type answer struct {
	body string
	err  error
}

type call struct {
	at     time.Time
	event  event
	values []string // partition:value in the order of the event's partitions as sorted
}

// event decodes as a function would see it, with null, missing and empty told apart.
type event struct {
	EventSource      string                   `json:"eventSource"`
	EventSourceARN   string                   `json:"eventSourceArn"`
	BootstrapServers string                   `json:"bootstrapServers"`
	Records          map[string][]eventRecord `json:"records"`
}

type eventRecord struct {
	Topic         string              `json:"topic"`
	Partition     int32               `json:"partition"`
	Offset        int64               `json:"offset"`
	Timestamp     int64               `json:"timestamp"`
	TimestampType string              `json:"timestampType"`
	Key           *[]byte             `json:"key"`
	Value         *[]byte             `json:"value"`
	Headers       []map[string][]int8 `json:"headers"`
}

func (f *function) Invoke(ctx context.Context, payload []byte) (host.Response, error) {
	var c call
	c.at = time.Now()
	if err := json.Unmarshal(payload, &c.event); err != nil {
		return host.Response{}, fmt.Errorf("not an event: %w", err)
	}
	for p := range int32(64) {
		for _, r := range c.event.Records[partitionKey("orders", p)] {
			v := "nil"
			if r.Value != nil {
				v = string(*r.Value)
			}
			c.values = append(c.values, fmt.Sprintf("%d:%.20s", p, v))
		}
	}
	f.mu.Lock()
	f.calls = append(f.calls, c)
	var a answer
	if len(f.script) > 0 {
		a, f.script = f.script[0], f.script[1:]
	}
	during := f.during
	f.mu.Unlock()
	if during != nil {
		during(c)
	}
	if err := ctx.Err(); err != nil {
		return host.Response{}, err
	}
	return host.Response{RequestID: "id", Body: []byte(a.body)}, a.err
}

// received is the values of each call.
func (f *function) received() [][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var got [][]string
	for _, c := range f.calls {
		got = append(got, c.values)
	}
	return got
}

func fails(n int) []answer {
	s := make([]answer, n)
	for i := range s {
		s[i].err = &host.FunctionError{Type: "Boom", Message: "told to"}
	}
	return s
}

func reports(partition int32, offset int64) answer {
	return answer{body: fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-%d","offset":%d}}]}`, partition, offset)}
}
