package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func start(t *testing.T, o Options) *Broker {
	t.Helper()
	b, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func client(t *testing.T, b *Broker, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.Addrs()...))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func TestRestartKeepsRecordsGroupsAndTopics(t *testing.T) {
	o := Options{DataDir: t.TempDir(), Topics: []Topic{{Name: "orders", Partitions: 3}}}
	b, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	cl := client(t, b)
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "orders", Value: []byte("one")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	offsets := make(kadm.Offsets)
	offsets.AddOffset("orders", 2, 7, -1)
	if err := kadm.NewClient(cl).CommitAllOffsets(t.Context(), "g", offsets); err != nil {
		t.Fatal(err)
	}
	cl.Close()
	b.Close()

	o.Topics = []Topic{{Name: "orders", Partitions: 9}, {Name: "more"}} // orders stays as it is
	b = start(t, o)
	adm := kadm.NewClient(client(t, b))
	topics, err := adm.ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, m := len(topics["orders"].Partitions), len(topics["more"].Partitions); n != 3 || m != 1 {
		t.Errorf("after the restart orders has %d partitions, more %d; want 3 and 1", n, m)
	}
	ends, err := adm.ListEndOffsets(t.Context(), "orders")
	if err != nil {
		t.Fatal(err)
	}
	var records int64
	ends.Each(func(o kadm.ListedOffset) { records += o.Offset })
	if records != 1 {
		t.Errorf("after the restart the topic holds %d records, want 1", records)
	}
	committed, err := adm.FetchOffsets(t.Context(), "g")
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := committed.Lookup("orders", 2); o.At != 7 {
		t.Errorf("after the restart the group is at %d, want 7", o.At)
	}
}

// What Java's AdminClient stumbles over must not be offered.
func TestAdvertisedVersions(t *testing.T) {
	cl := client(t, start(t, Options{}))
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(t.Context(), cl)
	if err != nil {
		t.Fatal(err)
	}
	got := map[kmsg.Key]int16{}
	for _, k := range resp.ApiKeys {
		got[kmsg.Key(k.ApiKey)] = k.MaxVersion
	}
	if v, ok := got[kmsg.CreateTopics]; !ok || v != 4 {
		t.Errorf("CreateTopics is offered up to %d (%t), want 4", v, ok)
	}
	if v, ok := got[kmsg.DescribeTopicPartitions]; ok {
		t.Errorf("DescribeTopicPartitions is offered up to %d, want not at all", v)
	}
	if _, ok := got[kmsg.InitProducerID]; !ok {
		t.Error("InitProducerId is not offered: there are no transactions")
	}
}

func TestBusyPort(t *testing.T) {
	b := start(t, Options{})
	_, err := Start(Options{Addr: b.Addr(), AddrFlag: "--kafka-addr"})
	var busy *PortInUseError
	if !errors.As(err, &busy) {
		t.Fatalf("second broker on %s: %v, want a PortInUseError", b.Addr(), err)
	}
	want := "Kafka cannot listen on " + b.Addr() + ": the port is in use by another program; choose another with --kafka-addr"
	if err.Error() != want {
		t.Errorf("message %q\nwant    %q", err, want)
	}
}

func TestAddress(t *testing.T) {
	b := start(t, Options{Addr: ":0"})
	if host, _, _ := net.SplitHostPort(b.Addr()); host != "127.0.0.1" {
		t.Errorf("listens on %s, want 127.0.0.1", b.Addr())
	}
	for addr, want := range map[string]string{
		"9092":            "missing port",
		"0.0.0.0:9092":    "127.0.0.1 only",
		"localhost:x":     `port "x"`,
		"localhost:99999": `port "99999"`,
	} {
		if _, err := Start(Options{Addr: addr}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Start(%q) = %v, want an error with %q", addr, err, want)
		}
	}
}

func TestUnusableDataDir(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(Options{DataDir: file}); err == nil || !strings.Contains(err.Error(), "data directory") {
		t.Errorf("Start over a file: %v, want an error about the data directory", err)
	}
}

func TestFullDisk(t *testing.T) {
	enospc := &os.PathError{Op: "write", Path: "/data/0.dat", Err: syscall.ENOSPC}
	err := Options{DataDir: "/data"}.startError(fmt.Errorf("persisting initial state: %w", enospc))
	var full *DiskFullError
	if !errors.As(err, &full) || full.Dir != "/data" {
		t.Errorf("full disk at start: %v, want a DiskFullError of /data", err)
	}

	var told []error
	w := &diskWatch{dir: "/data", report: func(err error) { told = append(told, err) }}
	for range 3 {
		w.Logf(kfake.LogLevelWarn, "persist batch %s-%d: %v", "orders", 0, enospc)
	}
	if len(told) != 1 || !errors.As(told[0], &full) {
		t.Errorf("full disk at run time told %v, want one DiskFullError", told)
	}
}

func TestAutoCreate(t *testing.T) {
	for _, auto := range []bool{true, false} {
		b := start(t, Options{AutoCreateTopics: auto, DefaultPartitions: 4})
		cl := client(t, b, kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(1))
		err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: "new"}).FirstErr()
		if auto != (err == nil) {
			t.Errorf("AutoCreateTopics %t: produce to a new topic: %v", auto, err)
		}
		if n := len(b.Cluster().PartitionInfos("new")); auto && n != 4 {
			t.Errorf("the created topic has %d partitions, want 4", n)
		}
	}
}
