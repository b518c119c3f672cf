package deadletter

import (
	"regexp"
	"strings"
)

// The parts of a message that differ from record to record, longest first.
var values = regexp.MustCompile(strings.Join([]string{
	`"(?:[^"\\]|\\.)*"`,
	`'[^']*'`,
	"`[^`]*`",
	`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`,
	`\b0[xX][0-9a-fA-F]+\b`,
	`@[0-9a-f]{5,}\b`, // a Java object
	`\b[0-9a-fA-F]*[0-9][0-9a-fA-F]{7,}\b`,
	`[-+]?\b\d+(?:[.,:/-]\d+)*(?:[eE][-+]?\d+)?\b`,
}, "|"))

// Normalize replaces the values in an error's message, so that the same mistake in another record reads the same: what
// stands in quotes, numbers, dates, and identifiers.
func Normalize(message string) string {
	return strings.Join(strings.Fields(values.ReplaceAllString(message, "…")), " ")
}
