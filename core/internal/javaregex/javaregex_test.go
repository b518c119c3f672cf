package javaregex

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/data/javatext"
)

func mustCompile(tb testing.TB, pattern string) *Regexp {
	tb.Helper()
	r, err := Compile(pattern)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// patterns.txt was printed by OpenJDK 17.0.15: a random pattern, a random text, and either E with the message of the
// PatternSyntaxException or T or F for Matcher.matches followed by start,end of the groups of the first find(), in
// UTF-16 units. Characters outside printable ASCII, and backslashes, are \uXXXX.
func TestPatternsGolden(t *testing.T) {
	file, err := os.Open("testdata/patterns.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := 0
	for sc := bufio.NewScanner(file); sc.Scan(); lines++ {
		fields := strings.Split(sc.Text(), "\t")
		pattern, text, want := unescape(t, fields[0]), unescape(t, fields[1]), unescape(t, fields[2])
		var got string
		r, err := Compile(pattern)
		if err != nil {
			got = "E" + strings.TrimPrefix(err.Error(), "java.util.regex.PatternSyntaxException: ")
		} else {
			got = run(t, r, text)
		}
		if got != want {
			t.Errorf("%q on %q:\n got %s\nwant %s", pattern, text, got, want)
		}
	}
	if lines < 1000 {
		t.Fatalf("%d lines", lines)
	}
}

func run(t *testing.T, r *Regexp, text string) string {
	t.Helper()
	whole, err := r.MatchString(text)
	if err != nil {
		t.Error(err)
	}
	loc, err := r.Find(text)
	if err != nil {
		t.Error(err)
	}
	got := "F"
	if whole {
		got = "T"
	}
	if loc == nil {
		return got + " none"
	}
	units := func(i int) int {
		if i < 0 {
			return i
		}
		return len(utf16.Encode([]rune(text[:i])))
	}
	for i := 0; i < len(loc); i += 2 {
		got += fmt.Sprintf(" %d,%d", units(loc[i]), units(loc[i+1]))
	}
	return got
}

func unescape(t *testing.T, s string) string {
	t.Helper()
	var units []uint16
	for s != "" {
		if hex, ok := strings.CutPrefix(s, `\u`); ok {
			v, err := strconv.ParseUint(hex[:4], 16, 16)
			if err != nil {
				t.Fatal(err)
			}
			units = append(units, uint16(v))
			s = hex[4:]
			continue
		}
		units = append(units, uint16(s[0]))
		s = s[1:]
	}
	return string(utf16.Decode(units))
}

func TestMatchString(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"orders", "my-orders", false}, // the whole text
		{"o.d.r.", "orders", true},
		{"telemetry-(eu|us)-\\d", "telemetry-eu-1", true},
		{"(?i)T", "t", true},
		{"", "", true}, {"", "a", false},
		{"a|ab", "ab", true}, // goes back for the whole
		{"srv1\\.inventory\\.(?!orders).*", "srv1.inventory.customers", true},
		{"srv1\\.inventory\\.(?!orders).*", "srv1.inventory.orders", false},
		{"\\w+(?!z)", "abc", true},
		{"(a+)b\\1", "aabaa", true},
		{"a++a", "aaa", false},
		{"(?>a|ab)c", "abc", false},
		{"(?<=^ab)c|abc", "abc", true},
		{"^t$", "t", true}, {"a\\Z", "a", true}, {"a$", "a\n", false},
		{"a$\\n", "a\n", true}, {"a$\\r\\n", "a\r\n", true}, {"a$.", "ab", false},
		{"(?d)a$\\r", "a\r", false}, {"(?m)a$\\n^b", "a\nb", true}, {"(?m)^", "", false},
		{".", "\u0085", false}, {"(?s).", "\u0085", true}, {"(?d).", "\r", true}, {".", "😀", true},
		{"\\w", "é", false}, {"(?U)\\w", "é", true}, {"\\s", "\v", true}, {"\\h", "\u00a0", true}, {"\\R", "\r\n", true},
		{"é\\b", "é", true}, // \b knows all letters, \w only ASCII's
		{"[a-z&&[^aeiou]]+", "xyz", true}, {"[a-z&&[^aeiou]]+", "xaz", false}, {"[a[bc]]", "c", true},
		{"[^a-c&&[^x]]", "x", true}, {"[]a]", "]", true}, {"[a-]", "-", true},
		{"\\p{Alpha}\\p{Lu}\\pN", "aÉ٣", true}, {"\\p{IsLatin}", "é", true}, {"\\p{javaUpperCase}", "É", true},
		{"(?i)é", "É", false}, {"(?iu)é", "É", true}, {"(?iu)k", "\u212a", true}, {"(?i)[b-d]", "C", true},
		{"\\Qa.b*\\E+", "a.b**", true}, {"\\Qa.b", "a.b", true},
		{"\\x41\\u0042\\0103\\x{1F600}\\ud83d\\ude00\\t\\cA", "ABC😀😀\t\x01", true},
		{"(?x) a b # comment\n c", "abc", true}, {"(?x)[a b]", " ", false},
		{"(?<x>a)\\k<x>", "aa", true}, {"(?i)(a)\\1", "aA", true}, {"a{2}{3}", "aa", true},
		{"(a)\\12", "aa2", true}, {"\\2(a)", "a", false},
		{"(?:a(?i)b)c", "aBC", false}, {"x}", "x}", true},
		{"[\ufffd]", "\xff", true}, // what Java decodes an invalid byte to
	} {
		got, err := mustCompile(t, tc.pattern).MatchString(tc.text)
		if err != nil || got != tc.want {
			t.Errorf("%q matches %q: %v, %v, want %v", tc.pattern, tc.text, got, err, tc.want)
		}
	}
}

