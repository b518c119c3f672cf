// Package javaregex runs the patterns of java.util.regex, which users of RegexRouter, TopicNameMatches and
// topics.regex have written, with Java 17's meaning and its error texts.
//
// A pattern is parsed as Java parses it and written anew for one of two engines. Every character class becomes an
// explicit set of code points, so what \w, [a-z&&[^x]] or (?i) mean never depends on an engine. Package regexp (RE2,
// linear time) gets every pattern that it can express; github.com/dlclark/regexp2 (backtracking, under a time limit)
// gets those with look-around, back references, possessive quantifiers and the like, and the few inputs for which $
// or \b need looking around. What neither can express is an error that matches errors.ErrUnsupported, never a silent
// difference: \X, \b{g}, \N{name}, canonical equivalence, Unicode blocks, and back references without regard to case.
//
// Characters have the properties of Go's Unicode tables, which are newer than Java 17's: they can differ for
// characters that Unicode 13 had not assigned.
package javaregex
