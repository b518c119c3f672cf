package transform

import (
	"fmt"
	"strings"
)

// said is a message in Kafka's words, which begin with capitals and end with full stops where ours would not.
type said string

func (s said) Error() string { return string(s) }

func says(format string, args ...any) error { return said(fmt.Sprintf(format, args...)) }

// errPairs is the complaint about an item of renames (or of a cast's spec) that is not a pair.
func errPairs(list []string, item string) error {
	return says("Invalid value [%s] for configuration renames: Invalid rename mapping: %s", strings.Join(list, ", "), item)
}

// splitPair splits at colons as Java's String.split does: empty parts at the end do not count.
func splitPair(s string) []string {
	if s == "" {
		return []string{""}
	}
	parts := strings.Split(s, ":")
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}

// trim is Java's String.trim: it cuts off spaces and everything below them.
func trim(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }
