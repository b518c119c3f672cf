package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type valueToKey struct {
	fields []string
	// distinct are the fields in the order that Java's HashMap of them has: the order of a JSON key's bytes, by which
	// the partition is chosen.
	distinct    []string
	order       data.MapOrder
	withDefault bool
	plans       plans[keyPlan]
}

type keyPlan struct {
	to   *data.Schema
	from []int
}

func newValueToKey(c *transform.ValueToKey) (transform.Transform, error) {
	seen := map[string]bool{}
	var distinct []string
	for _, f := range c.Fields {
		if !seen[f] {
			seen[f] = true
			distinct = append(distinct, f)
		}
	}
	return &valueToKey{fields: c.Fields, distinct: hashOrder(distinct, len(c.Fields)),
		order: data.HashOrderOf(len(c.Fields)), withDefault: c.ReplaceNullWithDefault}, nil
}

func (t *valueToKey) Apply(r *connect.Record) (bool, error) {
	const purpose = "copying fields from value to key"
	v := &r.Value
	if r.ValueSchema == nil {
		if err := requireMap(v, purpose); err != nil {
			return true, err
		}
		fields := r.Arena.MakeFields(len(t.distinct), len(t.distinct)+4)
		for i, name := range t.distinct {
			fields[i] = data.Field{Name: name, Value: share(mapGet(v, name))}
		}
		r.KeySchema, r.Key = nil, r.Arena.Map(fields)
		r.Key.SetMapOrder(t.order)
		return true, nil
	}
	if err := requireStruct(v, purpose); err != nil {
		return true, err
	}
	p, err := t.plans.of(v.Schema(), t.plan)
	if err != nil {
		return true, err
	}
	key := r.Arena.Struct(p.to)
	for i, from := range p.from {
		f := get(v, from, t.withDefault)
		if err := put(&key, i, share(&f)); err != nil {
			return true, err
		}
	}
	r.KeySchema, r.Key = p.to, key
	return true, nil
}

func (t *valueToKey) plan(s *data.Schema) (p keyPlan, err error) {
	spec := data.Spec{Type: data.TypeStruct}
	for _, name := range t.fields {
		i := s.Index(name)
		if i < 0 {
			return p, data.Errorf(data.DataException, "Field does not exist: %s", name)
		}
		spec.Fields = append(spec.Fields, s.Fields()[i])
		p.from = append(p.from, i)
	}
	p.to, err = spec.Build()
	return p, err
}
