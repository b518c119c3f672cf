package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, text string) Value {
	t.Helper()
	v, _, err := ParseJSON(NewArena(), []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// open looks into everything there is.
func open(v *Value) {
	switch v.Kind() {
	case String:
		v.Text()
	case Array:
		for i := range v.Items() {
			open(&v.Items()[i])
		}
	case Map:
		for i := range v.Fields() {
			open(&v.Fields()[i].Value)
		}
	}
}

func TestParseJSONAcceptsWhatJacksonDoes(t *testing.T) {
	for _, tc := range []struct{ in, out string }{
		{`{"a":1,"b":[true,false,null,"x"]}`, `{"a":1,"b":[true,false,null,"x"]}`},
		{` { "a" : [ 1 , 2 ] } `, `{"a":[ 1 , 2 ]}`}, // nobody looked into the array
		{"\xEF\xBB\xBF{}", `{}`},
		{`{"a":1} x`, `{"a":1}`},
		{`[1]]`, `[1]`},
		{`12 34`, `12`},
		{`"a""b"`, `"a"`},
		{`true]`, `true`},
		{`007`, `7`},
		{`-007.50`, `-7.50`},
		{`00`, `0`},
		{`-0`, `-0`},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`{"n":{"a":1,"a":2}}`, `{"n":{"a":2}}`},
		{`{"n":{"a":1,"\u0061":2}}`, `{"n":{"a":2}}`},
		{`{"n":[{"x":[01]}]}`, `{"n":[{"x":[1]}]}`},
		{`1E400`, `1E400`},
		{`"\ud83d\ude00 \ud83d"`, `"\ud83d\ude00 \ud83d"`},
		{`"` + "\u2028é" + `\/"`, `"` + "\u2028é" + `\/"`},
		{strings.Repeat("[", 1000) + strings.Repeat("]", 1000), strings.Repeat("[", 1000) + strings.Repeat("]", 1000)},
	} {
		v := parse(t, tc.in)
		if got := string(v.AppendJSON(nil)); got != tc.out {
			t.Errorf("%s became %s, want %s", tc.in, got, tc.out)
		}
	}
}

func TestParseJSONRefuses(t *testing.T) {
	for _, in := range []string{
		`{`, `}`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a" 1}`, `{"a":1 "b":2}`, `{a:1}`, `{'a':1}`, `{1:1}`, `{,}`,
		`[`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1 2]`, `[1}`, `[tru]`, `[truex]`,
		`'a'`, `"a`, `"\`, `"\u`, `"\u12`, `"\u12x4"`, `"\q"`, "\"\n\"", "\"\x00\"", "\"\x1f01234567\"",
		`+1`, `.5`, `1.`, `1.e5`, `1e`, `1e+`, `-`, `-a`, `--1`, `1x`, `12"`, `0x10`, `NaN`, `Infinity`, `-Infinity`, `nul`, `truex`, `TRUE`,
		`// c` + "\n1", `/* c */1`, `# c`, `1e2147483649`, `{"a":1e-99999999999}`,
		strings.Repeat("[", 1001), `{"a":` + strings.Repeat("[", 1000), strings.Repeat("1", 1001),
		"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"ab\xe2\x82\"", "\xfe\xff\x00{", "{\x00}\x00", "\x00\x00\x00{",
	} {
		v, _, err := ParseJSON(NewArena(), []byte(in))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.40q: got %s, %v, want a syntax error", in, v.AppendJSON(nil), err)
			continue
		}
		if syntax.Offset < 0 || syntax.Offset > len(in) {
			t.Errorf("%.40q: offset %d of %d", in, syntax.Offset, len(in))
		}
	}
}

func TestParseJSONOfNothing(t *testing.T) {
	for _, in := range []string{"", " \t\r\n", "\xEF\xBB\xBF"} {
		v, ok, err := ParseJSON(nil, []byte(in))
		if !v.IsNull() || ok || err != nil {
			t.Errorf("%q: got %v, %v, %v, want null, false and no error", in, v.Kind(), ok, err)
		}
	}
	if v, ok, err := ParseJSON(nil, []byte("null")); !v.IsNull() || !ok || err != nil {
		t.Errorf("null: got %v, %v, %v", v.Kind(), ok, err)
	}
}

