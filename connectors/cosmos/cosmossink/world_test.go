package cosmossink

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

// world is an account and a sink that writes to it, connected in memory so that time may be virtual.
type world struct {
	*cosmostest.Server
	t    testing.TB
	sink connect.Sink
	rec  cosmostest.Recorder
}

const database = "shop"

// newWorld has a container per topic, named like it, with the partition key paths given; settings override the defaults.
func newWorld(t testing.TB, settings map[string]string, paths ...string) *world {
	t.Helper()
	s, err := cosmostest.New(cosmostest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) > 0 {
		if err := s.AddContainer(database, "orders", cosmostest.ContainerOptions{Partitions: 2}, paths...); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{Server: s, t: t}
	s.Observe(w.rec.Add)
	l := cosmostest.NewPipe()
	if err := s.Start(l); err != nil {
		t.Fatal(err)
	}
	transport := newTransport(l.Dial)
	transport.Proxy = nil
	w.sink = open(t, Options{Transport: transport}, settings)
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func parse(t testing.TB, settings map[string]string) *cosmos.SinkConfig {
	t.Helper()
	props := map[string]string{
		"azure.cosmos.account.endpoint":         "http://account.test",
		"azure.cosmos.account.key":              cosmostest.Key,
		"azure.cosmos.sink.database.name":       database,
		"azure.cosmos.sink.containers.topicMap": "orders#orders, returns#orders, elsewhere#elsewhere",
	}
	for k, v := range settings {
		props["azure.cosmos."+k] = v
	}
	cfg := cosmos.Sink.Config(cosmos.SinkClass).(*cosmos.SinkConfig)
	if err := config.Parse(props, cfg).Err(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func open(t testing.TB, o Options, settings map[string]string) connect.Sink {
	t.Helper()
	s, err := o.Open(t.Context(), parse(t, settings))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.(io.Closer).Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// batch makes records of topic orders from JSON texts, offsets from 0; "" is a tombstone.
func batch(values ...string) []*connect.Record {
	var records []*connect.Record
	for i, v := range values {
		records = append(records, newRecord(data.NewArena(), int64(i), "", v))
	}
	return records
}

func newRecord(a *data.Arena, offset int64, key, value string) *connect.Record {
	r := &connect.Record{
		Topic: "orders", Timestamp: trigger.NoTimestamp, Arena: a,
		Origin: &trigger.Message{Topic: "orders", Offset: offset},
	}
	if key != "" {
		r.Key = data.OfString(key)
	}
	if value != "" {
		b := a.Alloc(len(value))
		copy(b, value)
		v, _, err := data.ParseJSON(a, b)
		if err != nil {
			panic(err)
		}
		r.Value = v
	}
	return r
}

// put wants everything to be delivered.
func (w *world) put(records []*connect.Record) {
	w.t.Helper()
	if err := w.sink.Put(w.t.Context(), records); err != nil {
		w.t.Fatalf("Put: %v", err)
	}
}

// stored is the documents of the container orders by partition key and id, as JSON.
func (w *world) stored() map[string]string {
	docs := map[string]string{}
	for _, d := range w.Documents(database, "orders") {
		docs[d.PartitionKey+" "+d.ID] = string(d.Body)
	}
	return docs
}

// requests describes the requests of writes that the account answered, in order.
func (w *world) requests() []string {
	var out []string
	for _, x := range w.rec.Exchanges(cosmostest.OpBatch, cosmostest.OpUpsertItem, cosmostest.OpCreateItem, cosmostest.OpDeleteItem) {
		out = append(out, fmt.Sprintf("%s %v %d", x.Op, x.IDs(), x.Status))
	}
	return out
}

// failures are the errors of a Put by record: class and text.
func failures(t testing.TB, err error, n int) map[int]string {
	t.Helper()
	out := map[int]string{}
	if err == nil {
		return out
	}
	var failed *connect.BatchError
	if !errors.As(err, &failed) {
		for i := range n {
			out[i] = connect.Classify(err).String()
		}
		return out
	}
	for i := range n {
		if e := failed.Failed(i); e != nil {
			out[i] = connect.Classify(e).String()
		}
	}
	return out
}
