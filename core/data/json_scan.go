package data

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// SyntaxError says where bytes stop being JSON.
type SyntaxError struct {
	Offset int
	What   string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.What, e.Offset) }

// Limits of Jackson 2.16, the parser inside Kafka Connect 3.9 (StreamReadConstraints).
const (
	maxDepth  = 1000
	maxNumber = 1000
)

// ParseJSON reads the first JSON value in b, all of which must be memory of the arena or live as long as it. It accepts
// what Kafka Connect's JsonConverter accepts: a byte order mark, leading zeros, duplicate keys (the last wins), and
// anything after the first value. It refuses text that is not UTF-8. Integers are Int64, other numbers Float64, as
// without a schema; both keep their digits. Empty or blank input is null with ok false.
//
// Everything is validated, also what stays a span.
func ParseJSON(a *Arena, b []byte) (v Value, ok bool, err error) {
	if len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF {
		b = b[3:]
	}
	p := newParser(b, view(b), a)
	defer p.done()
	i := p.space(0)
	if i == len(b) {
		return Value{}, false, nil
	}
	var end int
	switch b[i] {
	case '{', '[':
		v.kind = Array
		if b[i] == '{' {
			v.kind = Map
		}
		v.node, end = p.container(i, 1)
	default:
		v, end = p.value(i, 0)
		// Jackson wants a root number to be followed by white space; after other values it does not look.
		if end >= 0 && end < len(b) && v.form == formDigits && !isSpace(b[end]) {
			end = p.fail(end, "a number must end with white space")
		}
	}
	if end < 0 {
		return Value{}, false, p.err
	}
	return v, true, nil
}

// ParseJSONAt is [ParseJSON] for the value at b[at:], white space aside: it returns the index behind it and does not look
// at what follows. deep reads the whole value; otherwise it keeps spans, as ParseJSON does.
func ParseJSONAt(a *Arena, b []byte, at int, deep bool) (v Value, end int, err error) {
	p := newParser(b, view(b), a)
	defer p.done()
	p.deep = deep
	i := p.space(at)
	if i < len(b) && (b[i] == '{' || b[i] == '[') {
		v.kind = Array
		if b[i] == '{' {
			v.kind = Map
		}
		v.node, end = p.container(i, 1)
	} else {
		v, end = p.value(i, 0)
	}
	if end < 0 {
		return Value{}, 0, p.err
	}
	return v, end, nil
}

// parseSpan looks into a span that value() made, so it was validated.
func (a *Arena) parseSpan(s string) *Node {
	p := newParser(unviewed(s), s, a)
	defer p.done()
	n, end := p.container(0, 1)
	if end < 0 {
		panic("data: a value was read after its arena was recycled")
	}
	return n
}

type parser struct {
	b      []byte
	s      string // the same memory
	a      *Arena
	err    error
	deep   bool     // containers do not stay spans
	loose  bool     // something seen since it was last cleared is not strict, duplicate-free JSON
	hashes []uint32 // of the keys of the objects being scanned, innermost last
}

func newParser(b []byte, s string, a *Arena) parser {
	p := parser{b: b, s: s, a: a}
	if a != nil {
		p.hashes = a.hashes[:0]
	}
	return p
}

// done leaves the grown scratch to the arena's next parser.
func (p *parser) done() {
	if p.a != nil {
		p.a.hashes = p.hashes
	}
}

func (p *parser) fail(at int, what string) int {
	if p.err == nil {
		if at >= len(p.b) {
			what = "unexpected end of input"
		}
		p.err = &SyntaxError{Offset: at, What: what}
	}
	return -1
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func (p *parser) space(i int) int {
	for i < len(p.b) && isSpace(p.b[i]) {
		i++
	}
	return i
}

// container reads the object or array that starts at i one level deep. Values inside that are containers stay spans.
func (p *parser) container(i, depth int) (*Node, int) {
	if depth > maxDepth {
		return nil, p.fail(i, "nested deeper than 1000 levels")
	}
	n := p.a.node()
	if p.b[i] == '[' {
		return n, p.array(n, i, depth)
	}
	return n, p.object(n, i, depth)
}

// spareFields is room that a parsed object has for fields transforms add, so that adding few of them moves nothing.
const spareFields = 4

func (p *parser) object(n *Node, i, depth int) int {
	var keys keySet
	keys.open(p)
	fields := p.a.MakeFields(0, 16)
	i = p.space(i + 1)
	if i < len(p.b) && p.b[i] == '}' {
		n.fields = fields
		return i + 1
	}
	for {
		if i >= len(p.b) || p.b[i] != '"' {
			return p.fail(i, "expected a field name")
		}
		start := i + 1
		var escaped bool
		if i, escaped = p.str(i); i < 0 {
			return i
		}
		name := p.s[start : i-1]
		if escaped {
			name = p.a.unescape(name)
		}
		if i = p.space(i); i >= len(p.b) || p.b[i] != ':' {
			return p.fail(i, "expected ':' after a field name")
		}
		i = p.space(i + 1)
		var v Value
		if v, i = p.value(i, depth); i < 0 {
			return i
		}
		if keys.seen(p, name) {
			if old := findField(fields, name); old != nil {
				*old = v
				goto next
			}
		}
		if len(fields) == cap(fields) {
			grown := p.a.MakeFields(len(fields), 2*len(fields))
			copy(grown, fields)
			fields = grown
		}
		fields = append(fields, Field{Name: name, Value: v})
	next:
		i = p.space(i)
		if i >= len(p.b) {
			return p.fail(i, "")
		}
		switch p.b[i] {
		case ',':
			i = p.space(i + 1)
		case '}':
			keys.close(p)
			n.fields = fields
			return i + 1
		default:
			return p.fail(i, "expected ',' or '}'")
		}
	}
}

func findField(fields []Field, name string) *Value {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i].Value
		}
	}
	return nil
}

func (p *parser) array(n *Node, i, depth int) int {
	items := p.a.MakeValues(8)[:0]
	i = p.space(i + 1)
	if i < len(p.b) && p.b[i] == ']' {
		n.items = items
		return i + 1
	}
	for {
		var v Value
		if v, i = p.value(i, depth); i < 0 {
			return i
		}
		if len(items) == cap(items) {
			grown := p.a.MakeValues(2 * len(items))
			copy(grown, items)
			items = grown[:len(items)]
		}
		items = append(items, v)
		i = p.space(i)
		if i >= len(p.b) {
			return p.fail(i, "")
		}
		switch p.b[i] {
		case ',':
			i = p.space(i + 1)
		case ']':
			n.items = items
			return i + 1
		default:
			return p.fail(i, "expected ',' or ']'")
		}
	}
}

// value reads the value at i; a container becomes a span.
func (p *parser) value(i, depth int) (Value, int) {
	if i >= len(p.b) {
		return Value{}, p.fail(i, "")
	}
	switch c := p.b[i]; c {
	case '"':
		end, escaped := p.str(i)
		if end < 0 {
			return Value{}, end
		}
		if escaped {
			return Value{kind: String, form: formEscaped, text: p.s[i+1 : end-1], node: p.a.header()}, end
		}
		return Value{kind: String, form: formClean, text: p.s[i+1 : end-1]}, end
	case '{', '[':
		if p.deep {
			n, end := p.container(i, depth+1)
			if c == '{' {
				return Value{kind: Map, node: n}, end
			}
			return Value{kind: Array, node: n}, end
		}
		outer := p.loose
		p.loose = false
		end := p.skip(i, depth+1)
		if end < 0 {
			return Value{}, end
		}
		v := Value{kind: Map, form: formSpan, text: p.s[i:end], node: p.a.header()}
		if c == '[' {
			v.kind = Array
		}
		if p.loose {
			v.form = formLoose
		}
		p.loose = outer || p.loose
		return v, end
	case 't', 'f', 'n':
		end := p.word(i)
		switch c {
		case 't':
			return Value{kind: Bool, num: 1}, end
		case 'f':
			return Value{kind: Bool}, end
		}
		return Value{}, end
	}
	end, fraction, zeros := p.number(i)
	if end < 0 {
		return Value{}, end
	}
	kind := Int64
	if fraction {
		kind = Float64
	}
	if zeros == 0 {
		return Value{kind: kind, form: formDigits, text: p.s[i:end]}, end
	}
	digits := p.s[i+zeros : end]
	if p.b[i] == '-' {
		digits = p.a.Copy("-" + p.s[i+1+zeros:end])
	}
	return Value{kind: kind, form: formDigits, text: digits}, end
}

// header is what an unexpanded value points to.
func (a *Arena) header() *Node {
	if a == nil {
		return noArena
	}
	return a.lazy
}

var noArena = &Node{}

// skip validates the value at i and returns its end. It sets loose for what must be rewritten when encoded.
func (p *parser) skip(i, depth int) int {
	if i >= len(p.b) {
		return p.fail(i, "")
	}
	switch p.b[i] {
	case '"':
		end, _ := p.str(i)
		return end
	case '{':
		return p.skipObject(i, depth)
	case '[':
		return p.skipArray(i, depth)
	case 't', 'f', 'n':
		return p.word(i)
	}
	end, _, zeros := p.number(i)
	if zeros > 0 {
		p.loose = true
	}
	return end
}

func (p *parser) skipObject(i, depth int) int {
	if depth > maxDepth {
		return p.fail(i, "nested deeper than 1000 levels")
	}
	var keys keySet
	keys.open(p)
	i = p.space(i + 1)
	if i < len(p.b) && p.b[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(p.b) || p.b[i] != '"' {
			return p.fail(i, "expected a field name")
		}
		start := i + 1
		var escaped bool
		if i, escaped = p.str(i); i < 0 {
			return i
		}
		// A key with escapes may equal one without: not worth unescaping to find out.
		if escaped || keys.seen(p, p.s[start:i-1]) {
			p.loose = true
		}
		if i < len(p.b) && p.b[i] == ':' {
			i++
		} else if i = p.space(i); i < len(p.b) && p.b[i] == ':' {
			i++
		} else {
			return p.fail(i, "expected ':' after a field name")
		}
		if i = p.skip(p.space(i), depth+1); i < 0 {
			return i
		}
		i = p.space(i)
		if i >= len(p.b) {
			return p.fail(i, "")
		}
		switch p.b[i] {
		case ',':
			i = p.space(i + 1)
		case '}':
			keys.close(p)
			return i + 1
		default:
			return p.fail(i, "expected ',' or '}'")
		}
	}
}

func (p *parser) skipArray(i, depth int) int {
	if depth > maxDepth {
		return p.fail(i, "nested deeper than 1000 levels")
	}
	i = p.space(i + 1)
	if i < len(p.b) && p.b[i] == ']' {
		return i + 1
	}
	for {
		if i = p.skip(i, depth+1); i < 0 {
			return i
		}
		i = p.space(i)
		if i >= len(p.b) {
			return p.fail(i, "")
		}
		switch p.b[i] {
		case ',':
			i = p.space(i + 1)
		case ']':
			return i + 1
		default:
			return p.fail(i, "expected ',' or ']'")
		}
	}
}

func (p *parser) word(i int) int {
	var w string
	switch p.b[i] {
	case 't':
		w = "true"
	case 'f':
		w = "false"
	default:
		w = "null"
	}
	if len(p.s)-i < len(w) || p.s[i:i+len(w)] != w {
		return p.fail(i, "unknown word")
	}
	end := i + len(w)
	if end < len(p.b) && isWordByte(p.b[end]) {
		return p.fail(i, "unknown word")
	}
	return end
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// number checks the number at i. fraction says that it has a point or an exponent, zeros how many leading zeros are too many.
func (p *parser) number(i int) (end int, fraction bool, zeros int) {
	start := i
	if i < len(p.b) && p.b[i] == '-' {
		i++
	}
	first := i
	for i < len(p.b) && p.b[i]-'0' <= 9 {
		i++
	}
	if i == first {
		return p.fail(i, "unexpected character"), false, 0
	}
	for k := first; k < i-1 && p.b[k] == '0'; k++ {
		zeros++
	}
	if i < len(p.b) && p.b[i] == '.' {
		fraction = true
		i++
		digits := i
		for i < len(p.b) && p.b[i]-'0' <= 9 {
			i++
		}
		if i == digits {
			return p.fail(i, "expected a digit after '.'"), false, 0
		}
	}
	if i < len(p.b) && p.b[i]|0x20 == 'e' {
		fraction = true
		i++
		if i < len(p.b) && (p.b[i] == '+' || p.b[i] == '-') {
			i++
		}
		digits := i
		for i < len(p.b) && p.b[i]-'0' <= 9 {
			i++
		}
		if i == digits {
			return p.fail(i, "expected a digit in an exponent"), false, 0
		}
	}
	if i-start > maxNumber {
		return p.fail(start, "number longer than 1000 characters"), false, 0
	}
	return i, fraction, zeros
}

const (
	swarLow  = 0x0101010101010101
	swarHigh = 0x8080808080808080
)

// str checks the string whose quote is at i and returns the index after its closing quote.
func (p *parser) str(i int) (end int, escaped bool) {
	b := p.b
	i++
	for {
		// Eight bytes at a time: find a quote, a backslash, a control character or a byte beyond ASCII. A borrow can
		// only make a byte above the first hit look like one, so the lowest hit is exact.
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			q := w ^ ('"' * swarLow)
			s := w ^ ('\\' * swarLow)
			hit := ((q-swarLow)&^q | (s-swarLow)&^s | (w-0x20*swarLow)&^w | w) & swarHigh
			if hit != 0 {
				i += bits.TrailingZeros64(hit) >> 3
				break
			}
			i += 8
		}
		if i >= len(b) {
			return p.fail(i, ""), false
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			if i = p.escape(i); i < 0 {
				return i, false
			}
		case c < 0x20:
			return p.fail(i, "control character in a string"), false
		case c < 0x80:
			i++
		default:
			_, size := utf8.DecodeRune(b[i:])
			if size == 1 {
				return p.fail(i, "invalid UTF-8 in a string"), false
			}
			i += size
		}
	}
}

func (p *parser) escape(i int) int {
	if i+1 >= len(p.b) {
		return p.fail(len(p.b), "")
	}
	switch p.b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 > len(p.b) {
			return p.fail(len(p.b), "")
		}
		for _, c := range p.b[i+2 : i+6] {
			if c-'0' > 9 && c|0x20-'a' > 5 {
				return p.fail(i, "bad \\u escape")
			}
		}
		return i + 6
	}
	return p.fail(i, "unknown escape")
}

// unescape decodes the inside of a JSON string that str has checked. Half a surrogate pair, which a Java
// String can hold, gets the three bytes that UTF-8 would have for it; AppendJSONString makes an escape of it again.
func (a *Arena) unescape(s string) string {
	out := a.Alloc(len(s))[:0]
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			j := i + 1
			for j < len(s) && s[j] != '\\' {
				j++
			}
			out = append(out, s[i:j]...)
			i = j
			continue
		}
		switch s[i+1] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(s[i+2:])
			i += 6
			if r >= 0xD800 && r < 0xDC00 && i+6 <= len(s) && s[i] == '\\' && s[i+1] == 'u' {
				if low := hex4(s[i+2:]); low >= 0xDC00 && low < 0xE000 {
					r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
					i += 6
				}
			}
			if r >= 0xD800 && r < 0xE000 {
				out = append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0xBF, 0x80|byte(r)&0xBF)
			} else {
				out = utf8.AppendRune(out, r)
			}
			continue
		default:
			out = append(out, s[i+1])
		}
		i += 2
	}
	return view(out)
}

func hex4(s string) rune {
	n, _ := strconv.ParseUint(s[:4], 16, 32) // escape checked the digits
	return rune(n)
}

// keySet notices when an object repeats a key. It may err on the side of "seen": a repeated hash costs a look, or a
// rewrite of the span, never a wrong document.
type keySet struct {
	bloom uint64
	base  int
}

func (k *keySet) open(p *parser) { k.base = len(p.hashes) }

func (k *keySet) close(p *parser) { p.hashes = p.hashes[:k.base] }

func (k *keySet) seen(p *parser, key string) bool {
	h := hashKey(key)
	bit := uint64(1) << (h >> 26)
	if k.bloom&bit != 0 {
		for _, other := range p.hashes[k.base:] {
			if other == h {
				return true
			}
		}
	}
	k.bloom |= bit
	p.hashes = append(p.hashes, h)
	return false
}

// hashKey mixes the length, the first and the last eight bytes: enough to tell the keys of one object apart.
func hashKey(s string) uint32 {
	var x uint64
	if len(s) >= 8 {
		b := unviewed(s)
		x = binary.LittleEndian.Uint64(b) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(b[len(b)-8:]), 23)
	} else {
		for i := 0; i < len(s); i++ {
			x = x<<8 | uint64(s[i])
		}
	}
	x = (x ^ uint64(len(s))) * 0x9E3779B97F4A7C15
	return uint32(x >> 32)
}
