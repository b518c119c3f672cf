package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// Options say where the broker listens and what it begins with. The zero value is a broker in memory on a free port.
type Options struct {
	// Addr is host:port to listen on; the host is empty, localhost or 127.0.0.1. Empty, or port 0, is a free port.
	Addr string
	// AddrFlag is what a user sets to change Addr, such as "--kafka-addr". It ends the message of a PortInUseError.
	AddrFlag string
	// DataDir keeps topics, records and groups; it is made if needed. Empty keeps them in memory, all of them.
	DataDir string
	// Topics are created if they do not exist. An existing topic is left as it is.
	Topics []Topic
	// AutoCreateTopics creates a topic that a client asks for, with DefaultPartitions partitions (default 1).
	AutoCreateTopics  bool
	DefaultPartitions int

	// OnDiskError is told, once, that the disk refuses writes while the broker runs; the message is one sentence for a user.
	// Clients see their requests fail and may retry. Nil logs it.
	OnDiskError func(error)
	// Listen replaces net.Listen, for tests in virtual time (kfake.VirtualNetwork).
	Listen func(network, address string) (net.Listener, error)
}

// Topic is a topic to create.
type Topic struct {
	Name       string
	Partitions int               // default Options.DefaultPartitions
	Configs    map[string]string // Kafka's topic configuration keys; may be nil
}

// Broker is a running embedded Kafka.
type Broker struct {
	cluster *kfake.Cluster
	addr    string
	close   sync.Once
}

// PortInUseError says that somebody else listens on the address.
type PortInUseError struct {
	Addr string
	Flag string // Options.AddrFlag
	Err  error
}

func (e *PortInUseError) Error() string {
	s := "Kafka cannot listen on " + e.Addr + ": the port is in use by another program"
	if e.Flag != "" {
		s += "; choose another with " + e.Flag
	}
	return s
}

func (e *PortInUseError) Unwrap() error { return e.Err }

// DiskFullError says that the data directory has no space left.
type DiskFullError struct {
	Dir string
	Err error
}

func (e *DiskFullError) Error() string {
	return "Kafka cannot write to " + e.Dir + ": the disk is full; free some space or choose another data directory"
}

func (e *DiskFullError) Unwrap() error { return e.Err }

// Start starts a broker. The error is a *PortInUseError or *DiskFullError where it is one of those.
func Start(o Options) (*Broker, error) {
	port, err := o.port()
	if err != nil {
		return nil, err
	}
	if o.DefaultPartitions == 0 {
		o.DefaultPartitions = 1
	}
	opts := []kfake.Opt{
		kfake.Ports(port),
		kfake.ClusterID("connectless-local"),
		kfake.DefaultNumPartitions(o.DefaultPartitions),
		kfake.MaxVersions(versions()),
		kfake.WithLogger(&diskWatch{dir: o.DataDir, report: o.OnDiskError}),
	}
	if o.DataDir != "" {
		// kfake makes it too, but says less about why it could not.
		if err := os.MkdirAll(o.DataDir, 0o755); err != nil {
			return nil, o.startError(fmt.Errorf("data directory: %w", err))
		}
		opts = append(opts, kfake.DataDir(o.DataDir))
	}
	if o.AutoCreateTopics {
		opts = append(opts, kfake.AllowAutoTopicCreation())
	}
	if o.Listen != nil {
		opts = append(opts, kfake.ListenFn(o.Listen))
	}
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		return nil, o.startError(err)
	}
	b := &Broker{cluster: c, addr: c.ListenAddrs()[0]}
	for _, t := range o.Topics {
		if c.TopicInfo(t.Name) != nil {
			continue
		}
		if err := c.CreateTopic(t.Name, int32(t.Partitions), t.Configs); err != nil {
			c.Close()
			return nil, fmt.Errorf("broker: create topic %s: %w", t.Name, err)
		}
	}
	return b, nil
}

// Addr is the host:port to connect to.
func (b *Broker) Addr() string { return b.addr }

// Addrs is Addr as a list of bootstrap servers.
func (b *Broker) Addrs() []string { return []string{b.addr} }

// Cluster gives tests access to kfake's controls.
func (b *Broker) Cluster() *kfake.Cluster { return b.cluster }

// Close stops the broker and writes what it keeps to the data directory. It may be called twice.
func (b *Broker) Close() { b.close.Do(b.cluster.Close) }

func (o Options) port() (int, error) {
	if o.Addr == "" {
		return 0, nil
	}
	host, service, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return 0, fmt.Errorf("broker: address %q: %w", o.Addr, err)
	}
	if host != "" && host != "localhost" && host != "127.0.0.1" {
		return 0, fmt.Errorf("broker: address %q: the embedded Kafka listens on 127.0.0.1 only", o.Addr)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("broker: address %q: port %q is not a number from 0 to 65535", o.Addr, service)
	}
	return int(port), nil
}

func (o Options) startError(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return &PortInUseError{Addr: o.Addr, Flag: o.AddrFlag, Err: err}
	case errors.Is(err, syscall.ENOSPC):
		return &DiskFullError{Dir: o.DataDir, Err: err}
	}
	return fmt.Errorf("broker: %w", err)
}

// versions are those of the newest Kafka, without what kfake answers in a way that only Go clients accept:
// CreateTopics from v5 on reports topic configurations with a source that Java's AdminClient rejects, and
// DescribeTopicPartitions leaves out replica lists that it dereferences.
func versions() *kversion.Versions {
	v := kversion.Stable()
	v.SetMaxKeyVersion(int16(kmsg.CreateTopics), 4)
	v.SetMaxKeyVersion(int16(kmsg.DescribeTopicPartitions), -1)
	return v
}

// diskWatch is a kfake.Logger that looks for write errors. kfake has no other way to tell: it fails the request.
type diskWatch struct {
	dir    string
	report func(error)
	once   sync.Once
}

func (w *diskWatch) Logf(level kfake.LogLevel, format string, args ...any) {
	if level > kfake.LogLevelWarn {
		return
	}
	for _, a := range args {
		if err, ok := a.(error); ok && errors.Is(err, syscall.ENOSPC) {
			w.once.Do(func() { w.tell(&DiskFullError{Dir: w.dir, Err: err}) })
			return
		}
	}
	slog.Warn("embedded Kafka: " + fmt.Sprintf(format, args...))
}

func (w *diskWatch) tell(err error) {
	if w.report != nil {
		w.report(err)
		return
	}
	slog.Error(err.Error())
}
