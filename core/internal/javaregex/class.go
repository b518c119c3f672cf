package javaregex

import "strings"

// lazySet is a set whose parts may still grow while a class is read.
type lazySet func() charSet

func (s lazySet) or(t lazySet) lazySet {
	if s == nil {
		return t
	}
	return func() charSet { return union(s(), t()) }
}

func (s lazySet) and(t lazySet) lazySet { return func() charSet { return intersect(s(), t()) } }

// class reads a character class from its bracket, or what follows && from the character before it. With close it
// reads the closing bracket too. Single characters below U+0100 are collected in one set per class, which joins the
// rest at the end; that, and which operand an && takes, is Java's.
func (p *parser) class(closing bool) lazySet {
	var all, last lazySet
	var bits charSet
	bitSet := lazySet(func() charSet { return bits })
	hasBits, negated := false, false
	c := p.next()
	if c == '^' && p.at(p.cursor-1) == '[' {
		c = p.next()
		negated = true
	}
	for {
		switch {
		case c == '[':
			last = p.class(true)
			all = all.or(last)
			c = p.peek()
			continue
		case c == '&':
			if c = p.next(); c != '&' {
				p.cursor--
				break
			}
			c = p.next()
			var right lazySet
			for c != ']' && c != '&' {
				if c == '[' {
					right = right.or(p.class(true))
				} else {
					p.cursor--
					right = right.or(p.class(false))
				}
				c = p.peek()
			}
			if hasBits {
				if all == nil {
					last = bitSet
				}
				all = all.or(bitSet)
				hasBits = false
			}
			if right != nil {
				last = right
			}
			switch {
			case all != nil:
				all = all.and(last)
			case right == nil:
				p.fail("Bad class syntax")
			default:
				all = right
			}
			continue
		case c == 0 && p.cursor >= p.length:
			p.fail("Unclosed character class")
		case c == ']' && (all != nil || hasBits):
			if closing {
				p.next()
			}
			if hasBits {
				all = all.or(bitSet)
			}
			if negated {
				return func() charSet { return all().negate() }
			}
			return all
		}
		set, bit := p.classRange()
		if bit {
			bits = union(bits, set)
			hasBits = true
		} else {
			last = func() charSet { return set }
			all = all.or(last)
		}
		c = p.peek()
	}
}

// classRange reads a character, an escape or a range. bit says that it is a character for the collected set.
func (p *parser) classRange() (set charSet, bit bool) {
	c := p.peek()
	if c == '\\' {
		if e := p.at(p.cursor + 1); e == 'p' || e == 'P' {
			p.cursor++
			return p.property(e == 'P'), false
		}
		asRange := p.at(p.cursor+2) == '-'
		c = p.skip()
		if set, ok := p.classEscape(c, asRange); ok {
			return set, false
		}
		c = p.charEscape(c)
	} else {
		p.next()
	}
	if p.peek() == '-' {
		end := p.at(p.cursor + 1)
		if end != '[' && end != ']' {
			p.next()
			hi := p.peek()
			if hi == '\\' {
				hi = p.skip()
				if _, ok := p.classEscape(hi, true); ok {
					p.fail("Illegal character range")
				}
				hi = p.charEscape(hi)
			} else {
				p.next()
			}
			if hi < c {
				p.fail("Illegal character range")
			}
			switch {
			case p.flags&ignoreCase == 0:
				return rangeOf(c, hi), false
			case p.flags&unicodeCase != 0:
				return foldRange(c, hi), false
			}
			return foldASCII(rangeOf(c, hi)), false
		}
	}
	return p.classSingle(c)
}

// classSingle is the set of a character. Without regard to case, those of Latin-1 have no partner outside it, but for
// the ones that Java lists.
func (p *parser) classSingle(c rune) (set charSet, bit bool) {
	const foldFlags = ignoreCase | unicodeCase
	set = p.single(c)
	if c > 0xff || p.flags&foldFlags == foldFlags && strings.ContainsRune("IiKkSs\u00b5\u00c5\u00e5\u00ff", c) {
		return set, false
	}
	return intersect(set, rangeOf(0, 0xff)), true
}
