package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type extractField struct {
	side        side
	path        string
	steps       []string
	withDefault bool
	plans       plans[extractPlan]
}

type extractPlan struct {
	to      *data.Schema
	indexes []int // of the steps
}

func newExtractField(s side, c *transform.ExtractField) (transform.Transform, error) {
	steps, err := transform.ParsePath(c.Field, c.SyntaxVersion)
	if err != nil {
		return nil, configError(err)
	}
	return &extractField{side: s, path: c.Field, steps: steps, withDefault: c.ReplaceNullWithDefault}, nil
}

func (t *extractField) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	if *schema == nil {
		return true, t.schemaless(v)
	}
	of := *schema
	if !v.IsNull() {
		if err := requireStruct(v, "field extraction"); err != nil {
			return true, err
		}
		of = v.Schema()
	}
	p, err := t.plans.of(of, t.plan)
	if err != nil {
		return true, err
	}
	for _, i := range p.indexes {
		if v.IsNull() {
			break
		}
		*v = get(v, i, t.withDefault)
	}
	*schema = p.to
	return true, nil
}

// errNoSteps is what Java says of an empty path that was read as V2.
func errNoSteps() error {
	return data.Errorf(data.IllegalArgument, "fromIndex(0) > toIndex(-1)")
}

func (t *extractField) schemaless(v *data.Value) error {
	if v.IsNull() {
		return nil
	}
	if err := requireMap(v, "field extraction"); err != nil {
		return err
	}
	if len(t.steps) == 0 {
		return errNoSteps()
	}
	at := v
	for i, name := range t.steps {
		if i > 0 {
			if at.IsNull() {
				break
			}
			if err := requireMap(at, "nested field access"); err != nil {
				return err
			}
		}
		at = mapGet(at, name)
	}
	if at == nil {
		*v = data.Value{}
		return nil
	}
	*v = *at
	return nil
}

func (t *extractField) plan(s *data.Schema) (p extractPlan, err error) {
	if len(t.steps) == 0 {
		return p, errNoSteps()
	}
	p.to = s
	for _, name := range t.steps {
		if p.to.Type() != data.TypeStruct {
			return p, data.Errorf(data.DataException, "Cannot look up fields on non-struct type")
		}
		i := p.to.Index(name)
		if i < 0 {
			return p, data.Errorf(data.IllegalArgument, "Unknown field: %s", t.path)
		}
		p.indexes = append(p.indexes, i)
		p.to = p.to.Fields()[i].Schema
	}
	return p, nil
}
