package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/broker"
	"github.com/connectless/connectless/core/host/eventsource"
)

// Names of what a cloud has.
const (
	Topic       = "orders"
	LetterTopic = "dead"
	GivenTopic  = "given-up"
	Group       = "connect-orders"
	Database    = "shop"
	Container   = "orders"

	kafkaAddress = "localhost:9092"
)

// CloudConfig says what a cloud is like. Its network is in memory, so that it may run in virtual time, unless it is real.
type CloudConfig struct {
	// Real makes the functions, which then reach Kafka and the account through sockets. nil is a [Fleet].
	Real func(c *Cloud) (Functions, error)

	Partitions int
	Throughput int // of the container, which then has one physical partition, in request units per second; 0 is unlimited
	Timeout    time.Duration
	Connector  map[string]string         // settings beside the usual ones; an empty one removes it
	Mapping    func(*eventsource.Config) // changes the mapping's configuration; may be nil
	Dir        string                    // keeps topics and documents, "" keeps them in memory
	Seed       uint64
	Log        io.Writer // of functions and mapping; nil for none
}

// Functions are a function and its processes. See [Fleet] for what the methods do.
type Functions interface {
	host.Invoker
	KillNamed(name string) bool
	KillBusy(most int) int
	KillAll() int
	Redeploy()
	Stats() FleetStats
	Close()
}

// Cloud is an embedded Kafka, an account, a fleet of functions and the mapping between them, watched by a history.
type Cloud struct {
	cfg     CloudConfig
	History *History
	Fleet   *Fleet // nil in a real one
	Mapping *eventsource.Mapping
	Admin   *kadm.Client

	network kfake.VirtualNetwork
	client  *kgo.Client // the test's own
	log     *slog.Logger
	faults  *weather

	functions Functions
	kafka     string // host:port

	mu      sync.Mutex
	broker  *broker.Broker
	account *cosmostest.Server
	at      *cosmostest.Pipe // of the account
	key     string
	reports bool // what functions are told
}

// endpoint tells accounts of different clouds apart: the SDK keeps what it knows of one for the process.
func (c *Cloud) endpoint() string {
	if c.cfg.Real != nil {
		return c.Account().Endpoint()
	}
	return fmt.Sprintf("http://account%d.test", c.cfg.Seed)
}

