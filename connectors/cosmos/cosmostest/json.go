package cosmostest

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// The functions below walk JSON that validJSON has accepted: they check nothing, so they are fast and cannot fail.
// Documents stay bytes this way; a write copies the spans it keeps and a read appends the system properties.

// validJSON reports whether b is one JSON value in valid UTF-8.
func validJSON(b []byte) bool { return utf8.Valid(b) && json.Valid(b) }

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// skipString returns the index after the string that starts at b[i].
func skipString(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue returns the index after the value that starts at b[i].
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		for depth := 0; ; {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}

// kind returns the first byte of the value v: one of { [ " t f n - or a digit.
func kind(v []byte) byte { return v[skipSpace(v, 0)] }

// members yields the keys (with their quotes) and values of the object obj, in order, duplicates included.
func members(obj []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, val []byte) bool) {
		i := skipSpace(obj, skipSpace(obj, 0)+1)
		for obj[i] != '}' {
			k := i
			i = skipString(obj, i)
			key := obj[k:i]
			i = skipSpace(obj, skipSpace(obj, i)+1)
			v := i
			i = skipValue(obj, i)
			if !yield(key, obj[v:i]) {
				return
			}
			if i = skipSpace(obj, i); obj[i] == ',' {
				i = skipSpace(obj, i+1)
			}
		}
	}
}

// elements yields the elements of the array arr.
func elements(arr []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := skipSpace(arr, skipSpace(arr, 0)+1)
		for arr[i] != ']' {
			v := i
			i = skipValue(arr, i)
			if !yield(arr[v:i]) {
				return
			}
			if i = skipSpace(arr, i); arr[i] == ',' {
				i = skipSpace(arr, i+1)
			}
		}
	}
}

// member returns the last value of name in obj, or nil.
func member(obj []byte, name string) (val []byte) {
	for k, v := range members(obj) {
		if keyIs(k, name) {
			val = v
		}
	}
	return val
}

// keyIs reports whether the quoted string raw spells name.
func keyIs(raw []byte, name string) bool {
	if len(raw) == len(name)+2 && string(raw[1:len(raw)-1]) == name {
		return true
	}
	return bytes.IndexByte(raw, '\\') >= 0 && unquote(raw) == name
}

// unquote decodes the quoted string raw.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s) // raw is a valid string
	return s
}

// stringValue decodes v when it is a string.
func stringValue(v []byte) (string, bool) {
	if len(v) == 0 || v[0] != '"' {
		return "", false
	}
	return unquote(v), true
}

// appendCompact appends v without the white space between its tokens.
func appendCompact(dst, v []byte) []byte {
	for i := 0; i < len(v); {
		switch c := v[i]; c {
		case '"':
			end := skipString(v, i)
			dst = append(dst, v[i:end]...)
			i = end
		case ' ', '\n', '\r', '\t':
			i++
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain {
		return append(append(append(dst, '"'), s...), '"')
	}
	quoted, _ := json.Marshal(s) // a string always marshals
	return append(dst, quoted...)
}
