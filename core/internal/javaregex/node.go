package javaregex

import (
	"math"
	"slices"
)

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
	optional bool   // opRepeat ? or {0,1}
	loop     bool   // opRepeat that Java repeats going back into earlier rounds
	counted  bool   // opRepeat that is none of ?, * and +
	group    int    // of opGroup and opBackref
	negated  bool   // opLook and opBound
	behind   bool   // opLook
	extent   extent // of what opLook looks behind for
	flags    flags  // where ^, $, \b and back references depend on them
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

// isGroup reports whether n was written in parentheses that only group or capture. Java repeats those, and only those,
// with the possibility of going back into a round.
func (n *node) isGroup() bool { return n.op == opGroup || n.op == opCat || n.op == opAlt }

// anyNumber reports whether n is a greedy * or + of a single character, which Java treats apart.
func (n *node) anyNumber() bool {
	return n.op == opRepeat && n.subs[0].op == opSet && n.mode == greedy && !n.optional && !n.counted
}

// has reports whether n contains a node of a kind.
func (n *node) has(kind op) bool {
	if n.op == kind {
		return true
	}
	return slices.ContainsFunc(n.subs, func(s *node) bool { return s.has(kind) })
}

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
	case opAlt:
		for _, s := range n.subs {
			if s.nullable() {
				return true
			}
		}
		return false
	case opRepeat:
		return n.min == 0 || n.subs[0].nullable()
	case opGroup, opAtomic:
		return n.subs[0].nullable()
	}
	return true
}

// extent is what Java believes about the length of a match, in characters and 32 bits, wrapping as its numbers do.
type extent struct {
	min, max int32
	known    bool // there is a maximum
	fixed    bool // there is no choice inside
}

func (e *extent) reset() { *e = extent{known: true, fixed: true} }

// measure returns the extent of n.
func (n *node) measure() extent {
	var e extent
	e.reset()
	e.add([]*node{n})
	return e
}

// add adds the extent of nodes that follow one another. The order of the additions decides where they overflow, so it
// is Java's.
func (e *extent) add(rest []*node) {
	for len(rest) > 0 {
		n := rest[0]
		rest = rest[1:]
		switch n.op {
		case opSet:
			e.min++
			e.max++
		case opLineBreak:
			e.min++
			e.max += 2
		case opBackref:
			e.known = false
		case opCat:
			rest = append(append(make([]*node, 0, len(n.subs)+len(rest)), n.subs...), rest...)
		case opGroup:
			rest = append([]*node{n.subs[0]}, rest...)
		case opAtomic:
			e.add(n.subs)
		case opAlt:
			e.addChoice(n.subs, false, rest)
			return
		case opRepeat:
			switch sub := n.subs[0]; {
			case n.optional && sub.isGroup() && n.mode != possessive:
				e.addChoice(n.subs, true, rest)
				return
			case n.optional:
				least := e.min
				e.add(n.subs)
				e.min = least
				e.fixed = false
			case n.anyNumber():
				e.min += int32(n.min)
				e.max += math.MaxInt32
				e.fixed = false
			case n.loop:
				e.known, e.fixed = false, false
				return
			default:
				e.addTimes(n)
			}
		}
	}
}

// addChoice adds alternatives and what follows them.
func (e *extent) addChoice(alternatives []*node, orNothing bool, rest []*node) {
	low, high, known := int32(math.MaxInt32), int32(-1), e.known
	if orNothing {
		low, high = 0, 0
	}
	for _, a := range alternatives {
		x := a.measure()
		low, high = min(low, x.min), max(high, x.max)
		known = known && x.known
	}
	low += e.min
	high += e.max
	e.reset()
	e.add(rest)
	e.min += low
	e.max += high
	e.known = e.known && known
	e.fixed = false
}

func (e *extent) addTimes(n *node) {
	x := n.subs[0].measure()
	least := x.min*int32(n.min) + e.min
	if least < e.min {
		least = 0xfffffff
	}
	most := x.max*int32(n.max) + e.max
	e.known = e.known && x.known && most >= e.max
	e.fixed = e.fixed && x.fixed && n.min == n.max
	e.min, e.max = least, most
}
