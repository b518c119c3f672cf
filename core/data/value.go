package data

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// form says how a value's content is held.
type form uint8

const (
	formPlain   form = iota // in num, text or node, as the kind has it
	formClean               // String: text is the content and needs no escaping in JSON
	formEscaped             // String: text is the inside of a JSON string with escapes
	formDigits              // Int64, Float64: text is the JSON number as it was written
	formSpan                // Array, Map: text is strict, duplicate-free JSON, not yet looked into
	formLoose               // Array, Map: text is JSON that Jackson reads but that must be rewritten when encoded
	formCoded               // Array, Map, Struct: text is in the node's code
	formTyped               // Array, Map, Struct: text is the JSON that is written, and in the node's code
)

// Value is one value of Kafka Connect's data model. The zero Value is null.
//
// A Value that came out of a converter belongs to that record's [Arena] and is valid until the arena is recycled;
// [Value.Clone] makes one that lasts. Methods take a pointer because reading may look into a JSON span and keep what it
// found: a Value is for one goroutine at a time, also for reading. A nil *Value reads as null.
type Value struct {
	kind Kind
	form form
	num  uint64 // Bool, integers, float bits, Date milliseconds; scale of a Decimal
	text string // String and Bytes content, JSON spans, two's complement of Decimal and BigInt
	node *Node  // Array, Map, Struct; in a span and an escaped string it only tells the arena
}

// Of... make values that own their content: no arena, no span.

func OfBool(b bool) Value {
	v := Value{kind: Bool}
	if b {
		v.num = 1
	}
	return v
}
func OfInt8(i int8) Value       { return Value{kind: Int8, num: uint64(i)} }
func OfInt16(i int16) Value     { return Value{kind: Int16, num: uint64(i)} }
func OfInt32(i int32) Value     { return Value{kind: Int32, num: uint64(i)} }
func OfInt64(i int64) Value     { return Value{kind: Int64, num: uint64(i)} }
func OfFloat32(f float32) Value { return Value{kind: Float32, num: uint64(math.Float32bits(f))} }
func OfFloat64(f float64) Value { return Value{kind: Float64, num: math.Float64bits(f)} }
func OfString(s string) Value   { return Value{kind: String, text: s} }

// OfText is a String that holds b, which is valid UTF-8, without copying it.
func OfText(b []byte) Value { return Value{kind: String, text: view(b)} }

// OfBytes holds b without copying it.
func OfBytes(b []byte) Value { return Value{kind: Bytes, text: view(b)} }

// OfDate is a java.util.Date: milliseconds since the epoch.
func OfDate(ms int64) Value { return Value{kind: Date, num: uint64(ms)} }

// OfTime is [OfDate] of t.
func OfTime(t time.Time) Value { return OfDate(t.UnixMilli()) }

// OfDecimal is a java.math.BigDecimal: unscaled * 10^-scale.
func OfDecimal(unscaled *big.Int, scale int32) Value {
	return Value{kind: Decimal, num: uint64(scale), text: view(TwosComplement(unscaled))}
}

// OfDecimalBytes is [OfDecimal] of an unscaled value in big-endian two's complement, which it keeps without copying.
func OfDecimalBytes(unscaled []byte, scale int32) Value {
	return Value{kind: Decimal, num: uint64(scale), text: view(unscaled)}
}

// OfBigInt is a java.math.BigInteger.
func OfBigInt(i *big.Int) Value { return Value{kind: BigInt, text: view(TwosComplement(i))} }

// OfArray holds items without copying them.
func OfArray(items ...Value) Value { return Value{kind: Array, node: &Node{items: items}} }

// OfMap is a map with string keys; the order of fields is kept. It holds fields without copying them.
func OfMap(fields ...Field) Value { return Value{kind: Map, node: &Node{fields: fields}} }

// OfPairs is a map whose keys are not all strings: keyValues is key, value, key, value...
func OfPairs(keyValues ...Value) Value { return Value{kind: Map, node: &Node{items: keyValues}} }

// OfStruct is a struct of the schema with one value for each of its fields, in order; it checks nothing ([Validate] does).
func OfStruct(s *Schema, values ...Value) Value {
	fields := make([]Field, len(s.fields))
	for i := range s.fields {
		fields[i].Name = s.fields[i].Name
		if i < len(values) {
			fields[i].Value = values[i]
		}
	}
	return Value{kind: Struct, node: &Node{schema: s, fields: fields}}
}

// F makes a [Field].
func F(name string, v Value) Field { return Field{Name: name, Value: v} }

// Kind is the value's Java type; Null for a nil pointer.
func (v *Value) Kind() Kind {
	if v == nil {
		return Null
	}
	return v.kind
}

// IsNull says whether the value is null.
func (v *Value) IsNull() bool { return v == nil || v.kind == Null }

// Bool is the value of a Bool.
func (v *Value) Bool() bool { return v.num != 0 }

// Int is the value of an Int8 to Int64, or the milliseconds of a Date. A JSON number beyond 64 bits wraps, as
// BigInteger.longValue does.
func (v *Value) Int() int64 {
	if v.form == formDigits {
		return parseDigits(v.text)
	}
	return int64(v.num)
}

