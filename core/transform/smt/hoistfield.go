package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type hoistField struct {
	side  side
	field string
	plans plans[*data.Schema]
}

func newHoistField(s side, c *transform.HoistField) (transform.Transform, error) {
	return &hoistField{side: s, field: c.Field}, nil
}

func (t *hoistField) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	if *schema == nil {
		fields := r.Arena.MakeFields(1, 4)
		fields[0] = data.Field{Name: t.field, Value: *v}
		*v = r.Arena.Map(fields)
		return true, nil
	}
	to, err := t.plans.of(*schema, t.plan)
	if err != nil {
		return true, err
	}
	s := r.Arena.Struct(to)
	if err := putChecked(&s, 0, *v); err != nil {
		return true, err
	}
	*schema, *v = to, s
	return true, nil
}

func (t *hoistField) plan(s *data.Schema) (*data.Schema, error) {
	return data.Spec{Type: data.TypeStruct, Fields: []data.SchemaField{{Name: t.field, Schema: s}}}.Build()
}
