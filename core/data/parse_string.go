package data

import (
	"math"
	"math/big"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/connectless/connectless/core/data/javatext"
)

// maxTextDepth bounds the nesting of arrays and maps that [ParseString] follows; Java's stack ends not far from it.
const maxTextDepth = 1000

// ParseString finds the type of a text as Kafka Connect's Values.parseString does for header values and literals:
// null, a boolean, the smallest integer type that holds a number, a float, a decimal, an ISO date, time or timestamp,
// an array, a map; anything else is the string itself. The schema is nil for null. Strings inside the value share s.
//
// Connect looks at the first token only where a text begins like a number or an array: "1:2" is the INT8 1.
func ParseString(s string) (*Schema, Value) {
	if s == "" {
		return Of(TypeString, false), OfString(s)
	}
	p := textParser{s: s}
	t, _ := p.parse(false, 0)
	return t.schema, t.value
}

// typed is a value with its schema; the zero typed is null, which has none.
type typed struct {
	schema *Schema
	value  Value
}

// textParser reads tokens: the delimiters : , { } [ ] " each alone unless a backslash stands before them, and whatever
// is between them.
type textParser struct {
	s      string
	at     int
	ahead  string // a token that was looked at and not taken; ends at at
	peeked bool
}

func (p *textParser) more() bool { return p.peeked || p.at < len(p.s) }

func (p *textParser) mark() int {
	if p.peeked {
		return p.at - len(p.ahead)
	}
	return p.at
}

func (p *textParser) rewind(to int) { p.at, p.peeked = to, false }

func (p *textParser) next() string {
	if p.peeked {
		p.peeked = false
		return p.ahead
	}
	return p.scan()
}

func (p *textParser) scan() string {
	start, escaped := p.at, false
	for p.at < len(p.s) {
		switch p.s[p.at] {
		case '\\':
			escaped = !escaped
		case ':', ',', '{', '}', '[', ']', '"':
			if !escaped {
				if p.at == start {
					p.at++
				}
				return p.s[start:p.at]
			}
			escaped = false
		default:
			escaped = false
		}
		p.at++
	}
	return p.s[start:]
}

// take takes the next token if it is want, white space around it and blank tokens before it aside.
func (p *textParser) take(want string) bool {
	if !p.peeked {
		if !p.more() {
			return false
		}
		p.ahead, p.peeked = p.scan(), true
	}
	for trim(p.ahead) == "" && p.at < len(p.s) {
		p.ahead = p.scan()
	}
	if trim(p.ahead) != want {
		return false
	}
	p.peeked = false
	return true
}

// takeWord is take for null, true and false, which outside of arrays and maps must be the last token.
func (p *textParser) takeWord(want string, embedded bool) bool {
	start := p.mark()
	if p.take(want) && (embedded || !p.more()) {
		return true
	}
	p.rewind(start)
	return false
}

// trim is String.trim.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

// parse reads a value. An embedded one is inside an array or a map, where ok is false for what is no value.
func (p *textParser) parse(embedded bool, depth int) (t typed, ok bool) {
	switch {
	case !p.more():
		return typed{}, true
	case embedded && p.take(`"`):
		return p.quoted(), true
	case p.takeWord("null", embedded):
		return typed{}, true
	case p.takeWord("true", embedded):
		return typed{Of(TypeBoolean, false), OfBool(true)}, true
	case p.takeWord("false", embedded):
		return typed{Of(TypeBoolean, false), OfBool(false)}, true
	}
	start := p.mark()
	if depth < maxTextDepth {
		if p.take("[") {
			t, ok = p.array(depth + 1)
		} else if p.take("{") {
			t, ok = p.object(depth + 1)
		}
		if ok {
			return t, true
		}
		p.rewind(start)
	}
	token := p.next()
	if trim(token) == "" {
		return typed{Of(TypeString, false), OfString(token)}, true
	}
	token = trim(token)
	first, _ := utf8.DecodeRuneInString(token)
	digit := first <= math.MaxUint16 && unicode.IsDigit(first)
	if digit {
		// The colons of a time make five tokens of it.
		after := p.mark()
		if t, ok = temporal(token + p.fourMore()); ok {
			return t, true
		}
		p.rewind(after)
		if t, ok = temporal(token); ok {
			return t, true
		}
	}
	if digit || first == '+' || first == '-' {
		if t, ok = number(token); ok {
			return t, true
		}
	}
	return typed{Of(TypeString, false), OfString(p.s)}, !embedded
}

// fourMore takes four tokens, or none if there are fewer.
func (p *textParser) fourMore() string {
	start := p.mark()
	for range 4 {
		if !p.more() {
			p.rewind(start)
			return ""
		}
		p.next()
	}
	return p.s[start:p.at]
}

func (p *textParser) quoted() typed {
	var content strings.Builder
	for p.more() && !p.take(`"`) {
		content.WriteString(p.next())
	}
	s := content.String()
	if schema, v := ParseString(s); v.Kind() == Date {
		return typed{schema, v}
	}
	return typed{Of(TypeString, false), OfString(s)}
}

func (p *textParser) array(depth int) (typed, bool) {
	items := []Value{}
	var elem common
	for p.more() {
		if p.take("]") {
			if elem.schema == nil || elem.mixed {
				return typed{&Schema{spec: Spec{Type: TypeArray}}, OfArray(items...)}, true
			}
			if !align(elem.schema, items, 1) {
				return typed{}, false
			}
			return typed{Spec{Type: TypeArray, Elem: elem.schema}.MustBuild(), OfArray(items...)}, true
		}
		if p.take(",") {
			return typed{}, false
		}
		t, ok := p.parse(true, depth)
		if !ok {
			return typed{}, false
		}
		elem.add(t.schema)
		items = append(items, t.value)
		before := p.mark()
		if p.take("]") {
			p.rewind(before)
		} else if !p.take(",") {
			return typed{}, false
		}
	}
	return typed{}, false
}

func (p *textParser) object(depth int) (typed, bool) {
	pairs := []Value{}
	var key, elem common
	for p.more() {
		if p.take("}") {
			spec := Spec{Type: TypeMap}
			if key.schema != nil && !key.mixed {
				spec.Key = key.schema
				if !align(key.schema, pairs, 2) {
					return typed{}, false
				}
				if elem.schema != nil && !elem.mixed {
					spec.Elem = elem.schema
					if !align(elem.schema, pairs[1:], 2) {
						return typed{}, false
					}
				}
			}
			return typed{&Schema{spec: spec}, mapOf(pairs, InsertionOrder)}, true
		}
		if p.take(",") {
			return typed{}, false
		}
		k, ok := p.parse(true, depth)
		if !ok || k.value.IsNull() || !p.take(":") {
			return typed{}, false
		}
		v, ok := p.parse(true, depth)
		if !ok {
			return typed{}, false
		}
		pairs = put(pairs, k.value, v.value)
		p.take(",")
		key.add(k.schema)
		elem.add(v.schema)
	}
	return typed{}, false
}

// put is Map.put on a list of key, value, key, value...
func put(pairs []Value, key, value Value) []Value {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].Equal(&key) {
			pairs[i+1] = value
			return pairs
		}
	}
	return append(pairs, key, value)
}

// mapOf is a map of the pairs: with string keys if all of them are.
func mapOf(pairs []Value, order MapOrder) Value {
	fields := make([]Field, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].Kind() != String {
			v := OfPairs(pairs...)
			v.SetMapOrder(order)
			return v
		}
		fields = append(fields, Field{Name: pairs[i].Text(), Value: pairs[i+1]})
	}
	v := OfMap(fields...)
	v.SetMapOrder(order)
	return v
}

// common is the schema that the elements seen so far share.
type common struct {
	schema *Schema
	mixed  bool // there was none at some point
}

