package javaregex

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/connectless/connectless/core/data/javatext"
)

// parser reads a pattern as java.util.regex.Pattern does. Its cursor moves exactly as Java's, past the end of the
// pattern too, because the messages tell where it stood.
type parser struct {
	pattern string
	text    []rune // the code points without \Q…\E, then zeros
	length  int
	cursor  int
	flags   flags
	groups  int // groups opened so far
	names   map[string]int
}

// bail carries an error out of the recursion to parse.
type bail struct{ err error }

func parse(pattern string) (root *node, p *parser, err error) {
	p = &parser{pattern: pattern, names: map[string]int{}}
	p.text = unquote([]rune(pattern))
	p.length = len(p.text)
	p.text = append(p.text, 0, 0, 0, 0)
	defer func() {
		switch r := recover().(type) {
		case nil:
		case bail:
			root, err = nil, r.err
		default:
			panic(r)
		}
	}()
	root = p.alternation()
	if p.cursor != p.length {
		if p.peek() == ')' {
			p.fail("Unmatched closing ')'")
		}
		p.fail("Unexpected internal error") // Java's own words, for a backslash at the end
	}
	return root, p, nil
}

// fail stops with the PatternSyntaxException that Java would throw here.
func (p *parser) fail(description string) {
	index := p.cursor - 1
	message := description
	if index >= 0 {
		message += fmt.Sprintf(" near index %d", index)
	}
	message += "\n" + p.pattern
	if index >= 0 && index < len(utf16.Encode([]rune(p.pattern))) {
		message += "\n" + strings.Repeat(" ", index) + "^"
	}
	panic(bail{&javatext.Error{Class: "java.util.regex.PatternSyntaxException", Message: message}})
}

// refuse stops because the pattern is good Java and cannot be translated.
func (p *parser) refuse(what string) {
	panic(bail{fmt.Errorf("javaregex: pattern %q: %w", p.pattern, unsupported(what))})
}

func unsupported(what string) error {
	return fmt.Errorf("%s is not supported: %w", what, errors.ErrUnsupported)
}

// unquote replaces \Q…\E by escapes.
func unquote(text []rune) []rune {
	var out []rune
	for i := 0; i < len(text); {
		if text[i] != '\\' || i+1 == len(text) || text[i+1] != 'Q' {
			n := 1
			if text[i] == '\\' && i+1 < len(text) {
				n = 2
			}
			out = append(out, text[i:i+n]...)
			i += n
			continue
		}
		i += 2
		for first := true; i < len(text); first = false {
			c := text[i]
			if c == '\\' && i+1 < len(text) && text[i+1] == 'E' {
				i += 2
				break
			}
			i++
			switch {
			case first && '0' <= c && c <= '9': // must not continue an escape before it
				out = append(out, '\\', 'x', '3')
			case c < 0x80 && !asciiAlnum.has(c):
				out = append(out, '\\')
			}
			out = append(out, c)
		}
	}
	return out
}

func (p *parser) at(i int) rune {
	if i < len(p.text) {
		return p.text[i]
	}
	return 0
}

// peek is the next character; like next and read it skips white space and comments under (?x).
func (p *parser) peek() rune {
	if p.flags&comments != 0 {
		p.skipBlank()
	}
	return p.at(p.cursor)
}

func (p *parser) next() rune {
	p.cursor++
	return p.peek()
}

func (p *parser) read() rune {
	c := p.at(p.cursor)
	p.cursor++
	if p.flags&comments == 0 {
		return c
	}
	p.cursor--
	p.skipBlank()
	c = p.at(p.cursor)
	p.cursor++
	return c
}

func (p *parser) skipBlank() {
	for {
		c := p.at(p.cursor)
		switch {
		case asciiSpace.has(c):
			p.cursor++
		case c == '#':
			for p.cursor++; p.cursor < p.length && !p.lineEnd(p.at(p.cursor)); {
				p.cursor++
			}
		default:
			return
		}
	}
}

func (p *parser) lineEnd(c rune) bool {
	if p.flags&unixLines != 0 {
		return c == '\n'
	}
	return lineEnds.has(c)
}

// skip steps over the next character and returns the one after it.
func (p *parser) skip() rune {
	p.cursor += 2
	return p.at(p.cursor - 1)
}

func (p *parser) accept(c rune, problem string) {
	if p.read() != c {
		p.fail(problem)
	}
}

