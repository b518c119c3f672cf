package data

import (
	"iter"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"sync"

	"github.com/connectless/connectless/core/data/javatext"
)

// JavaText is the text that Java's toString gives for the value: what StringConverter writes and Connect's messages show.
func (v *Value) JavaText() string { return string(v.AppendText(nil)) }

// AppendText appends [Value.JavaText]. A byte[] has the hash 0, since Java's is different in every process.
func (v *Value) AppendText(dst []byte) []byte {
	switch v.Kind() {
	case Null:
		return append(dst, "null"...)
	case Bool:
		return strconv.AppendBool(dst, v.Bool())
	case Int8, Int16, Int32, Int64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case Float32:
		return javatext.AppendFloat(dst, float32(v.Float()))
	case Float64:
		return javatext.AppendDouble(dst, v.Float())
	case String:
		return append(dst, v.Text()...)
	case Bytes:
		if v.num == byteBuffer {
			n := int64(len(v.text))
			dst = strconv.AppendInt(append(dst, "java.nio.HeapByteBuffer[pos=0 lim="...), n, 10)
			dst = strconv.AppendInt(append(dst, " cap="...), n, 10)
			return append(dst, ']')
		}
		return append(dst, "[B@0"...)
	case Decimal:
		return javatext.AppendDecimal(dst, v.Unscaled(), v.Scale())
	case BigInt:
		return v.Unscaled().Append(dst, 10)
	case Date:
		return dateText().Append(dst, v.Int())
	case Array:
		dst = append(dst, '[')
		for i := range v.Items() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = v.node.items[i].AppendText(dst)
		}
		return append(dst, ']')
	case Struct:
		dst = append(dst, "Struct{"...)
		first := true
		for i := range v.Fields() {
			f := &v.node.fields[i]
			if f.Value.IsNull() {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(append(dst, f.Name...), '=')
			dst = f.Value.AppendText(dst)
		}
		return append(dst, '}')
	}
	dst = append(dst, '{')
	first := true
	for key, value := range v.Entries() {
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		dst = append(key.AppendText(dst), '=')
		dst = value.AppendText(dst)
	}
	return append(dst, '}')
}

// dateText is Date.toString.
var dateText = sync.OnceValue(func() *javatext.DateFormat { return mustPattern("EEE MMM dd HH:mm:ss zzz yyyy") })

func mustPattern(pattern string) *javatext.DateFormat {
	f, err := javatext.ParsePattern(pattern)
	if err != nil {
		panic("data: " + err.Error())
	}
	return f
}

// JavaClass is the class name Java would print for the value.
func (v *Value) JavaClass() string {
	switch {
	case v.Kind() == Bytes && v.num == byteBuffer:
		return "java.nio.HeapByteBuffer"
	case v.Kind() == Map && v.MapOrder() == InsertionOrder:
		return "java.util.LinkedHashMap"
	}
	return v.Kind().JavaClass()
}

// byteBuffer in num tells a ByteBuffer from a byte[].
const byteBuffer = 1

// OfByteBuffer is [OfBytes] for what Java holds as a ByteBuffer: it differs in messages only.
func OfByteBuffer(b []byte) Value { return Value{kind: Bytes, num: byteBuffer, text: view(b)} }

// MapOrder says in which order Java would iterate over a map. It decides what a key's JSON bytes are, and with them the
// partition, and what toString shows; everything else goes by the list's own order.
type MapOrder uint8

const (
	// HashOrder is that of a HashMap made without a size: what a converter returns.
	HashOrder MapOrder = iota
	// InsertionOrder is that of a LinkedHashMap: the list's own.
	InsertionOrder
	sizedOrder // plus log2 of the first table's size
)

// HashOrderOf is the order of a HashMap made with new HashMap<>(size).
func HashOrderOf(size int) MapOrder {
	return sizedOrder + MapOrder(bits.Len(uint(max(size, 1)-1)))
}

// MapOrder is the order of a Map.
func (v *Value) MapOrder() MapOrder { return MapOrder(v.num) }

// SetMapOrder says how Java made the Map.
func (v *Value) SetMapOrder(o MapOrder) { v.num = uint64(o) }

// Entries is the content of a Map in the order in which Java would iterate over it. A key's pointer is good until the
// next step.
func (v *Value) Entries() iter.Seq2[*Value, *Value] {
	return func(yield func(*Value, *Value) bool) { v.each(v.javaOrder(), yield) }
}

// All is the content of a Map in its own order. A key's pointer is good until the next step.
func (v *Value) All() iter.Seq2[*Value, *Value] {
	return func(yield func(*Value, *Value) bool) { v.each(nil, yield) }
}

func (v *Value) each(order []int, yield func(*Value, *Value) bool) {
	n := v.expand()
	for i := range v.Len() {
		if order != nil {
			i = order[i]
		}
		if n.items != nil {
			if !yield(&n.items[2*i], &n.items[2*i+1]) {
				return
			}
			continue
		}
		key := OfString(n.fields[i].Name)
		if !yield(&key, &n.fields[i].Value) {
			return
		}
	}
}

// javaOrder are the indexes of a Map's entries in Java's order; nil means the list's own.
func (v *Value) javaOrder() []int {
	n := v.Len()
	if n < 2 || v.MapOrder() == InsertionOrder {
		return nil
	}
	table := 16
	if v.MapOrder() >= sizedOrder {
		table = 1 << (v.MapOrder() - sizedOrder)
	}
	for n > table*3/4 {
		table *= 2
	}
	order := make([]int, n)
	buckets := make([]uint32, n)
	for i := range order {
		order[i] = i
		var h uint32
		if v.node.items != nil {
			h = v.node.items[2*i].hashCode()
		} else {
			h = uint32(javatext.StringHash(v.node.fields[i].Name))
		}
		buckets[i] = (h ^ h>>16) & uint32(table-1)
	}
	// A bucket keeps the order of insertion, also when the table grows.
	slices.SortStableFunc(order, func(a, b int) int { return int(buckets[a]) - int(buckets[b]) })
	return order
}

// hashCode is Java's for the classes that keys have; 0 for others.
func (v *Value) hashCode() uint32 {
	long := func(i uint64) uint32 { return uint32(i ^ i>>32) }
	switch v.Kind() {
	case Bool:
		if v.Bool() {
			return 1231
		}
		return 1237
	case Int8, Int16, Int32:
		return uint32(v.Int())
	case Int64, Date:
		return long(uint64(v.Int()))
	case Float32:
		return math.Float32bits(float32(v.Float()))
	case Float64:
		return long(math.Float64bits(v.Float()))
	case String:
		return uint32(javatext.StringHash(v.Text()))
	}
	return 0
}

// GetWithDefault is field i of a Struct, or its schema's default where it is null and there is one: Struct.get.
func (v *Value) GetWithDefault(i int) *Value {
	n := v.node
	if d := n.schema.fields[i].Schema.Default(); d != nil && n.fields[i].Value.IsNull() {
		return d
	}
	return &n.fields[i].Value
}
