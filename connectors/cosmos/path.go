package cosmos

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Path is a JSON path that names one place: steps from the root, none for the root itself.
type Path []Step

// Step is a field's name, or an index into an array where Name is empty and Array is set. A negative index counts from
// the end.
type Step struct {
	Name  string
	Array bool
	Index int
}

// String is the path as it would be configured.
func (p Path) String() string {
	s := "$"
	for _, step := range p {
		switch {
		case step.Array:
			s += fmt.Sprintf("[%d]", step.Index)
		case strings.ContainsAny(step.Name, "*()?@.[]'\"\\ "):
			s += "['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(step.Name) + "']"
		default:
			s += "." + step.Name
		}
	}
	return s
}

// ParsePath reads the part of Jayway JSONPath that can only name one place: $, .name, ['name'], ["name"] and [0].
// Wildcards, filters, slices, functions and .. may find several places and are refused.
func ParsePath(s string) (Path, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), "$")
	if !ok {
		return nil, errors.New("a JSON path starts with $")
	}
	path := Path{}
	for rest != "" {
		var step Step
		var err error
		switch rest[0] {
		case '.':
			step, rest, err = dotted(rest[1:])
		case '[':
			step, rest, err = bracketed(rest[1:])
		default:
			err = fmt.Errorf("expected . or [ before %q", rest)
		}
		if err != nil {
			return nil, err
		}
		path = append(path, step)
	}
	return path, nil
}

var errMany = errors.New("only paths that name one place are supported: names and array indexes")

func dotted(s string) (Step, string, error) {
	end := strings.IndexAny(s, ".[")
	if end < 0 {
		end = len(s)
	}
	name := s[:end]
	switch {
	case name == "" && strings.HasPrefix(s, "."), strings.ContainsAny(name, "*()?@"):
		return Step{}, "", errMany
	case name == "":
		return Step{}, "", errors.New("a dot without a name")
	case strings.ContainsAny(name, " '\"]"):
		return Step{}, "", fmt.Errorf("the name %q needs brackets and quotes: ['%s']", name, name)
	}
	return Step{Name: name}, s[end:], nil
}

func bracketed(s string) (Step, string, error) {
	if s != "" && (s[0] == '\'' || s[0] == '"') {
		name, rest, ok := quoted(s[1:], s[0])
		switch {
		case !ok:
			return Step{}, "", errors.New("a quote is not closed")
		case strings.HasPrefix(rest, ","):
			return Step{}, "", errMany
		case !strings.HasPrefix(rest, "]"):
			return Step{}, "", errors.New("] is missing after a name")
		case name == "":
			return Step{}, "", errors.New("a name is empty")
		}
		return Step{Name: name}, rest[1:], nil
	}
	inside, rest, ok := strings.Cut(s, "]")
	if !ok {
		return Step{}, "", errors.New("] is missing")
	}
	i, err := strconv.Atoi(strings.TrimSpace(inside))
	if err != nil {
		return Step{}, "", errMany
	}
	return Step{Array: true, Index: i}, rest, nil
}

// quoted reads up to the closing quote; a backslash takes the next character as it is.
func quoted(s string, quote byte) (name, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
