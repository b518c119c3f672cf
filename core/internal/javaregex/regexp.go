package javaregex

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/connectless/connectless/core/data/javatext"
)

// Regexp is a compiled pattern. It is safe for concurrent use.
type Regexp struct {
	pattern string
	names   map[string]int
	groups  int

	whole, first *regexp.Regexp // nil when RE2 cannot do it
	needs        assumption     // of the input for those two
	program      *program
}

// Compile reads a pattern as Pattern.compile does without flags. The error is a *javatext.Error with Java's
// PatternSyntaxException, or it matches errors.ErrUnsupported.
func Compile(pattern string) (*Regexp, error) {
	root, p, err := parse(pattern)
	if err != nil {
		return nil, err
	}
	r := &Regexp{pattern: pattern, names: p.names, groups: p.groups, program: compile(root, p.groups)}
	if w := re2(root); w.ok {
		r.needs = w.needs
		// What is too large for RE2 is left to the matcher.
		if whole, err := regexp.Compile(`\A(?:` + w.String() + `)\z`); err == nil {
			r.whole = whole
		}
		if first, err := regexp.Compile(w.String()); err == nil && w.groups {
			r.first = first
		}
	}
	return r, nil
}

// String is the pattern.
func (r *Regexp) String() string { return r.pattern }

// MatchString is Matcher.matches: whether the pattern matches the whole of s. It fails only at StepLimit.
func (r *Regexp) MatchString(s string) (bool, error) {
	if r.whole != nil && r.assumed(s) {
		return r.whole.MatchString(s), nil
	}
	loc, err := r.search(s, true)
	return loc != nil, err
}

// Find returns the byte offsets of the first match in s and of its groups, as regexp.FindStringSubmatchIndex does;
// nil when there is none. It fails only at StepLimit.
func (r *Regexp) Find(s string) ([]int, error) {
	if r.first != nil && r.assumed(s) {
		return r.first.FindStringSubmatchIndex(s), nil
	}
	return r.search(s, false)
}

func (r *Regexp) search(s string, whole bool) ([]int, error) {
	loc, ok := r.program.search(s, whole)
	if !ok {
		return nil, fmt.Errorf("javaregex: pattern %q was given up on a text of %d bytes: too much backtracking", r.pattern, len(s))
	}
	return loc, nil
}

// assumed reports whether s is what the translation for RE2 assumes.
func (r *Regexp) assumed(s string) bool {
	if r.needs&notEmpty != 0 && s == "" {
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

func javaError(class, message string) error {
	return &javatext.Error{Class: "java.lang." + class, Message: message}
}
