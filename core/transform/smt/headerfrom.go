package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type headerFrom struct {
	side        side
	fields      []string
	headers     []string
	moved       names
	move        bool
	purpose     string
	withDefault bool
	plans       plans[headerPlan]
}

type headerPlan struct {
	from []int        // the index of each field that becomes a header
	to   *data.Schema // of what a move leaves
	left []int        // the indexes of what a move leaves
}

func newHeaderFrom(s side, c *transform.HeaderFrom) (transform.Transform, error) {
	return &headerFrom{side: s, fields: c.Fields, headers: c.Headers, moved: newNames(c.Fields), move: c.Operation == "move",
		purpose: "header " + c.Operation, withDefault: c.ReplaceNullWithDefault}, nil
}

func (t *headerFrom) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	if *schema == nil {
		return true, t.schemaless(r, v)
	}
	if err := requireStruct(v, t.purpose); err != nil {
		return true, err
	}
	p, err := t.plans.of(v.Schema(), t.plan)
	if err != nil {
		return true, err
	}
	var rest data.Value
	if t.move {
		rest = r.Arena.Struct(p.to)
		m := newMover(&rest, v, t.withDefault)
		for to, from := range p.left {
			if err := m.move(to, from); err != nil {
				return true, err
			}
		}
	}
	for i, from := range p.from {
		f := get(v, from, t.withDefault)
		r.Headers = append(r.Headers, connect.Header{Key: t.headers[i], Schema: v.Schema().Fields()[from].Schema, Value: share(&f)})
	}
	if t.move {
		*schema, *v = p.to, rest
	}
	return true, nil
}

func (t *headerFrom) schemaless(r *connect.Record, v *data.Value) error {
	if err := requireMap(v, t.purpose); err != nil {
		return err
	}
	copied(v)
	for i, name := range t.fields {
		r.Headers = append(r.Headers, connect.Header{Key: t.headers[i], Value: share(mapGet(v, name))})
	}
	if t.move {
		for _, name := range t.fields {
			mapRemove(v, name)
		}
	}
	return nil
}

func (t *headerFrom) plan(s *data.Schema) (p headerPlan, err error) {
	for _, name := range t.fields {
		i := s.Index(name)
		if i < 0 {
			return p, data.Errorf(data.NullPointer, "the schema has no field %s", name)
		}
		p.from = append(p.from, i)
	}
	spec := basics(s, data.TypeStruct)
	for i, f := range s.Fields() {
		if !t.moved.has(f.Name) {
			spec.Fields = append(spec.Fields, f)
			p.left = append(p.left, i)
		}
	}
	p.to, err = spec.Build()
	return p, err
}
