package smt

import (
	"slices"

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
	back        map[string]string // from a new name to an old one
	known       names             // every name that a list has
	actions     []action          // on each of known
	withDefault bool
	plans       plans[replacePlan]
}

// action is what becomes of a field.
type action struct {
	drop bool
	name string // the new one
	// slot is the same for all fields that would get one name, where there may be several; else -1.
	slot int
}

type replacePlan struct {
	to   *data.Schema
	from []int // the field that each field's value comes from
	// odd marks values that come from another field than their schema: Java looks them up by the new name.
	odd []bool
	any bool  // odd has one
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
	t.from = newNames(old)
	for _, name := range hashOrder(old, 16) {
		t.back[renamed[name]] = name
	}
	t.plot(slices.Concat(c.Exclude, c.Include, old, t.to))
	return t, nil
}

// plot decides what becomes of the fields that the configuration names.
func (t *replaceField) plot(mentioned []string) {
	var list []string
	for _, name := range mentioned {
		if slices.Contains(list, name) {
			continue
		}
		list = append(list, name)
		name := t.renamed(name)
		t.actions = append(t.actions, action{drop: !t.keeps(list[len(list)-1]), name: name, slot: slices.Index(t.to, name)})
	}
	t.known = newNames(list)
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
	if !p.any {
		m := rebuilder(v, p.to, p.from, t.withDefault)
		for i, from := range p.from {
			if err := m.stay(i, from); err != nil {
				return true, err
			}
		}
		*schema = p.to
		return true, nil
	}
	s := r.Arena.Struct(p.to)
	m := newMover(&s, v, t.withDefault)
	for i, from := range p.from {
		if from < 0 {
			return true, p.err
		}
		var err error
		if p.odd[i] {
			err = putChecked(&s, i, get(v, from, t.withDefault))
		} else {
			err = m.move(i, from)
		}
		if err != nil {
			return true, err
		}
	}
	*schema, *v = p.to, s
	return true, nil
}

func (t *replaceField) plan(s *data.Schema) (p replacePlan, err error) {
	spec := basics(s, data.TypeStruct)
	p.from = []int{}
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
		p.any = p.any || from != i
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
	if v.Pairs() != nil || !t.inPlace(v) {
		t.rebuilt(r, v)
	}
	v.SetMapOrder(data.HashOrderOf(size))
	return nil
}

// inPlace drops and renames the fields of a map where they are. It refuses, before it changes anything, a map in which
// two fields would get the same name.
func (t *replaceField) inPlace(v *data.Value) bool {
	fields := v.Fields()
	var taken uint64 // bit: slot
	first := len(fields)
	for i := range fields {
		k := t.known.at(fields[i].Name)
		if k < 0 && !t.only {
			continue
		}
		first = min(first, i)
		if k < 0 || t.actions[k].drop {
			continue
		}
		if slot := t.actions[k].slot; slot >= 0 {
			if slot >= 64 || taken&(1<<slot) != 0 {
				return false
			}
			taken |= 1 << slot
		}
	}
	kept := first
	for i := first; i < len(fields); i++ {
		k := t.known.at(fields[i].Name)
		if k < 0 && t.only || k >= 0 && t.actions[k].drop {
			continue
		}
		if i != kept {
			fields[kept] = fields[i]
		}
		if k >= 0 {
			fields[kept].Name = t.actions[k].name
		}
		kept++
	}
	v.SetFields(fields[:kept])
	return true
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
