package avro

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
)

// Most records pass through transforms that look at a few of their fields. So the records and lists within a record are
// checked where they are, and stay Avro until somebody looks inside or they are written as JSON.

// code marks the steps whose values can stay encoded.
func (s *step) code() {
	switch {
	case s.op == opOptional || s.op == opSingle:
		s.elem.code()
	case (s.op == opRecord || s.op == opArray) && s.simple():
		s.coded = true
		s.label()
	case s.op == opRecord:
		for i := range s.steps {
			s.steps[i].code()
		}
	case s.op == opArray || s.op == opMap:
		s.elem.code()
	}
}

// simple says whether all that a step reads can be checked and written as JSON in passing.
func (s *step) simple() bool {
	switch s.op {
	case opString, opBoolean, opInt8, opInt16, opInt32, opInt64, opFloat32, opFloat64, opEnum, opTimestamp, opDate:
		return true
	case opOptional, opSingle:
		return s.elem.simple()
	case opArray:
		return s.least > 0 && s.elem.simple()
	case opRecord:
		for i := range s.steps {
			if !s.steps[i].simple() {
				return false
			}
		}
		return true
	}
	return false
}

// label prepares the keys of records.
func (s *step) label() {
	if s.op == opRecord {
		for _, f := range s.schema.Fields() {
			s.keys = append(s.keys, string(append(data.AppendJSONString([]byte{','}, f.Name), ':')))
		}
	}
	for i := range s.steps {
		s.steps[i].label()
	}
	if s.elem != nil {
		s.elem.label()
	}
}

// leave checks a value and leaves it as it is.
func (s *step) leave(r *reader, v *data.Value, kind data.Kind) error {
	from := r.b
	if err := s.skip(r); err != nil {
		return err
	}
	n := len(from) - len(r.b)
	*v = r.a.Coded(kind, s.schema, s, from[:n:n])
	return nil
}

// skip goes past a value, with every check that reading it has.
func (s *step) skip(r *reader) (err error) {
	switch s.op {
	case opString:
		_, err = r.bytes()
	case opInt64, opTimestamp:
		_, err = r.long()
	case opInt8, opInt16, opInt32, opDate:
		_, err = r.int()
	case opFloat64:
		_, err = r.take(8)
	case opFloat32:
		_, err = r.take(4)
	case opBoolean:
		_, err = r.take(1)
	case opEnum:
		var n int32
		if n, err = r.int(); err == nil && uint(n) >= uint(len(s.symbols)) {
			err = errSymbol
		}
	case opOptional:
		var n int64
		if n, err = r.long(); err != nil || int(n) == s.size {
			return err
		}
		if n != int64(1-s.size) {
			return errBranch
		}
		return s.elem.skip(r)
	case opSingle:
		var n int32
		if n, err = r.int(); err == nil && n != 0 {
			err = errBranch
		}
		if err == nil {
			err = s.elem.skip(r)
		}
	case opRecord:
		for i := range s.steps {
			if err = s.steps[i].skip(r); err != nil {
				return err
			}
		}
	case opArray:
		for {
			n, err := r.block(s.least)
			if err != nil || n == 0 {
				return err
			}
			for ; n > 0; n-- {
				if err := s.elem.skip(r); err != nil {
					return err
				}
			}
		}
	}
	return err
}

// Expand makes a value of what was left. What it contains is made too: who looks inside usually reads on.
func (s *step) Expand(a *data.Arena, raw []byte) data.Value {
	r := reader{a: a, b: raw, free: maxFree}
	var v data.Value
	if s.op == opRecord {
		_ = s.record(&r, &v) // leave has checked it
	} else {
		v, _ = s.array(&r)
	}
	return v
}

// AppendJSON writes what was left, in the text that the value would have.
func (s *step) AppendJSON(dst, raw []byte) []byte {
	r := reader{b: raw}
	return s.append(dst, &r)
}

// append writes the next value. It was checked, so nothing fails.
func (s *step) append(dst []byte, r *reader) []byte {
	switch s.op {
	case opString:
		b, _ := r.bytes()
		return appendText(dst, b)
	case opInt64, opTimestamp:
		n, _ := r.long()
		return strconv.AppendInt(dst, n, 10)
	case opInt32:
		n, _ := r.int()
		return strconv.AppendInt(dst, int64(n), 10)
	case opInt16:
		n, _ := r.int()
		return strconv.AppendInt(dst, int64(int16(n)), 10)
	case opInt8:
		n, _ := r.int()
		return strconv.AppendInt(dst, int64(int8(n)), 10)
	case opDate:
		n, _ := r.int()
		return strconv.AppendInt(dst, int64(n)*dayMillis, 10)
	case opFloat64:
		b, _ := r.take(8)
		f := math.Float64frombits(binary.LittleEndian.Uint64(b))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			v := data.OfFloat64(f)
			return v.AppendJSON(dst)
		}
		return javatext.AppendDouble(dst, f)
	case opFloat32:
		v, _ := r.float32()
		return v.AppendJSON(dst)
	case opBoolean:
		b, _ := r.take(1)
		return strconv.AppendBool(dst, b[0] == 1)
	case opEnum:
		n, _ := r.int()
		return s.symbols[n].AppendJSON(dst)
	case opOptional:
		if n, _ := r.long(); int(n) == s.size {
			return append(dst, "null"...)
		}
		return s.elem.append(dst, r)
	case opSingle:
		_, _ = r.int()
		return s.elem.append(dst, r)
	case opRecord:
		if len(s.steps) == 0 {
			return append(dst, "{}"...)
		}
		at := len(dst)
		for i := range s.steps {
			dst = s.steps[i].append(append(dst, s.keys[i]...), r)
		}
		dst[at] = '{'
		return append(dst, '}')
	}
	at := len(dst)
	dst = append(dst, '[')
	for n, _ := r.block(s.least); n > 0; n, _ = r.block(s.least) {
		for ; n > 0; n-- {
			if len(dst) > at+1 {
				dst = append(dst, ',')
			}
			dst = s.elem.append(dst, r)
		}
	}
	return append(dst, ']')
}

func appendText(dst, b []byte) []byte {
	if !utf8.Valid(b) {
		b = repaired(b)
	}
	v := data.OfText(b)
	return data.AppendJSONString(dst, v.Text())
}

var _ data.Code = (*step)(nil)