func (p *parser) alternation() *node {
	alt := []*node{p.sequence()}
	for p.peek() == '|' {
		p.next()
		alt = append(alt, p.sequence())
	}
	if len(alt) == 1 {
		return alt[0]
	}
	return &node{op: opAlt, subs: alt}
}

func (p *parser) sequence() *node {
	seq := &node{op: opCat}
	for {
		var n *node
		switch c := p.peek(); c {
		case '(':
			if n = p.group(); n == nil { // flags only
				continue
			}
			seq.subs = append(seq.subs, n)
			continue
		case '[':
			n = setNode(p.class(true)())
		case '\\':
			n = p.escapeNode()
		case '^':
			p.next()
			n = &node{op: opBegin}
			if p.flags&multiline != 0 {
				n = &node{op: opCaret, flags: p.flags}
			}
		case '$':
			p.next()
			n = &node{op: opDollar, flags: p.flags}
		case '.':
			p.next()
			n = setNode(p.dot())
		case '|', ')':
			return seq
		case '?', '*', '+':
			p.next()
			p.fail("Dangling meta character '" + string(c) + "'")
		case '{': // a repetition of nothing
			n = &node{op: opEmpty}
		case 0:
			if p.cursor >= p.length {
				return seq
			}
			fallthrough
		default:
			p.next()
			n = setNode(p.single(c))
		}
		seq.subs = append(seq.subs, p.closure(n))
	}
}

func setNode(s charSet) *node { return &node{op: opSet, set: s} }

func (p *parser) dot() charSet {
	switch {
	case p.flags&dotAll != 0:
		return anyChar
	case p.flags&unixLines != 0:
		return chars("\n").negate()
	}
	return lineEnds.negate()
}

// single is the set that a literal character matches.
func (p *parser) single(c rune) charSet {
	switch {
	case p.flags&ignoreCase == 0:
		return rangeOf(c, c)
	case p.flags&unicodeCase != 0:
		return foldOne(c)
	}
	return foldASCII(rangeOf(c, c))
}

// closure reads a quantifier.
func (p *parser) closure(n *node) *node {
	r := &node{op: opRepeat, subs: []*node{n}, max: unlimited}
	switch p.peek() {
	case '?':
		r.max, r.optional = 1, true
		p.next()
	case '*':
		p.next()
	case '+':
		r.min = 1
		p.next()
	case '{':
		p.counts(r)
		r.optional = r.min == 0 && r.max == 1
		r.counted = r.min > 1 || r.max != unlimited
	default:
		return n
	}
	switch p.peek() {
	case '?':
		r.mode = lazy
		p.next()
	case '+':
		r.mode = possessive
		p.next()
	}
	r.loop = n.isGroup() && r.mode != possessive && !r.optional && !n.measure().fixed
	return r
}

func (p *parser) counts(r *node) {
	c := p.at(p.cursor + 1)
	p.skip()
	if !isDigit(c) {
		p.fail("Illegal repetition")
	}
	number := func() int {
		v := 0
		for isDigit(c) {
			if v = v*10 + int(c-'0'); v > math.MaxInt32 {
				p.fail("Illegal repetition range")
			}
			c = p.read()
		}
		return v
	}
	r.min = number()
	r.max = r.min
	if c == ',' {
		c = p.read()
		r.max = unlimited
		if c != '}' {
			r.max = number()
		}
	}
	if c != '}' {
		p.fail("Unclosed counted closure")
	}
	if r.max < r.min {
		p.fail("Illegal repetition range")
	}
}

func isDigit(c rune) bool { return '0' <= c && c <= '9' }

// group reads a parenthesis with its quantifier; nil when it only sets flags.
func (p *parser) group() *node {
	saved := p.flags
	var n *node
	if p.next() != '?' {
		n = p.capture()
		return p.endGroup(n, saved)
	}
	switch c := p.skip(); c {
	case ':':
		n = p.alternation()
	case '=', '!':
		n = &node{op: opLook, negated: c == '!'}
		n.subs = []*node{p.alternation()}
	case '>':
		n = &node{op: opAtomic}
		n.subs = []*node{p.alternation()}
	case '<':
		c = p.read()
		if c != '=' && c != '!' {
			name := p.groupName(c)
			if p.names[name] > 0 {
				p.fail("Named capturing group <" + name + "> is already defined")
			}
			p.names[name] = p.groups + 1
			n = p.capture()
			break
		}
		n = &node{op: opLook, behind: true, negated: c == '!'}
		n.subs = []*node{p.alternation()}
		n.extent = n.subs[0].measure()
		if !n.extent.known {
			p.fail("Look-behind group does not have an obvious maximum length")
		}
	case '$', '@':
		p.fail("Unknown group type")
	default:
		p.cursor--
		p.setFlags()
		c = p.read()
		if c == ')' {
			return nil
		}
		if c != ':' {
			p.fail("Unknown inline modifier")
		}
		n = p.alternation()
	}
	return p.endGroup(n, saved)
}

