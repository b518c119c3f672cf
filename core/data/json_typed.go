package data

import (
	"strings"

	"github.com/connectless/connectless/core/data/javatext"
)

// JSONPlan reads JSON that is written as Kafka Connect's JsonConverter writes values of a schema: all fields in the
// schema's order, without white space. It is compiled once for a schema and immutable.
//
// Containers within the value that are written letter for letter as [Value.AppendJSON] would write them are checked in
// passing and stay text until somebody looks inside. The value itself is read: somebody nearly always looks into that.
type JSONPlan struct {
	op       jsonOp
	nullable bool // null is null, and not a default or an error
	simple   bool // that the value's own JSON can be checked against the schema without reading it
	schema   *Schema
	keys     []string // of a struct, with what is before and after each: `{"a":`, `,"b":`
	parts    []JSONPlan
	elem     *JSONPlan
	other    Typed
}

// Typed gives JSON that was read without a schema the type of one. ok is false where that is an error, or needs a look at
// what is around the value.
type Typed func(a *Arena, s *Schema, v Value) (typed Value, ok bool)

type jsonOp uint8

const (
	jsonOther jsonOp = iota
	jsonString
	jsonBool
	jsonInt // 8 to 64 bits
	jsonTimestamp
	jsonFloat32
	jsonFloat64
	jsonArray
	jsonMap
	jsonStruct
)

var jsonOps = [...]jsonOp{TypeInt8: jsonInt, TypeInt16: jsonInt, TypeInt32: jsonInt, TypeInt64: jsonInt, TypeFloat32: jsonFloat32,
	TypeFloat64: jsonFloat64, TypeBoolean: jsonBool, TypeString: jsonString, TypeBytes: jsonOther, TypeArray: jsonArray, TypeMap: jsonMap, TypeStruct: jsonStruct}

// CompileJSON makes the plan of a schema. What JSON has in more ways than one, as decimals, goes to other.
func CompileJSON(s *Schema, other Typed) *JSONPlan {
	t := &JSONPlan{}
	t.compile(s, other)
	return t
}

func (t *JSONPlan) compile(s *Schema, other Typed) {
	t.schema, t.op, t.other = s, jsonOps[s.Type()], other
	t.nullable = s.Optional() && s.Default() == nil
	t.simple = true
	switch s.Name() {
	case LogicalTimestamp:
		t.op = jsonTimestamp
	case LogicalDecimal, LogicalDate, LogicalTime:
		t.op = jsonOther
	}
	switch t.op {
	case jsonOther:
		t.simple = false
	case jsonMap:
		if s.KeySchema().Type() != TypeString {
			t.op, t.simple = jsonOther, false
			return
		}
		fallthrough
	case jsonArray:
		t.elem = CompileJSON(s.Elem(), other)
		t.simple = t.elem.simple
	case jsonStruct:
		t.keys, t.parts = make([]string, len(s.fields)), make([]JSONPlan, len(s.fields))
		for i, f := range s.fields {
			key := append(AppendJSONString([]byte{','}, f.Name), ':')
			if i == 0 {
				key[0] = '{'
			}
			t.keys[i] = string(key)
			t.parts[i].compile(f.Schema, other)
			t.simple = t.simple && t.parts[i].simple
		}
	}
}

// Read reads the value at b[at:], all of which is memory of the arena or lives as long, and returns the index behind it.
// within is how many objects and arrays the value is in. ok is false for JSON that is not written as the plan expects
// it, right or wrong: [ParseJSONAt] reads that.
func (t *JSONPlan) Read(a *Arena, b []byte, at, within int) (v Value, end int, ok bool) {
	p := newParser(b, view(b), a)
	defer p.done()
	p.deep = true
	r := typedReader{parser: &p, outer: within + 1}
	end = r.read(t, &v, at, within)
	return v, end, end >= 0
}

// Expand is part of [Code].
func (t *JSONPlan) Expand(a *Arena, raw []byte) Value {
	p := newParser(raw, view(raw), a)
	defer p.done()
	r := typedReader{parser: &p}
	var v Value
	if r.read(t, &v, 0, 0) < 0 {
		panic("data: a value was read after its arena was recycled")
	}
	return v
}

// AppendJSON is part of [Code]: the value is JSON already.
func (t *JSONPlan) AppendJSON(dst, raw []byte) []byte { return append(dst, raw...) }

// typedReader reads what a plan expects. Every method returns the index behind what it read, or -1.
type typedReader struct {
	*parser
	outer int // the depth of the containers to look into: those within stay text; 0 if none do
}

// token steps over text that must come next.
func (r *typedReader) token(i int, text string) int {
	if end := i + len(text); end <= len(r.s) && r.s[i:end] == text {
		return end
	}
	return -1
}

