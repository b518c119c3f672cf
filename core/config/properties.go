package config

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ReadProperties reads a Java properties file (the format is described at java.util.Properties.load), as UTF-8. Of a key
// that is given twice the last value counts, as in Java.
func ReadProperties(r io.Reader) (map[string]string, error) {
	props := map[string]string{}
	lines := propertyLines{r: bufio.NewReader(r), line: 1}
	lines.skipMark()
	for {
		text, line, err := lines.next()
		if err == io.EOF {
			return props, nil
		}
		if err != nil {
			return nil, fmt.Errorf("config: read properties: %w", err)
		}
		rawKey, rawValue := splitProperty(text)
		key, err := unescapeProperty(rawKey)
		if err != nil {
			return nil, fmt.Errorf("config: properties line %d: %w", line, err)
		}
		value, err := unescapeProperty(rawValue)
		if err != nil {
			return nil, fmt.Errorf("config: properties line %d: value of %s: %w", line, key, err)
		}
		props[key] = value
	}
}

// propertyLines reads logical lines: comments and blank lines left out, continued lines joined, white space at the
// beginning of each cut off.
type propertyLines struct {
	r    *bufio.Reader
	line int // number of the natural line that comes next
}

// skipMark skips a byte order mark, which editors on Windows write.
func (l *propertyLines) skipMark() {
	if b, _ := l.r.Peek(3); string(b) == "\ufeff" {
		_, _ = l.r.Discard(3)
	}
}

func (l *propertyLines) next() (text string, line int, err error) {
	var b strings.Builder
	begun := false
	for {
		natural, err := l.natural()
		if err != nil {
			if begun && err == io.EOF { // a continuation at the end of the file continues nothing
				return b.String(), line, nil
			}
			return "", 0, err
		}
		natural = strings.TrimLeft(natural, " \t\f")
		if !begun {
			if natural == "" || natural[0] == '#' || natural[0] == '!' {
				continue
			}
			begun, line = true, l.line-1
		}
		if backslashes(natural)%2 == 0 {
			b.WriteString(natural)
			return b.String(), line, nil
		}
		b.WriteString(natural[:len(natural)-1])
	}
}

// natural reads up to \n, \r or \r\n.
func (l *propertyLines) natural() (string, error) {
	var b []byte
	for {
		c, err := l.r.ReadByte()
		if err == io.EOF && len(b) > 0 {
			l.line++
			return string(b), nil
		}
		if err != nil {
			return "", err
		}
		if c == '\r' {
			if next, err := l.r.Peek(1); err == nil && next[0] == '\n' {
				_, _ = l.r.Discard(1)
			}
		}
		if c == '\n' || c == '\r' {
			l.line++
			return string(b), nil
		}
		b = append(b, c)
	}
}

func backslashes(line string) int { return len(line) - len(strings.TrimRight(line, `\`)) }

// splitProperty splits at the first unescaped '=', ':' or white space.
func splitProperty(line string) (key, value string) {
	i := 0
	for i < len(line) && !strings.ContainsRune("=: \t\f", rune(line[i])) {
		if line[i] == '\\' {
			i++
		}
		i++
	}
	i = min(i, len(line))
	key, value = line[:i], strings.TrimLeft(line[i:], " \t\f")
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], " \t\f")
	}
	return key, value
}

var errUnicodeEscape = errors.New(`malformed \uxxxx escape`)

func unescapeProperty(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b []byte
	high := rune(-1) // a first half of a surrogate pair, not yet written
	flush := func() {
		if high >= 0 {
			b, high = utf8.AppendRune(b, utf8.RuneError), -1
		}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '\\' || i+1 == len(s) {
			flush()
			if c != '\\' {
				b = append(b, c)
			}
			continue
		}
		i++
		if s[i] == 'u' {
			if i+5 > len(s) {
				return "", errUnicodeEscape
			}
			unit, err := strconv.ParseUint(s[i+1:i+5], 16, 16)
			if err != nil {
				return "", errUnicodeEscape
			}
			i += 4
			r := rune(unit)
			if high >= 0 {
				if pair := utf16.DecodeRune(high, r); pair != utf8.RuneError {
					b, high = utf8.AppendRune(b, pair), -1
					continue
				}
				flush()
			}
			if 0xD800 <= r && r < 0xDC00 {
				high = r
				continue
			}
			b = utf8.AppendRune(b, r)
			continue
		}
		flush()
		switch s[i] {
		case 't':
			b = append(b, '\t')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 'f':
			b = append(b, '\f')
		default:
			b = append(b, s[i])
		}
	}
	flush()
	return string(b), nil
}
