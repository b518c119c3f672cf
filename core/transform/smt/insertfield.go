package smt

import (
	"strings"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type insertField struct {
	side        side
	inserts     []insertion // in Java's order, which is that of the constants
	static      data.Value
	withDefault bool
	plans       plans[*data.Schema]
}

// insertion is one field to insert.
type insertion struct {
	what   inserted
	name   string
	schema *data.Schema
}

type inserted uint8

const (
	insertedTopic inserted = iota
	insertedPartition
	insertedOffset
	insertedTimestamp
	insertedStatic
)

func newInsertField(s side, c *transform.InsertField) (transform.Transform, error) {
	t := &insertField{side: s, withDefault: c.ReplaceNullWithDefault}
	if c.StaticValue != nil {
		t.static = data.OfString(*c.StaticValue)
	}
	add := func(what inserted, spec *string, schema func(optional bool) *data.Schema) {
		if spec == nil {
			return
		}
		name, required := strings.CutSuffix(*spec, "!")
		if !required {
			name = strings.TrimSuffix(name, "?")
		}
		t.inserts = append(t.inserts, insertion{what, name, schema(!required)})
	}
	of := func(t data.Type) func(bool) *data.Schema {
		return func(optional bool) *data.Schema { return data.Of(t, optional) }
	}
	add(insertedTopic, c.TopicField, of(data.TypeString))
	add(insertedPartition, c.PartitionField, of(data.TypeInt32))
	add(insertedOffset, c.OffsetField, of(data.TypeInt64))
	add(insertedTimestamp, c.TimestampField, func(optional bool) *data.Schema { return data.Logical(data.LogicalTimestamp, optional) })
	add(insertedStatic, c.StaticField, of(data.TypeString))
	return t, nil
}

// value is what goes into the field. Without it (a record without a time) the field stays out.
func (t *insertField) value(what inserted, r *connect.Record, schemaless bool) (v data.Value, ok bool, err error) {
	switch what {
	case insertedTopic:
		return data.OfString(r.Topic), true, nil
	case insertedPartition:
		return data.OfInt32(r.Partition), r.Partition >= 0, nil
	case insertedOffset:
		if !isSink(r) {
			return v, false, data.Errorf(data.DataException,
				"Only SinkRecord supported for [field insertion], found: org.apache.kafka.connect.source.SourceRecord")
		}
		return data.OfInt64(r.Offset()), true, nil
	case insertedTimestamp:
		ms, ok := timestamp(r)
		if schemaless {
			return data.OfInt64(ms), ok, nil
		}
		return data.OfDate(ms), ok, nil
	}
	return t.static, true, nil
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
	before := v.Len()
	if err := rebuild(v, to, t.withDefault); err != nil {
		return true, err
	}
	for i := range t.inserts {
		value, ok, err := t.value(t.inserts[i].what, r, false)
		if err != nil {
			return true, err
		}
		if ok {
			v.Fields()[before+i].Value = value
		}
	}
	*schema = to
	return true, nil
}

func (t *insertField) schemaless(r *connect.Record, v *data.Value) error {
	if err := requireMap(v, "field insertion"); err != nil {
		return err
	}
	copied(v)
	for i := range t.inserts {
		value, ok, err := t.value(t.inserts[i].what, r, true)
		if err != nil {
			return err
		}
		if ok {
			v.Set(t.inserts[i].name, value)
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