// Float is the value of a Float32 or Float64. A JSON number too large is infinite, as Double.parseDouble has it.
func (v *Value) Float() float64 {
	switch {
	case v.form == formDigits:
		return floatOf(v.text, 64)
	case v.kind == Float32:
		return float64(math.Float32frombits(uint32(v.num)))
	}
	return math.Float64frombits(v.num)
}

// Time is the value of a Date in UTC.
func (v *Value) Time() time.Time { return time.UnixMilli(int64(v.num)).UTC() }

// Text is the content of a String.
func (v *Value) Text() string {
	if v.form == formEscaped {
		v.text = v.node.arena.unescape(v.text)
		v.form, v.node = formPlain, nil
	}
	return v.text
}

// Digits is the text of a JSON number as it was written; ok is false for a number that came from elsewhere.
func (v *Value) Digits() (text string, ok bool) { return v.text, v.form == formDigits }

// Raw is the content of Bytes. It must not be changed.
func (v *Value) Raw() []byte { return unviewed(v.text) }

// Scale is the scale of a Decimal.
func (v *Value) Scale() int32 { return int32(v.num) }

// Unscaled is the unscaled value of a Decimal, or the value of a BigInt.
func (v *Value) Unscaled() *big.Int { return FromTwosComplement(v.Raw()) }

// Schema is the schema of a Struct; nil for every other kind.
func (v *Value) Schema() *Schema {
	if v.Kind() != Struct {
		return nil
	}
	return v.node.schema
}

// Len is the number of items of an Array, entries of a Map or fields of a Struct.
func (v *Value) Len() int {
	n := v.expand()
	switch {
	case v.kind == Array:
		return len(n.items)
	case n.items != nil:
		return len(n.items) / 2
	}
	return len(n.fields)
}

// Items is the content of an Array. The caller may change items in place.
func (v *Value) Items() []Value { return v.expand().items }

// Fields is the content of a Struct in schema order, or of a Map with string keys in its own order. The caller may
// change values in place, not names.
func (v *Value) Fields() []Field { return v.expand().fields }

// Pairs is the content of a Map whose keys are not all strings: key, value, key, value...; nil for every other map.
func (v *Value) Pairs() []Value {
	if v.kind != Map {
		return nil
	}
	return v.expand().items
}

// Get finds a field of a Map with string keys or a Struct; nil when there is none.
func (v *Value) Get(name string) *Value {
	if v.Kind() != Map && v.Kind() != Struct {
		return nil
	}
	return v.expand().get(name)
}

// Set puts a field into a Map with string keys: in place where the name is taken, else at the end. The name must live
// as long as the value.
func (v *Value) Set(name string, to Value) {
	n := v.expand()
	if n.items != nil {
		n.items = put(n.items, OfString(name), to)
		return
	}
	if old := n.get(name); old != nil {
		*old = to
		return
	}
	n.add(Field{Name: name, Value: to})
}

// Delete removes a field from a Map with string keys and says whether it was there.
func (v *Value) Delete(name string) bool {
	n := v.expand()
	for i := range n.fields {
		if n.fields[i].Name == name {
			n.fields = append(n.fields[:i], n.fields[i+1:]...)
			return true
		}
	}
	return false
}

// SetFields replaces the content of a Map with string keys. It holds fields without copying them.
func (v *Value) SetFields(fields []Field) { v.expand().fields = fields }

// GetWithDefault is field i of a Struct, or its schema's default where it is null and there is one: Struct.get.
func (v *Value) GetWithDefault(i int) *Value {
	n := v.expand()
	if d := n.schema.fields[i].Schema.Default(); d != nil && n.fields[i].Value.IsNull() {
		return d
	}
	return &n.fields[i].Value
}

// Put sets field i of a Struct after checking the value against the field's schema, as Struct.put does. Errors are
// DataExceptions.
func (v *Value) Put(i int, to Value) error {
	f := &v.expand().fields[i]
	if err := ValidateField(f.Name, v.node.schema.fields[i].Schema, &to); err != nil {
		return err
	}
	f.Value = to
	return nil
}

// Reschema makes a Struct one of another schema, in place, and returns its fields. Field i gets the value of field from[i],
// which increases; nil is for a schema that begins with the struct's fields. The fields beyond are null.
func (v *Value) Reschema(s *Schema, from []int) []Field {
	n := v.expand()
	fields := n.fields
	if len(s.blank) > cap(fields) {
		fields = append(n.arena.fieldsToFill(len(s.blank)+spareFields), fields...)
	}
	fields = fields[:max(len(fields), len(s.blank))]
	kept := len(from)
	if from == nil {
		kept = len(n.fields)
	}
	for i, f := range from {
		if i != f {
			fields[i].Value = fields[f].Value
		}
		fields[i].Name = s.fields[i].Name
	}
	fields = fields[:len(s.blank)]
	copy(fields[kept:], s.blank[kept:])
	n.schema, n.fields = s, fields
	return fields
}

