package avro

import (
	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/data"
)

// compileDecoder makes the steps that decode what is written with a schema into values of the Connect schema that the
// mapping made of it; nil for [anything].
func (m *Mapping) compileDecoder(s *avroschema.Schema, to *data.Schema) *step {
	if to == nil {
		return &step{op: opAnything}
	}
	root := m.step(s, to)
	for i := range root.steps {
		root.steps[i].code()
	}
	if s.Kind == avroschema.Bytes {
		// Confluent's serializer writes bytes as they are when they are all there is.
		if root.op == opDecimal {
			return &step{op: opLogical, schema: to, elem: &step{op: opRest}}
		}
		return &step{op: opRest}
	}
	return &root
}

var plainOps = [...]op{data.TypeInt8: opInt8, data.TypeInt16: opInt16, data.TypeInt32: opInt32, data.TypeInt64: opInt64,
	data.TypeFloat32: opFloat32, data.TypeFloat64: opFloat64, data.TypeBoolean: opBoolean, data.TypeString: opString, data.TypeBytes: opBytes}

func (m *Mapping) step(s *avroschema.Schema, to *data.Schema) step {
	if s.Kind == avroschema.Union {
		return m.unionStep(s, to)
	}
	st := m.plainStep(s, to)
	switch to.Name() {
	case data.LogicalDate, data.LogicalTime, data.LogicalTimestamp, data.LogicalDecimal:
		return logicalStep(st, to)
	}
	return st
}

// logicalStep makes a step that gives what st reads the class of the logical type.
func logicalStep(st step, to *data.Schema) step {
	switch {
	case to.Name() == data.LogicalDate && st.op == opInt32:
		return step{op: opDate}
	case to.Name() == data.LogicalTime && st.op == opInt32:
		return step{op: opTime}
	case to.Name() == data.LogicalTimestamp && st.op == opInt64:
		return step{op: opTimestamp}
	case to.Name() == data.LogicalDecimal && st.op == opBytes:
		if scale, err := data.DecimalScale(to); err == nil {
			return step{op: opDecimal, scale: scale}
		}
	}
	return step{op: opLogical, schema: to, elem: &st}
}

func (m *Mapping) plainStep(s *avroschema.Schema, to *data.Schema) step {
	switch s.Kind {
	case avroschema.Record:
		st := step{op: opRecord, schema: to, steps: make([]step, len(s.Fields))}
		for i := range s.Fields {
			st.steps[i] = m.step(s.Fields[i].Schema, to.Fields()[i].Schema)
		}
		return st
	case avroschema.Enum:
		st := step{op: opEnum, symbols: make([]data.Value, len(s.Symbols))}
		for i, symbol := range s.Symbols {
			st.symbols[i] = data.OfString(symbol)
		}
		return st
	case avroschema.Fixed:
		return step{op: opFixed, size: s.Size}
	case avroschema.Array:
		if to.Type() == data.TypeMap {
			return m.entriesStep(s.Elem, to)
		}
		elem := m.step(s.Elem, to.Elem())
		return step{op: opArray, elem: &elem, least: least(s.Elem, nil)}
	case avroschema.Map:
		elem := m.step(s.Elem, to.Elem())
		return step{op: opMap, elem: &elem, least: 1 + least(s.Elem, nil)}
	case avroschema.Null:
		return step{op: opNull}
	}
	return step{op: plainOps[to.Type()]}
}

func (m *Mapping) entriesStep(entry *avroschema.Schema, to *data.Schema) step {
	key := m.step(entry.Field(keyField).Schema, to.KeySchema())
	value := m.step(entry.Field(valueField).Schema, to.Elem())
	return step{op: opEntries, key: &key, elem: &value, least: least(entry, nil), swapped: entry.Fields[0].Name == valueField}
}

// least is how many bytes a value has at least.
func least(s *avroschema.Schema, within []*avroschema.Schema) int {
	switch s.Kind {
	case avroschema.Null:
		return 0
	case avroschema.Float:
		return 4
	case avroschema.Double:
		return 8
	case avroschema.Fixed:
		return s.Size
	case avroschema.Record:
		n := 0
		for _, outer := range within {
			if outer == s {
				return 0
			}
		}
		for i := range s.Fields {
			n += least(s.Fields[i].Schema, append(within, s))
		}
		return n
	}
	return 1
}

func (m *Mapping) unionStep(s *avroschema.Schema, to *data.Schema) step {
	if only, optional := m.single(s); only != nil {
		elem := m.step(only, to)
		if !optional {
			return step{op: opSingle, elem: &elem}
		}
		null := 0
		if s.Branches[0] == only {
			null = 1
		}
		return step{op: opOptional, elem: &elem, size: null}
	}
	st := step{op: opUnion, schema: to, steps: make([]step, len(s.Branches)), fields: make([]int, len(s.Branches))}
	next := 0
	for i, b := range s.Branches {
		if b.Kind == avroschema.Null {
			st.steps[i] = step{op: opNull}
			continue
		}
		own := next
		next++
		at, err := m.fieldOf(b, own, to)
		if err != nil {
			st.steps[i] = step{op: opFail, err: err}
			continue
		}
		st.fields[i] = at
		st.steps[i] = m.step(b, to.Fields()[own].Schema)
		if at != own {
			branch := st.steps[i]
			st.steps[i] = step{op: opChecked, elem: &branch, field: to.Fields()[at]}
		}
	}
	return st
}

// fieldOf finds the field that a union's branch is put into. Java looks at the class of what it has read, takes the first
// field that fits, and then asks for the field by the name that it would give it. own is the branch's own field.
func (m *Mapping) fieldOf(b *avroschema.Schema, own int, to *data.Schema) (int, error) {
	for i, f := range to.Fields() {
		fits := i == own && b.Kind == avroschema.Record
		if !fits {
			fits = m.fits(f.Schema, to.Fields()[own].Schema, b, i)
		}
		if !fits {
			continue
		}
		name := m.fieldName(f.Schema, i)
		if at := to.Index(name); at >= 0 {
			return at, nil
		}
		if name == "" {
			name = "null"
		}
		return 0, data.Errorf(data.DataException, "%s is not a valid field name", name)
	}
	return 0, data.Errorf(data.DataException, "Did not find matching union field for data")
}

// fits says whether a field of a union takes what a branch reads as.
func (m *Mapping) fits(field, own *data.Schema, b *avroschema.Schema, i int) bool {
	if isEnum(field) {
		name, _ := m.enumName(field)
		return b.Kind == avroschema.Enum && b.Name.Full() == name
	}
	switch field.Type() {
	case data.TypeInt32:
		return b.Kind == avroschema.Int
	case data.TypeInt64:
		return b.Kind == avroschema.Long
	case data.TypeFloat32:
		return b.Kind == avroschema.Float
	case data.TypeFloat64:
		return b.Kind == avroschema.Double
	case data.TypeBoolean:
		return b.Kind == avroschema.Boolean
	case data.TypeString:
		return b.Kind == avroschema.String
	case data.TypeArray:
		return b.Kind == avroschema.Array
	case data.TypeMap:
		return b.Kind == avroschema.Map
	case data.TypeBytes:
		if b.Kind == avroschema.Fixed && isFixed(field) {
			return m.branchName(b, i) == m.fieldName(field, i)
		}
		return (b.Kind == avroschema.Bytes || b.Kind == avroschema.Fixed) && !isFixed(field)
	}
	return b.Kind == avroschema.Record && field.Equal(own)
}

// fieldName is the name that a union's field has by its Connect schema; "" for none.
func (m *Mapping) fieldName(s *data.Schema, i int) string {
	switch {
	case m.GeneralizedSums:
		return m.branchName(nil, i)
	case s.Type() == data.TypeStruct || isEnum(s) || isFixed(s):
		if s.Name() == "" {
			return ""
		}
		space, name := m.splitName(s.Name())
		if m.Enhanced && space != "" {
			return space + "." + name
		}
		return name
	case s.Type() == data.TypeArray:
		return avroschema.Array.String()
	case s.Type() == data.TypeMap:
		return avroschema.Map.String()
	}
	return primitiveKinds[s.Type()].String()
}
