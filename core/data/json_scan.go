package data

import (
	"fmt"

	"github.com/connectless/connectless/core/data/javatext"
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
	start := 0
	if len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF {
		start = 3
	}
	p := newParser(b, view(b), a)
	defer p.done()
	i := p.space(start)
	if i == len(b) {
		return Value{}, false, nil
	}
	if a != nil {
		p.width = a.width
	}
	end := p.root(&v, i, 0)
	// Jackson wants a root number to be followed by white space; after other values it does not look.
	if end >= 0 && end < len(b) && v.form == formDigits && !isSpace(b[end]) {
		end = p.fail(end, "a number must end with white space")
	}
	if end < 0 {
		return Value{}, false, p.err
	}
	if a != nil && v.kind == Map {
		a.width = min(len(v.node.fields)+spareFields, 64)
	}
	return v, true, nil
}

// ParseJSONAt is [ParseJSON] for the value at b[at:], white space aside, which is within so many objects and arrays: it
// returns the index behind it and does not look at what follows. deep reads the whole value; otherwise it keeps spans, as
// ParseJSON does.
func ParseJSONAt(a *Arena, b []byte, at, within int, deep bool) (v Value, end int, err error) {
	p := newParser(b, view(b), a)
	defer p.done()
	p.deep = deep
	if end = p.root(&v, p.space(at), within); end < 0 {
		return Value{}, 0, p.err
	}
	return v, end, nil
}

