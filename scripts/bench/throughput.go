package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/connectors/cosmos/cosmossink"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/core/platform/awslambda"
	"github.com/connectless/connectless/core/task"
	"github.com/connectless/connectless/core/trigger"
	"github.com/connectless/connectless/scripts/bench/discard"
	"github.com/connectless/connectless/scripts/bench/handwritten"
)

const (
	endpoint = "http://cosmos.invalid"
	key      = "bm90IGEgc2VjcmV0LCBub3QgYSBzZWNyZXQsIG5vdCBhIHNlY3JldCwgbm90IGEgc2VjcmV0LCBub3QgYSBzZWNyZXQsIG5vdA=="
)

// connector is the configuration whose work handwritten.Handle does by hand.
var connector = map[string]string{
	"name":                                  "bench",
	"connector.class":                       cosmos.SinkClass,
	"topics":                                "orders",
	"azure.cosmos.account.endpoint":         endpoint,
	"azure.cosmos.account.key":              key,
	"azure.cosmos.sink.database.name":       "bench",
	"azure.cosmos.sink.containers.topicMap": "orders#bench",
	"key.converter":                         "org.apache.kafka.connect.storage.StringConverter",
	"value.converter":                       "org.apache.kafka.connect.json.JsonConverter",
	"value.converter.schemas.enable":        "false",
	"transforms":                            "meta,shape,time",
	"transforms.meta.type":                  "org.apache.kafka.connect.transforms.InsertField$Value",
	"transforms.meta.topic.field":           "_topic",
	"transforms.meta.offset.field":          "_offset",
	"transforms.meta.static.field":          "source_system",
	"transforms.meta.static.value":          "shop-eu",
	"transforms.shape.type":                 "org.apache.kafka.connect.transforms.ReplaceField$Value",
	"transforms.shape.exclude":              "internal_note",
	"transforms.shape.renames":              "order_id:id,cust:customer",
	"transforms.time.type":                  "org.apache.kafka.connect.transforms.TimestampConverter$Value",
	"transforms.time.field":                 "ts",
	"transforms.time.target.type":           "string",
	"transforms.time.format":                "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'",
}

// writer is where the engine's cut is: it makes of each record the document that a connector would hand to its writer.
type writer struct {
	buf  []byte
	each func(doc []byte)
}

func (w *writer) Put(_ context.Context, batch []*connect.Record) error {
	for _, r := range batch {
		w.buf = r.Value.AppendJSON(w.buf[:0])
		if w.each != nil {
			w.each(w.buf)
		}
	}
	return nil
}

type bench struct {
	event  []byte
	cut    *writer
	engine *task.Sink // ends at the cut
	sink   *task.Sink // writes to Cosmos, documents batched by the partition key /status
	points *task.Sink // the same with the partition key /id: a request a document
	sdk    *azcosmos.ContainerClient
}

func newBench(ctx context.Context) (*bench, error) {
	b := &bench{event: handwritten.Event(records), cut: &writer{}}
	log := slog.New(slog.DiscardHandler)
	doc := &function.Document{Config: connector}
	var err error
	if b.engine, err = function.NewSink(ctx, cosmos.Sink, func(context.Context, config.Definer) (connect.Sink, error) { return b.cut, nil }, doc, log); err != nil {
		return nil, err
	}
	if b.sink, err = function.NewSink(ctx, cosmos.Sink, cosmossink.Options{Transport: discard.Transport{PartitionKey: "/status"}}.Open, doc, log); err != nil {
		return nil, err
	}
	if b.points, err = function.NewSink(ctx, cosmos.Sink, cosmossink.Options{Transport: discard.Transport{PartitionKey: "/id"}}.Open, doc, log); err != nil {
		return nil, err
	}
	cred, err := azcosmos.NewKeyCredential(key)
	if err != nil {
		return nil, err
	}
	client, err := azcosmos.NewClientWithKey(endpoint, cred, &azcosmos.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: transporter{discard.Transport{PartitionKey: "/status"}}, InsecureAllowCredentialWithHTTP: true}})
	if err != nil {
		return nil, err
	}
	b.sdk, err = client.NewContainer("bench", "bench")
	return b, err
}