func (r *typedReader) read(t *JSONPlan, v *Value, i, depth int) int {
	if i >= len(r.b) {
		return -1
	}
	if r.b[i] == 'n' && t.nullable {
		*v = Value{}
		return r.token(i, "null")
	}
	switch t.op {
	case jsonString:
		if r.b[i] != '"' {
			return -1
		}
		return r.value(v, i, depth)
	case jsonBool:
		*v = OfBool(r.b[i] == 't')
		return r.bool(i)
	case jsonInt, jsonTimestamp:
		n, end := r.integer(t, i)
		*v = Value{kind: intKinds[t.schema.Type()], num: uint64(n)}
		if t.op == jsonTimestamp {
			v.kind = Date
		}
		return end
	case jsonFloat32, jsonFloat64:
		end, _, zeros := r.number(i)
		if end < 0 || zeros > 0 {
			return -1
		}
		if t.op == jsonFloat32 {
			*v = OfFloat32(float32(floatOf(r.s[i:end], 32)))
		} else {
			*v = OfFloat64(floatOf(r.s[i:end], 64))
		}
		return end
	case jsonOther:
		var untyped Value
		end := r.value(&untyped, i, depth)
		if end < 0 {
			return -1
		}
		var ok bool
		if *v, ok = t.other(r.a, t.schema, untyped); !ok {
			return -1
		}
		return end
	}
	return r.readContainer(t, v, i, depth+1)
}

var intKinds = [...]Kind{TypeInt8: Int8, TypeInt16: Int16, TypeInt32: Int32, TypeInt64: Int64}

// readContainer reads a container, or leaves it if it can. If something in it is not as it would be written, all of it is
// read: looking for parts to leave once more at every level would take a deep document's square.
func (r *typedReader) readContainer(t *JSONPlan, v *Value, i, depth int) (end int) {
	if depth > maxDepth {
		return -1
	}
	outer := r.outer
	if t.simple && outer > 0 && depth > outer {
		if end = r.skip(t, i); end >= 0 {
			*v = r.a.Coded(containerKinds[t.op], t.schema, t, r.b[i:end:end])
			v.form = formTyped
			return end
		}
		r.outer = 0
	}
	n := r.a.node()
	*v = Value{kind: containerKinds[t.op], node: n}
	switch t.op {
	case jsonStruct:
		n.schema = t.schema
		end = r.readStruct(t, n, i, depth)
	case jsonMap:
		end = r.readMap(t, n, i, depth)
	default:
		end = r.readArray(t, n, i, depth)
	}
	r.outer = outer
	return end
}

var containerKinds = [...]Kind{jsonArray: Array, jsonMap: Map, jsonStruct: Struct}

func (r *typedReader) readStruct(t *JSONPlan, n *Node, i, depth int) int {
	if len(t.parts) == 0 {
		return r.token(i, "{}")
	}
	room := len(t.parts)
	if depth == r.outer {
		room += spareFields
	}
	n.fields = r.a.fieldsToFill(room)[:len(t.parts)]
	for k := range t.parts {
		if i = r.token(i, t.keys[k]); i < 0 {
			return -1
		}
		f := &n.fields[k]
		f.Name = t.schema.fields[k].Name
		if i = r.read(&t.parts[k], &f.Value, i, depth); i < 0 {
			return -1
		}
	}
	return r.token(i, "}")
}

func (r *typedReader) readArray(t *JSONPlan, n *Node, i, depth int) int {
	n.items = r.a.MakeValues(8)[:0]
	return r.list(i, '[', func(i int) int {
		if len(n.items) == cap(n.items) {
			grown := r.a.MakeValues(4 * len(n.items))
			copy(grown, n.items)
			n.items = grown[:len(n.items)]
		}
		n.items = n.items[:len(n.items)+1]
		return r.read(t.elem, &n.items[len(n.items)-1], i, depth)
	})
}

func (r *typedReader) readMap(t *JSONPlan, n *Node, i, depth int) int {
	keys := r.openKeys()
	n.fields = r.a.fieldsToFill(8)
	end := r.list(i, '{', func(i int) int {
		start := i + 1
		if i = r.key(i, &keys); i < 0 {
			return -1
		}
		if len(n.fields) == cap(n.fields) {
			n.fields = append(r.a.fieldsToFill(4*cap(n.fields)), n.fields...)
		}
		n.fields = n.fields[:len(n.fields)+1]
		f := &n.fields[len(n.fields)-1]
		f.Name = r.s[start : i-2]
		return r.read(t.elem, &f.Value, i, depth)
	})
	r.closeKeys(&keys)
	return end
}

