package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type flatten struct {
	side      side
	delimiter string
	plans     plans[flattenPlan]
}

type flattenPlan struct {
	to   *data.Schema
	root flattenNode
}

// flattenNode is a struct to flatten: for each of its fields the node of a nested struct, or nil.
type flattenNode struct {
	nested []*flattenNode
	leaves int // fields of the result that come from here
}

func newFlatten(s side, c *transform.Flatten) (transform.Transform, error) {
	return &flatten{side: s, delimiter: c.Delimiter}, nil
}

func (t *flatten) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	switch {
	case v.IsNull():
		return true, nil
	case *schema == nil:
		return true, t.schemaless(r, v)
	}
	if err := requireStruct(v, "flattening"); err != nil {
		return true, err
	}
	p, err := t.plans.of(v.Schema(), t.plan)
	if err != nil {
		return true, err
	}
	s := r.Arena.Struct(p.to)
	if _, err := fill(&s, 0, v, &p.root); err != nil {
		return true, err
	}
	*schema, *v = p.to, s
	return true, nil
}

// fill puts the leaves of v into s, from field next on, and returns the field after them. A nested struct that is null
// leaves its fields null.
func fill(s *data.Value, next int, v *data.Value, n *flattenNode) (int, error) {
	for i, nested := range n.nested {
		if nested == nil {
			if err := put(s, next, get(v, i, true)); err != nil {
				return next, err
			}
			next++
			continue
		}
		if inner := &v.Fields()[i].Value; !inner.IsNull() {
			if _, err := fill(s, next, inner, nested); err != nil {
				return next, err
			}
		}
		next += nested.leaves
	}
	return next, nil
}

func (t *flatten) plan(s *data.Schema) (p flattenPlan, err error) {
	spec := basics(s, data.TypeStruct)
	if err := t.plant(&spec, &p.root, s, "", s.Optional(), s.Default()); err != nil {
		return p, err
	}
	p.to, err = spec.Build()
	return p, err
}

// plant adds the leaves of s to the spec. optional says that a struct on the way is optional, def is the default that a
// struct on the way gives this one.
func (t *flatten) plant(spec *data.Spec, n *flattenNode, s *data.Schema, prefix string, optional bool, def *data.Value) error {
	for i, f := range s.Fields() {
		name := t.join(prefix, f.Name)
		fieldOptional := optional || f.Schema.Optional()
		fieldDefault := f.Schema.Default()
		if fieldDefault == nil && !def.IsNull() {
			if v := get(def, i, true); !v.IsNull() {
				fieldDefault = &v
			}
		}
		switch f.Schema.Type() {
		case data.TypeMap:
			return data.Errorf(data.DataException, "Flatten transformation does not support %s for record with schemas (for field %s).", f.Schema.Type(), name)
		case data.TypeStruct:
			nested := &flattenNode{}
			if err := t.plant(spec, nested, f.Schema, name, fieldOptional, fieldDefault); err != nil {
				return err
			}
			n.nested = append(n.nested, nested)
			n.leaves += nested.leaves
		default:
			leaf := basics(f.Schema, f.Schema.Type())
			leaf.Elem, leaf.Optional, leaf.Default = f.Schema.Elem(), fieldOptional, fieldDefault
			built, err := leaf.Build()
			if err != nil {
				return err
			}
			spec.Fields = append(spec.Fields, data.SchemaField{Name: name, Schema: built})
			n.nested = append(n.nested, nil)
			n.leaves++
		}
	}
	return nil
}

func (t *flatten) join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + t.delimiter + name
}

func (t *flatten) schemaless(r *connect.Record, v *data.Value) error {
	if err := requireMap(v, "flattening"); err != nil {
		return err
	}
	f := flattening{t: t, a: r.Arena, fields: r.Arena.MakeFields(0, v.Len()+8)}
	err := f.add("", v)
	if err != nil {
		return err
	}
	if f.repeats() {
		// Of fields that get the same name, the one that Java comes to last stays.
		f.fields, f.inOrder = f.fields[:0], true
		if err := f.add("", v); err != nil {
			return err
		}
		f.keepLast()
	}
	*v = r.Arena.Map(f.fields)
	v.SetMapOrder(data.InsertionOrder)
	return nil
}

// flattening collects the leaves of a map.
type flattening struct {
	t       *flatten
	a       *data.Arena
	fields  []data.Field
	inOrder bool // go through maps in Java's order, which takes longer
}

func (f *flattening) add(prefix string, m *data.Value) error {
	if f.inOrder || m.Pairs() != nil {
		for key, value := range m.Entries() {
			if key.Kind() != data.String {
				return errNotText(key)
			}
			if err := f.entry(prefix, key.Text(), value); err != nil {
				return err
			}
		}
		return nil
	}
	fields := m.Fields()
	for i := range fields {
		if err := f.entry(prefix, fields[i].Name, &fields[i].Value); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattening) entry(prefix, key string, value *data.Value) error {
	name := f.join(prefix, key)
	switch value.Kind() {
	case data.Map:
		return f.add(name, value)
	case data.Struct:
		return data.Errorf(data.DataException, "Flatten transformation does not support class %s for record without schemas (for field %s).", value.JavaClass(), name)
	case data.Decimal, data.BigInt, data.Date:
		return data.Errorf(data.DataException, "Flatten transformation was passed a value of type class %s which is not supported by Connect's data API", value.JavaClass())
	}
	if len(f.fields) == cap(f.fields) {
		grown := f.a.MakeFields(len(f.fields), 2*cap(f.fields))
		copy(grown, f.fields)
		f.fields = grown
	}
	f.fields = append(f.fields, data.Field{Name: name, Value: *value})
	return nil
}

func (f *flattening) join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	var short [128]byte
	b := append(append(append(short[:0], prefix...), f.t.delimiter...), name...)
	text := f.a.Text(b)
	return text.Text()
}

// repeats says whether two leaves have the same name.
func (f *flattening) repeats() bool {
	if len(f.fields) <= 24 {
		for i := range f.fields {
			for j := range i {
				if f.fields[i].Name == f.fields[j].Name {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[string]bool, len(f.fields))
	for i := range f.fields {
		if seen[f.fields[i].Name] {
			return true
		}
		seen[f.fields[i].Name] = true
	}
	return false
}

// keepLast leaves one field of each name: where the first was, with the last one's value.
func (f *flattening) keepLast() {
	at := make(map[string]int, len(f.fields))
	kept := f.fields[:0]
	for i := range f.fields {
		if j, ok := at[f.fields[i].Name]; ok {
			kept[j].Value = f.fields[i].Value
			continue
		}
		at[f.fields[i].Name] = len(kept)
		kept = append(kept, f.fields[i])
	}
	f.fields = kept
}
