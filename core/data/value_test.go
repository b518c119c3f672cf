package data

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFieldsOfMaps(t *testing.T) {
	for _, arena := range []*Arena{nil, NewArena()} {
		v, _, err := ParseJSON(arena, []byte(`{"a":1,"b":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		v.Set("a", OfBool(true))
		for _, name := range []string{"c", "d", "e", "f", "g", "h", "i", "j"} {
			v.Set(name, OfString(name))
		}
		if !v.Delete("b") || v.Delete("b") {
			t.Error("b can be deleted once")
		}
		if v.Get("b") != nil || v.Get("j").Text() != "j" || v.Len() != 9 {
			t.Errorf("got %s", v.JavaText())
		}
		if v.Arena() != arena {
			t.Error("the map does not know its arena")
		}
		want := `{"a":true,"c":"c","d":"d","e":"e","f":"f","g":"g","h":"h","i":"i","j":"j"}`
		if got := string(v.AppendJSON(nil)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	pairs := OfPairs(OfInt32(1), OfString("a"))
	pairs.Set("b", OfInt8(2))
	pairs.Set("b", OfInt8(3))
	if got := string(pairs.AppendJSON(nil)); got != `[[1,"a"],["b",3]]` || pairs.Len() != 2 {
		t.Errorf("got %s", got)
	}
	var none *Value
	if none.Kind() != Null || none.Get("a") != nil || !none.IsNull() || string(none.AppendJSON(nil)) != "null" || none.JavaText() != "null" {
		t.Error("a nil value is not null")
	}
}

func TestTwosComplement(t *testing.T) {
	for _, tc := range []struct {
		n    int64
		want []byte
	}{{0, []byte{0}}, {1, []byte{1}}, {127, []byte{127}}, {128, []byte{0, 128}}, {-1, []byte{255}}, {-128, []byte{128}}, {-129, []byte{255, 127}},
		{255, []byte{0, 255}}, {-256, []byte{255, 0}}, {1 << 40, []byte{1, 0, 0, 0, 0, 0}}} {
		got := TwosComplement(big.NewInt(tc.n))
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%d: %s", tc.n, diff)
		}
		if back := FromTwosComplement(got); back.Int64() != tc.n {
			t.Errorf("%d came back as %s", tc.n, back)
		}
	}
	if FromTwosComplement(nil).Sign() != 0 {
		t.Error("no bytes are not 0")
	}
}

func TestEqual(t *testing.T) {
	s := Spec{Type: TypeStruct, Fields: []SchemaField{{"a", Of(TypeFloat64, true)}}}.MustBuild()
	same := Spec{Type: TypeStruct, Fields: []SchemaField{{"a", Of(TypeFloat64, true)}}}.MustBuild()
	other := Spec{Type: TypeStruct, Name: "x", Fields: s.Fields()}.MustBuild()
	v := func(v Value) *Value { return &v }
	json := func(text string) *Value { return v(parse(t, text)) }
	for _, tc := range []struct {
		a, b *Value
		want bool
	}{
		{nil, v(Value{}), true},
		{v(OfInt8(1)), v(OfInt16(1)), false},
		{v(OfInt64(7)), json("007"), true},
		{v(OfFloat64(math.NaN())), v(OfFloat64(math.Float64frombits(0x7ff8000000000001))), true},
		{v(OfFloat64(0)), v(OfFloat64(math.Copysign(0, -1))), false},
		{v(OfString("aé")), json(`"\u0061\u00e9"`), true},
		{v(OfBytes([]byte("x"))), v(OfString("x")), false},
		{v(OfDecimalBytes([]byte{10}, 1)), v(OfDecimalBytes([]byte{100}, 2)), false},
		{v(OfDecimalBytes([]byte{0, 10}, 1)), v(OfDecimalBytes([]byte{10}, 1)), true},
		{v(OfBigInt(big.NewInt(-5))), v(OfBigInt(big.NewInt(-5))), true},
		{json(`{"a":1,"b":[2]}`), json(`{"b":[2],"a":1}`), true},
		{json(`{"a":null}`), json(`{"b":null}`), false},
		{json(`{"a":1}`), json(`{"a":1,"b":2}`), false},
		{json(`[1,2]`), json(`[2,1]`), false},
		{v(OfPairs(OfInt8(1), Value{})), v(OfPairs(OfInt8(2), Value{})), false},
		{v(OfPairs(OfString("a"), OfInt64(1))), json(`{"a":1}`), true},
		{json(`{"a":1}`), v(OfPairs(OfString("a"), OfInt64(1))), true},
		{v(OfStruct(s, OfFloat64(1))), v(OfStruct(same, OfFloat64(1))), true},
		{v(OfStruct(s, OfFloat64(1))), v(OfStruct(same, OfFloat64(2))), false},
		{v(OfStruct(s)), v(OfStruct(other)), false},
		{v(OfDate(1)), v(OfInt64(1)), false},
	} {
		if got := tc.a.Equal(tc.b); got != tc.want {
			t.Errorf("%s equal to %s: %v", tc.a.JavaText(), tc.b.JavaText(), got)
		}
		if got := tc.b.Equal(tc.a); got != tc.want {
			t.Errorf("%s equal to %s: %v", tc.b.JavaText(), tc.a.JavaText(), got)
		}
	}
}

func TestCloneOwnsEverything(t *testing.T) {
	s := Spec{Type: TypeStruct, Fields: []SchemaField{{"n", Of(TypeString, true)}}}.MustBuild()
	in := []byte(`{"esc\u0061":"\u0062","num":1.50,"list":[{"x":1}]}`)
	v, _, err := ParseJSON(nil, in)
	if err != nil {
		t.Fatal(err)
	}
	v.Set("bytes", OfBytes(in[:3]))
	v.Set("dec", OfDecimalBytes(in[:2], 3))
	v.Set("struct", OfStruct(s, *v.Get("esca")))
	v.Set("pairs", OfPairs(OfText(in[2:5]), OfInt8(1)))
	want := string(v.AppendJSON(nil))
	c := v.Clone()
	clear(in)
	if got := string(c.AppendJSON(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c.Get("struct").Schema() != s {
		t.Error("the clone of a struct has another schema")
	}
}

func TestJavaText(t *testing.T) {
	s := Spec{Type: TypeStruct, Fields: []SchemaField{{"a", Of(TypeInt8, true)}, {"b", Of(TypeString, true)}, {"c", Of(TypeString, true)}}}.MustBuild()
	hash := OfMap(F("customer", OfInt8(1)), F("amount", OfInt8(2)), F("id", OfInt8(3)))
	linked := OfMap(hash.Fields()...)
	linked.SetMapOrder(InsertionOrder)
	for _, tc := range []struct {
		v           Value
		text, class string
	}{
		{Value{}, "null", "null"},
		{OfBool(false), "false", "java.lang.Boolean"},
		{parse(t, "007.50"), "7.5", "java.lang.Double"},
		{parse(t, "12345678901234567890"), "-6101065172474983726", "java.lang.Long"},
		{OfFloat32(1.1), "1.1", "java.lang.Float"},
		{OfBytes([]byte("hey")), "[B@0", "[B"},
		{OfByteBuffer([]byte("hey")), "java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]", "java.nio.HeapByteBuffer"},
		{OfDecimalBytes([]byte{1}, 10), "1E-10", "java.math.BigDecimal"},
		{OfDate(1704067199123), "Sun Dec 31 23:59:59 UTC 2023", "java.util.Date"},
		{OfDate(-61573495681100), "Wed Oct 26 19:11:58 UTC 18", "java.util.Date"}, // the year is not padded
		{OfArray(OfString("a"), Value{}), "[a, null]", "java.util.ArrayList"},
		{OfStruct(s, OfInt8(1), Value{}, OfString("x")), "Struct{a=1,c=x}", "org.apache.kafka.connect.data.Struct"},
		{hash, "{amount=2, id=3, customer=1}", "java.util.HashMap"},
		{linked, "{customer=1, amount=2, id=3}", "java.util.LinkedHashMap"},
	} {
		if got := tc.v.JavaText(); got != tc.text {
			t.Errorf("got %s, want %s", got, tc.text)
		}
		if got := tc.v.JavaClass(); got != tc.class {
			t.Errorf("%s is a %s, want %s", tc.text, got, tc.class)
		}
	}
}

// A struct that gets another schema has its fields, wherever its memory has room for them.
func TestReschema(t *testing.T) {
	schema := func(names ...string) *Schema {
		spec := Spec{Type: TypeStruct}
		for _, name := range names {
			spec.Fields = append(spec.Fields, SchemaField{Name: name, Schema: Of(TypeInt8, true)})
		}
		return spec.MustBuild()
	}
	for _, tc := range []struct {
		to   *Schema
		from []int
		want string
	}{
		{schema("a", "b", "c"), nil, `{"a":1,"b":2,"c":3}`},
		{schema("a", "b", "c", "d", "e", "f", "g", "h", "i"), nil, `{"a":1,"b":2,"c":3,"d":null,"e":null,"f":null,"g":null,"h":null,"i":null}`},
		{schema("x", "c", "d"), []int{0, 2}, `{"x":1,"c":3,"d":null}`},
		{schema("c"), []int{2}, `{"c":3}`},
		{schema(), []int{}, `{}`},
	} {
		for _, a := range []*Arena{nil, NewArena()} {
			v := a.Struct(schema("a", "b", "c"))
			for i := range v.Fields() {
				v.Fields()[i].Value = OfInt8(int8(i + 1))
			}
			after := a.Struct(schema("z")) // is not written over
			fields := v.Reschema(tc.to, tc.from)
			if got := string(v.AppendJSON(nil)); got != tc.want || len(fields) != v.Len() || v.Schema() != tc.to {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			for i, f := range fields {
				if f.Name != tc.to.Fields()[i].Name {
					t.Errorf("field %d is %s", i, f.Name)
				}
			}
			if got := string(after.AppendJSON(nil)); got != `{"z":null}` {
				t.Errorf("the next struct became %s", got)
			}
		}
	}
}
