package javaregex

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// StepLimit bounds the work of one search by the backtracking matcher, in steps of some ten nanoseconds. It counts
// steps, not time, so that a record that fails fails everywhere.
const StepLimit = 20_000_000

// depthLimit bounds the choices that are open at a time, which live on the stack. Java overflows its stack earlier.
const depthLimit = 100_000

// program is a pattern for the backtracking matcher. It makes the choices of java.util.regex in the same order and
// keeps group boundaries as Java does, stale ones included, so the text of every group is Java's.
type program struct {
	start  *step
	groups int
	locals int // loop counters and positions
	memos  int // outermost loops

	depth    int // of loops while compiling
	backrefs bool
}

type stepKind int

const (
	stepAccept    stepKind = iota // the end of the pattern
	stepStop                      // the end of a part that is matched on its own
	stepBehindEnd                 // the end of a look-behind
	stepTest                      // an anchor or boundary: node
	stepSet                       // one character
	stepLineBreak
	stepBackref
	stepAlt     // subs, each of which leads to next; nil is next itself
	stepMark    // remembers where a round of a loop, or a group, starts
	stepCapture // ends a group
	stepLook    // body on its own, then next from the same place
	stepAtomic  // body on its own, then next from its end
	stepOnce    // body on its own or not at all
	stepTimes   // body on its own, again and again
	stepLoopIn  // enters a loop
	stepLoop    // ends a round of a loop; body starts one
)

type step struct {
	kind  stepKind
	node  *node
	next  *step
	body  *step
	subs  []*step
	memo  int // of an outermost stepLoop: its number, from 1
	group int // captured by stepCapture, and by stepTimes when not 0
	local int // of stepMark, stepCapture and loops (its position); the counter of a loop is the local after it
}

func compile(root *node, groups int) *program {
	p := &program{groups: groups, backrefs: root.has(opBackref)}
	p.start = p.compile(root, &step{kind: stepAccept})
	return p
}

func (p *program) newLocals(n int) int {
	p.locals += n
	return p.locals - n
}

var stop = &step{kind: stepStop}

func (p *program) compile(n *node, next *step) *step {
	s := &step{node: n, next: next}
	switch n.op {
	case opEmpty:
		return next
	case opSet:
		s.kind = stepSet
	case opLineBreak:
		s.kind = stepLineBreak
	case opBackref:
		s.kind = stepBackref
	case opCat:
		for i := len(n.subs) - 1; i >= 0; i-- {
			next = p.compile(n.subs[i], next)
		}
		return next
	case opAlt:
		s.kind = stepAlt
		for _, sub := range n.subs {
			s.subs = append(s.subs, p.compile(sub, next))
		}
	case opGroup:
		s.kind = stepMark
		s.local = p.newLocals(1)
		s.next = p.compile(n.subs[0], &step{kind: stepCapture, group: n.group, local: s.local, next: next})
	case opAtomic:
		s.kind = stepAtomic
		s.body = p.part(n.subs[0], stop)
	case opLook:
		s.kind = stepLook
		end := stop
		if n.behind {
			end = &step{kind: stepBehindEnd}
		}
		s.body = p.part(n.subs[0], end)
	case opRepeat:
		return p.repeat(n, s)
	default:
		s.kind = stepTest
	}
	return s
}

func (p *program) repeat(n *node, s *step) *step {
	sub := n.subs[0]
	switch {
	case n.optional && sub.isGroup() && n.mode != possessive:
		s.kind = stepAlt
		s.subs = []*step{p.compile(sub, s.next), s.next}
		if n.mode == lazy {
			s.subs[0], s.subs[1] = s.subs[1], s.subs[0]
		}
	case n.optional:
		s.kind = stepOnce
		s.body = p.part(sub, stop)
	case n.loop:
		position := p.newLocals(2)
		loop := &step{kind: stepLoop, node: n, local: position, next: s.next}
		if p.depth == 0 && !p.backrefs && n.mode == greedy && n.max == unlimited {
			p.memos++
			loop.memo = p.memos
		}
		p.depth++
		loop.body = &step{kind: stepMark, local: position, next: p.compile(sub, loop)}
		p.depth--
		s.kind, s.body, s.local = stepLoopIn, loop.body, position
	default:
		s.kind = stepTimes
		if sub.op == opGroup && n.mode != possessive { // the group is set round by round
			s.group = sub.group
			sub = sub.subs[0]
		}
		s.body = p.part(sub, stop)
	}
	return s
}

