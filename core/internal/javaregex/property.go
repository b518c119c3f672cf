package javaregex

import (
	"strings"
	"unicode"
)

// property returns the set of \p{name}; ok is false when Java knows no such name. Sets that Go's tables cannot give
// are an error.
func property(name string, f flags) (set charSet, ok bool, err error) {
	if strings.HasPrefix(name, "In") {
		return nil, false, unsupported("Unicode block " + name[2:])
	}
	if short, is := strings.CutPrefix(name, "Is"); is {
		if set, ok := binaryProperty(strings.ToUpper(short), f); ok {
			return set, true, nil
		}
		if set, ok, err := plainProperty(short, f); ok || err != nil {
			return set, ok, err
		}
		return script(short)
	}
	if f&unicodeClass != 0 {
		if set, ok := binaryProperty(posixNames[strings.ToUpper(name)], f); ok {
			return set, true, nil
		}
	}
	return plainProperty(name, f)
}

// namedProperty returns the set of \p{key=value}.
func namedProperty(key, value string, f flags) (set charSet, ok bool, err error) {
	switch key {
	case "sc", "script":
		return script(value)
	case "blk", "block":
		return nil, false, unsupported("Unicode block " + value)
	case "gc", "general_category":
		return plainProperty(value, f)
	}
	return nil, false, nil
}

// script looks a script up by its full name, without regard to case. Java knows the four-letter codes too.
func script(name string) (set charSet, ok bool, err error) {
	for full, t := range unicode.Scripts {
		if strings.EqualFold(full, name) {
			return table(t), true, nil
		}
	}
	if len(name) == 4 {
		return nil, false, unsupported("script code " + name)
	}
	return nil, false, nil
}

// posixNames are the names that change their meaning under (?U), and the Unicode property that they then are.
var posixNames = map[string]string{
	"ALPHA": "ALPHABETIC", "LOWER": "LOWERCASE", "UPPER": "UPPERCASE", "SPACE": "WHITE_SPACE", "PUNCT": "PUNCTUATION",
	"XDIGIT": "HEX_DIGIT", "ALNUM": "ALNUM", "CNTRL": "CONTROL", "DIGIT": "DIGIT", "BLANK": "BLANK", "GRAPH": "GRAPH",
	"PRINT": "PRINT",
}

// binaryProperty returns the set of \p{IsName}, the name in upper case.
func binaryProperty(name string, f flags) (charSet, bool) {
	switch name {
	case "ALPHABETIC":
		return alphabetic(), true
	case "LETTER":
		return table(unicode.L), true
	case "IDEOGRAPHIC":
		return table(unicode.Ideographic), true
	case "LOWERCASE", "UPPERCASE":
		if f&ignoreCase != 0 {
			return union(lowercase(), uppercase(), table(unicode.Lt)), true
		}
		if name == "LOWERCASE" {
			return lowercase(), true
		}
		return uppercase(), true
	case "TITLECASE":
		if f&ignoreCase != 0 {
			return union(lowercase(), uppercase(), table(unicode.Lt)), true
		}
		return table(unicode.Lt), true
	case "WHITE_SPACE", "WHITESPACE":
		return whiteSpace(), true
	case "CONTROL":
		return table(unicode.Cc), true
	case "PUNCTUATION":
		return table(unicode.P), true
	case "HEX_DIGIT", "HEXDIGIT":
		return union(table(unicode.Nd), table(unicode.Hex_Digit)), true
	case "ASSIGNED":
		return assigned(), true
	case "NONCHARACTER_CODE_POINT", "NONCHARACTERCODEPOINT":
		return table(unicode.Noncharacter_Code_Point), true
	case "DIGIT":
		return table(unicode.Nd), true
	case "ALNUM":
		return union(alphabetic(), table(unicode.Nd)), true
	case "BLANK":
		return union(table(unicode.Zs), chars("\t")), true
	case "GRAPH":
		return graph(), true
	case "PRINT":
		return intersect(union(graph(), union(table(unicode.Zs), chars("\t"))), table(unicode.Cc).negate()), true
	case "WORD":
		return word(), true
	case "JOIN_CONTROL", "JOINCONTROL":
		return table(unicode.Join_Control), true
	}
	return nil, false
}

func alphabetic() charSet { return table(unicode.L, unicode.Nl, unicode.Other_Alphabetic) }