func (c *common) add(s *Schema) {
	switch {
	case s == nil:
	case c.schema == nil:
		c.schema = s
	case c.schema.Type() == s.Type():
		c.schema = s
	case c.schema.Type() <= TypeFloat64 && s.Type() <= TypeFloat64:
		if s.Type() > c.schema.Type() {
			c.schema = s
		}
	default:
		c.schema, c.mixed = nil, true
	}
}

// align converts every step-th value to the schema; a value that cannot be leaves an array or map that is none.
func align(to *Schema, values []Value, step int) bool {
	for i := 0; i < len(values); i += step {
		v, err := convertTo(to, nil, &values[i])
		if err != nil {
			return false
		}
		values[i] = v
	}
	return true
}

var (
	isoDate      = sync.OnceValue(func() *javatext.DateFormat { return mustPattern("yyyy-MM-dd") })
	isoTime      = sync.OnceValue(func() *javatext.DateFormat { return mustPattern("HH:mm:ss.SSS'Z'") })
	isoTimestamp = sync.OnceValue(func() *javatext.DateFormat { return mustPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") })
)

// temporal reads an ISO date, time or timestamp, recognised by its length. Its numbers may be out of range, as
// SimpleDateFormat is lenient.
func temporal(token string) (typed, bool) {
	token = strings.ReplaceAll(token, `\:`, ":")
	var name string
	var format *javatext.DateFormat
	switch utf16Len(token) {
	case 10:
		name, format = LogicalDate, isoDate()
	case 13:
		name, format = LogicalTime, isoTime()
	case 24:
		name, format = LogicalTimestamp, isoTimestamp()
	default:
		return typed{}, false
	}
	ms, err := format.Parse(token)
	if err != nil {
		return typed{}, false
	}
	return typed{Logical(name, false), OfDate(ms)}, true
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		if r > math.MaxUint16 {
			n++
		}
		n++
	}
	return n
}

// number reads what BigDecimal reads, into the smallest type that holds it.
func number(token string) (typed, bool) {
	unscaled, scale, err := javatext.ParseDecimal(token)
	if err != nil {
		return typed{}, false
	}
	if i, ok := wholeNumber(unscaled, scale); ok && i.IsInt64() {
		switch n := i.Int64(); {
		case n == int64(int8(n)):
			return typed{Of(TypeInt8, false), OfInt8(int8(n))}, true
		case n == int64(int16(n)):
			return typed{Of(TypeInt16, false), OfInt16(int16(n))}, true
		case n == int64(int32(n)):
			return typed{Of(TypeInt32, false), OfInt32(int32(n))}, true
		default:
			return typed{Of(TypeInt64, false), OfInt64(n)}, true
		}
	}
	// A point or an exponent makes a large whole number a float.
	if scale != 0 {
		if f := javatext.DecimalToF32(unscaled, scale); !math.IsInf(float64(f), 0) {
			return typed{Of(TypeFloat32, false), OfFloat32(f)}, true
		}
		if f := javatext.DecimalToF64(unscaled, scale); !math.IsInf(f, 0) {
			return typed{Of(TypeFloat64, false), OfFloat64(f)}, true
		}
	}
	return typed{DecimalSchema(scale, false), OfDecimal(unscaled, scale)}, true
}

// wholeNumber is unscaled * 10^-scale if that is whole. A number of more than 40 digits comes back as some number
// beyond 64 bits: its digits are never needed, and 1e999999999 would take all memory.
func wholeNumber(unscaled *big.Int, scale int32) (*big.Int, bool) {
	switch {
	case unscaled.Sign() == 0 || scale == 0:
		return unscaled, true
	case scale < 0:
		return new(big.Int).Mul(unscaled, pow10(min(-int64(scale), 40))), true
	case int64(scale) > int64(unscaled.BitLen()):
		return nil, false
	}
	q, rest := new(big.Int).QuoRem(unscaled, pow10(int64(scale)), new(big.Int))
	return q, rest.Sign() == 0
}

func pow10(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }
