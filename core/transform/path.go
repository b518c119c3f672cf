package transform

import (
	"strings"
	"unicode/utf8"
)

// ParsePath splits the path to a field into names. In syntax V1 the whole text is one name. In V2 (KIP-821) dots
// separate names, and a name in backticks may hold dots; a backslash before a backtick that would end such a name makes
// it part of the name.
func ParsePath(path, version string) ([]string, error) {
	if !strings.EqualFold(version, "V2") {
		return []string{path}, nil
	}
	var steps []string
	for rest := path; rest != ""; {
		if rest[0] != '`' {
			step, after, dot := strings.Cut(rest, ".")
			steps = append(steps, step)
			if rest = after; !dot {
				return steps, nil
			}
			continue
		}
		step, length := quoted(rest)
		if length < 0 {
			position := utf16Len(path[:len(path)-len(rest)])
			return nil, says("Incomplete backtick pair in path: [%s], consider adding a backslash before backtick at position %d to escape it", path, position)
		}
		steps = append(steps, step)
		if rest = rest[length:]; rest == "" {
			return steps, nil
		}
		rest = rest[1:] // the dot
	}
	// What is left after a last dot is a name too.
	if strings.HasSuffix(path, ".") {
		steps = append(steps, "")
	}
	return steps, nil
}

// quoted reads a name in backticks at the start of s and returns how long it is there, -1 when it does not end. A
// backtick ends it only before a dot or at the end of s.
func quoted(s string) (name string, length int) {
	var b strings.Builder
	start := 1
	for i := 1; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		escaped := s[i-1] == '\\'
		switch {
		case i == len(s)-1:
			if escaped {
				return "", -1
			}
		case s[i+1] != '.':
			continue
		case escaped:
			b.WriteString(s[start : i-1])
			b.WriteByte('`')
			start = i + 1
			continue
		}
		b.WriteString(s[start:i])
		return b.String(), i + 1
	}
	return "", -1
}

func utf16Len(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