// Arena is where the value's content lives; nil when it owns its content. New containers that go into the value are
// best made with it.
func (v *Value) Arena() *Arena {
	if v == nil || v.node == nil {
		return nil
	}
	return v.node.arena
}

// expand looks into a span once and keeps what it found.
func (v *Value) expand() *Node {
	if v.form >= formSpan {
		v.open()
	}
	return v.node
}

// settle turns everything that is still JSON into what it means, so that reading changes nothing any more.
func (v *Value) settle() {
	switch v.kind {
	case String:
		v.Text()
	case Int64:
		*v = OfInt64(v.Int())
	case Float64:
		*v = OfFloat64(v.Float())
	case Array, Map, Struct:
		n := v.expand()
		for i := range n.items {
			n.items[i].settle()
		}
		for i := range n.fields {
			n.fields[i].Value.settle()
		}
	}
}

func (v *Value) open() {
	if v.form >= formCoded {
		order := v.num // of a map
		*v = v.node.code.Expand(v.node.arena, unviewed(v.text))
		v.num = order
		return
	}
	v.node = v.node.arena.parseSpan(v.text)
	v.text, v.form = "", formPlain
}

// Clone returns a deep copy that owns its content.
func (v *Value) Clone() Value {
	if v == nil {
		return Value{}
	}
	c := *v
	if v.node == nil || v.form != formPlain { // no content but text
		c.text = strings.Clone(v.text)
		switch {
		case v.form >= formCoded:
			c.node = &Node{schema: v.node.schema, code: v.node.code}
		case v.node != nil:
			c.node = noArena
		}
		return c
	}
	n := v.node
	c.node = &Node{schema: n.schema}
	if n.items != nil {
		c.node.items = make([]Value, len(n.items))
		for i := range n.items {
			c.node.items[i] = n.items[i].Clone()
		}
	}
	if n.fields != nil {
		c.node.fields = make([]Field, len(n.fields))
		for i := range n.fields {
			c.node.fields[i] = Field{Name: strings.Clone(n.fields[i].Name), Value: n.fields[i].Value.Clone()}
		}
	}
	return c
}

// Field is a named value of a Map or Struct.
type Field struct {
	Name  string
	Value Value
}

// Node is the content of an Array, Map or Struct.
type Node struct {
	arena  *Arena
	schema *Schema
	fields []Field
	items  []Value
	code   Code // how a formCoded value is written
}

// A Code reads what a converter has checked and left encoded until somebody looks inside. It is immutable.
type Code interface {
	// Expand is the value in raw, with its content made; what it contains may still be encoded. raw was checked when the
	// value was made, so there is no error.
	Expand(a *Arena, raw []byte) Value
	// AppendJSON appends the value in raw as [Value.AppendJSON] would append the expanded one.
	AppendJSON(dst, raw []byte) []byte
}

func (n *Node) get(name string) *Value {
	for i := range n.fields {
		if n.fields[i].Name == name {
			return &n.fields[i].Value
		}
	}
	return nil
}

func (n *Node) add(f Field) {
	if len(n.fields) == cap(n.fields) {
		grown := n.arena.MakeFields(len(n.fields), 2*len(n.fields)+4)
		copy(grown, n.fields)
		n.fields = grown
	}
	n.fields = append(n.fields, f)
}

// view shares b's memory as a string. Its users keep the promise that the bytes do not change while the string lives.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// parseDigits reads a JSON integer modulo 2^64.
func parseDigits(s string) int64 {
	neg := false
	if s != "" && s[0] == '-' {
		neg, s = true, s[1:]
	}
	var n uint64
	for i := 0; i < len(s); i++ {
		n = n*10 + uint64(s[i]-'0')
	}
	if neg {
		return -int64(n)
	}
	return int64(n)
}

// floatOf is the double, or with size 32 the float, that Java reads from a JSON number.
func floatOf(text string, size int) float64 {
	f, _ := strconv.ParseFloat(text, size) // the scanner checked the syntax; out of range gives the infinity Java gives
	if f == 0 && zeroDigits(text) {
		return 0 // -0.0 too: Java reads a BigDecimal first, which has no such thing
	}
	return f
}

// zeroDigits says whether a JSON number is zero as written, not because it is too small.
func zeroDigits(s string) bool {
	for i := 0; i < len(s) && s[i]|0x20 != 'e'; i++ {
		if s[i] >= '1' && s[i] <= '9' {
			return false
		}
	}
	return true
}

// TwosComplement is i in the fewest big-endian two's complement bytes, as BigInteger.toByteArray gives them.
func TwosComplement(i *big.Int) []byte {
	switch i.Sign() {
	case 0:
		return []byte{0}
	case 1:
		b := i.Bytes()
		if b[0]&0x80 != 0 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	// -x is the complement of x-1, padded so that the sign bit is set.
	b := new(big.Int).Sub(new(big.Int).Neg(i), big.NewInt(1)).Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	for k := range b {
		b[k] = ^b[k]
	}
	return b
}

// FromTwosComplement reads big-endian two's complement; no bytes are zero.
func FromTwosComplement(b []byte) *big.Int {
	i := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return i
}

// unviewed is the memory of a string for reading.
func unviewed(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
