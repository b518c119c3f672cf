package smt

import (
	"strings"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type insertField struct {
	side        side
	inserts     []insertion // in Java's order: topic, partition, offset, timestamp, static
	withDefault bool
	plans       plans[*data.Schema]
}

// insertion is one field to insert. Without a value (a record without a time) the field stays out.
type insertion struct {
	name   string
	schema *data.Schema
	value  func(r *connect.Record) (v data.Value, ok bool, err error)
	// schemaless does what value does where there is no schema; nil: the same.
	schemaless func(r *connect.Record) (v data.Value, ok bool, err error)
}

func newInsertField(s side, c *transform.InsertField) (transform.Transform, error) {
	t := &insertField{side: s, withDefault: c.ReplaceNullWithDefault}
	add := func(spec *string, schema func(optional bool) *data.Schema, i insertion) {
		if spec == nil {
			return
		}
		name, required := strings.CutSuffix(*spec, "!")
		if !required {
			name = strings.TrimSuffix(name, "?")
		}
		i.name, i.schema = name, schema(!required)
		t.inserts = append(t.inserts, i)
	}
	of := func(t data.Type) func(bool) *data.Schema {
		return func(optional bool) *data.Schema { return data.Of(t, optional) }
	}
	add(c.TopicField, of(data.TypeString), insertion{value: insertTopic})
	add(c.PartitionField, of(data.TypeInt32), insertion{value: insertPartition})
	add(c.OffsetField, of(data.TypeInt64), insertion{value: insertOffset})
	add(c.TimestampField, func(optional bool) *data.Schema { return data.Logical(data.LogicalTimestamp, optional) },
		insertion{value: insertTimestamp, schemaless: insertMillis})
	if c.StaticValue != nil {
		static := data.OfString(*c.StaticValue)
		add(c.StaticField, of(data.TypeString), insertion{value: func(*connect.Record) (data.Value, bool, error) { return static, true, nil }})
	}
	return t, nil
}

func insertTopic(r *connect.Record) (data.Value, bool, error) {
	return data.OfString(r.Topic), true, nil
}

func insertPartition(r *connect.Record) (data.Value, bool, error) {
	return data.OfInt32(r.Partition), r.Partition >= 0, nil
}

func insertOffset(r *connect.Record) (data.Value, bool, error) {
	if !isSink(r) {
		return data.Value{}, false, data.Errorf(data.DataException,
			"Only SinkRecord supported for [field insertion], found: org.apache.kafka.connect.source.SourceRecord")
	}
	return data.OfInt64(r.Offset()), true, nil
}

func insertTimestamp(r *connect.Record) (data.Value, bool, error) {
	ms, ok := timestamp(r)
	return data.OfDate(ms), ok, nil
}

func insertMillis(r *connect.Record) (data.Value, bool, error) {
	ms, ok := timestamp(r)
	return data.OfInt64(ms), ok, nil
}

func (t *insertField) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	switch {
	case v.IsNull():
		return true, nil
	case *schema == nil:
		return true, t.schemaless(r, v)
	}
	if err := requireStruct(v, "field insertion"); err != nil {
		return true, err
	}
	to, err := t.plans.of(v.Schema(), t.plan)
	if err != nil {
		return true, err
	}
	s, err := rebuild(r, v, to, t.withDefault)
	if err != nil {
		return true, err
	}
	for i := range t.inserts {
		value, ok, err := t.inserts[i].value(r)
		if err != nil {
			return true, err
		}
		if ok {
			s.Fields()[v.Len()+i].Value = value
		}
	}
	*schema, *v = to, s
	return true, nil
}

func (t *insertField) schemaless(r *connect.Record, v *data.Value) error {
	if err := requireMap(v, "field insertion"); err != nil {
		return err
	}
	copied(v)
	for i := range t.inserts {
		insert := t.inserts[i].value
		if t.inserts[i].schemaless != nil {
			insert = t.inserts[i].schemaless
		}
		value, ok, err := insert(r)
		if err != nil {
			return err
		}
		if ok {
			mapPut(r, v, t.inserts[i].name, value)
		}
	}
	return nil
}

func (t *insertField) plan(s *data.Schema) (*data.Schema, error) {
	spec := basics(s, data.TypeStruct)
	spec.Fields = append(spec.Fields, s.Fields()...)
	for i := range t.inserts {
		spec.Fields = append(spec.Fields, data.SchemaField{Name: t.inserts[i].name, Schema: t.inserts[i].schema})
	}
	return spec.Build()
}