// root reads a value as [parser.value] does, but looks into a container.
func (p *parser) root(v *Value, i, depth int) (end int) {
	if i >= len(p.b) || p.b[i] != '{' && p.b[i] != '[' {
		return p.value(v, i, depth)
	}
	v.kind = Array
	if p.b[i] == '{' {
		v.kind = Map
	}
	v.node, end = p.container(i, depth+1)
	return end
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
	width  int      // how many fields objects may have, a guess
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

func isSpace(c byte) bool { return c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t') }

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

// spareFields is room that an object or struct has for fields transforms add, so that adding few of them moves nothing.
const spareFields = 4

func (p *parser) object(n *Node, i, depth int) int {
	b := p.b
	keys := p.openKeys()
	fields := p.a.fieldsToFill(max(p.width, 8))
	twice := false
	if i = p.space(i + 1); i < len(b) && b[i] == '}' {
		n.fields = fields
		return i + 1
	}
	for {
		if i >= len(b) || b[i] != '"' {
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
			twice = p.seen(&keys, hashKey(unviewed(name), 0, len(name))) || twice
		} else {
			twice = p.seen(&keys, hashKey(b, start, i-1)) || twice
		}
		if i >= len(b) || b[i] != ':' {
			if i = p.space(i); i >= len(b) || b[i] != ':' {
				return p.fail(i, "expected ':' after a field name")
			}
		}
		if len(fields)+spareFields > cap(fields) {
			fields = append(p.a.fieldsToFill(2*cap(fields)+spareFields), fields...)
		}
		fields = fields[:len(fields)+1]
		f := &fields[len(fields)-1]
		f.Name = name
		if i = p.value(&f.Value, p.space(i+1), depth); i < 0 {
			return i
		}
		if i = p.space(i); i >= len(b) {
			return p.fail(i, "")
		}
		switch b[i] {
		case ',':
			i = p.space(i + 1)
		case '}':
			p.closeKeys(&keys)
			if twice {
				fields = lastOfEach(fields)
			}
			n.fields = fields
			return i + 1
		default:
			return p.fail(i, "expected ',' or '}'")
		}
	}
}

// lastOfEach keeps the last value of every name, at the place of the first.
func lastOfEach(fields []Field) []Field {
	at := make(map[string]int, len(fields))
	kept := fields[:0]
	for _, f := range fields {
		if i, ok := at[f.Name]; ok {
			kept[i].Value = f.Value
			continue
		}
		at[f.Name] = len(kept)
		kept = append(kept, f)
	}
	return kept
}

func (p *parser) array(n *Node, i, depth int) int {
	b := p.b
	items := p.a.MakeValues(8)[:0]
	if i = p.space(i + 1); i < len(b) && b[i] == ']' {
		n.items = items
		return i + 1
	}
	for {
		if len(items) == cap(items) {
			grown := p.a.MakeValues(4 * len(items))
			copy(grown, items)
			items = grown[:len(items)]
		}
		items = items[:len(items)+1]
		if i = p.value(&items[len(items)-1], i, depth); i < 0 {
			return i
		}
		if i = p.space(i); i >= len(b) {
			return p.fail(i, "")
		}
		switch b[i] {
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

// value reads the value at i into v, which it overwrites, and returns the index behind it; a container becomes a span.
func (p *parser) value(v *Value, i, depth int) int {
	if i >= len(p.b) {
		return p.fail(i, "")
	}
	switch c := p.b[i]; c {
	case '"':
		end, escaped := p.str(i)
		if end < 0 {
			return end
		}
		*v = Value{kind: String, form: formClean, text: p.s[i+1 : end-1]}
		if escaped {
			v.form, v.node = formEscaped, p.a.header()
		}
		return end
	case '{', '[':
		kind := Array
		if c == '{' {
			kind = Map
		}
		if p.deep {
			n, end := p.container(i, depth+1)
			*v = Value{kind: kind, node: n}
			return end
		}
		outer := p.loose
		p.loose = false
		end := p.skipContainer(i, depth+1)
		if end < 0 {
			return end
		}
		*v = Value{kind: kind, form: formSpan, text: p.s[i:end], node: p.a.header()}
		if p.loose {
			v.form = formLoose
		}
		p.loose = outer || p.loose
		return end
	case 't':
		*v = Value{kind: Bool, num: 1}
		return p.word(i, "true")
	case 'f':
		*v = Value{kind: Bool}
		return p.word(i, "false")
	case 'n':
		*v = Value{}
		return p.word(i, "null")
	}
	end, fraction, zeros := p.number(i)
	if end < 0 {
		return end
	}
	*v = Value{kind: Int64, form: formDigits, text: p.s[i:end]}
	if fraction {
		v.kind = Float64
	}
	if zeros > 0 {
		v.text = p.s[i+zeros : end]
		if p.b[i] == '-' {
			v.text = p.a.Copy("-" + p.s[i+1+zeros:end])
		}
	}
	return end
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
	case '{', '[':
		return p.skipContainer(i, depth)
	case 't':
		return p.word(i, "true")
	case 'f':
		return p.word(i, "false")
	case 'n':
		return p.word(i, "null")
	}
	end, _, zeros := p.number(i)
	if zeros > 0 {
		p.loose = true
	}
	return end
}

func (p *parser) skipContainer(i, depth int) int {
	if depth > maxDepth {
		return p.fail(i, "nested deeper than 1000 levels")
	}
	if p.b[i] == '{' {
		return p.skipObject(i, depth)
	}
	return p.skipArray(i, depth)
}

func (p *parser) skipObject(i, depth int) int {
	b := p.b
	keys := p.openKeys()
	if i = p.space(i + 1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return p.fail(i, "expected a field name")
		}
		start := i + 1
		var escaped bool
		if i, escaped = p.str(i); i < 0 {
			return i
		}
		// A key with escapes may equal one without: not worth unescaping to find out.
		if !p.loose && (escaped || p.seen(&keys, hashKey(b, start, i-1))) {
			p.loose = true
		}
		if i >= len(b) || b[i] != ':' {
			if i = p.space(i); i >= len(b) || b[i] != ':' {
				return p.fail(i, "expected ':' after a field name")
			}
		}
		if i = p.skip(p.space(i+1), depth+1); i < 0 {
			return i
		}
		if i = p.space(i); i >= len(b) {
			return p.fail(i, "")
		}
		switch b[i] {
		case ',':
			i = p.space(i + 1)
		case '}':
			p.closeKeys(&keys)
			return i + 1
		default:
			return p.fail(i, "expected ',' or '}'")
		}
	}
}

func (p *parser) skipArray(i, depth int) int {
	b := p.b
	if i = p.space(i + 1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = p.skip(i, depth+1); i < 0 {
			return i
		}
		if i = p.space(i); i >= len(b) {
			return p.fail(i, "")
		}
		switch b[i] {
		case ',':
			i = p.space(i + 1)
		case ']':
			return i + 1
		default:
			return p.fail(i, "expected ',' or ']'")
		}
	}
}

func (p *parser) word(i int, w string) int {
	end := i + len(w)
	if end > len(p.s) || p.s[i:end] != w || end < len(p.b) && isWordByte(p.b[end]) {
		return p.fail(i, "unknown word")
	}
	return end
}

// isWordByte is Character.isJavaIdentifierPart of a byte, beyond ASCII of any.
func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x7F
}

// number checks the number at i. fraction says that it has a point or an exponent, zeros how many leading zeros are too many.
func (p *parser) number(i int) (end int, fraction bool, zeros int) {
	b, start := p.b, i
	if i < len(b) && b[i] == '-' {
		i++
	}
	first := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	if i == first {
		return p.fail(i, "unexpected character"), false, 0
	}
	if b[first] == '0' {
		for k := first; k < i-1 && b[k] == '0'; k++ {
			zeros++
		}
	}
	if i < len(b) && b[i] == '.' {
		fraction = true
		i++
		digits := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		if i == digits {
			return p.fail(i, "expected a digit after '.'"), false, 0
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		fraction = true
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		digits := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		if i == digits {
			return p.fail(i, "expected a digit in an exponent"), false, 0
		}
		if i-digits > 9 && i-start <= maxNumber {
			// Kafka's converter reads a BigDecimal, whose scale has 32 bits.
			if _, _, err := javatext.ParseDecimal(p.s[start:i]); err != nil {
				return p.fail(digits, "exponent out of range"), false, 0
			}
		}
	}
	if i-start > maxNumber {
		return p.fail(start, "number longer than 1000 characters"), false, 0
	}
	return i, fraction, zeros
}
