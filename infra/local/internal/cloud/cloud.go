package cloud

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/host/broker"
	"github.com/connectless/connectless/infra/local/events"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

// Options say what to start.
type Options struct {
	KafkaAddr  string // host:port
	CosmosAddr string // host:port; "" starts none
	// BootstrapServers is a Kafka cluster to use in the place of the embedded one.
	BootstrapServers []string
	// DataDir keeps everything. "" keeps everything in memory, but for a temporary directory that Close removes.
	DataDir    string
	Partitions int // of a topic that is made

	Catalog *config.Catalog
	Worker  map[string]string // worker map; where Kafka is, is put into it
	Mapping Mapping
	// Prepare finds on this machine what a connector needs. It is called when the connector is started.
	Prepare func(*connector.Connector) (Deployment, error)

	// Report is told what happens, from several goroutines.
	Report func(events.Event)
	// Fatal is told, at most once, why nothing can work any more.
	Fatal func(error)
}

// Deployment is a connector and the binary of its function.
type Deployment struct {
	*connector.Connector
	Binary string
	Env    map[string]string // what the configuration's references to environment variables need
}

// Mapping is how functions are made and called, the same for all connectors.
type Mapping struct {
	MemoryMB    int
	Timeout     time.Duration
	BatchSize   int
	BatchWindow time.Duration
	Provisioned bool
	ReportItems bool // needs Provisioned
}

// Cloud is a running local cloud. It is the [herder.Runner] of the connectors in it.
type Cloud struct {
	o       Options
	dir     string // of the task roots
	temp    bool   // dir is removed at the end
	lock    *os.File
	broker  *broker.Broker
	cosmos  *cosmostest.Server
	brokers []string
	fatal   sync.Once

	mu         sync.Mutex
	connectors map[string]*running // those that were started
}

// Start starts the servers. Connectors come by [Cloud.Start]. What it started before an error is stopped again.
func Start(o Options) (*Cloud, error) {
	c := &Cloud{o: o, connectors: map[string]*running{}}
	if err := c.start(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Cloud) start() error {
	if err := c.openDataDir(); err != nil {
		return err
	}
	if err := c.startKafka(); err != nil {
		return err
	}
	return c.startCosmos()
}

func (c *Cloud) openDataDir() (err error) {
	if c.o.DataDir == "" {
		c.temp = true
		if c.dir, err = os.MkdirTemp("", "connectless-"); err != nil {
			return diskError(os.TempDir(), fmt.Errorf("temporary directory: %w", err))
		}
		return nil
	}
	if err := os.MkdirAll(c.o.DataDir, 0o755); err != nil {
		return diskError(c.o.DataDir, fmt.Errorf("data directory: %w", err))
	}
	if c.lock, err = lock(filepath.Join(c.o.DataDir, "lock")); err != nil {
		if errors.Is(err, errLocked) {
			return fmt.Errorf("the data directory %s is in use by another connectless local; stop that one or choose another directory with --data-dir", c.o.DataDir)
		}
		return diskError(c.o.DataDir, fmt.Errorf("data directory: %w", err))
	}
	c.dir = filepath.Join(c.o.DataDir, "functions")
	return nil
}

func (c *Cloud) startKafka() (err error) {
	if len(c.o.BootstrapServers) > 0 {
		c.brokers = c.o.BootstrapServers
		return nil
	}
	o := broker.Options{
		Addr: c.o.KafkaAddr, AddrFlag: "--kafka-addr", AutoCreateTopics: true, DefaultPartitions: c.o.Partitions,
		OnDiskError: c.fail,
	}
	if c.o.DataDir != "" {
		o.DataDir = filepath.Join(c.o.DataDir, "kafka")
	}
	if c.broker, err = broker.Start(o); err != nil {
		return err
	}
	c.brokers = c.broker.Addrs()
	return nil
}

func (c *Cloud) startCosmos() error {
	if c.o.CosmosAddr == "" {
		return nil
	}
	o := cosmostest.Options{AllowUnsigned: true} // so that curl can read
	if c.o.DataDir != "" {
		o.Dir = filepath.Join(c.o.DataDir, "cosmos")
	}
	s, err := cosmostest.New(o)
	if err != nil {
		return diskError(o.Dir, err)
	}
	c.cosmos = s
	if err := s.Listen(c.o.CosmosAddr); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("the embedded Cosmos DB cannot listen on %s: the port is in use by another program; choose another with --cosmos-addr", c.o.CosmosAddr)
		}
		return err
	}
	return nil
}

// Brokers are the addresses of Kafka.
func (c *Cloud) Brokers() []string { return c.brokers }

// Worker is the worker map that connectors run with.
func (c *Cloud) Worker() map[string]string {
	w := maps.Clone(c.o.Worker)
	w["bootstrap.servers"] = strings.Join(c.brokers, ",")
	return w
}

// CosmosEndpoint is the URL of the embedded Cosmos DB account, "" if there is none.
func (c *Cloud) CosmosEndpoint() string {
	if c.cosmos == nil {
		return ""
	}
	return c.cosmos.Endpoint()
}

// fail ends it all.
func (c *Cloud) fail(err error) { c.fatal.Do(func() { c.o.Fatal(err) }) }

// Close stops the servers. The connectors have been stopped before.
func (c *Cloud) Close() error {
	var errs []error
	if c.cosmos != nil {
		errs = append(errs, c.cosmos.Close())
	}
	if c.broker != nil {
		c.broker.Close()
	}
	if c.temp && c.dir != "" {
		errs = append(errs, os.RemoveAll(c.dir))
	}
	if c.lock != nil {
		errs = append(errs, c.lock.Close())
	}
	return errors.Join(errs...)
}

// diskError says it in one sentence when the disk is full.
func diskError(dir string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("cannot write to %s: the disk is full; free some space or choose another directory with --data-dir", dir)
	}
	return err
}
