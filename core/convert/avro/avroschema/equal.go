package avroschema

import (
	"slices"

	"github.com/connectless/connectless/core/data"
)

// Equal says whether two schemas are the same as Java's Schema.equals has it: types, names, fields with their defaults
// and order, properties. Docs and aliases do not count.
func (s *Schema) Equal(o *Schema) bool { return comparison{}.equal(s, o) }

// comparison holds the pairs of records that are being compared: within themselves they count as equal.
type comparison map[[2]*Schema]bool

func (c comparison) equal(a, b *Schema) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || a.Kind != b.Kind || !equalProps(a.Props, b.Props) {
		return false
	}
	switch a.Kind {
	case Record:
		pair := [2]*Schema{a, b}
		if a.Name != b.Name || a.Error != b.Error || len(a.Fields) != len(b.Fields) {
			return false
		}
		if c[pair] {
			return true
		}
		c[pair] = true
		for i := range a.Fields {
			f, g := &a.Fields[i], &b.Fields[i]
			if f.Name != g.Name || f.Order != g.Order || !equalJSON(f.Default, g.Default) || !equalProps(f.Props, g.Props) || !c.equal(f.Schema, g.Schema) {
				return false
			}
		}
		return true
	case Enum:
		return a.Name == b.Name && slices.Equal(a.Symbols, b.Symbols)
	case Fixed:
		return a.Name == b.Name && a.Size == b.Size
	case Union:
		return slices.EqualFunc(a.Branches, b.Branches, c.equal)
	case Array, Map:
		return c.equal(a.Elem, b.Elem)
	}
	return true
}

func equalProps(a, b []Prop) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if v := findProp(b, a[i].Key); v == nil || !equalJSON(&a[i].Value, v) {
			return false
		}
	}
	return true
}

// equalJSON compares JSON by what is written; nil is no JSON, which differs from null.
func equalJSON(a, b *data.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	return string(a.AppendJSON(nil)) == string(b.AppendJSON(nil))
}