// list reads what is between brackets and separated by commas.
func (r *typedReader) list(i int, opening byte, element func(i int) int) int {
	b, closing := r.b, opening+2 // in ASCII
	if i >= len(b) || b[i] != opening {
		return -1
	}
	if i++; i < len(b) && b[i] == closing {
		return i + 1
	}
	for {
		if i = element(i); i < 0 || i >= len(b) {
			return -1
		}
		if b[i] == closing {
			return i + 1
		}
		if b[i] != ',' {
			return -1
		}
		i++
	}
}

// key reads the key of a map, and the colon, if it has no escapes and is not there twice.
func (r *typedReader) key(i int, keys *keySet) int {
	if i >= len(r.b) || r.b[i] != '"' {
		return -1
	}
	end, escaped := r.str(i)
	if end < 0 || escaped || r.seen(keys, hashKey(r.b, i+1, end-1)) {
		return -1
	}
	return r.token(end, ":")
}

func (r *typedReader) bool(i int) int {
	if r.b[i] == 't' {
		return r.token(i, "true")
	}
	return r.token(i, "false")
}

// integer reads an integer of the schema's range. What follows it decides whether the number ends there.
func (r *typedReader) integer(t *JSONPlan, i int) (n int64, end int) {
	b := r.b
	negative := i < len(b) && b[i] == '-'
	if negative {
		i++
	}
	first := i
	for i < len(b) && b[i]-'0' <= 9 {
		n = 10*n + int64(b[i]-'0')
		i++
	}
	digits := i - first
	if digits == 0 || digits > 18 || b[first] == '0' && (digits > 1 || negative) {
		return 0, -1
	}
	if negative {
		n = -n
	}
	if shift := 64 - intBits[t.schema.Type()]; n<<shift>>shift != n {
		return 0, -1
	}
	return n, i
}

var intBits = [...]int{TypeInt8: 8, TypeInt16: 16, TypeInt32: 32, TypeInt64: 64}

// skip checks a value without reading it: it must be written exactly as it would be written again.
func (r *typedReader) skip(t *JSONPlan, i int) int {
	b := r.b
	if i >= len(b) {
		return -1
	}
	if b[i] == 'n' && t.nullable {
		return r.token(i, "null")
	}
	switch t.op {
	case jsonString:
		if b[i] != '"' {
			return -1
		}
		end, _ := r.str(i)
		return end
	case jsonBool:
		return r.bool(i)
	case jsonInt, jsonTimestamp:
		_, end := r.integer(t, i)
		return end
	case jsonFloat64:
		return r.double(i)
	case jsonFloat32:
		end, _, _ := r.number(i)
		if end < 0 {
			return -1
		}
		var buf [32]byte
		return r.token(i, view(javatext.AppendFloat(buf[:0], float32(floatOf(r.s[i:end], 32)))))
	case jsonArray:
		return r.list(i, '[', func(i int) int { return r.skip(t.elem, i) })
	case jsonMap:
		keys := r.openKeys()
		i = r.list(i, '{', func(i int) int {
			if i = r.key(i, &keys); i < 0 {
				return -1
			}
			return r.skip(t.elem, i)
		})
		r.closeKeys(&keys)
		return i
	}
	if len(t.parts) == 0 {
		return r.token(i, "{}")
	}
	for k := range t.parts {
		if i = r.token(i, t.keys[k]); i < 0 {
			return -1
		}
		if i = r.skip(&t.parts[k], i); i < 0 {
			return -1
		}
	}
	return r.token(i, "}")
}

// double checks that the number at i has the text that Double.toString gives it.
//
// A number without an exponent has it if it is from 0.001 to below 10^7, has at most 15 digits, and no zero at its end but
// one right behind the point: no two decimals of 15 digits are within the same double's bounds, so neither the algorithm
// of JDK 18 nor that of JDK 19 finds fewer digits or others. Whatever else there is, is compared.
func (r *typedReader) double(i int) int {
	b, from := r.b, i
	if b[i] == '-' {
		i++
	}
	whole := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	point := i
	if i < len(b) && b[i] == '.' {
		i++
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		fraction := r.s[point+1 : i]
		switch {
		case point == whole || point-whole > 7 || i-whole > 16 || fraction == "":
		case i < len(b) && b[i]|0x20 == 'e':
		case fraction[len(fraction)-1] == '0' && len(fraction) > 1:
		case b[whole] == '0' && (point-whole > 1 || strings.HasPrefix(fraction, "000") || fraction == "0"):
		default:
			return i
		}
	}
	end, _, _ := r.number(from)
	if end < 0 {
		return -1
	}
	var buf [32]byte
	if end = r.token(from, view(javatext.AppendDouble(buf[:0], floatOf(r.s[from:end], 64)))); end < 0 {
		return -1
	}
	return end
}