// endGroup closes a group. The flags set inside end with it.
func (p *parser) endGroup(n *node, saved flags) *node {
	p.accept(')', "Unclosed group")
	p.flags = saved
	return p.closure(n)
}

func (p *parser) capture() *node {
	p.groups++
	n := &node{op: opGroup, group: p.groups}
	n.subs = []*node{p.alternation()}
	return n
}

func (p *parser) groupName(c rune) string {
	if !asciiAlpha.has(c) {
		p.fail("capturing group name does not start with a Latin letter")
	}
	var name []rune
	for ; asciiAlnum.has(c); c = p.read() {
		name = append(name, c)
	}
	if c != '>' {
		p.fail("named capturing group is missing trailing '>'")
	}
	return string(name)
}

// setFlags reads the letters of (?idmsuxU-idmsuxU).
func (p *parser) setFlags() {
	off := false
	for c := p.peek(); ; c = p.next() {
		var f flags
		switch c {
		case 'i':
			f = ignoreCase
		case 'm':
			f = multiline
		case 's':
			f = dotAll
		case 'd':
			f = unixLines
		case 'u':
			f = unicodeCase
		case 'x':
			f = comments
		case 'U':
			f = unicodeClass
			if !off {
				f |= unicodeCase
			}
		case 'c':
			p.refuse("canonical equivalence, (?c)")
		case '-':
			if off {
				return
			}
			off = true
			continue
		default:
			return
		}
		if off {
			p.flags &^= f
		} else {
			p.flags |= f
		}
	}
}

// escapeNode reads an escape outside a class.
func (p *parser) escapeNode() *node {
	if c := p.at(p.cursor + 1); c == 'p' || c == 'P' {
		p.cursor++
		return setNode(p.property(c == 'P'))
	}
	c := p.skip()
	switch c {
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.backref(int(c - '0'))
	case 'A', 'G':
		return &node{op: opBegin}
	case 'B':
		return p.bound(true)
	case 'b':
		if p.peek() == '{' && p.at(p.cursor+1) == 'g' && p.at(p.cursor+2) == '}' {
			p.refuse(`\b{g}`)
		}
		return p.bound(false)
	case 'R':
		return &node{op: opLineBreak}
	case 'X':
		p.refuse(`\X`)
	case 'Z':
		return &node{op: opDollar, flags: p.flags &^ multiline}
	case 'z':
		return &node{op: opEnd}
	case 'k':
		if p.read() != '<' {
			p.fail(`\k is not followed by '<' for named capturing group`)
		}
		name := p.groupName(p.read())
		group := p.names[name]
		if group == 0 {
			p.fail("named capturing group <" + name + "> does not exist")
		}
		return p.backrefTo(group)
	}
	if set, ok := p.classEscape(c, false); ok {
		return setNode(set)
	}
	return setNode(p.single(p.charEscape(c)))
}

func (p *parser) bound(negated bool) *node {
	n := &node{op: opBound, negated: negated, flags: p.flags}
	if p.flags&unicodeClass != 0 {
		n.set = word()
	}
	return n
}

// backref reads the rest of a group number, as long as there are that many groups.
func (p *parser) backref(group int) *node {
	for {
		c := p.peek()
		if !isDigit(c) || group*10+int(c-'0') > p.groups {
			return p.backrefTo(group)
		}
		group = group*10 + int(c-'0')
		p.read()
	}
}

func (p *parser) backrefTo(group int) *node {
	return &node{op: opBackref, group: group, flags: p.flags}
}

