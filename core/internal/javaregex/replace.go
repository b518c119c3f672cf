package javaregex

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// ReplaceFirst is Matcher.replaceFirst: s with its first match replaced. In the replacement $1 and ${name} are
// groups (a group that took no part is empty; $11 is group 1 and a "1" when there is no group 11) and a backslash
// takes the next character as it is. As in Java the replacement is read only when there is a match; its errors are
// *javatext.Error, IndexOutOfBoundsException or IllegalArgumentException. StepLimit is an error as in Find.
func (r *Regexp) ReplaceFirst(s, replacement string) (string, error) {
	loc, err := r.Find(s)
	if err != nil || loc == nil {
		return s, err
	}
	out := append(make([]byte, 0, len(s)+len(replacement)), s[:loc[0]]...)
	for i := 0; i < len(replacement); {
		c := replacement[i]
		i++
		switch c {
		default:
			out = append(out, c)
		case '\\':
			if i == len(replacement) {
				return "", javaError("IllegalArgumentException", "character to be escaped is missing")
			}
			_, n := utf8.DecodeRuneInString(replacement[i:])
			out = append(out, replacement[i:i+n]...)
			i += n
		case '$':
			group, n, err := r.reference(replacement[i:])
			if err != nil {
				return "", err
			}
			i += n
			if from := loc[2*group]; from >= 0 {
				out = append(out, s[from:loc[2*group+1]]...)
			}
		}
	}
	return string(append(out, s[loc[1]:]...)), nil
}

// reference reads what follows a $ and returns the group and the length read.
func (r *Regexp) reference(s string) (group, n int, err error) {
	switch {
	case s == "":
		return 0, 0, javaError("IllegalArgumentException", "Illegal group reference: group index is missing")
	case s[0] == '{':
		return r.named(s[1:])
	case !isDigit(rune(s[0])):
		return 0, 0, javaError("IllegalArgumentException", "Illegal group reference")
	}
	group = int(s[0] - '0')
	if group > r.groups {
		return 0, 0, javaError("IndexOutOfBoundsException", "No group "+strconv.Itoa(group))
	}
	for n = 1; n < len(s) && isDigit(rune(s[n])); n++ {
		longer := group*10 + int(s[n]-'0')
		if longer > r.groups {
			break
		}
		group = longer
	}
	return group, n, nil
}

func (r *Regexp) named(s string) (group, n int, err error) {
	end := strings.IndexFunc(s, func(c rune) bool { return !asciiAlnum.has(c) })
	name := s
	if end >= 0 {
		name = s[:end]
	}
	group, known := r.names[name]
	problem := ""
	switch {
	case name == "":
		problem = "named capturing group has 0 length name"
	case end < 0 || s[end] != '}':
		problem = "named capturing group is missing trailing '}'"
	case isDigit(rune(name[0])):
		problem = "capturing group name {" + name + "} starts with digit character"
	case !known:
		problem = "No group with name {" + name + "}"
	default:
		return group, len(name) + 2, nil
	}
	return 0, 0, javaError("IllegalArgumentException", problem)
}
