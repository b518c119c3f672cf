package data

import "math"

// Equal says whether two values are equal as Java's equals has it for the classes they stand for: kinds differ, values
// differ; doubles by their bits (NaN equals NaN, 0.0 is not -0.0); a BigDecimal's scale counts; maps without order.
func (v *Value) Equal(o *Value) bool {
	if v.Kind() != o.Kind() {
		return false
	}
	switch v.Kind() {
	case Null:
		return true
	case Bool:
		return v.num == o.num
	case Int8, Int16, Int32, Int64, Date:
		return v.Int() == o.Int()
	case Float32, Float64:
		a, b := v.Float(), o.Float()
		return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
	case String:
		return v.Text() == o.Text()
	case Bytes:
		return v.text == o.text
	case Decimal:
		return v.num == o.num && v.Unscaled().Cmp(o.Unscaled()) == 0
	case BigInt:
		return v.Unscaled().Cmp(o.Unscaled()) == 0
	case Array:
		a, b := v.Items(), o.Items()
		if len(a) != len(b) {
			return false
		}
		for i := range a {
			if !a[i].Equal(&b[i]) {
				return false
			}
		}
		return true
	case Struct:
		if !v.Schema().Equal(o.Schema()) {
			return false
		}
		a, b := v.Fields(), o.Fields()
		for i := range a {
			if !a[i].Value.Equal(&b[i].Value) {
				return false
			}
		}
		return true
	}
	if v.Len() != o.Len() {
		return false
	}
	for key, value := range v.Entries() {
		other, ok := o.find(key)
		if !ok || !value.Equal(other) {
			return false
		}
	}
	return true
}

// find is the value for any key of a map.
func (v *Value) find(key *Value) (*Value, bool) {
	n := v.expand()
	if n.items == nil {
		if key.Kind() != String {
			return nil, false
		}
		found := n.get(key.Text())
		return found, found != nil
	}
	for i := 0; i < len(n.items); i += 2 {
		if n.items[i].Equal(key) {
			return &n.items[i+1], true
		}
	}
	return nil, false
}
