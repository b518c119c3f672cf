package javaregex

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// assumption is a property of the input that a translation relies on.
type assumption int

const (
	noLineEnds assumption = 1 << iota // $ is then \z
	onlyASCII                         // \b is then ASCII's
)

// re2 writes n for package regexp. ok is false when it cannot express n.
func re2(n *node) (expr string, needs assumption, ok bool) {
	w := re2Writer{ok: true}
	w.write(n)
	return w.String(), w.needs, w.ok
}

type re2Writer struct {
	strings.Builder
	needs assumption
	ok    bool
}

func (w *re2Writer) write(n *node) {
	switch n.op {
	case opEmpty:
		w.WriteString("(?:)")
	case opSet:
		w.set(n.set)
	case opLineBreak:
		w.WriteString(`(?:\r\n|[\n\v\f\r\x{85}\x{2028}\x{2029}])`)
	case opCat:
		for _, s := range n.subs {
			w.write(s)
		}
	case opAlt:
		w.WriteString("(?:")
		for i, s := range n.subs {
			if i > 0 {
				w.WriteByte('|')
			}
			w.write(s)
		}
		w.WriteByte(')')
	case opRepeat:
		// RE2 limits counts, and ends a loop around nothing in its own way.
		if n.mode == possessive || n.max != unlimited && n.max > 1000 || n.min > 1000 || n.max > 1 && n.subs[0].nullable() {
			w.ok = false
			return
		}
		w.WriteString("(?:")
		w.write(n.subs[0])
		w.WriteByte(')')
		w.WriteString(quantifier(n))
	case opGroup:
		w.WriteByte('(')
		w.write(n.subs[0])
		w.WriteByte(')')
	case opBegin:
		w.WriteString(`\A`)
	case opEnd:
		w.WriteString(`\z`)
	case opCaret:
		w.needs |= noLineEnds
		w.WriteString(`\A`)
	case opDollar:
		w.needs |= noLineEnds
		w.WriteString(`\z`)
	case opBound:
		w.needs |= onlyASCII
		if n.negated {
			w.WriteString(`\B`)
		} else {
			w.WriteString(`\b`)
		}
	default:
		w.ok = false
	}
}

func (w *re2Writer) set(s charSet) {
	if len(s) == 0 {
		w.WriteString(`[^\x00-\x{10FFFF}]`)
		return
	}
	w.WriteByte('[')
	for _, r := range s {
		// Ranges on both sides of the surrogates are one to RE2, which never sees them.
		fmt.Fprintf(w, `\x{%X}-\x{%X}`, r.lo, r.hi)
	}
	w.WriteByte(']')
}

func quantifier(n *node) string {
	q := "{" + strconv.Itoa(n.min) + ","
	switch {
	case n.max == unlimited && n.min == 0:
		q = "*"
	case n.max == unlimited && n.min == 1:
		q = "+"
	case n.max == unlimited:
		q += "}"
	default:
		q += strconv.Itoa(n.max) + "}"
	}
	if n.mode == lazy {
		q += "?"
	}
	return q
}

// backtracking writes n for regexp2. groups is the number of groups in the whole pattern.
func backtracking(n *node, groups int) string {
	w := regexp2Writer{groups: groups}
	w.write(n)
	return w.String()
}

type regexp2Writer struct {
	strings.Builder
	groups int
}

