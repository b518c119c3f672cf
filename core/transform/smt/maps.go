package smt

import (
	"math/bits"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
)

// mapGet finds a name in a map, which may have other keys than strings; nil when there is none.
func mapGet(m *data.Value, name string) *data.Value {
	pairs := m.Pairs()
	if pairs == nil {
		return m.Get(name)
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].Kind() == data.String && pairs[i].Text() == name {
			return &pairs[i+1]
		}
	}
	return nil
}

// mapRemove is Map.remove.
func mapRemove(m *data.Value, name string) {
	pairs := m.Pairs()
	if pairs == nil {
		m.Delete(name)
		return
	}
	order := m.MapOrder()
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].Kind() == data.String && pairs[i].Text() == name {
			*m = data.OfPairs(append(pairs[:i:i], pairs[i+2:]...)...)
			m.SetMapOrder(order)
			return
		}
	}
}

// copied notes that Java makes a new HashMap from the map, which gives it that class and order.
func copied(m *data.Value) {
	// The constructor asks for room for a third more, and one.
	m.SetMapOrder(data.HashOrderOf(m.Len()*4/3 + 1))
}

// share returns a copy of a value that stays where it is as well. Transforms change trees in place, so the two must not
// have one in common.
func share(v *data.Value) data.Value {
	switch v.Kind() {
	case data.Array, data.Map, data.Struct:
		return v.Clone()
	case data.Null:
		return data.Value{}
	}
	return *v
}

// hashOrder sorts distinct names as a HashMap or HashSet that was made for size names iterates over them.
func hashOrder(names []string, size int) []string {
	table := 1 << bits.Len(uint(max(size, 1)-1))
	for len(names) > table*3/4 {
		table *= 2
	}
	buckets := make([][]string, table)
	for _, n := range names {
		h := uint32(javatext.StringHash(n))
		b := (h ^ h>>16) & uint32(table-1)
		buckets[b] = append(buckets[b], n)
	}
	sorted := make([]string, 0, len(names))
	for _, b := range buckets {
		sorted = append(sorted, b...)
	}
	return sorted
}

// hashSet sorts names as new HashSet<>(names) iterates over them, without those that come again.
func hashSet(names []string) []string {
	size := max(len(names)*4/3+1, 16)
	seen := map[string]bool{}
	var distinct []string
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			distinct = append(distinct, n)
		}
	}
	return hashOrder(distinct, size)
}

// names is a set of names that is fast to ask about other names.
type names struct {
	lengths uint64 // bit n: there is a name of n bytes; the last bit: of that many or more
	list    []string
	index   map[string]int // nil for a short list, which is faster to go through
}

func newNames(list []string) names {
	n := names{list: list}
	for _, name := range list {
		n.lengths |= 1 << min(len(name), 63)
	}
	if len(list) > 8 {
		n.index = make(map[string]int, len(list))
		for i, name := range list {
			n.index[name] = i
		}
	}
	return n
}

// at is the position of a name in the list, -1 when it is not there.
func (n *names) at(name string) int {
	if n.lengths>>min(len(name), 63)&1 == 0 {
		return -1
	}
	return n.find(name)
}

func (n *names) find(name string) int {
	if n.index != nil {
		if i, ok := n.index[name]; ok {
			return i
		}
		return -1
	}
	for i, known := range n.list {
		if known == name {
			return i
		}
	}
	return -1
}

func (n *names) has(name string) bool { return n.at(name) >= 0 }
