package data

import "unsafe"

// Arena owns the memory of one batch of records: decoded bytes, nodes and fields. It is filled while a batch is
// decoded and transformed and recycled as a whole by [Arena.Reset], which ends the life of every value made from it.
//
// Who recycles must know that nobody reads any more: a call that was given bytes of the arena and did not return (a
// timeout, a cancelled request whose body is still being written) keeps them. Such an arena is dropped, not reset.
//
// A nil *Arena is valid and uses the garbage collector. An Arena is for one goroutine at a time.
type Arena struct {
	buf    slab[byte]
	fields slab[Field]
	values slab[Value]
	nodes  slab[Node]
	lazy   *Node    // what unexpanded spans point to, to find the arena
	hashes []uint32 // scratch of the JSON parser
	width  int      // room the last document's object needed: the next one's is likely the same
	poison bool
}

// NewArena returns an empty arena.
func NewArena() *Arena {
	a := &Arena{}
	a.lazy = &Node{arena: a}
	return a
}

// PoisonOnReset makes Reset overwrite all it recycles, so that a test sees a value that outlived its batch.
func (a *Arena) PoisonOnReset() { a.poison = true }

// Poison is the byte that a poisoned arena is filled with: never part of UTF-8 text, so never part of a document.
const Poison = 0xF7

// Reset recycles the memory of everything made from the arena.
func (a *Arena) Reset() {
	if a.poison {
		a.spoil()
	}
	a.buf.reset()
	a.fields.reset()
	a.values.reset()
	a.nodes.reset()
}

// spoil overwrites all memory with what shows in any output.
func (a *Arena) spoil() {
	a.buf.fill(Poison)
	a.values.fill(spoiled[0].Value)
	a.fields.fill(spoiled[0])
	a.nodes.fill(Node{fields: spoiled})
}

var spoiled = []Field{{Name: poisonText, Value: Value{kind: String, form: formClean, text: poisonText}}}

const poisonText = "\xF7\xF7\xF7\xF7\xF7\xF7\xF7\xF7" // of Poison

// Size is the memory the arena holds, in bytes, used or not.
func (a *Arena) Size() int {
	return a.buf.size() + a.fields.size()*int(unsafe.Sizeof(Field{})) + a.values.size()*int(unsafe.Sizeof(Value{})) +
		a.nodes.size()*int(unsafe.Sizeof(Node{}))
}

// Alloc returns n bytes with unspecified content.
func (a *Arena) Alloc(n int) []byte {
	if a == nil {
		return make([]byte, n)
	}
	return a.buf.take(n, 64<<10)
}

// Copy copies s into the arena.
func (a *Arena) Copy(s string) string {
	b := a.Alloc(len(s))
	copy(b, s)
	return view(b)
}

// MakeFields returns a slice for fields of a map or struct; capacity beyond the length is zeroed or will be overwritten.
func (a *Arena) MakeFields(length, capacity int) []Field {
	if a == nil {
		return make([]Field, length, capacity)
	}
	f := a.fields.take(capacity, 512)
	clear(f)
	return f[:length]
}

// fieldsToFill is MakeFields of length 0 for who writes each field before it is read.
func (a *Arena) fieldsToFill(capacity int) []Field {
	if a == nil {
		return make([]Field, 0, capacity)
	}
	return a.fields.take(capacity, 512)[:0]
}

// MakeValues returns a slice of n null values.
func (a *Arena) MakeValues(n int) []Value {
	if a == nil {
		return make([]Value, n)
	}
	v := a.values.take(n, 512)
	clear(v)
	return v
}

// Map returns a map with string keys that holds fields.
func (a *Arena) Map(fields []Field) Value {
	n := a.node()
	n.fields = fields
	return Value{kind: Map, node: n}
}

// Array returns an array that holds items.
func (a *Arena) Array(items []Value) Value {
	n := a.node()
	n.items = items
	return Value{kind: Array, node: n}
}

// Pairs returns a map whose keys are not all strings: key, value, key, value...
func (a *Arena) Pairs(keyValues []Value) Value {
	n := a.node()
	n.items = keyValues
	return Value{kind: Map, node: n}
}

// Struct returns a struct of the schema whose fields are all null, to be filled through [Value.Fields].
func (a *Arena) Struct(s *Schema) Value {
	n := a.node()
	n.schema = s
	n.fields = a.fieldsToFill(len(s.blank) + spareFields)[:len(s.blank)]
	copy(n.fields, s.blank)
	return Value{kind: Struct, node: n}
}

// Coded returns an Array, Map or Struct (of the schema) that is read from raw when somebody looks inside. raw is memory of
// the arena, or lives as long.
func (a *Arena) Coded(kind Kind, s *Schema, code Code, raw []byte) Value {
	n := a.node()
	n.schema, n.code = s, code
	return Value{kind: kind, form: formCoded, text: view(raw), node: n}
}

// Text returns a string value with a copy of b.
func (a *Arena) Text(b []byte) Value {
	c := a.Alloc(len(b))
	copy(c, b)
	return Value{kind: String, text: view(c)}
}

func (a *Arena) node() *Node {
	if a == nil {
		return &Node{}
	}
	n := &a.nodes.take(1, 128)[0]
	*n = Node{arena: a}
	return n
}

// slab hands out pieces of large chunks and takes all of them back at once.
type slab[T any] struct {
	chunks [][]T // every chunk ever made, each with its length used up to now
	at     int   // the chunk being filled
}

// take returns n elements with unspecified content; their capacity is n. A new chunk has at least least elements.
func (s *slab[T]) take(n, least int) []T {
	for s.at < len(s.chunks) {
		c := s.chunks[s.at]
		if cap(c)-len(c) >= n {
			end := len(c) + n
			s.chunks[s.at] = c[:end]
			return c[len(c):end:end]
		}
		if s.at == len(s.chunks)-1 {
			break
		}
		s.at++
	}
	if len(s.chunks) > 0 {
		least = max(least, 2*cap(s.chunks[len(s.chunks)-1]))
	}
	var zero T
	most := maxChunk / int(unsafe.Sizeof(zero))
	s.chunks = append(s.chunks, make([]T, n, max(n, min(least, most))))
	s.at = len(s.chunks) - 1
	return s.chunks[s.at][:n:n]
}

// maxChunk bounds the growth of chunks, in bytes: beyond it doubling only wastes the last one.
const maxChunk = 1 << 20

func (s *slab[T]) reset() {
	for i := range s.chunks {
		s.chunks[i] = s.chunks[i][:0]
	}
	s.at = 0
}

func (s *slab[T]) fill(with T) {
	for _, c := range s.chunks {
		c = c[:cap(c)]
		for i := range c {
			c[i] = with
		}
	}
}

func (s *slab[T]) size() int {
	n := 0
	for _, c := range s.chunks {
		n += cap(c)
	}
	return n
}
