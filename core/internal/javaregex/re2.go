package javaregex

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// assumption is a property of the input that a translation relies on.
type assumption int

const (
	noLineEnds assumption = 1 << iota // $ is then \z
	onlyASCII                         // \b is then ASCII's
	notEmpty                          // ^ of (?m) then matches at the start
)

// re2Writer writes a pattern for package regexp.
type re2Writer struct {
	strings.Builder
	needs  assumption
	ok     bool // RE2 can express it
	groups bool // and captures what Java captures
}

func re2(n *node) *re2Writer {
	w := &re2Writer{ok: true, groups: true}
	w.write(n)
	return w
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
		// RE2 limits counts, and treats rounds that match nothing in its own way. Java does not go back into a \R
		// that is repeated, and leaves the groups within a repeated group as the last attempt set them.
		sub := n.subs[0]
		if n.mode == possessive || n.max != unlimited && n.max > 1000 || n.min > 1000 ||
			n.max > 1 && sub.nullable() || sub.op == opLineBreak {
			w.ok = false
			return
		}
		if !n.optional && !n.loop && slices.ContainsFunc(sub.subs, func(s *node) bool { return s.has(opGroup) }) {
			w.groups = false
		}
		w.WriteString("(?:")
		w.write(sub)
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
		w.needs |= noLineEnds | notEmpty
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
