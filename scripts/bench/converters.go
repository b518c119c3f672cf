package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"reflect"
	"strings"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/core/platform/awslambda"
	"github.com/connectless/connectless/core/registry"
	"github.com/connectless/connectless/core/task"
	"github.com/connectless/connectless/core/trigger"
	"github.com/connectless/connectless/scripts/bench/handwritten"
	"github.com/connectless/connectless/scripts/bench/handwritten/formats"
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

// newContests are the converters, each by itself or with the three transforms of the connector, and chains of five.
func newContests(ctx context.Context) ([]*contest, error) {
	registry.Mock("bench").Register("orders-value", formats.AvroSchema)
	avro, err := formats.Avro()
	if err != nil {
		return nil, err
	}
	avroKeys := map[string]string{"value.converter": convert.AvroConverter, "value.converter.schema.registry.url": "mock://bench"}
	five := map[string]string{
		"transforms":                  connector["transforms"] + ",mask,cast",
		"transforms.mask.type":        "org.apache.kafka.connect.transforms.MaskField$Value",
		"transforms.mask.fields":      "status",
		"transforms.mask.replacement": "***",
		"transforms.cast.type":        "org.apache.kafka.connect.transforms.Cast$Value",
		"transforms.cast.spec":        "version:string",
	}
	fiveAvro := maps.Clone(five)
	maps.Copy(fiveAvro, avroKeys)
	orders := func(read formats.Read, more func(map[string]any) error) func([]byte, func([]byte) error) (int, error) {
		return func(event []byte, put func([]byte) error) (int, error) { return formats.Handle(event, put, read, more) }
	}
	var contests []*contest
	add := func(row string, n int, event func([]byte) ([]byte, error), byHand func([]byte, func([]byte) error) (int, error), differs map[string]string) {
		c := &contest{row: row + "_vs_handwritten_records", records: n, byHand: byHand}
		var e error
		if c.event, e = event(handwritten.Event(n)); err == nil && e == nil {
			e = c.open(ctx, differs)
			contests = append(contests, c)
		}
		if err == nil {
			err = e
		}
	}
	asIs := func(event []byte) ([]byte, error) { return event, nil }
	add("avro", records, formats.AvroEvent, orders(avro, nil), avroKeys)
	add("envelope", envelopes, formats.EnvelopeEvent, orders(formats.Envelope, nil), map[string]string{"value.converter.schemas.enable": "true"})
	add("json_five_transforms", records, asIs, orders(formats.JSON, formats.MaskAndCast), five)
	add("avro_five_transforms", records, formats.AvroEvent, orders(avro, formats.MaskAndCast), fiveAvro)
	for _, s := range scalars {
		n := 0
		event := func(event []byte) ([]byte, error) {
			return formats.Each(event, func(doc []byte) ([]byte, error) { n++; return s.value(doc, n), nil })
		}
		byHand := func(event []byte, put func([]byte) error) (int, error) {
			return formats.HandleScalar(event, put, s.read)
		}
		add(s.row, records, event, byHand, map[string]string{"value.converter": s.class, "transforms": ""})
	}
	return contests, err
}

// scalars are the converters whose values are a single string, blob or number: a value for the record with the number n,
// and how it is read by hand.
var scalars = []struct {
	row   string
	class string
	value func(doc []byte, n int) []byte
	read  func(raw []byte) (any, error)
}{
	{"string", convert.StringConverter, document, func(raw []byte) (any, error) { return string(raw), nil }},
	{"bytearray", convert.ByteArrayConverter, document, func(raw []byte) (any, error) { return raw, nil }},
	{"boolean", convert.BooleanConverter, func(_ []byte, n int) []byte { return []byte{byte(n & 1)} },
		sized(1, func(raw []byte) any { return raw[0] == 1 })},
	{"short", convert.ShortConverter, func(_ []byte, n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) },
		sized(2, func(raw []byte) any { return int16(binary.BigEndian.Uint16(raw)) })},
	{"integer", convert.IntegerConverter, func(_ []byte, n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n*1_000_003)) },
		sized(4, func(raw []byte) any { return int32(binary.BigEndian.Uint32(raw)) })},
	{"long", convert.LongConverter, func(_ []byte, n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)*1_000_000_007) },
		sized(8, func(raw []byte) any { return int64(binary.BigEndian.Uint64(raw)) })},
	{"float", convert.FloatConverter, func(_ []byte, n int) []byte {
		return binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(n)/4))
	},
		sized(4, func(raw []byte) any { return math.Float32frombits(binary.BigEndian.Uint32(raw)) })},
	{"double", convert.DoubleConverter, func(_ []byte, n int) []byte {
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(n)/100))
	},
		sized(8, func(raw []byte) any { return math.Float64frombits(binary.BigEndian.Uint64(raw)) })},
}

func document(doc []byte, _ int) []byte { return doc }

// sized refuses what is not of the size, as Kafka's deserializers do.
func sized(n int, read func(raw []byte) any) func(raw []byte) (any, error) {
	return func(raw []byte) (any, error) {
		if len(raw) != n {
			return nil, fmt.Errorf("%d bytes, not %d", len(raw), n)
		}
		return read(raw), nil
	}
}

// open makes the engine, with the connector's configuration but for these keys.
func (c *contest) open(ctx context.Context, differs map[string]string) error {
	props := maps.Clone(connector)
	delete(props, "value.converter.schemas.enable")
	if class, ok := differs["value.converter"]; !ok || class == convert.JSONConverter {
		props["value.converter.schemas.enable"] = "false"
	}
	maps.Copy(props, differs)
	if props["transforms"] == "" {
		maps.DeleteFunc(props, func(key, _ string) bool { return strings.HasPrefix(key, "transforms") })
	}
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

// converters compares what records in other formats, and longer chains, cost.
func converters(ctx context.Context, rounds int, progress io.Writer) ([]row, error) {
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
