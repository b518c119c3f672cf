package javaregex

import (
	"slices"
	"sort"
	"sync"
	"unicode"
)

// charSet is a set of code points: sorted ranges that neither touch nor overlap, without the surrogates, which no
// UTF-8 text holds.
type charSet []span

type span struct{ lo, hi rune }

var (
	anyChar    = charSet{{0, 0xd7ff}, {0xe000, unicode.MaxRune}}
	lineEnds   = charSet{{'\n', '\n'}, {'\r', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}}
	asciiDigit = charSet{{'0', '9'}}
	asciiLower = charSet{{'a', 'z'}}
	asciiUpper = charSet{{'A', 'Z'}}
	asciiAlpha = charSet{{'A', 'Z'}, {'a', 'z'}}
	asciiAlnum = charSet{{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}
	asciiWord  = charSet{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	asciiSpace = charSet{{'\t', '\r'}, {' ', ' '}}
	asciiGraph = charSet{{'!', '~'}}
	horizontal = charSet{{'\t', '\t'}, {' ', ' '}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200a}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}}
	vertical   = charSet{{'\n', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}}
)

func chars(s string) charSet {
	var set charSet
	for _, r := range s {
		set = append(set, span{r, r})
	}
	return set.normal()
}

// rangeOf is the set of the code points lo to hi.
func rangeOf(lo, hi rune) charSet { return charSet{{lo, hi}}.normal() }

// normal sorts, joins and cuts s into the form that the type promises.
func (s charSet) normal() charSet {
	s = slices.Clone(s)
	sort.Slice(s, func(i, j int) bool { return s[i].lo < s[j].lo }) // package slices would be compiled once more, for span
	var joined charSet
	for _, r := range s {
		if n := len(joined); n > 0 && r.lo <= joined[n-1].hi+1 {
			joined[n-1].hi = max(joined[n-1].hi, r.hi)
			continue
		}
		joined = append(joined, r)
	}
	return intersect(joined, anyChar)
}

func union(sets ...charSet) charSet { return slices.Concat(sets...).normal() }

func intersect(a, b charSet) charSet {
	var both charSet
	for len(a) > 0 && len(b) > 0 {
		if lo, hi := max(a[0].lo, b[0].lo), min(a[0].hi, b[0].hi); lo <= hi {
			both = append(both, span{lo, hi})
		}
		if a[0].hi < b[0].hi {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return both
}

func (s charSet) negate() charSet {
	var rest charSet
	next := rune(0)
	for _, r := range s {
		if r.lo > next {
			rest = append(rest, span{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		rest = append(rest, span{next, unicode.MaxRune})
	}
	return intersect(rest, anyChar)
}

func (s charSet) has(r rune) bool {
	_, found := slices.BinarySearchFunc(s, r, func(x span, r rune) int {
		switch {
		case x.hi < r:
			return -1
		case x.lo > r:
			return 1
		}
		return 0
	})
	return found
}

func table(tables ...*unicode.RangeTable) charSet {
	var set charSet
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			set = append(set, span{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			set = append(set, span{r, r})
		}
	}
	for _, t := range tables {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return set.normal()
}

// cased lists the characters that have another case, by the lower case of their upper case, which is the form in
// which Java compares them.
var cased = sync.OnceValue(func() map[rune][]rune {
	m := map[rune][]rune{}
	for _, c := range unicode.CaseRanges {
		for r := rune(c.Lo); r <= rune(c.Hi); r++ {
			m[folded(r)] = append(m[folded(r)], r)
		}
	}
	return m
})

func folded(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// foldASCII adds the other case of the ASCII letters of s.
func foldASCII(s charSet) charSet {
	all := slices.Clone(s)
	for _, r := range intersect(s, asciiAlpha) {
		for c := r.lo; c <= r.hi; c++ {
			all = append(all, span{c ^ 0x20, c ^ 0x20})
		}
	}
	return all.normal()
}

// foldOne is the set of the characters that equal r without regard to case; a character that has no other case, like
// ß, equals itself only.
func foldOne(r rune) charSet {
	set := charSet{{r, r}}
	lower := folded(r)
	if unicode.ToUpper(r) == lower {
		return set
	}
	set = append(set, span{lower, lower})
	for _, c := range cased()[lower] {
		set = append(set, span{c, c})
	}
	return set.normal()
}

// foldRange is what [lo-hi] matches without regard to case: characters whose upper case, or its lower case, is in it.
func foldRange(lo, hi rune) charSet {
	in := func(r rune) bool { return lo <= r && r <= hi }
	set := charSet{{lo, hi}}
	for lower, all := range cased() {
		for _, c := range all {
			if in(lower) || in(unicode.ToUpper(c)) {
				set = append(set, span{c, c})
			}
		}
	}
	return set.normal()
}