func (b *bench) close() {
	for _, t := range []*task.Sink{b.engine, b.sink, b.points} {
		_ = t.Close() // nothing is connected
	}
}

type transporter struct{ rt http.RoundTripper }

func (t transporter) Do(r *http.Request) (*http.Response, error) { return t.rt.RoundTrip(r) }

var _ policy.Transporter = transporter{}

// run takes the event through a task.
func (b *bench) run(ctx context.Context, t *task.Sink) error {
	result, stats := t.Run(ctx, func(m *trigger.Messages, alloc func(int) []byte) error { return awslambda.Decode(b.event, m, alloc) })
	if result.Err != nil {
		return result.Err
	}
	if stats.Written != records {
		return fmt.Errorf("%d of %d records written", stats.Written, records)
	}
	return nil
}

// sameDocuments fails unless both sides make the same documents, as JSON, in the same order.
func (b *bench) sameDocuments(ctx context.Context) error {
	var want [][]byte
	if _, err := handwritten.Handle(b.event, func(doc []byte) error { want = append(want, bytes.Clone(doc)); return nil }); err != nil {
		return err
	}
	n := 0
	var differ error
	b.cut.each = func(doc []byte) {
		var x, y any
		if err := json.Unmarshal(doc, &x); err != nil {
			differ = fmt.Errorf("document %d: %w: %s", n, err, doc)
		} else if n >= len(want) {
			differ = fmt.Errorf("more than %d documents", len(want))
		} else if err := json.Unmarshal(want[n], &y); err != nil {
			differ = err
		} else if !reflect.DeepEqual(x, y) {
			differ = fmt.Errorf("document %d differs:\n by hand %s\n engine  %s", n, want[n], doc)
		}
		n++
	}
	defer func() { b.cut.each = nil }()
	if err := b.run(ctx, b.engine); err != nil {
		return err
	}
	if differ == nil && n != len(want) {
		differ = fmt.Errorf("%d documents, by hand %d", n, len(want))
	}
	return differ
}

// throughput compares records a second and allocations.
func (b *bench) throughput(ctx context.Context, rounds int, progress io.Writer) ([]row, error) {
	var kept int
	contestants := []struct {
		name string
		run  func() error
	}{
		{"by hand", func() error {
			_, err := handwritten.Handle(b.event, func(doc []byte) error { kept += len(doc); return nil })
			return err
		}},
		{"engine", func() error { return b.run(ctx, b.engine) }},
		{"by hand, azcosmos", func() error {
			_, err := handwritten.Handle(b.event, func(doc []byte) error {
				var d struct{ Status string }
				if err := json.Unmarshal(doc, &d); err != nil {
					return err
				}
				_, err := b.sdk.UpsertItem(ctx, azcosmos.NewPartitionKeyString(d.Status), doc, nil)
				return err
			})
			return err
		}},
		{"cosmos sink, batches", func() error { return b.run(ctx, b.sink) }},
		{"cosmos sink, points", func() error { return b.run(ctx, b.points) }},
	}
	seconds := make([][]float64, len(contestants))
	allocs := make([][]float64, len(contestants))
	for round := -1; round < rounds; round++ { // the first round warms up
		for i, c := range contestants {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			s, err := measured(c.run)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if round >= 0 {
				seconds[i], allocs[i] = append(seconds[i], s.seconds), append(allocs[i], s.allocs)
			}
		}
	}
	for i, c := range contestants {
		fmt.Fprintf(progress, "%-22s %8.3f us and %8.3f allocations a record\n", c.name, median(seconds[i])/records*1e6, median(allocs[i])/records)
	}
	return []row{
		{"engine_vs_handwritten_records", median(seconds[0]) / median(seconds[1])},
		{"engine_vs_handwritten_allocs", median(allocs[1]) / median(allocs[0])},
		{"sink_vs_handwritten_records", median(seconds[2]) / median(seconds[3])},
		{"sink_points_vs_handwritten_records", median(seconds[2]) / median(seconds[4])},
	}, nil
}