func TestReplaceFirst(t *testing.T) {
	for _, tc := range []struct{ pattern, text, replacement, want string }{
		{"(.*)", "a", "$1", "a"},
		{"orders-(\\d+)", "orders-12", "o_$1", "o_12"},
		{"a(b)?c", "ac", "[$1]", "[]"}, // took no part
		{"(?<n>.+)-v\\d", "t-v1", "${n}", "t"},
		{"a", "a", "\\$1", "$1"},
		{"(.)(.)", "xy", "$2$1$11", "yxx1"}, // no group 11
		{"a*", "aaa", "-", "-"}, {"", "a", "x", "xa"},
		{"[^.]*\\.(.*)", "db.schema.tbl", "$1", "schema.tbl"},
		{"b", "abcb", "<$0>", "a<b>cb"},
		{"x", "abc", "$9", "abc"}, // not read without a match
		{"(?=(b))", "abc", "$1", "abbc"},
		{"(?<=é)b", "éb", "\\é", "éé"},
		{"(?:(a)|(b))*", "ab", "$1$2", "ab"},
	} {
		got, err := mustCompile(t, tc.pattern).ReplaceFirst(tc.text, tc.replacement)
		if err != nil || got != tc.want {
			t.Errorf("%q in %q by %q: %q, %v, want %q", tc.pattern, tc.text, tc.replacement, got, err, tc.want)
		}
	}
	for _, tc := range []struct{ replacement, class, message string }{
		{"$1", "IndexOutOfBoundsException", "No group 1"},
		{"$", "IllegalArgumentException", "Illegal group reference: group index is missing"},
		{"$x", "IllegalArgumentException", "Illegal group reference"},
		{"\\", "IllegalArgumentException", "character to be escaped is missing"},
		{"${", "IllegalArgumentException", "named capturing group has 0 length name"},
		{"${}", "IllegalArgumentException", "named capturing group has 0 length name"},
		{"${n", "IllegalArgumentException", "named capturing group is missing trailing '}'"},
		{"${n-x}", "IllegalArgumentException", "named capturing group is missing trailing '}'"},
		{"${1}", "IllegalArgumentException", "capturing group name {1} starts with digit character"},
		{"${n}", "IllegalArgumentException", "No group with name {n}"},
	} {
		_, err := mustCompile(t, "a").ReplaceFirst("xa", tc.replacement)
		want := &javatext.Error{Class: "java.lang." + tc.class, Message: tc.message}
		var got *javatext.Error
		if !errors.As(err, &got) || cmp.Diff(want, got) != "" {
			t.Errorf("%q: got %v, want %v", tc.replacement, err, want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"(":                "Unclosed group near index 1\n(",
		"[a":               "Unclosed character class near index 1\n[a\n ^",
		"*a":               "Dangling meta character '*' near index 0\n*a\n^",
		"a**":              "Dangling meta character '*' near index 2\na**\n  ^",
		"{foo}":            "Illegal repetition near index 1\n{foo}\n ^",
		"a{2":              "Unclosed counted closure near index 3\na{2",
		"a{2,1}":           "Illegal repetition range near index 5\na{2,1}\n     ^",
		"a{99999999999}":   "Illegal repetition range near index 11\na{99999999999}\n           ^",
		")":                "Unmatched closing ')'\n)",
		"\\":               "Unexpected internal error near index 1\n\\",
		"\\y":              "Illegal/unsupported escape sequence near index 1\n\\y\n ^",
		"\\x{110000}":      "Hexadecimal codepoint is too big near index 8\n\\x{110000}\n        ^",
		"\\08":             "Illegal octal escape sequence near index 2\n\\08\n  ^",
		"\\u12":            "Illegal Unicode escape sequence near index 4\n\\u12",
		"\\c":              "Illegal control escape sequence near index 1\n\\c\n ^",
		"\\p{Foo}":         "Unknown character property name {Foo} near index 6\n\\p{Foo}\n      ^",
		"\\p{x=y}":         "Unknown Unicode property {name=<x>, value=<y>} near index 6\n\\p{x=y}\n      ^",
		"\\p{":             "Unclosed character family near index 3\n\\p{",
		"\\p{}":            "Empty character family near index 3\n\\p{}\n   ^",
		"(?<=(ab)*)x":      "Look-behind group does not have an obvious maximum length near index 8\n(?<=(ab)*)x\n        ^",
		"(?z)":             "Unknown inline modifier near index 2\n(?z)\n  ^",
		"(?$a)":            "Unknown group type near index 2\n(?$a)\n  ^",
		"(?<1>a)":          "capturing group name does not start with a Latin letter near index 3\n(?<1>a)\n   ^",
		"(?<n":             "named capturing group is missing trailing '>' near index 4\n(?<n",
		"(?<n>a)(?<n>b)":   "Named capturing group <n> is already defined near index 11\n(?<n>a)(?<n>b)\n           ^",
		"\\k<x>":           "named capturing group <x> does not exist near index 4\n\\k<x>\n    ^",
		"[z-a]":            "Illegal character range near index 3\n[z-a]\n   ^",
		"[a-\\d]":          "Illegal character range near index 4\n[a-\\d]\n    ^",
		"\\Qab\\E(":        "Unclosed group near index 3\n\\Qab\\E(\n   ^",
		"(?P<n>a)":         "Unknown inline modifier near index 2\n(?P<n>a)\n  ^",
		"\\ud83d\\ude00(":  "Unclosed group near index 13\n\\ud83d\\ude00(",
		"[a&&&&b]\\g":      "Illegal/unsupported escape sequence near index 9\n[a&&&&b]\\g\n         ^",
		"(?x) ( a # b":     "Unclosed group near index 12\n(?x) ( a # b",
		"(?<!(a|bc){1,2})": "Look-behind group does not have an obvious maximum length near index 14\n(?<!(a|bc){1,2})\n              ^",
	} {
		_, err := Compile(pattern)
		var e *javatext.Error
		if !errors.As(err, &e) || e.Class != "java.util.regex.PatternSyntaxException" || e.Message != want {
			t.Errorf("Compile(%q):\n got %v\nwant %s", pattern, err, want)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for _, pattern := range []string{
		"\\X", "\\b{g}", "\\N{DIGIT ONE}", "(?c)a", "\\p{InGreek}", "\\p{blk=Greek}", "[\\p{javaMirrored}]", "\\p{IsLatn}",
	} {
		_, err := Compile(pattern)
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), strconv.Quote(pattern)) {
			t.Errorf("Compile(%q): got %v, want an unsupported error that names the pattern", pattern, err)
		}
	}
}

func TestStepLimit(t *testing.T) {
	r := mustCompile(t, "((a|aa)+)+\\1b")
	_, err := r.MatchString(strings.Repeat("a", 60))
	if err == nil || !strings.Contains(err.Error(), `was given up on a text of 60 bytes: too much backtracking`) {
		t.Errorf("got %v", err)
	}
	if _, err := mustCompile(t, "(?:a|b(?=b))*+c|(?:a|b)*?\\1()c").MatchString(strings.Repeat("ab", 1e6)); err == nil {
		t.Error("a million open choices are no error")
	}
	// Without the back reference Java, and so we, remember where rounds failed.
	if ok, err := mustCompile(t, "(?!x)(a|aa)+b").MatchString(strings.Repeat("a", 200)); ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
}

// What RE2 takes, the backtracking matcher must answer the same.
func TestEnginesAgree(t *testing.T) {
	for _, pattern := range []string{"(a|ab)(c|bcd)(d*)", "([^.]+)\\.(.*?)x?$", "(?i:T)\\b.*", "(a)|(b)+?", "(?m)^(.+)$"} {
		r := mustCompile(t, pattern)
		if r.first == nil || r.whole == nil {
			t.Errorf("%q is not on RE2", pattern)
			continue
		}
		for _, text := range []string{"", "abcd", "a.b.cx", "t-t", "bbb", "x y"} {
			sameAnswers(t, r, text)
		}
	}
}

func sameAnswers(t *testing.T, r *Regexp, text string) {
	t.Helper()
	if !r.assumed(text) {
		return
	}
	if r.first != nil {
		slow, ok := r.program.search(text, false)
		if fast := r.first.FindStringSubmatchIndex(text); ok && !cmp.Equal(fast, slow) {
			t.Errorf("%q on %q: RE2 finds %v, the matcher %v", r, text, fast, slow)
		}
	}
	if r.whole != nil {
		slow, ok := r.program.search(text, true)
		if fast := r.whole.MatchString(text); ok && fast != (slow != nil) {
			t.Errorf("%q on %q: RE2 matches %v, the matcher %v", r, text, fast, slow != nil)
		}
	}
}

func FuzzEngines(f *testing.F) {
	for _, seed := range []struct{ pattern, text string }{
		{"(a|ab)(c|bcd)(d*)", "abcd"}, {"[a-c&&[^b]]+$", "ac\n"}, {"(?<n>.)\\k<n>", "aa"}, {"(?ix) É \\b #x", "é"},
		{"(?<=a{1,3})(?!b)\\p{Lu}*+", "aaB"}, {"((a*)*)*b", "aab"}, {"\\Q[\\E\\R{2}", "[\r\n"}, {"(?m)^\\Z|[^\\h]", "\u2028"},
	} {
		f.Add(seed.pattern, seed.text)
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		r, err := Compile(pattern)
		if err != nil {
			var e *javatext.Error
			if !errors.As(err, &e) && !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("Compile(%q): %v", pattern, err)
			}
			return
		}
		if len(text) > 20 || !utf8.ValidString(text) {
			return
		}
		sameAnswers(t, r, text)
		if _, err := r.ReplaceFirst(text, "$0"); err != nil && !strings.Contains(err.Error(), "given up") {
			t.Errorf("%q on %q: %v", pattern, text, err)
		}
	})
}

func BenchmarkReplaceFirst(b *testing.B) {
	for name, pattern := range map[string]string{
		"re2": "([^.]+)\\.([^.]+)\\.([^.]+)", "matcher": "([^.]+)\\.(?!secret)([^.]+)\\.([^.]+)",
	} {
		b.Run(name, func(b *testing.B) {
			r := mustCompile(b, pattern)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.ReplaceFirst("server1.inventory.customers", "$2-$3"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