func (w *regexp2Writer) write(n *node) {
	switch n.op {
	case opEmpty:
		w.WriteString("(?:)")
	case opSet:
		w.set(n.set)
	case opLineBreak:
		w.WriteString(`(?:\r\n|[\n\v\f\r\u0085\u2028\u2029])`)
	case opCat:
		for _, s := range n.subs {
			w.write(s)
		}
	case opAlt:
		w.WriteString("(?:")
		for i, s := range n.subs {
			if i > 0 {
				w.WriteByte('|')
			}
			w.write(s)
		}
		w.WriteByte(')')
	case opRepeat:
		if n.mode == possessive {
			w.WriteString("(?>")
		}
		w.WriteString("(?:")
		w.write(n.subs[0])
		w.WriteByte(')')
		w.WriteString(quantifier(n))
		if n.mode == possessive {
			w.WriteByte(')')
		}
	case opGroup:
		w.wrap("(", n.subs[0])
	case opAtomic:
		w.wrap("(?>", n.subs[0])
	case opLook:
		w.WriteString("(?")
		if n.behind {
			w.WriteByte('<')
		}
		if n.negated {
			w.wrap("!", n.subs[0])
		} else {
			w.wrap("=", n.subs[0])
		}
	case opBackref:
		if n.group > w.groups { // Java accepts it, and it never matches
			w.WriteString("(?!)")
			return
		}
		fmt.Fprintf(w, `\k<%d>`, n.group)
	case opBegin:
		w.WriteString(`\A`)
	case opEnd:
		w.WriteString(`\z`)
	case opCaret:
		w.caret(n.flags)
	case opDollar:
		w.dollar(n.flags)
	case opBound:
		w.bound(n)
	}
}

func (w *regexp2Writer) wrap(open string, n *node) {
	w.WriteString(open)
	w.write(n)
	w.WriteByte(')')
}

// caret matches at the start and after each line end but the one that ends the text. \r\n is one line end.
func (w *regexp2Writer) caret(f flags) {
	if f&unixLines != 0 {
		w.WriteString(`(?:\A|(?<=\n)(?!\z))`)
		return
	}
	w.WriteString(`(?:\A|(?<=[\n\r\u0085\u2028\u2029])(?!(?<=\r)\n)(?!\z))`)
}

// dollar matches at the end and before a line end, the last one only without (?m).
func (w *regexp2Writer) dollar(f flags) {
	switch {
	case f&unixLines != 0 && f&multiline != 0:
		w.WriteString(`(?:\z|(?=\n))`)
	case f&unixLines != 0:
		w.WriteString(`(?=\n?\z)`)
	case f&multiline != 0:
		w.WriteString(`(?:\z|(?=[\n\r\u0085\u2028\u2029])(?!(?<=\r)\n))`)
	default:
		w.WriteString(`(?:\z|(?=(?:\r\n|[\n\r\u0085\u2028\u2029])\z)(?!(?<=\r)\n))`)
	}
}

// bound matches between a word character and another. A combining mark belongs to the letter or digit before it.
func (w *regexp2Writer) bound(n *node) {
	letters := classText(table(unicode.L, unicode.Nd))
	inWord := union(table(unicode.L, unicode.Nd), chars("_"))
	if n.flags&unicodeClass != 0 {
		inWord = word()
	}
	words, marks := classText(inWord), classText(table(unicode.Mn))
	before := "(?<=" + words + "|" + letters + marks + "+)"
	after := "(?:(?=" + words + ")|(?<=" + letters + marks + "*)(?=" + marks + "))"
	both := "(?:" + before + "(?=" + after + ")|" + strings.Replace(before, "(?<=", "(?<!", 1) + "(?!" + after + "))"
	if n.negated {
		w.WriteString(both)
		return
	}
	w.WriteString("(?!" + both + ")")
}

func (w *regexp2Writer) set(s charSet) {
	if len(s) == 0 {
		w.WriteString("(?!)")
		return
	}
	w.WriteString(classText(s))
}

// classText writes a set that is not empty for regexp2, whose escapes end at U+FFFF.
func classText(s charSet) string {
	var b strings.Builder
	char := func(r rune) {
		switch {
		case r < 0x80 && asciiAlnum.has(r):
			b.WriteByte(byte(r))
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	if len(s) == 1 && s[0].lo == s[0].hi {
		char(s[0].lo)
		return b.String()
	}
	b.WriteByte('[')
	for _, r := range s {
		char(r.lo)
		if r.hi > r.lo {
			b.WriteByte('-')
			char(r.hi)
		}
	}
	b.WriteByte(']')
	return b.String()
}
