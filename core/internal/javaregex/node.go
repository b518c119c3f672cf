package javaregex

import "math"

type op int

const (
	opEmpty     op = iota // matches nothing, always
	opSet                 // one character of set
	opCat                 // subs one after the other
	opAlt                 // the first of subs that leads to a match
	opRepeat              // subs[0], min to max times
	opGroup               // captures subs[0]
	opAtomic              // subs[0] without going back into it
	opLook                // subs[0] ahead or behind, negated or not
	opBackref             // what the group captured
	opBegin               // \A
	opEnd                 // \z
	opCaret               // ^ of (?m)
	opDollar              // $ and \Z
	opBound               // \b, negated \B
	opNever               // cannot match
	opLineBreak           // \R
)

// unlimited is the max of a repetition without one.
const unlimited = math.MaxInt32

type mode int

const (
	greedy mode = iota
	lazy
	possessive
)

type node struct {
	op       op
	set      charSet
	subs     []*node
	min, max int
	mode     mode
	group    int // of opGroup and opBackref
	negated  bool
	behind   bool  // opLook
	flags    flags // where ^, $ and \b depend on them
	plain    bool  // opRepeat written * or + on a single character, which Java treats apart
}

// flags are the embedded flags of Java.
type flags int

const (
	ignoreCase   flags = 1 << iota // i
	multiline                      // m
	dotAll                         // s
	unixLines                      // d
	unicodeCase                    // u
	comments                       // x
	unicodeClass                   // U
)

// nullable reports whether n can match the empty string; true when unsure.
func (n *node) nullable() bool {
	switch n.op {
	case opSet, opLineBreak:
		return false
	case opCat:
		for _, s := range n.subs {
			if !s.nullable() {
				return false
			}
		}
		return true
	case opAlt:
		for _, s := range n.subs {
			if s.nullable() {
				return true
			}
		}
		return len(n.subs) == 0
	case opRepeat:
		return n.min == 0 || n.subs[0].nullable()
	case opGroup, opAtomic:
		return n.subs[0].nullable()
	}
	return true
}

// extent is what Java knows of the length of a node when it decides whether it may look behind for it.
type extent struct {
	max   int32 // in 32 bits, wrapping as Java's does
	known bool
	fixed bool // no choice inside
}

func (n *node) extent() extent {
	e := extent{known: true, fixed: true}
	switch n.op {
	case opSet:
		e.max = 1
	case opLineBreak:
		e.max = 2
	case opBackref:
		e.known = false
	case opCat:
		for _, s := range n.subs {
			x := s.extent()
			e.max += x.max
			e.known = e.known && x.known
			e.fixed = e.fixed && x.fixed
		}
	case opAlt:
		for _, s := range n.subs {
			x := s.extent()
			e.max = max(e.max, x.max)
			e.known = e.known && x.known
		}
		e.fixed = false
	case opGroup:
		return n.subs[0].extent()
	case opAtomic:
		e = n.subs[0].extent()
	case opRepeat:
		sub := n.subs[0]
		e = sub.extent()
		switch {
		case n.min == 0 && n.max == 1:
			e.fixed = false
		case n.plain && n.mode == greedy:
			e.max = math.MaxInt32 // arbitrary, but Java accepts it
			e.fixed = false
		case sub.op != opSet && sub.op != opBackref && n.mode != possessive && !e.fixed: // a loop to Java
			return extent{}
		default:
			e.fixed = e.fixed && n.min == n.max
			e.known = e.known && n.max != unlimited
			total := int64(e.max) * int64(n.max)
			e.known = e.known && total == int64(int32(total))
			e.max = int32(total)
		}
	}
	return e
}