// classEscape returns the set of an escape that stands for several characters. asRange says that it could be the
// start of a range, where \v is the vertical tab.
func (p *parser) classEscape(c rune, asRange bool) (set charSet, ok bool) {
	wide := p.flags&unicodeClass != 0
	switch unicode.ToLower(c) {
	case 'd':
		if set = asciiDigit; wide {
			set = table(unicode.Nd)
		}
	case 'w':
		if set = asciiWord; wide {
			set = word()
		}
	case 's':
		if set = asciiSpace; wide {
			set = whiteSpace()
		}
	case 'h':
		set = horizontal
	case 'v':
		if c == 'v' && asRange {
			return nil, false
		}
		set = vertical
	default:
		return nil, false
	}
	if unicode.IsUpper(c) {
		set = set.negate()
	}
	return set, true
}

// charEscape returns the character that an escape stands for; c is the one after the backslash.
func (p *parser) charEscape(c rune) rune {
	switch c {
	case '0':
		return p.octal()
	case 'a':
		return '\a'
	case 'c':
		if p.cursor >= p.length {
			p.fail("Illegal control escape sequence")
		}
		return p.read() ^ 64
	case 'e':
		return '\033'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	case 'u':
		return p.unicodeEscape()
	case 'x':
		return p.hexEscape()
	case 'N':
		p.refuse(`\N{name}`)
	}
	if asciiAlnum.has(c) {
		p.fail("Illegal/unsupported escape sequence")
	}
	return c
}

func (p *parser) octal() rune {
	isOctal := func(c, last rune) bool { return '0' <= c && c <= last }
	n := p.read()
	if !isOctal(n, '7') {
		p.fail("Illegal octal escape sequence")
	}
	v := n - '0'
	m := p.read()
	if !isOctal(m, '7') {
		p.cursor--
		return v
	}
	v = v*8 + m - '0'
	o := p.read()
	if !isOctal(o, '7') || !isOctal(n, '3') {
		p.cursor--
		return v
	}
	return v*8 + o - '0'
}

func hexValue(c rune) rune {
	switch {
	case isDigit(c):
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return -1
}

func (p *parser) hexEscape() rune {
	n := p.read()
	if v := hexValue(n); v >= 0 {
		if m := hexValue(p.read()); m >= 0 {
			return v*16 + m
		}
	} else if n == '{' && hexValue(p.peek()) >= 0 {
		v = 0
		for n = p.read(); hexValue(n) >= 0; n = p.read() {
			if v = v*16 + hexValue(n); v > unicode.MaxRune {
				p.fail("Hexadecimal codepoint is too big")
			}
		}
		if n != '}' {
			p.fail("Unclosed hexadecimal escape sequence")
		}
		return v
	}
	p.fail("Illegal hexadecimal escape sequence")
	return 0
}

// unicodeEscape reads the four digits after \u, and a second escape when they are half of a pair.
func (p *parser) unicodeEscape() rune {
	unit := func() rune {
		v := rune(0)
		for range 4 {
			d := hexValue(p.read())
			if d < 0 {
				p.fail("Illegal Unicode escape sequence")
			}
			v = v*16 + d
		}
		return v
	}
	n := unit()
	if 0xd800 <= n && n < 0xdc00 {
		back := p.cursor
		if p.read() == '\\' && p.read() == 'u' {
			if pair := utf16.DecodeRune(n, unit()); pair != unicode.ReplacementChar {
				return pair
			}
		}
		p.cursor = back
	}
	return n
}

// property reads \p… from the p on.
func (p *parser) property(negated bool) charSet {
	single := true
	if p.next() == '{' {
		single = false
	} else {
		p.cursor--
	}
	p.next()
	var name string
	if single {
		name = string(p.at(p.cursor))
		p.read()
	} else {
		start := p.cursor
		end := slices.Index(p.text[min(start, p.length):p.length], '}')
		if end < 0 {
			p.cursor = p.length + 1
			p.fail("Unclosed character family")
		}
		p.cursor = start + end + 1
		if end == 0 {
			p.fail("Empty character family")
		}
		name = string(p.text[start : start+end])
	}
	var set charSet
	var ok bool
	var err error
	problem := "Unknown character property name {" + name + "}"
	if key, value, isPair := strings.Cut(name, "="); isPair {
		key = strings.ToLower(key)
		set, ok, err = namedProperty(key, value, p.flags)
		problem = "Unknown Unicode property {name=<" + key + ">, value=<" + value + ">}"
	} else {
		set, ok, err = property(name, p.flags)
	}
	if err != nil {
		panic(bail{fmt.Errorf("javaregex: pattern %q: %w", p.pattern, err)})
	}
	if !ok {
		p.fail(problem)
	}
	if negated {
		return set.negate()
	}
	return set
}
