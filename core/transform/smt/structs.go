package smt

import (
	"sync"
	"sync/atomic"

	"github.com/connectless/connectless/core/data"
)

// basics is what Connect copies into the schema that a transform makes of another: name, version, doc and parameters.
func basics(s *data.Schema, t data.Type) data.Spec {
	return data.Spec{Type: t, Name: s.Name(), Version: s.Version(), Doc: s.Doc(), Params: s.Params()}
}

// get is field i of a struct, null read as the schema's default if withDefault says so.
func get(v *data.Value, i int, withDefault bool) data.Value {
	f := &v.Fields()[i].Value
	if !withDefault || !f.IsNull() {
		return *f
	}
	return share(v.Schema().Fields()[i].Schema.Default())
}

// put sets field i of a struct under construction. What comes out of a struct with the same field schema is valid, but
// for a null that nobody ever put there.
func put(v *data.Value, i int, to data.Value) error {
	if to.IsNull() {
		if f := &v.Schema().Fields()[i]; !f.Schema.Optional() {
			return data.ValidateField(f.Name, f.Schema, &to)
		}
	}
	v.Fields()[i].Value = to
	return nil
}

// putChecked is put for a value of any origin.
func putChecked(v *data.Value, i int, to data.Value) error {
	f := &v.Schema().Fields()[i]
	if err := data.ValidateField(f.Name, f.Schema, &to); err != nil {
		return err
	}
	v.Fields()[i].Value = to
	return nil
}

// mover copies fields of one struct into another under construction, as get and put do.
type mover struct {
	from, to    []data.Field
	fromSchema  []data.SchemaField
	toSchema    []data.SchemaField
	withDefault bool
}

func newMover(to, from *data.Value, withDefault bool) mover {
	return mover{from: from.Fields(), to: to.Fields(), fromSchema: from.Schema().Fields(), toSchema: to.Schema().Fields(), withDefault: withDefault}
}

// move copies field from into field to.
func (m *mover) move(to, from int) error {
	if f := &m.from[from].Value; !f.IsNull() {
		m.to[to].Value = *f
		return nil
	}
	return m.moveNull(to, from)
}

func (m *mover) moveNull(to, from int) error {
	var v data.Value
	if m.withDefault {
		if d := m.fromSchema[from].Schema.Default(); d != nil {
			v = share(d)
		}
	}
	if f := &m.toSchema[to]; v.IsNull() && !f.Schema.Optional() {
		return data.ValidateField(f.Name, f.Schema, &v)
	}
	m.to[to].Value = v
	return nil
}

// rebuilder is a mover within a struct, which gets another schema. Java copies it; here nobody else has it. from is as for
// [data.Value.Reschema].
func rebuilder(v *data.Value, to *data.Schema, from []int, withDefault bool) mover {
	m := mover{fromSchema: v.Schema().Fields(), toSchema: to.Fields(), withDefault: withDefault}
	m.to = v.Reschema(to, from)
	return m
}

// get is field i of a struct that keeps its fields, as get reads it before.
func (m *mover) get(i int) data.Value {
	f := &m.to[i].Value
	if m.withDefault && f.IsNull() {
		return share(m.fromSchema[i].Schema.Default())
	}
	return *f
}

// stay is move for a field whose value is there already.
func (m *mover) stay(i, from int) error {
	if !m.to[i].Value.IsNull() {
		return nil
	}
	return m.moveNull(i, from)
}

// rebuild makes v a struct of the schema to, whose fields begin with those of v.
func rebuild(v *data.Value, to *data.Schema, withDefault bool) error {
	m := rebuilder(v, to, nil, withDefault)
	for i := range m.fromSchema {
		if err := m.stay(i, i); err != nil {
			return err
		}
	}
	return nil
}

// plans remembers what a transform worked out for a schema. Its zero value is ready; it is safe for concurrent use.
type plans[P any] struct {
	last atomic.Pointer[plan[P]]

	mu        sync.Mutex
	byPointer map[*data.Schema]*plan[P]
	distinct  []*plan[P]
}

type plan[P any] struct {
	schema *data.Schema
	what   P
}

// Pointers that are remembered, and schemas that differ: what a connector sees. With more, all are worked out anew.
const (
	maxPointers = 256
	maxPlans    = 64
)

// of returns the plan for a schema, made by build if there is none. What build refuses is not remembered.
func (p *plans[P]) of(s *data.Schema, build func(*data.Schema) (P, error)) (P, error) {
	if l := p.last.Load(); l != nil && l.schema == s {
		return l.what, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if found := p.byPointer[s]; found != nil {
		p.last.Store(found)
		return found.what, nil
	}
	if p.byPointer == nil || len(p.byPointer) >= maxPointers || len(p.distinct) >= maxPlans {
		p.byPointer, p.distinct = map[*data.Schema]*plan[P]{}, nil
	}
	for _, known := range p.distinct {
		if known.schema.Equal(s) {
			// The same content makes the same result, down to the pointer of the schema in it.
			same := &plan[P]{schema: s, what: known.what}
			p.byPointer[s] = same
			p.last.Store(same)
			return same.what, nil
		}
	}
	what, err := build(s)
	if err != nil {
		return what, err
	}
	made := &plan[P]{schema: s, what: what}
	p.byPointer[s] = made
	p.distinct = append(p.distinct, made)
	p.last.Store(made)
	return what, nil
}

// memo remembers an answer for each text, here topics: few, and the same again and again. It is safe for concurrent use.
type memo[V any] struct {
	last atomic.Pointer[answer[V]]
	mu   sync.Mutex
	all  map[string]*answer[V]
}

type answer[V any] struct {
	text string
	what V
}

const maxAnswers = 1024

func (m *memo[V]) of(text string, ask func(string) (V, error)) (V, error) {
	if l := m.last.Load(); l != nil && l.text == text {
		return l.what, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.all[text]
	if a == nil {
		text = string([]byte(text)) // it may be the batch's memory
		what, err := ask(text)
		if err != nil {
			return what, err
		}
		if m.all == nil || len(m.all) >= maxAnswers {
			m.all = map[string]*answer[V]{}
		}
		a = &answer[V]{text, what}
		m.all[text] = a
	}
	m.last.Store(a)
	return a.what, nil
}