// part compiles what is matched on its own.
func (p *program) part(n *node, end *step) *step {
	p.depth++
	defer func() { p.depth-- }()
	return p.compile(n, end)
}

// matcher is one search.
type matcher struct {
	text     string
	whole    bool  // the match must end where the text does
	groups   []int // offsets, -1 when not set
	locals   []int
	failed   [][]bool // by memo and offset: another round of the loop was tried there in vain
	last     int      // where the part matched on its own ended
	behindTo int      // where the look-behind has to end
	steps    int      // left
	depth    int
}

// search returns the offsets of the first match, or with whole of the match that is the whole text, nil when there is
// none. ok is false when it ran out of steps.
func (p *program) search(text string, whole bool) (loc []int, ok bool) {
	m := &matcher{text: text, whole: whole, steps: StepLimit}
	m.groups = make([]int, 2*p.groups+2)
	m.locals = make([]int, p.locals)
	m.failed = make([][]bool, p.memos)
	for i := range m.groups {
		m.groups[i] = -1
	}
	for i := range m.locals {
		m.locals[i] = -1
	}
	for start := 0; start <= len(text); start += m.width(start) {
		clear(m.failed)
		if m.run(p.start, start) {
			m.groups[0], m.groups[1] = start, m.last
			return m.groups, true
		}
		if m.steps < 0 {
			return nil, false
		}
		if whole {
			break
		}
	}
	return nil, true
}

// width is the size of the character at i, 1 at the end.
func (m *matcher) width(i int) int {
	if i == len(m.text) {
		return 1
	}
	_, n := utf8.DecodeRuneInString(m.text[i:])
	return n
}

// run matches s and all that follows it at i.
func (m *matcher) run(s *step, i int) bool {
	if m.depth == depthLimit {
		m.steps = 0
	}
	m.depth++
	ok := m.walk(s, i)
	m.depth--
	return ok
}

func (m *matcher) walk(s *step, i int) bool {
	for {
		if m.steps--; m.steps < 0 {
			return false
		}
		switch s.kind {
		case stepAccept:
			m.last = i
			return !m.whole || i == len(m.text)
		case stepStop:
			m.last = i
			return true
		case stepBehindEnd:
			return i == m.behindTo
		case stepTest:
			if !m.test(s.node, i) {
				return false
			}
		case stepSet:
			if i == len(m.text) {
				return false
			}
			r, n := utf8.DecodeRuneInString(m.text[i:])
			if !s.node.set.has(r) {
				return false
			}
			i += n
		case stepLineBreak:
			if strings.HasPrefix(m.text[i:], "\r\n") && m.run(s.next, i+2) {
				return true
			}
			r, n := utf8.DecodeRuneInString(m.text[i:])
			if !vertical.has(r) {
				return false
			}
			i += n
		case stepBackref:
			n := m.backref(s.node, i)
			if n < 0 {
				return false
			}
			i += n
		case stepAlt:
			for _, sub := range s.subs[:len(s.subs)-1] {
				if m.run(sub, i) {
					return true
				}
			}
			s = s.subs[len(s.subs)-1]
			continue
		case stepMark:
			saved := m.locals[s.local]
			m.locals[s.local] = i
			ok := m.run(s.next, i)
			m.locals[s.local] = saved
			return ok
		case stepCapture:
			g := m.groups[2*s.group:]
			from, to := g[0], g[1]
			g[0], g[1] = m.locals[s.local], i
			if m.run(s.next, i) {
				return true
			}
			g[0], g[1] = from, to
			return false
		case stepLook:
			if m.look(s, i) == s.node.negated {
				return false
			}
		case stepAtomic:
			if !m.run(s.body, i) {
				return false
			}
			i = m.last
		case stepOnce:
			switch s.node.mode {
			case greedy:
				if m.run(s.body, i) && m.run(s.next, m.last) {
					return true
				}
			case lazy:
				if m.run(s.next, i) {
					return true
				}
				if !m.run(s.body, i) {
					return false
				}
				i = m.last
			default:
				if m.run(s.body, i) {
					i = m.last
				}
			}
		case stepTimes:
			return m.times(s, i)
		case stepLoopIn:
			return m.enter(s, i)
		case stepLoop:
			return m.loop(s, i)
		}
		s = s.next
	}
}

// look reports whether the body of a look-ahead or look-behind matches at i.
func (m *matcher) look(s *step, i int) bool {
	if !s.node.behind {
		return m.run(s.body, i)
	}
	saved := m.behindTo
	m.behindTo = i
	defer func() { m.behindTo = saved }()
	// Java tries the starts from the nearest to the farthest possible, in 32 bits.
	at := utf8.RuneCountInString(m.text[:i])
	farthest := max(int32(at)-s.node.extent.max, 0)
	for j, from := int32(at), i; j >= farthest; j-- {
		if j <= int32(at)-s.node.extent.min && m.run(s.body, from) {
			return true
		}
		if from == 0 {
			return false
		}
		_, n := utf8.DecodeLastRuneInString(m.text[:from])
		from -= n
	}
	return false
}

// capture sets the group of a repetition.
func (m *matcher) capture(group, from, to int) {
	if group > 0 {
		m.groups[2*group], m.groups[2*group+1] = from, to
	}
}

func (m *matcher) captured(group int) (from, to int) { return m.groups[2*group], m.groups[2*group+1] }

// times repeats a body that has one way to match.
func (m *matcher) times(s *step, i int) bool {
	n := s.node
	from, to := m.captured(s.group)
	ok := true
	for range n.min {
		if ok = m.run(s.body, i); !ok {
			break
		}
		m.capture(s.group, i, m.last)
		if m.last == i && s.group == 0 && n.min > 1 { // more rounds of nothing
			break
		}
		i = m.last
	}
	if ok {
		switch n.mode {
		case greedy:
			ok = m.most(s, i, n.min)
		case lazy:
			ok = m.least(s, i, n.min)
		default:
			for j := n.min; j < n.max && m.run(s.body, i) && m.last != i; j++ {
				i = m.last
			}
			ok = m.run(s.next, i)
		}
	}
	if !ok {
		m.capture(s.group, from, to)
	}
	return ok
}

// most repeats the body from round j on as often as possible, then gives rounds back. Rounds of another length than
// the first are left to a call of their own.
func (m *matcher) most(s *step, i, j int) bool {
	n := s.node
	first := j
	from, to := m.captured(s.group)
	if j < n.max && m.run(s.body, i) && m.last > i {
		size := m.last - i
		for {
			m.capture(s.group, i, i+size)
			i += size
			j++
			if j >= n.max || !m.run(s.body, i) {
				break
			}
			if m.last != i+size {
				if s.group > 0 && m.most(s, i, j) || s.group == 0 && m.most(s, m.last, j+1) {
					return true
				}
				break
			}
		}
		for j > first {
			if m.run(s.next, i) {
				m.capture(s.group, i-size, i)
				return true
			}
			i -= size
			m.capture(s.group, i-size, i)
			j--
		}
	}
	m.capture(s.group, from, to)
	return m.run(s.next, i)
}

// least repeats the body from round j on as seldom as possible.
func (m *matcher) least(s *step, i, j int) bool {
	for {
		if m.run(s.next, i) {
			return true
		}
		if j >= s.node.max || !m.run(s.body, i) || m.last == i {
			return false
		}
		m.capture(s.group, i, m.last)
		i = m.last
		j++
	}
}

// enter starts a loop.
func (m *matcher) enter(s *step, i int) bool {
	n := s.node
	counter := &m.locals[s.local+1]
	saved := *counter
	defer func() { *counter = saved }()
	if n.min == 0 && (n.mode == lazy || n.max == 0) {
		if m.run(s.next, i) {
			return true
		}
		if n.max == 0 {
			return false
		}
	}
	*counter = 1
	if m.run(s.body, i) {
		return true
	}
	return n.min == 0 && n.mode == greedy && m.run(s.next, i)
}

// loop goes on after a round. A round that matched nothing ends the loop, whatever the count.
func (m *matcher) loop(s *step, i int) bool {
	n := s.node
	counter := &m.locals[s.local+1]
	count := *counter
	if i <= m.locals[s.local] {
		return m.run(s.next, i)
	}
	again := func() bool {
		*counter = count + 1
		if m.run(s.body, i) {
			return true
		}
		*counter = count
		return false
	}
	switch {
	case count < n.min:
		return again()
	case n.mode == lazy:
		return m.run(s.next, i) || count < n.max && again()
	}
	if count < n.max && !m.hopeless(s, i) {
		if again() {
			return true
		}
		m.giveUp(s, i)
	}
	return m.run(s.next, i)
}

