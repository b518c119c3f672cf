package avro

import (
	"github.com/connectless/connectless/core/data"
)

// A step decodes one value. Steps of a schema are a tree, made once by [compileDecoder]; they are immutable.
type step struct {
	op      op
	schema  *data.Schema // of the struct that a record or union makes; of the logical value of opLogical
	elem    *step        // items, values, or what opLogical is written as
	key     *step        // of an array of map entries
	steps   []step       // fields of a record, branches of a union
	fields  []int        // of a union: the field of each branch
	symbols []data.Value
	size    int              // of a fixed
	least   int              // bytes that an item or entry has at least
	scale   int32            // of a decimal
	field   data.SchemaField // of opChecked
	coded   bool             // stays encoded until somebody looks inside
	keys    []string         // of a record: what comes before each field in JSON
	err     error            // of opFail
	swapped bool             // the entry's value comes before its key
}

type op uint8

const (
	opFail op = iota
	opNull
	opBoolean
	opInt8
	opInt16
	opInt32
	opInt64
	opFloat32
	opFloat64
	opString
	opBytes
	opRest // bytes without a length: all that is left
	opFixed
	opEnum
	opDecimal
	opDate
	opTimestamp
	opTime
	opLogical // any other way to write a logical type
	opArray
	opMap
	opEntries // a map as an array of records
	opRecord
	opOptional // a union of null and one type: elem; size is null's branch
	opSingle   // a union of one type: elem
	opUnion
	opChecked // a branch that goes into another's field
	opAnything
)

// decode reads the step's value into v, which is null.
func (s *step) decode(r *reader, v *data.Value) (err error) {
	switch s.op {
	case opString:
		*v, err = r.text()
	case opInt64:
		var n int64
		n, err = r.long()
		*v = data.OfInt64(n)
	case opInt32:
		var n int32
		n, err = r.int()
		*v = data.OfInt32(n)
	case opFloat64:
		*v, err = r.float64()
	case opOptional:
		var n int64
		if n, err = r.long(); err != nil || int(n) == s.size {
			return err
		}
		if n != int64(1-s.size) {
			return errBranch
		}
		return s.elem.decode(r, v)
	case opRecord:
		if s.coded {
			return s.leave(r, v, data.Struct)
		}
		return s.record(r, v)
	case opBoolean:
		var b []byte
		if b, err = r.take(1); err == nil {
			*v = data.OfBool(b[0] == 1)
		}
	case opArray:
		if s.coded {
			return s.leave(r, v, data.Array)
		}
		*v, err = s.array(r)
	case opMap:
		*v, err = s.mapOf(r)
	case opEnum:
		var n int32
		if n, err = r.int(); err == nil && uint(n) >= uint(len(s.symbols)) {
			err = errSymbol
		}
		if err == nil {
			*v = s.symbols[n]
		}
	case opTimestamp:
		var n int64
		n, err = r.long()
		*v = data.OfDate(n)
	case opUnion:
		return s.union(r, v)
	case opNull:
	default:
		return s.decodeRare(r, v)
	}
	return err
}

func (s *step) record(r *reader, v *data.Value) error {
	*v = r.a.Struct(s.schema)
	fields := v.Fields()
	for i := range s.steps {
		if err := s.steps[i].decode(r, &fields[i].Value); err != nil {
			return err
		}
	}
	return nil
}

func (s *step) decodeRare(r *reader, v *data.Value) (err error) {
	var b []byte
	var n int32
	switch s.op {
	case opInt8:
		n, err = r.int()
		*v = data.OfInt8(int8(n))
	case opInt16:
		n, err = r.int()
		*v = data.OfInt16(int16(n))
	case opFloat32:
		*v, err = r.float32()
	case opBytes:
		b, err = r.bytes()
		*v = data.OfByteBuffer(b)
	case opRest:
		*v = data.OfByteBuffer(r.b)
		r.b = nil
	case opFixed:
		b, err = r.take(s.size)
		*v = data.OfByteBuffer(b)
	case opDecimal:
		if b, err = r.bytes(); err == nil && len(b) == 0 {
			return data.Errorf(data.NumberFormat, "Zero length BigInteger")
		}
		*v = data.OfDecimalBytes(b, s.scale)
	case opDate:
		n, err = r.int()
		*v = data.OfDate(int64(n) * dayMillis)
	case opTime:
		if n, err = r.int(); err == nil {
			*v, err = data.MillisToTime(n)
		}
	case opLogical:
		var raw data.Value
		if err = s.elem.decode(r, &raw); err == nil {
			*v, err = logical(s.schema, raw)
		}
	case opEntries:
		*v, err = s.entries(r)
	case opChecked:
		if err = s.elem.decode(r, v); err == nil {
			err = data.ValidateField(s.field.Name, s.field.Schema, v)
		}
	case opAnything:
		*v, err = r.anything()
	case opSingle:
		if n, err = r.int(); err == nil && n != 0 {
			err = errBranch
		}
		if err == nil {
			err = s.elem.decode(r, v)
		}
	default:
		return s.err
	}
	return err
}

