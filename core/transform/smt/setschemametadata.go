package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type setSchemaMetadata struct {
	side        side
	name        *string
	version     *int32
	withDefault bool
	plans       plans[*data.Schema]
}

func newSetSchemaMetadata(s side, c *transform.SetSchemaMetadata) (transform.Transform, error) {
	return &setSchemaMetadata{side: s, name: c.SchemaName, version: c.SchemaVersion, withDefault: c.ReplaceNullWithDefault}, nil
}

func (t *setSchemaMetadata) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	if *schema == nil {
		if v.IsNull() {
			return true, nil
		}
		return true, data.Errorf(data.DataException, "Schema required for [updating schema metadata]")
	}
	to, err := t.plans.of(*schema, t.plan)
	if err != nil {
		return true, err
	}
	if v.Kind() == data.Struct {
		if err := rebuild(v, to, t.withDefault); err != nil {
			return true, err
		}
	}
	*schema = to
	return true, nil
}

func (t *setSchemaMetadata) plan(s *data.Schema) (*data.Schema, error) {
	if err := requireFields(s); err != nil {
		return nil, err
	}
	spec := s.Spec()
	if t.name != nil {
		spec.Name = *t.name
	}
	if t.version != nil {
		spec.Version = t.version
	}
	if d := spec.Default; d != nil {
		// A default belongs to the schema that it is the default of.
		spec.Default = nil
		bare, err := spec.Build()
		if err != nil {
			return nil, err
		}
		moved := data.OfStruct(bare)
		copy(moved.Fields(), d.Fields())
		spec.Default = &moved
	}
	return spec.Build()
}