// hopeless reports whether another round at i is known to fail. What follows a round of an outermost loop without
// limit does not depend on the rounds before it, unless there are back references; without this memory, which Java
// has too, nested repetitions would take exponential time.
func (m *matcher) hopeless(s *step, i int) bool {
	return s.memo > 0 && m.failed[s.memo-1] != nil && m.failed[s.memo-1][i]
}

func (m *matcher) giveUp(s *step, i int) {
	if s.memo == 0 {
		return
	}
	if m.failed[s.memo-1] == nil {
		m.failed[s.memo-1] = make([]bool, len(m.text)+1)
	}
	m.failed[s.memo-1][i] = true
}

// backref returns the length of what the group captured when the text goes on with it, else -1.
func (m *matcher) backref(n *node, i int) int {
	if 2*n.group >= len(m.groups) { // Java accepts a group that does not exist; it never matches
		return -1
	}
	from, to := m.captured(n.group)
	if from < 0 {
		return -1
	}
	want := m.text[from:to]
	if n.flags&ignoreCase == 0 {
		if !strings.HasPrefix(m.text[i:], want) {
			return -1
		}
		return len(want)
	}
	at := i
	for _, r := range want {
		if at == len(m.text) {
			return -1
		}
		c, size := utf8.DecodeRuneInString(m.text[at:])
		if !sameFold(r, c, n.flags&unicodeCase != 0) {
			return -1
		}
		at += size
	}
	return at - i
}

func sameFold(a, b rune, all bool) bool {
	if a == b {
		return true
	}
	if !all {
		return a|0x20 == b|0x20 && asciiAlpha.has(a) && asciiAlpha.has(b)
	}
	a, b = unicode.ToUpper(a), unicode.ToUpper(b)
	return a == b || unicode.ToLower(a) == unicode.ToLower(b)
}

// test decides the anchors.
func (m *matcher) test(n *node, i int) bool {
	switch n.op {
	case opBegin:
		return i == 0
	case opEnd:
		return i == len(m.text)
	case opCaret:
		return m.caret(n.flags, i)
	case opDollar:
		return m.dollar(n.flags, i)
	}
	return (m.wordBefore(n, i) != m.wordAfter(n, i)) != n.negated
}

// lineEndAt is the character at i when it ends a line, else -1. The second half of \r\n does not.
func (m *matcher) lineEndAt(f flags, i int) rune {
	r, _ := utf8.DecodeRuneInString(m.text[i:])
	switch {
	case f&unixLines != 0:
		if r == '\n' {
			return r
		}
	case r == '\n' && i > 0 && m.text[i-1] == '\r':
	case lineEnds.has(r):
		return r
	}
	return -1
}

// caret matches at the start and after each line end, but never at the end of the text.
func (m *matcher) caret(f flags, i int) bool {
	if i == len(m.text) {
		return false
	}
	if i == 0 {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(m.text[:i])
	if f&unixLines != 0 {
		return r == '\n'
	}
	return lineEnds.has(r) && !(r == '\r' && m.text[i] == '\n')
}

// dollar matches at the end and before a line end, without (?m) only before the last.
func (m *matcher) dollar(f flags, i int) bool {
	if i == len(m.text) {
		return true
	}
	r := m.lineEndAt(f, i)
	if r < 0 {
		return false
	}
	rest := m.text[i:]
	return f&multiline != 0 || len(rest) == utf8.RuneLen(r) || f&unixLines == 0 && rest == "\r\n"
}

// wordBefore reports whether the character before i belongs to a word. A combining mark belongs to the letter or
// digit before it.
func (m *matcher) wordBefore(n *node, i int) bool {
	if i == 0 {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(m.text[:i])
	return isWord(n, r) || unicode.Is(unicode.Mn, r) && hasBase(m.text[:i])
}

func (m *matcher) wordAfter(n *node, i int) bool {
	if i == len(m.text) {
		return false
	}
	r, size := utf8.DecodeRuneInString(m.text[i:])
	return isWord(n, r) || unicode.Is(unicode.Mn, r) && hasBase(m.text[:i+size])
}

func isWord(n *node, r rune) bool {
	if n.flags&unicodeClass != 0 {
		return n.set.has(r)
	}
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// hasBase reports whether the marks that end s follow a letter or digit.
func hasBase(s string) bool {
	for s != "" {
		r, n := utf8.DecodeLastRuneInString(s)
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return true
		}
		if !unicode.Is(unicode.Mn, r) {
			return false
		}
		s = s[:len(s)-n]
	}
	return false
}