func (s *step) array(r *reader) (data.Value, error) {
	var items []data.Value
	for used := 0; ; {
		n, err := r.block(s.least)
		if err != nil {
			return data.Value{}, err
		}
		if n == 0 {
			return r.a.Array(items[:used]), nil
		}
		items = moreValues(r.a, items, used, n)
		for ; n > 0; n, used = n-1, used+1 {
			if err := s.elem.decode(r, &items[used]); err != nil {
				return data.Value{}, err
			}
		}
	}
}

// moreValues makes room for n values after those in use. Blocks after the first are rare, but there may be many.
func moreValues(a *data.Arena, items []data.Value, used, n int) []data.Value {
	if used+n <= len(items) {
		return items
	}
	if used > 0 {
		n = max(n, used)
	}
	grown := a.MakeValues(used + n)
	copy(grown, items[:used])
	return grown
}

func (s *step) mapOf(r *reader) (data.Value, error) {
	var fields []data.Field
	for {
		n, err := r.block(s.least)
		if err != nil {
			return data.Value{}, err
		}
		if n == 0 {
			break
		}
		if len(fields)+n > cap(fields) {
			grown := r.a.MakeFields(len(fields), len(fields)+max(n, len(fields)))
			copy(grown, fields)
			fields = grown
		}
		for ; n > 0; n-- {
			key, err := r.text()
			if err != nil {
				return data.Value{}, err
			}
			fields = append(fields, data.Field{Name: key.Text()})
			if err := s.elem.decode(r, &fields[len(fields)-1].Value); err != nil {
				return data.Value{}, err
			}
		}
	}
	fields = lastOfEach(fields)
	m := r.a.Map(fields)
	m.SetMapOrder(data.HashOrderOf(len(fields)))
	return m, nil
}

// lastOfEach drops fields whose name comes again: the value is that of the last.
func lastOfEach(fields []data.Field) []data.Field {
	const few = 16
	if len(fields) <= few {
		for i := 1; i < len(fields); i++ {
			for j := range i {
				if fields[j].Name == fields[i].Name {
					return dropRepeated(fields)
				}
			}
		}
		return fields
	}
	seen := make(map[string]struct{}, len(fields))
	for i := range fields {
		seen[fields[i].Name] = struct{}{}
	}
	if len(seen) < len(fields) {
		return dropRepeated(fields)
	}
	return fields
}

func dropRepeated(fields []data.Field) []data.Field {
	at := make(map[string]int, len(fields))
	kept := fields[:0]
	for _, f := range fields {
		if i, again := at[f.Name]; again {
			kept[i].Value = f.Value
			continue
		}
		at[f.Name] = len(kept)
		kept = append(kept, f)
	}
	return kept
}

// entries reads a map that is an array of records of a key and a value.
func (s *step) entries(r *reader) (data.Value, error) {
	var pairs []data.Value
	used := 0
	for {
		n, err := r.block(s.least)
		if err != nil {
			return data.Value{}, err
		}
		if n == 0 {
			break
		}
		pairs = moreValues(r.a, pairs, used, 2*n)
		for ; n > 0; n, used = n-1, used+2 {
			first, second := &pairs[used], &pairs[used+1]
			if s.swapped {
				if err := s.elem.decode(r, second); err != nil {
					return data.Value{}, err
				}
				err = s.key.decode(r, first)
			} else if err = s.key.decode(r, first); err == nil {
				err = s.elem.decode(r, second)
			}
			if err != nil {
				return data.Value{}, err
			}
		}
	}
	return mapOfPairs(r.a, pairs[:used]), nil
}

// mapOfPairs makes a map of keys and values. Of a key that comes twice the last value stays.
func mapOfPairs(a *data.Arena, pairs []data.Value) data.Value {
	strings := true
	for i := 0; i < len(pairs); i += 2 {
		strings = strings && pairs[i].Kind() == data.String
	}
	var m data.Value
	if strings { // maps with string keys have fields
		fields := a.MakeFields(0, len(pairs)/2)
		for i := 0; i < len(pairs); i += 2 {
			fields = append(fields, data.Field{Name: pairs[i].Text(), Value: pairs[i+1]})
		}
		m = a.Map(lastOfEach(fields))
	} else {
		m = a.Pairs(lastOfPairs(pairs))
	}
	m.SetMapOrder(data.HashOrderOf(m.Len()))
	return m
}

// lastOfPairs does for keys of any kind what lastOfEach does for names.
func lastOfPairs(pairs []data.Value) []data.Value {
	seen := make(map[string]int, len(pairs)/2)
	kept := pairs[:0]
	var id []byte
	for i := 0; i < len(pairs); i += 2 {
		id = append(id[:0], byte(pairs[i].Kind()))
		id = pairs[i].AppendJSON(id)
		if at, again := seen[string(id)]; again {
			kept[at] = pairs[i+1]
			continue
		}
		seen[string(id)] = len(kept) + 1
		kept = append(kept, pairs[i], pairs[i+1])
	}
	return kept
}

// union reads a branch into the field of the struct that stands for it.
func (s *step) union(r *reader, v *data.Value) error {
	n, err := r.long()
	if err != nil {
		return err
	}
	if uint64(n) >= uint64(len(s.steps)) {
		return errBranch
	}
	branch := &s.steps[n]
	if branch.op == opNull {
		return nil
	}
	if branch.op == opFail {
		return branch.err
	}
	*v = r.a.Struct(s.schema)
	return branch.decode(r, &v.Fields()[s.fields[n]].Value)
}
