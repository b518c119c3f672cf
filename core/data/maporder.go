package data

import (
	"iter"
	"math"
	"math/bits"
	"slices"

	"github.com/connectless/connectless/core/data/javatext"
)

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
