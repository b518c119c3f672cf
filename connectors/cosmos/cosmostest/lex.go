package cosmostest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rewriteSQL brings a query into the part of the language that the parser knows: strings (it takes double quotes
// without escapes only), negative numbers, exponents and bracketed property names become parameters, <> becomes !=,
// comments become spaces. The literals are added to params.
func rewriteSQL(text string, params map[string]any) (string, error) {
	r := rewriter{in: text, params: params}
	for r.i < len(r.in) {
		if err := r.token(); err != nil {
			return "", err
		}
	}
	return r.out.String(), nil
}

type rewriter struct {
	in      string
	i       int
	out     strings.Builder
	params  map[string]any
	n       int
	operand bool // the last token can be the left side of a minus
}

func (r *rewriter) rest() string { return r.in[r.i:] }

// emit copies the next n bytes.
func (r *rewriter) emit(n int, operand bool) {
	r.out.WriteString(r.in[r.i : r.i+n])
	r.i += n
	r.operand = operand
}

// literal replaces the next n bytes by a parameter with the value v.
func (r *rewriter) literal(n int, v any) {
	name := fmt.Sprintf("@cosmostest_%d", r.n)
	r.n++
	r.params[name] = v
	r.out.WriteString(name)
	r.i += n
	r.operand = true
}

func (r *rewriter) token() error {
	rest := r.rest()
	switch ch := rest[0]; {
	case ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r':
		r.out.WriteByte(' ')
		r.i++
	case strings.HasPrefix(rest, "--"):
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		r.i += end
		r.out.WriteByte(' ')
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest, "*/")
		if end < 0 {
			return fmt.Errorf("a comment is not closed")
		}
		r.i += end + 2
		r.out.WriteByte(' ')
	case ch == '\'' || ch == '"':
		return r.str()
	case ch >= '0' && ch <= '9':
		return r.number(0)
	case ch == '-' && !r.operand && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		return r.number(1)
	case strings.HasPrefix(rest, "<>"):
		r.out.WriteString("!=")
		r.i += 2
		r.operand = false
	case ch == '.' && len(rest) > 1 && rest[1] >= utf8.RuneSelf:
		n := 1 + wordLen(rest[1:])
		r.out.WriteByte('[')
		r.literal(n, rest[1:n])
		r.out.WriteByte(']')
	case isWord(ch):
		n := wordLen(rest)
		r.emit(n, !isKeyword(rest[:n]))
	case ch == '@':
		r.emit(1+wordLen(rest[1:]), true)
	default:
		r.emit(1, ch == ')' || ch == ']')
	}
	return nil
}

func (r *rewriter) str() error {
	rest := r.rest()
	quote := rest[0]
	var b strings.Builder
	i := 1
	for ; i < len(rest) && rest[i] != quote; i++ {
		if rest[i] != '\\' {
			b.WriteByte(rest[i])
			continue
		}
		if i++; i == len(rest) {
			break
		}
		switch rest[i] {
		case 'u':
			end := i + 5
			// A surrogate pair is one character.
			if len(rest) >= end+6 && rest[end] == '\\' && rest[end+1] == 'u' {
				end += 6
			}
			var s string
			if end > len(rest) || json.Unmarshal([]byte(`"\`+rest[i:end]+`"`), &s) != nil {
				return fmt.Errorf("a string has an invalid escape")
			}
			b.WriteString(s)
			i = end - 1
		case 'b', 'f', 'n', 'r', 't':
			b.WriteByte("\b\f\n\r\t"[strings.IndexByte("bfnrt", rest[i])])
		default:
			b.WriteByte(rest[i])
		}
	}
	if i >= len(rest) {
		return fmt.Errorf("a string is not closed")
	}
	// The names of an object in SELECT {"name": c.x} stay names.
	if s := b.String(); strings.HasPrefix(strings.TrimLeft(rest[i+1:], " \t\r\n"), ":") {
		if s == "" || wordLen(s) != len(s) || !isWord(s[0]) || !isASCII(s) {
			return fmt.Errorf("the name %q of a selected property is not supported", s)
		}
		r.out.WriteString(s)
		r.i += i + 1
		return nil
	}
	r.literal(i+1, b.String())
	return nil
}

// number reads the number after sign bytes of sign.
func (r *rewriter) number(sign int) error {
	rest := r.rest()
	n := sign
	simple := sign == 0
	for n < len(rest) {
		ch := rest[n]
		switch {
		case ch >= '0' && ch <= '9' || ch == '.':
		case ch == 'e' || ch == 'E':
			simple = false
		case (ch == '-' || ch == '+') && (rest[n-1] == 'e' || rest[n-1] == 'E'):
		default:
			goto done
		}
		n++
	}
done:
	f, err := strconv.ParseFloat(rest[:n], 64)
	if err != nil {
		return fmt.Errorf("%q is not a number", rest[:n])
	}
	if simple && n < 16 { // also the counts of TOP, OFFSET and LIMIT, which cannot be parameters here
		r.emit(n, true)
		return nil
	}
	r.literal(n, f)
	return nil
}

func isWord(ch byte) bool {
	return ch == '_' || ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch >= utf8.RuneSelf
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func wordLen(s string) int {
	n := 0
	for n < len(s) && (isWord(s[n]) || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n
}

func isKeyword(w string) bool {
	switch strings.ToUpper(w) {
	case "AND", "OR", "NOT", "IN", "SELECT", "VALUE", "WHERE", "BY", "TOP", "OFFSET", "LIMIT", "BETWEEN", "LIKE":
		return true
	}
	return false
}
