package config

import "strings"

// ClassMatches says whether given names the Java class: by its full name, its simple name, or the simple name without
// the suffix (Connector, Converter...), which is how Kafka Connect resolves aliases.
func ClassMatches(given, class, suffix string) bool {
	if given == class {
		return true
	}
	simple := class[strings.LastIndexByte(class, '.')+1:]
	return given == simple || suffix != "" && given == strings.TrimSuffix(simple, suffix)
}