func lowercase() charSet { return table(unicode.Ll, unicode.Other_Lowercase) }

func uppercase() charSet { return table(unicode.Lu, unicode.Other_Uppercase) }

func whiteSpace() charSet {
	return union(table(unicode.Z), rangeOf('\t', '\r'), chars("\u0085"))
}

func graph() charSet {
	return intersect(assigned(), union(table(unicode.Z), table(unicode.Cc)).negate())
}

// word is \w under (?U).
func word() charSet {
	return union(alphabetic(), table(unicode.M, unicode.Nd, unicode.Pc, unicode.Join_Control))
}

func assigned() charSet {
	return table(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C)
}

// plainProperty returns the set of a general category, a POSIX class in ASCII or one of Character's predicates.
func plainProperty(name string, f flags) (set charSet, ok bool, err error) {
	casedName := false
	switch name {
	case "Cn":
		return assigned().negate(), true, nil
	case "C":
		return union(table(unicode.C), assigned().negate()), true, nil
	case "L1":
		return rangeOf(0, 0xff), true, nil
	case "all":
		return anyChar, true, nil
	case "LC":
		return table(unicode.Lu, unicode.Ll, unicode.Lt), true, nil
	case "LD":
		return table(unicode.L, unicode.Nd), true, nil
	case "ASCII":
		return rangeOf(0, 0x7f), true, nil
	case "Alnum":
		return asciiAlnum, true, nil
	case "Alpha":
		return asciiAlpha, true, nil
	case "Blank":
		return chars(" \t"), true, nil
	case "Cntrl":
		return union(rangeOf(0, 0x1f), chars("\x7f")), true, nil
	case "Digit":
		return asciiDigit, true, nil
	case "Graph":
		return asciiGraph, true, nil
	case "Lower", "Upper":
		if f&ignoreCase != 0 {
			return asciiAlpha, true, nil
		}
		if name == "Lower" {
			return asciiLower, true, nil
		}
		return asciiUpper, true, nil
	case "Print":
		return rangeOf(' ', '~'), true, nil
	case "Punct":
		return intersect(asciiGraph, asciiAlnum.negate()), true, nil
	case "Space":
		return asciiSpace, true, nil
	case "XDigit":
		return union(asciiDigit, rangeOf('a', 'f'), rangeOf('A', 'F')), true, nil
	case "Lu", "Ll", "Lt", "javaLowerCase", "javaUpperCase", "javaTitleCase":
		casedName = true
	}
	if casedName && f&ignoreCase != 0 {
		if strings.HasPrefix(name, "java") {
			return union(lowercase(), uppercase(), table(unicode.Lt)), true, nil
		}
		return table(unicode.Lu, unicode.Ll, unicode.Lt), true, nil
	}
	if javaName, is := strings.CutPrefix(name, "java"); is {
		return characterMethod(javaName)
	}
	if t := unicode.Categories[name]; t != nil && len(name) <= 2 {
		return table(t), true, nil
	}
	return nil, false, nil
}

// characterMethod returns the set for which Character.isName is true.
func characterMethod(name string) (set charSet, ok bool, err error) {
	switch name {
	case "LowerCase":
		return lowercase(), true, nil
	case "UpperCase":
		return uppercase(), true, nil
	case "TitleCase":
		return table(unicode.Lt), true, nil
	case "Alphabetic":
		return alphabetic(), true, nil
	case "Ideographic":
		return table(unicode.Ideographic), true, nil
	case "Digit":
		return table(unicode.Nd), true, nil
	case "Defined":
		return assigned(), true, nil
	case "Letter":
		return table(unicode.L), true, nil
	case "LetterOrDigit":
		return table(unicode.L, unicode.Nd), true, nil
	case "SpaceChar":
		return table(unicode.Z), true, nil
	case "Whitespace":
		return union(intersect(table(unicode.Z), chars("\u00a0\u2007\u202f").negate()), rangeOf('\t', '\r'), rangeOf(0x1c, 0x1f)), true, nil
	case "ISOControl":
		return union(rangeOf(0, 0x1f), rangeOf(0x7f, 0x9f)), true, nil
	case "JavaIdentifierStart", "JavaIdentifierPart", "UnicodeIdentifierStart", "UnicodeIdentifierPart",
		"IdentifierIgnorable", "Mirrored":
		return nil, false, unsupported("\\p{java" + name + "}")
	}
	return nil, false, nil
}