func TestJSONNumbersHaveJavasValues(t *testing.T) {
	for _, tc := range []struct {
		in    string
		float float64
	}{{"1.5", 1.5}, {"1e400", math.Inf(1)}, {"-1e400", math.Inf(-1)}, {"-0.0", 0}, {"-0.000e5", 0}, {"-1e-400", math.Copysign(0, -1)}} {
		v := parse(t, tc.in)
		if v.Kind() != Float64 || math.Float64bits(v.Float()) != math.Float64bits(tc.float) {
			t.Errorf("%s is %v %v, want %v", tc.in, v.Kind(), v.Float(), tc.float)
		}
	}
	for _, tc := range []struct {
		in  string
		int int64
	}{{"-0", 0}, {"007", 7}, {"12345678901234567890", -6101065172474983726}, {"-9223372036854775809", 9223372036854775807},
		{"123456789012345678901234567890", -4362896299872285998}} {
		v := parse(t, tc.in)
		if v.Kind() != Int64 || v.Int() != tc.int {
			t.Errorf("%s is %v %v, want %v", tc.in, v.Kind(), v.Int(), tc.int)
		}
	}
}

// Objects of more keys than a list is searched for, with a repeated key at each distance.
func TestRepeatedKeyInLargeObjects(t *testing.T) {
	for _, n := range []int{1, 31, 32, 33, 64, 65, 127, 128, 129, 1000} {
		for _, again := range []int{0, n / 2, n - 1} {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, `"key%d":%d,`, i, i)
			}
			object := fmt.Sprintf(`{%s"key%d":"again"}`, b.String(), again)
			for _, doc := range []string{object, `{"in":` + object + `}`} {
				v := parse(t, doc)
				out := v.AppendJSON(nil)
				if bytes.Count(out, fmt.Appendf(nil, `"key%d"`, again)) != 1 || !bytes.Contains(out, fmt.Appendf(nil, `"key%d":"again"`, again)) {
					t.Fatalf("%d keys, key%d twice: %s", n, again, out)
				}
			}
		}
		distinct := strings.Builder{}
		for i := range n {
			fmt.Fprintf(&distinct, `"a key with a common start and end %05d, and only its middle differs":0,`, i)
		}
		doc := `{"in":{` + strings.TrimSuffix(distinct.String(), ",") + ` }}`
		v := parse(t, doc)
		if got := string(v.AppendJSON(nil)); got != doc {
			t.Errorf("%d distinct keys: an untouched object was rewritten", n)
		}
	}
}

func TestAppendJSONString(t *testing.T) {
	for _, tc := range []struct{ in, out string }{
		{"", `""`}, {"abc", `"abc"`}, {"<>&'/\u2028\x7f", "\"<>&'/\u2028\x7f\""}, {"12345678é", `"12345678é"`},
		{"a\"b\\c\b\f\n\r\t\x00\x1f", `"a\"b\\c\b\f\n\r\t\u0000\u001F"`}, {"12345678\"", `"12345678\""`},
		{"\xff", "\"\uFFFD\""}, {"a\xe2\x82", "\"a\uFFFD\uFFFD\""}, {"\xed\xa0\x80x", `"\uD800x"`}, {"\xed\xbf\xbf", `"\uDFFF"`},
	} {
		if got := string(AppendJSONString(nil, tc.in)); got != tc.out {
			t.Errorf("%q: got %s, want %s", tc.in, got, tc.out)
		}
	}
	v := parse(t, `["\ud800","\udc00\ud800"]`)
	open(&v)
	if got := string(v.AppendJSON(nil)); got != `["\uD800","\uDC00\uD800"]` {
		t.Errorf("half pairs became %s", got)
	}
}

func TestAppendJSONOfTypedValues(t *testing.T) {
	s := Spec{Type: TypeStruct, Fields: []SchemaField{{"a", Of(TypeInt8, true)}, {"b", Of(TypeBytes, true)}}}.MustBuild()
	dec := OfDecimalBytes([]byte{0x04, 0xCE}, 2)
	for _, tc := range []struct {
		v   Value
		out string
	}{
		{Value{}, `null`}, {OfBool(true), `true`}, {OfInt8(-5), `-5`}, {OfInt64(math.MinInt64), `-9223372036854775808`},
		{OfFloat64(1e7), `1.0E7`}, {OfFloat32(0.1), `0.1`}, {OfFloat64(math.NaN()), `"NaN"`}, {OfFloat32(float32(math.Inf(-1))), `"-Infinity"`},
		{OfBytes([]byte("hey")), `"aGV5"`}, {OfDate(5), `5`}, {dec, `12.30`}, {OfDecimalBytes([]byte{1}, -2), `1E+2`},
		{OfArray(), `[]`}, {OfArray(OfInt8(1), Value{}), `[1,null]`}, {OfMap(), `{}`}, {OfMap(F("x\"", OfString("\n"))), `{"x\"":"\n"}`},
		{OfPairs(OfInt32(1), OfString("a"), Value{}, OfInt8(2)), `[[1,"a"],[null,2]]`}, {OfPairs(OfString("k"), OfInt8(1)), `{"k":1}`},
		{OfStruct(s, OfInt8(1)), `{"a":1,"b":null}`},
	} {
		if got := string(tc.v.AppendJSON(nil)); got != tc.out {
			t.Errorf("got %s, want %s", got, tc.out)
		}
	}
}

func TestUntouchedPartsKeepTheirBytes(t *testing.T) {
	const in = `{"a": { "x" : 1.50, "y":"\u0041" },"b":1.0e3,"c":[ 1 , 2 ],"d":"\u00e9"}`
	v := parse(t, in)
	v.Get("b").Float()
	v.Set("e", OfInt32(5))
	v.Get("c").Items()
	if got, want := string(v.AppendJSON(nil)), `{"a":{ "x" : 1.50, "y":"\u0041" },"b":1.0e3,"c":[1,2],"d":"\u00e9","e":5}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// FuzzJSON has encoding/json for an oracle: what it accepts without repeated keys means the same to us, whether or not
// somebody looks into it; what we accept is JSON again when we write it.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,-0,1e5,"x\u00e9\ud83d\ude00\n",null,true,false],"b":{"c":{}},"d":[]}`, `{"a":1,"a":{"b":1,"b":2}}`,
		" [ 01 , -007.5 ] x", "\xEF\xBB\xBF\"\u2028\"", `"\ud800"`, `{"":"","k\"":1}`, `12 34`, "\"\xff\"", `[[[[1]]]]`, `1e9999999999`} {
		f.Add([]byte(s))
	}
	for _, doc := range orders(3) {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		a := NewArena()
		v, ok, err := ParseJSON(a, bytes.Clone(in))
		plain := json.Valid(in) && utf8.Valid(in) && !repeatsKey(in)
		if err != nil {
			if plain && !tooMuchForJackson(in) {
				t.Fatalf("refused %q: %v", in, err)
			}
			return
		}
		if !ok {
			if len(bytes.TrimSpace(bytes.TrimPrefix(in, []byte("\xEF\xBB\xBF")))) > 0 {
				t.Fatalf("took %q for nothing", in)
			}
			return
		}
		untouched := v.AppendJSON(nil)
		deep, end, err := ParseJSONAt(a, bytes.TrimPrefix(bytes.Clone(in), []byte("\xEF\xBB\xBF")), 0, 0, true)
		if err != nil || end > len(in) {
			t.Fatalf("%q: in one go: %v", in, err)
		}
		copied := v.Clone()
		open(&v)
		for _, out := range [][]byte{untouched, deep.AppendJSON(nil), v.AppendJSON(nil), copied.AppendJSON(nil)} {
			if !json.Valid(out) || !utf8.Valid(out) {
				t.Fatalf("%q became %q, which is not JSON", in, out)
			}
			if repeatsKey(out) && !bytes.Contains(bytes.ToLower(in), []byte(`\ud`)) { // half pairs are all the same to encoding/json
				t.Fatalf("%q became %q, which repeats a key", in, out)
			}
			if plain {
				if diff := cmp.Diff(std(t, in), std(t, out)); diff != "" {
					t.Fatalf("%q became %q: %s", in, out, diff)
				}
			}
		}
		if !v.Equal(&copied) || !v.Equal(&deep) {
			t.Fatalf("%q: a copy is not equal", in)
		}
	})
}

func std(t *testing.T, b []byte) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return v
}

// repeatsKey says whether an object of the document has a key twice.
func repeatsKey(b []byte) bool {
	d := json.NewDecoder(bytes.NewReader(b))
	var open []map[string]bool // nil for an array
	key := false               // a key comes next
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		inObject := len(open) > 0 && open[len(open)-1] != nil
		switch token := token.(type) {
		case json.Delim:
			switch token {
			case '{':
				open = append(open, map[string]bool{})
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
			key = len(open) > 0 && open[len(open)-1] != nil
			continue
		case string:
			if inObject && key {
				if open[len(open)-1][token] {
					return true
				}
				open[len(open)-1][token] = true
				key = false
				continue
			}
		}
		key = inObject
	}
}

// tooMuchForJackson says whether JSON may be beyond the limits of Jackson's parser.
func tooMuchForJackson(b []byte) bool {
	return bytes.Count(b, []byte("["))+bytes.Count(b, []byte("{")) > maxDepth || len(b) > maxNumber || bytes.ContainsAny(b, "eE")
}
