package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/core/platform/awslambda"
	"github.com/connectless/connectless/core/registry"
	"github.com/connectless/connectless/core/task"
	"github.com/connectless/connectless/core/trigger"
	"github.com/connectless/connectless/scripts/bench/handwritten"
	"github.com/connectless/connectless/scripts/bench/handwritten/withschema"
)

// envelopes is the number of records in an event of envelopes, which the schema in each makes three times as large.
const envelopes = 1600

// contest is the engine against code by hand, both cut where the connector would hand a document to its writer.
type contest struct {
	row     string
	records int
	event   []byte
	byHand  func(event []byte, put func(doc []byte) error) (int, error)
	cut     *writer
	engine  *task.Sink
}

func newContests(ctx context.Context) ([]*contest, error) {
	registry.Mock("bench").Register("orders-value", withschema.AvroSchema)
	avro := &contest{row: "avro_vs_handwritten_records", records: records, byHand: withschema.HandleAvro}
	envelope := &contest{row: "envelope_vs_handwritten_records", records: envelopes, byHand: withschema.HandleEnvelope}
	var errs [4]error
	avro.event, errs[0] = withschema.AvroEvent(handwritten.Event(avro.records))
	envelope.event, errs[1] = withschema.EnvelopeEvent(handwritten.Event(envelope.records))
	errs[2] = avro.open(ctx, map[string]string{
		"value.converter":                     "io.confluent.connect.avro.AvroConverter",
		"value.converter.schema.registry.url": "mock://bench",
	})
	errs[3] = envelope.open(ctx, map[string]string{"value.converter.schemas.enable": "true"})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return []*contest{avro, envelope}, nil
}

// open makes the engine, with the connector's configuration but for these keys.
func (c *contest) open(ctx context.Context, differs map[string]string) error {
	props := maps.Clone(connector)
	delete(props, "value.converter.schemas.enable")
	maps.Copy(props, differs)
	c.cut = &writer{}
	open := func(context.Context, config.Definer) (connect.Sink, error) { return c.cut, nil }
	var err error
	c.engine, err = function.NewSink(ctx, cosmos.Sink, open, &function.Document{Config: props}, slog.New(slog.DiscardHandler))
	return err
}

func (c *contest) run(ctx context.Context) error {
	result, stats := c.engine.Run(ctx, func(m *trigger.Messages, alloc func(int) []byte) error { return awslambda.Decode(c.event, m, alloc) })
	if result.Err != nil {
		return result.Err
	}
	if stats.Written != c.records {
		return fmt.Errorf("%d of %d records written", stats.Written, c.records)
	}
	return nil
}

// same fails unless both make the same documents, as JSON, in the same order.
func (c *contest) same(ctx context.Context) error {
	var want, got [][]byte
	if _, err := c.byHand(c.event, func(doc []byte) error { want = append(want, bytes.Clone(doc)); return nil }); err != nil {
		return err
	}
	c.cut.each = func(doc []byte) { got = append(got, bytes.Clone(doc)) }
	defer func() { c.cut.each = nil }()
	if err := c.run(ctx); err != nil {
		return err
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d documents, by hand %d", len(got), len(want))
	}
	for i := range want {
		var x, y any
		if err := json.Unmarshal(want[i], &x); err != nil {
			return err
		}
		if err := json.Unmarshal(got[i], &y); err != nil || !reflect.DeepEqual(x, y) {
			return fmt.Errorf("document %d differs:\n by hand %s\n engine  %s", i, want[i], got[i])
		}
	}
	return nil
}

// schemas compares what records with schemas cost.
func schemas(ctx context.Context, rounds int, progress io.Writer) ([]row, error) {
	contests, err := newContests(ctx)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range contests {
		defer c.engine.Close()
		if err := c.same(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", c.row, err)
		}
		var kept int
		runs := []func() error{
			func() error {
				_, err := c.byHand(c.event, func(doc []byte) error { kept += len(doc); return nil })
				return err
			},
			func() error { return c.run(ctx) },
		}
		var seconds [2][]float64
		for round := -1; round < rounds; round++ { // the first round warms up
			for i, run := range runs {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				s, err := measured(run)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", c.row, err)
				}
				if round >= 0 {
					seconds[i] = append(seconds[i], s.seconds)
				}
			}
		}
		hand, engine := median(seconds[0]), median(seconds[1])
		fmt.Fprintf(progress, "%-34s %8.3f us by hand, %8.3f us a record\n", c.row, hand/float64(c.records)*1e6, engine/float64(c.records)*1e6)
		rows = append(rows, row{c.row, hand / engine})
	}
	return rows, nil
}
