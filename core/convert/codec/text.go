package codec

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/data"
)

// text is StringConverter.
type text struct {
	charset string
	decode  func(b []byte) string
	encode  func(dst []byte, s string) []byte
}

var optionalString = data.Of(data.TypeString, true)

func newText(props map[string]string) (*text, error) {
	var s convert.Text
	err := parse(props, &s)
	c := &text{charset: convert.Charset(s.Encoding)}
	switch c.charset {
	case "":
		why := data.Errorf("java.nio.charset.UnsupportedCharsetException", "%s", s.Encoding)
		return nil, serialization("Unsupported encoding %s", s.Encoding).Because(why)
	case "UTF-8":
		c.decode, c.encode = decodeUTF8, appendUTF8
	case "ISO-8859-1":
		c.decode, c.encode = decodeLatin1, func(dst []byte, s string) []byte { return appendSingle(dst, s, 0xFF) }
	case "US-ASCII":
		c.decode, c.encode = decodeASCII, func(dst []byte, s string) []byte { return appendSingle(dst, s, 0x7F) }
	case "UTF-16":
		c.decode, c.encode = decodeUTF16, appendUTF16
	case "UTF-16BE":
		c.decode = func(b []byte) string { return decodeUnits(b, 0) }
		c.encode = func(dst []byte, s string) []byte { return appendUnits(dst, s, 0) }
	case "UTF-16LE":
		c.decode = func(b []byte) string { return decodeUnits(b, 1) }
		c.encode = func(dst []byte, s string) []byte { return appendUnits(dst, s, 1) }
	}
	return c, err
}

func (c *text) ToConnect(_ *data.Arena, _ string, b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return optionalString, data.Value{}, nil
	}
	return optionalString, data.OfString(c.decode(b)), nil
}

func (c *text) FromConnect(dst []byte, _ string, _ *data.Schema, v *data.Value) ([]byte, bool, error) {
	switch v.Kind() {
	case data.Null:
		return dst, true, nil
	case data.String:
		return c.encode(dst, v.Text()), false, nil
	}
	return c.encode(dst, v.JavaText()), false, nil
}

const replacement = "\uFFFD"

// decodeUTF8 shares b unless it is not UTF-8; then it replaces what is not, as Java's decoder does: one U+FFFD for the
// longest start of a character, and one for half a surrogate pair.
func decodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = malformed(b)
			out.WriteString(replacement)
		} else {
			out.Write(b[:n])
		}
		b = b[n:]
	}
	return out.String()
}

// malformed is how many bytes of b, which does not start with a character, Java takes for one malformed character.
func malformed(b []byte) int {
	low, high, size := byte(0x80), byte(0xBF), 0
	switch c := b[0]; {
	case c >= 0xE0 && c <= 0xEF: // half a surrogate pair is malformed as a whole
		size = 3
		if c == 0xE0 {
			low = 0xA0
		}
	case c >= 0xF0 && c <= 0xF4:
		size = 4
		switch c {
		case 0xF0:
			low = 0x90
		case 0xF4:
			high = 0x8F
		}
	default:
		return 1
	}
	n := 1
	for n < size && n < len(b) && b[n] >= low && b[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}

// appendUTF8 writes half a surrogate pair, which Go strings hold as three bytes, as a question mark, as Java does.
func appendUTF8(dst []byte, s string) []byte {
	if utf8.ValidString(s) {
		return append(dst, s...)
	}
	for r := range units(s) {
		if utf16.IsSurrogate(r) {
			r = '?'
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// units are the characters of s: runes, halves of surrogate pairs, U+FFFD for other bytes that are not UTF-8.
func units(s string) func(yield func(rune) bool) {
	return func(yield func(rune) bool) {
		for len(s) > 0 {
			r, n := utf8.DecodeRuneInString(s)
			if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xED && s[1]&0xE0 == 0xA0 && s[2]&0xC0 == 0x80 {
				r, n = 0xD000|rune(s[1]&0x3F)<<6|rune(s[2]&0x3F), 3
			}
			if !yield(r) {
				return
			}
			s = s[n:]
		}
	}
}

func decodeLatin1(b []byte) string {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return string(out)
}

func decodeASCII(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		if c < 0x80 {
			out.WriteByte(c)
		} else {
			out.WriteString(replacement)
		}
	}
	return out.String()
}

// appendSingle writes a byte for each character up to last and a question mark for others.
func appendSingle(dst []byte, s string, last rune) []byte {
	for r := range units(s) {
		if r > last {
			r = '?'
		}
		dst = append(dst, byte(r))
	}
	return dst
}

// decodeUTF16 goes by the byte order mark; without one it is big-endian.
func decodeUTF16(b []byte) string {
	if len(b) >= 2 {
		switch {
		case b[0] == 0xFE && b[1] == 0xFF:
			return decodeUnits(b[2:], 0)
		case b[0] == 0xFF && b[1] == 0xFE:
			return decodeUnits(b[2:], 1)
		}
	}
	return decodeUnits(b, 0)
}

// decodeUnits reads UTF-16 of a byte order (0 is big-endian, 1 little-endian). What is no character is one U+FFFD: the
// second half of a pair alone, the first half with whatever stands in the place of the second, half a unit.
func decodeUnits(b []byte, little int) string {
	unit := func(i int) rune { return rune(b[i+little])<<8 | rune(b[i+1-little]) }
	out := make([]byte, 0, len(b))
	for len(b) >= 2 {
		r := unit(0)
		n := 2
		if utf16.IsSurrogate(r) {
			isFirst := r < 0xDC00
			second := rune(0)
			if isFirst && len(b) >= 4 {
				second = unit(2)
			}
			r = utf16.DecodeRune(r, second)
			if isFirst {
				n = min(4, len(b))
			}
		}
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	if len(b) > 0 {
		out = append(out, replacement...)
	}
	return string(out)
}

// appendUTF16 writes a big-endian byte order mark, if there is anything to write.
func appendUTF16(dst []byte, s string) []byte {
	if s == "" {
		return dst
	}
	return appendUnits(append(dst, 0xFE, 0xFF), s, 0)
}

func appendUnits(dst []byte, s string, little int) []byte {
	put := func(u rune) {
		pair := [2]byte{byte(u >> 8), byte(u)}
		dst = append(dst, pair[little], pair[1-little])
	}
	for r := range units(s) {
		switch {
		case utf16.IsSurrogate(r):
			put(utf8.RuneError) // Java's encoders of UTF-16 replace by this, not by a question mark
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			put(high)
			put(low)
		default:
			put(r)
		}
	}
	return dst
}
