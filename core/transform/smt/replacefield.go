package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type replaceField struct {
	side        side
	exclude     names
	include     names
	only        bool              // include is not empty
	from        names             // what is renamed
	to          []string          // what each of from becomes
	target      names             // the names in to
	back        map[string]string // from a new name to an old one
	withDefault bool
	plans       plans[replacePlan]
}

type replacePlan struct {
	to   *data.Schema
	from []int // the field that each field's value comes from
	// odd marks values that come from another field than their schema: Java looks them up by the new name.
	odd []bool
	err error // of a value that cannot be looked up
}

func newReplaceField(s side, c *transform.ReplaceField) (transform.Transform, error) {
	pairs, err := c.RenamePairs()
	if err != nil {
		return nil, configError(err)
	}
	t := &replaceField{side: s, exclude: newNames(c.Exclude), include: newNames(c.Include), only: len(c.Include) > 0,
		back: map[string]string{}, withDefault: c.ReplaceNullWithDefault}
	old := make([]string, len(pairs))
	renamed := map[string]string{}
	for i, p := range pairs {
		old[i] = p.From
		renamed[p.From] = p.To
		t.to = append(t.to, p.To)
	}
	t.from, t.target = newNames(old), newNames(t.to)
	for _, name := range hashOrder(old, 16) {
		t.back[renamed[name]] = name
	}
	return t, nil
}

func (t *replaceField) keeps(name string) bool {
	return !t.exclude.has(name) && (!t.only || t.include.has(name))
}

func (t *replaceField) renamed(name string) string {
	if i := t.from.at(name); i >= 0 {
		return t.to[i]
	}
	return name
}

func (t *replaceField) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	switch {
	case v.IsNull():
		return true, nil
	case *schema == nil:
		return true, t.schemaless(r, v)
	}
	if err := requireStruct(v, "field replacement"); err != nil {
		return true, err
	}
	p, err := t.plans.of(v.Schema(), t.plan)
	if err != nil {
		return true, err
	}
	s := r.Arena.Struct(p.to)
	for i, from := range p.from {
		if from < 0 {
			return true, p.err
		}
		set := put
		if p.odd[i] {
			set = putChecked
		}
		if err := set(&s, i, get(v, from, t.withDefault)); err != nil {
			return true, err
		}
	}
	*schema, *v = p.to, s
	return true, nil
}

func (t *replaceField) plan(s *data.Schema) (p replacePlan, err error) {
	spec := basics(s, data.TypeStruct)
	for i, f := range s.Fields() {
		if !t.keeps(f.Name) {
			continue
		}
		name := t.renamed(f.Name)
		spec.Fields = append(spec.Fields, data.SchemaField{Name: name, Schema: f.Schema})
		// Java finds the value by going back from the new name, which may lead to a field that was not meant.
		from := i
		if old, ok := t.back[name]; ok {
			name = old
		}
		if s.Fields()[i].Name != name {
			from = s.Index(name)
		}
		if from < 0 && p.err == nil {
			p.err = data.Errorf(data.DataException, "%s is not a valid field name", name)
		}
		p.from = append(p.from, from)
		p.odd = append(p.odd, from != i)
	}
	p.to, err = spec.Build()
	return p, err
}

func (t *replaceField) schemaless(r *connect.Record, v *data.Value) error {
	if err := requireMap(v, "field replacement"); err != nil {
		return err
	}
	if pairs := v.Pairs(); pairs != nil {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i].Kind() != data.String {
				return errNotText(&pairs[i])
			}
		}
	}
	size := v.Len()
	fields := v.Fields()
	if v.Pairs() != nil || t.collides(fields) {
		t.rebuilt(r, v)
	} else {
		kept := fields[:0]
		for i := range fields {
			if name := fields[i].Name; t.keeps(name) {
				kept = append(kept, data.Field{Name: t.renamed(name), Value: fields[i].Value})
			}
		}
		v.SetFields(kept)
	}
	v.SetMapOrder(data.HashOrderOf(size))
	return nil
}

// collides says whether two kept fields may get the same name.
func (t *replaceField) collides(fields []data.Field) bool {
	var taken uint64 // bit i: there is a field to be named to[i]
	for i := range fields {
		name := fields[i].Name
		to := t.from.at(name)
		if to < 0 {
			to = t.target.at(name)
		}
		if to < 0 || !t.keeps(name) {
			continue
		}
		to = t.target.at(t.to[to]) // of several with the same text the same one
		if to >= 64 || taken&(1<<to) != 0 {
			return true
		}
		taken |= 1 << to
	}
	return false
}

// rebuilt does it as Java does: what comes last of the fields that get the same name stays.
func (t *replaceField) rebuilt(r *connect.Record, v *data.Value) {
	m := r.Arena.Map(r.Arena.MakeFields(0, v.Len()+4))
	for key, value := range v.Entries() {
		if t.keeps(key.Text()) {
			m.Set(t.renamed(key.Text()), *value)
		}
	}
	*v = m
}