// NewCloud starts a cloud. Close it in any case but an error.
func NewCloud(cfg CloudConfig) (*Cloud, error) {
	c := &Cloud{cfg: cfg, History: NewHistory(), log: slog.New(slog.DiscardHandler), key: cosmostest.Key}
	if cfg.Log != nil {
		c.log = slog.New(slog.NewTextHandler(cfg.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	c.faults = newWeather(c)
	if err := c.startServers(); err != nil {
		return nil, err
	}
	var err error
	if cfg.Real != nil {
		if c.functions, err = cfg.Real(c); err != nil {
			return nil, errors.Join(err, c.stopServers())
		}
	} else {
		c.Fleet = NewFleet(FleetConfig{
			Document: c.document, Timeout: cfg.Timeout, Account: c.dialAccount, Kafka: c.network.DialContext, Log: c.log, Rand: draws(cfg.Seed, 6),
		})
		c.functions = c.Fleet
	}
	if c.client, err = kgo.NewClient(append(c.clientOptions(), kgo.SeedBrokers(c.kafka), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(100*time.Millisecond))...); err != nil {
		return nil, err
	}
	c.Admin = kadm.NewClient(c.client)
	m := eventsource.Config{
		Function: c.functions, Brokers: []string{c.kafka}, ClientOptions: c.clientOptions(),
		Topic: Topic, ConsumerGroup: Group, RetryBackoff: host.Backoff{Min: 100 * time.Millisecond, Max: 3 * time.Second}, Logger: c.log,
	}
	m.OnInvocation = func(i eventsource.Invocation) {
		c.log.Debug("invocation", "attempt", i.Attempt, "partitions", i.Partitions, "error", i.Err)
	}
	if cfg.Mapping != nil {
		cfg.Mapping(&m)
	}
	c.reports = m.ReportBatchItemFailures
	c.Mapping, err = eventsource.Start(m)
	return c, err
}

func (c *Cloud) clientOptions() []kgo.Opt {
	if c.cfg.Real != nil {
		return nil
	}
	return []kgo.Opt{kgo.Dialer(c.network.DialContext)}
}

func (c *Cloud) startServers() error {
	o := broker.Options{Topics: []broker.Topic{
		{Name: Topic, Partitions: c.cfg.Partitions}, {Name: LetterTopic, Partitions: 1}, {Name: GivenTopic, Partitions: 1},
	}}
	if c.cfg.Real == nil {
		o.Addr, o.Listen = kafkaAddress, c.network.Listen
	}
	a := cosmostest.Options{Key: c.key}
	if c.cfg.Dir != "" {
		o.DataDir, a.Dir = filepath.Join(c.cfg.Dir, "kafka"), filepath.Join(c.cfg.Dir, "cosmos")
	}
	b, err := broker.Start(o)
	if err != nil {
		return err
	}
	s, err := cosmostest.New(a)
	if err != nil {
		b.Close()
		return err
	}
	if s.Partitions(Database, Container) == nil {
		physical := cosmostest.ContainerOptions{Partitions: 2}
		if c.cfg.Throughput > 0 {
			physical = cosmostest.ContainerOptions{Throughput: c.cfg.Throughput}
		}
		err = s.AddContainer(Database, Container, physical, "/group")
	}
	l := cosmostest.NewPipe()
	switch {
	case err != nil:
	case c.cfg.Real != nil:
		err = s.Listen("127.0.0.1:0")
	default:
		err = s.Start(l)
	}
	if err != nil {
		b.Close()
		return errors.Join(err, s.Close())
	}
	s.Observe(c.observe)
	s.Fault(c.faults.account)
	cluster := b.Cluster()
	c.faults.know(cluster)
	for key, decide := range map[kmsg.Key]func(*kfake.Cluster, kmsg.Request) (kmsg.Response, error, bool){
		kmsg.OffsetCommit: c.faults.commit, kmsg.Produce: c.faults.produce, kmsg.Fetch: c.faults.fetch,
	} {
		cluster.ControlKey(int16(key), func(r kmsg.Request) (kmsg.Response, error, bool) { return decide(cluster, r) })
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broker, c.account, c.at, c.kafka = b, s, l, b.Addr()
	return nil
}

func (c *Cloud) stopServers() error {
	c.mu.Lock()
	b, s := c.broker, c.account
	c.mu.Unlock()
	b.Close()
	return s.Close()
}

// Account is the account as it is now; a restart replaces it.
func (c *Cloud) Account() *cosmostest.Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.account
}

// Broker is the broker as it is now; a restart replaces it.
func (c *Cloud) Broker() *kfake.Cluster {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broker.Cluster()
}

func (c *Cloud) dialAccount(ctx context.Context, network, address string) (net.Conn, error) {
	c.mu.Lock()
	l := c.at
	c.mu.Unlock()
	return l.Dial(ctx, network, address)
}

// document is the configuration that a process is deployed with. Its name is in the User-Agent of its requests.
func (c *Cloud) document(process string) *function.Document {
	endpoint := c.endpoint()
	config := map[string]string{
		"name": "orders", "connector.class": "com.azure.cosmos.kafka.connect.CosmosSinkConnector", "topics": Topic,
		"azure.cosmos.account.endpoint": endpoint, "azure.cosmos.account.key": c.key, "azure.cosmos.application.name": process,
		"azure.cosmos.sink.database.name": Database, "azure.cosmos.sink.containers.topicMap": Topic + "#" + Container,
		"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
		"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
		"errors.tolerance": "all", "errors.deadletterqueue.topic.name": LetterTopic, "errors.deadletterqueue.context.headers.enable": "true",
	}
	maps.Copy(config, c.cfg.Connector)
	maps.DeleteFunc(config, func(_, value string) bool { return value == "" })
	c.mu.Lock()
	defer c.mu.Unlock()
	return &function.Document{
		Config: config, Worker: map[string]string{"bootstrap.servers": c.kafka, "producer.retry.backoff.ms": "100"},
		Trigger: function.Trigger{ReportBatchItemFailures: c.reports},
	}
}

// NoLetters are the settings of a connector that tolerates nothing.
var NoLetters = map[string]string{"errors.tolerance": "none", "errors.deadletterqueue.topic.name": "", "errors.deadletterqueue.context.headers.enable": ""}

// Produce produces records, which the history has already been told of, in order.
func (c *Cloud) Produce(ctx context.Context, rs ...*Record) error {
	var batch []*kgo.Record
	for _, r := range rs {
		batch = append(batch, &kgo.Record{Topic: Topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: []kgo.RecordHeader{{Key: NameHeader, Value: []byte(r.Name())}}})
	}
	for i, result := range c.client.ProduceSync(ctx, batch...) {
		if result.Err != nil {
			return fmt.Errorf("chaos: produce: %w", result.Err)
		}
		if r := result.Record; i < len(rs) && r.Offset < 0 {
			return errors.New("chaos: a record was produced without an offset")
		}
	}
	for i, r := range batch {
		if r.Offset != rs[i].Offset {
			return fmt.Errorf("chaos: %v was produced at offset %d", rs[i], r.Offset)
		}
	}
	return nil
}

// Committed is where the group is in each partition.
func (c *Cloud) Committed(ctx context.Context) (map[int32]int64, error) {
	offsets, err := c.Admin.FetchOffsetsForTopics(ctx, Group, Topic)
	if err != nil {
		return nil, err
	}
	at := map[int32]int64{}
	offsets.Each(func(o kadm.OffsetResponse) { at[o.Partition] = o.At })
	return at, nil
}

// Drained says whether every partition is committed to its end.
func (c *Cloud) Drained(ctx context.Context) (bool, error) {
	at, err := c.Committed(ctx)
	if err != nil {
		return false, err
	}
	for p := range int32(c.cfg.Partitions) {
		if at[p] < c.History.End(p) {
			return false, nil
		}
	}
	return true, nil
}

// WaitDrained waits until every partition is committed to its end, or reports that it does not happen.
func (c *Cloud) WaitDrained(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		done, err := c.Drained(ctx)
		if done {
			return nil
		}
		if !sleep(ctx, 500*time.Millisecond) {
			s := c.Mapping.Status()
			at, _ := c.Committed(context.WithoutCancel(ctx))
			c.History.Report(Drains, "after %v of waiting the group is at %v (%v); the mapping is %s: %s", patience, at, err, s.State, s.LastProcessingResult)
			return nil
		}
	}
}

// sleep returns false when ctx is done first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Restart stops the broker, the account, the mapping and all functions as a power cut would, and starts them again after
// a while with what is on disk.
func (c *Cloud) Restart(ctx context.Context, down time.Duration) error {
	c.functions.KillAll()
	enabled := !c.Mapping.Config().Disabled
	now, cancel := context.WithCancel(ctx)
	cancel()
	// What Close and Update complain of is that invocations were given up.
	_ = c.Mapping.Update(now, func(m *eventsource.Config) { m.Disabled = true })
	if err := c.stopServers(); err != nil {
		return err
	}
	sleep(ctx, down)
	if err := c.startServers(); err != nil {
		return err
	}
	if !enabled {
		return nil
	}
	return c.Mapping.SetEnabled(ctx, true)
}

// Rekey restarts the account with another key.
func (c *Cloud) Rekey(key string) error {
	c.mu.Lock()
	c.key = key
	c.mu.Unlock()
	if err := c.stopServers(); err != nil {
		return err
	}
	return c.startServers()
}

// SetReports tells functions, with new processes, whether the mapping reports items.
func (c *Cloud) SetReports(on bool) {
	c.mu.Lock()
	c.reports = on
	c.mu.Unlock()
	c.functions.Redeploy()
}

// skip moves the position of a partition of a mapping that does not read, as somebody does by hand. What is skipped counts
// as given up.
func (c *Cloud) skip(ctx context.Context, partition int32, to int64) error {
	at, err := c.Committed(ctx)
	if err != nil {
		return err
	}
	c.History.skip(partition, at[partition], to)
	offsets := make(kadm.Offsets)
	offsets.AddOffset(Topic, partition, to, -1)
	return c.Admin.CommitAllOffsets(ctx, Group, offsets)
}

// Finish reads what there is in the end and returns all violations.
func (c *Cloud) Finish(ctx context.Context) ([]Violation, error) {
	letters, err := c.read(ctx, LetterTopic)
	if err != nil {
		return nil, err
	}
	given, err := c.read(ctx, GivenTopic)
	if err != nil {
		return nil, err
	}
	c.History.reread()
	for _, m := range letters {
		c.History.Buried(m)
	}
	for _, m := range given {
		c.History.GaveUp(unwrap(m))
	}
	var documents [][]byte
	for _, d := range c.Account().Documents(Database, Container) {
		documents = append(documents, d.Body)
	}
	return c.History.Finish(documents), nil
}

// read reads a topic of one partition to its end.
func (c *Cloud) read(ctx context.Context, topic string) ([]*Message, error) {
	end := c.Broker().PartitionInfo(topic, 0).HighWatermark
	if end == 0 {
		return nil, nil
	}
	client, err := kgo.NewClient(append(c.clientOptions(), kgo.SeedBrokers(c.kafka),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))...)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var all []*Message
	for next := int64(0); next < end; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			all = append(all, message(r.Key, r.Value, r.Headers))
			next = r.Offset + 1
		})
	}
	return all, nil
}

func message[H kgo.RecordHeader | kmsg.Header](key, value []byte, headers []H) *Message {
	m := &Message{Key: key, Value: value, Headers: map[string][]byte{}}
	for _, h := range headers {
		switch h := any(h).(type) {
		case kgo.RecordHeader:
			m.Headers[h.Key] = h.Value
		case kmsg.Header:
			m.Headers[h.Key] = h.Value
		}
	}
	return m
}

// Close stops everything.
func (c *Cloud) Close() error {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = c.Mapping.Close(now) // what it complains of is that invocations were given up
	c.functions.Close()
	c.client.Close()
	return c.stopServers()
}
