package data

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

const (
	swarLow  = 0x0101010101010101
	swarHigh = 0x8080808080808080
)

// special marks, in the high bit of each byte of w, quotes, backslashes, control characters and bytes beyond ASCII. Only
// the lowest mark is sure: a borrow may make a byte above it look like one.
func special(w uint64) uint64 {
	q := w ^ ('"' * swarLow)
	s := w ^ ('\\' * swarLow)
	return ((q-swarLow)&^q | (s-swarLow)&^s | (w-0x20*swarLow)&^w | w) & swarHigh
}

// str checks the string whose quote is at i and returns the index after its closing quote.
func (p *parser) str(i int) (end int, escaped bool) {
	b := p.b
	i++
	for i+8 <= len(b) {
		hit := special(load64(b, i))
		if hit == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(hit) >> 3
		if b[i] == '"' {
			return i + 1, escaped
		}
		escaped = escaped || b[i] == '\\'
		if i = p.specialByte(i); i < 0 {
			return i, false
		}
	}
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i + 1, escaped
		case c >= 0x20 && c < 0x80 && c != '\\':
			i++
		default:
			escaped = escaped || c == '\\'
			if i = p.specialByte(i); i < 0 {
				return i, false
			}
		}
	}
	return p.fail(i, ""), false
}

// specialByte steps over an escape or a run of characters beyond ASCII.
func (p *parser) specialByte(i int) int {
	c := p.b[i]
	if c == '\\' {
		return p.escape(i)
	}
	if c < 0x20 {
		return p.fail(i, "control character in a string")
	}
	for i < len(p.b) && p.b[i] >= 0x80 {
		_, size := utf8.DecodeRune(p.b[i:])
		if size == 1 {
			return p.fail(i, "invalid UTF-8 in a string")
		}
		i += size
	}
	return i
}

func (p *parser) escape(i int) int {
	if i+1 >= len(p.b) {
		return p.fail(len(p.b), "")
	}
	switch p.b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 > len(p.b) {
			return p.fail(len(p.b), "")
		}
		for _, c := range p.b[i+2 : i+6] {
			if c-'0' > 9 && c|0x20-'a' > 5 {
				return p.fail(i, "bad \\u escape")
			}
		}
		return i + 6
	}
	return p.fail(i, "unknown escape")
}

// unescape decodes the inside of a JSON string that str has checked. Half a surrogate pair, which a Java String can
// hold, gets the three bytes that UTF-8 would have for it; AppendJSONString makes an escape of it again.
func (a *Arena) unescape(s string) string {
	out := a.Alloc(len(s))[:0]
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			j := i + 1
			for j < len(s) && s[j] != '\\' {
				j++
			}
			out = append(out, s[i:j]...)
			i = j
			continue
		}
		switch s[i+1] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(s[i+2:])
			i += 6
			if r >= 0xD800 && r < 0xDC00 && i+6 <= len(s) && s[i] == '\\' && s[i+1] == 'u' {
				if low := hex4(s[i+2:]); low >= 0xDC00 && low < 0xE000 {
					r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
					i += 6
				}
			}
			if r >= 0xD800 && r < 0xE000 {
				out = append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
			} else {
				out = utf8.AppendRune(out, r)
			}
			continue
		default:
			out = append(out, s[i+1])
		}
		i += 2
	}
	return view(out)
}

func hex4(s string) rune {
	n, _ := strconv.ParseUint(s[:4], 16, 32) // escape checked the digits
	return rune(n)
}

// surrogate reads half a surrogate pair in the three bytes that unescape makes of it.
func surrogate(s string) (half uint16, ok bool) {
	if len(s) < 3 || s[0] != 0xED || s[1]&0xE0 != 0xA0 || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | uint16(s[1]&0x3F)<<6 | uint16(s[2]&0x3F), true
}

const hexDigits = "0123456789ABCDEF"

// AppendJSONString appends s as a JSON string, escaped as Jackson escapes it. Bytes that are not UTF-8 become U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if plain(s) {
		dst = append(dst, s...)
	} else {
		dst = appendEscaped(dst, s)
	}
	return append(dst, '"')
}

// plain says whether s is ASCII that needs no escape.
func plain(s string) bool {
	b := unviewed(s)
	n := len(b)
	if n >= 8 {
		for i := 0; i < n-8; i += 8 {
			if special(load64(b, i)) != 0 {
				return false
			}
		}
		return special(load64(b, n-8)) == 0
	}
	// Up to seven bytes, put together so that each is there at least once.
	const filler = 'a' * (swarLow >> 24 << 24)
	switch {
	case n >= 4:
		return special(uint64(binary.LittleEndian.Uint32(b))|uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32) == 0
	case n > 0:
		return special(uint64(b[0])|uint64(b[n/2])<<8|uint64(b[n-1])<<16|filler) == 0
	}
	return true
}

func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < 0x80 {
			i++
			continue
		}
		if c >= 0x80 {
			_, size := utf8.DecodeRuneInString(s[i:])
			if size == 1 {
				dst = append(dst, s[start:i]...)
				if half, ok := surrogate(s[i:]); ok {
					dst = append(dst, '\\', 'u', 'D', hexDigits[half>>8&15], hexDigits[half>>4&15], hexDigits[half&15])
					size = 3
				} else {
					dst = append(dst, "\uFFFD"...)
				}
				start = i + size
			}
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(dst, s[start:]...)
}
