// Package javaregex runs the patterns of java.util.regex, which users of RegexRouter, TopicNameMatches and
// topics.regex have written, with Java 17's meaning and its error texts.
//
// A pattern is parsed as Java parses it, and every character class becomes an explicit set of code points. Package
// regexp (RE2, linear time) then gets each pattern that it can express with the same meaning; the others, with
// look-around, back references, possessive quantifiers or repetitions of what may be empty, run on a backtracking
// matcher that makes Java's choices in Java's order, under a limit of steps. So do the few inputs for which $ or \b
// look around: line ends and characters beyond ASCII. What is not supported is an error that matches
// errors.ErrUnsupported, never a silent difference: \X, \b{g}, \N{name}, canonical equivalence, Unicode blocks.
//
// No published engine would do: those with look-around have .NET's or Perl's rules for empty rounds and captures.
//
// Two things differ, both beyond U+FFFF or Unicode 13. Java's text is UTF-16: there an empty match can lie inside a
// pair of surrogates, and a look-behind counts units; here both keep to characters. And characters have the properties
// of Go's Unicode tables, which know characters that Java 17's do not.
package javaregex
