package javaregex

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"

	"github.com/connectless/connectless/core/data/javatext"
)

// TimeLimit bounds one search by the backtracking engine. RE2 needs none.
const TimeLimit = time.Second

// Regexp is a compiled pattern. It is safe for concurrent use.
type Regexp struct {
	pattern string
	root    *node
	groups  int
	names   map[string]int
	loose   map[int]bool // groups whose text the engines choose in another way than Java

	needs      assumption // of fast
	whole, any *regexp.Regexp
	slow       func() (*slowRegexp, error)
}

// slowRegexp is the pattern for the backtracking engine.
type slowRegexp struct{ whole, any *regexp2.Regexp }

// Compile reads a pattern as Pattern.compile does without flags. The error is a *javatext.Error with Java's
// PatternSyntaxException, or it matches errors.ErrUnsupported.
func Compile(pattern string) (*Regexp, error) {
	root, p, err := parse(pattern)
	if err != nil {
		return nil, err
	}
	r := &Regexp{pattern: pattern, root: root, groups: p.groups, names: p.names, loose: map[int]bool{}}
	r.findLoose(root, false)
	r.slow = sync.OnceValues(r.compileSlow)
	if expr, needs, ok := re2(root); ok {
		r.any, err = regexp.Compile(expr)
		if err == nil {
			r.whole, err = regexp.Compile(`\A(?:` + expr + `)\z`)
		}
		if err == nil {
			r.needs = needs
			return r, nil
		}
		r.any = nil // too large for RE2
	}
	if _, err := r.slow(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Regexp) compileSlow() (*slowRegexp, error) {
	expr := backtracking(r.root, r.groups)
	anywhere, err := regexp2.Compile(expr, regexp2.None)
	if err == nil {
		var whole *regexp2.Regexp
		if whole, err = regexp2.Compile(`\A(?:`+expr+`)\z`, regexp2.None); err == nil {
			anywhere.MatchTimeout, whole.MatchTimeout = TimeLimit, TimeLimit
			return &slowRegexp{whole: whole, any: anywhere}, nil
		}
	}
	return nil, fmt.Errorf("javaregex: pattern %q: %w: %w", r.pattern, unsupported("this pattern"), err)
}

// findLoose collects the groups inside look-behinds, which Java searches from the left and the engine from the right,
// and inside repetitions of what can be empty, where engines differ in whether the last, empty, round counts.
func (r *Regexp) findLoose(n *node, inside bool) {
	switch {
	case n.op == opGroup && inside:
		r.loose[n.group] = true
	case n.op == opLook && n.behind, n.op == opRepeat && n.max > 1 && n.subs[0].nullable():
		inside = true
	}
	for _, s := range n.subs {
		r.findLoose(s, inside)
	}
}

// String is the pattern.
func (r *Regexp) String() string { return r.pattern }

// MatchString is Matcher.matches: whether the pattern matches the whole of s. It fails only when the backtracking
// engine runs into TimeLimit.
func (r *Regexp) MatchString(s string) (bool, error) {
	if r.fastFor(s) {
		return r.whole.MatchString(s), nil
	}
	slow, err := r.slow()
	if err != nil {
		return false, err
	}
	ok, err := slow.whole.MatchString(s)
	if err != nil {
		return false, r.timedOut()
	}
	return ok, nil
}

// Find returns the byte offsets of the first match in s and of its groups, as regexp.FindStringSubmatchIndex does;
// nil when there is none. It fails as MatchString does.
func (r *Regexp) Find(s string) ([]int, error) {
	if r.fastFor(s) {
		return r.any.FindStringSubmatchIndex(s), nil
	}
	slow, err := r.slow()
	if err != nil {
		return nil, err
	}
	m, err := slow.any.FindStringMatch(s)
	if err != nil {
		return nil, r.timedOut()
	}
	if m == nil {
		return nil, nil
	}
	// The engine counts characters.
	offsets := make([]int, 0, len(s)+1)
	for i := range s {
		offsets = append(offsets, i)
	}
	offsets = append(offsets, len(s))
	loc := make([]int, 2*r.groups+2)
	for i := range r.groups + 1 {
		loc[2*i], loc[2*i+1] = -1, -1
		if g := m.GroupByNumber(i); g != nil && len(g.Captures) > 0 {
			loc[2*i], loc[2*i+1] = offsets[g.Index], offsets[g.Index+g.Length]
		}
	}
	return loc, nil
}

// fastFor reports whether RE2 has the pattern and s is what its translation assumes.
func (r *Regexp) fastFor(s string) bool {
	if r.any == nil {
		return false
	}
	if r.needs&noLineEnds != 0 && strings.ContainsAny(s, "\n\r\u0085\u2028\u2029") {
		return false
	}
	return r.needs&onlyASCII == 0 || isASCII(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (r *Regexp) timedOut() error {
	return fmt.Errorf("javaregex: pattern %q did not finish within %s", r.pattern, TimeLimit)
}

func javaError(class, message string) error {
	return &javatext.Error{Class: "java.lang." + class, Message: message}
}
