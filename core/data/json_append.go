package data

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/connectless/connectless/core/data/javatext"
)

// AppendJSON appends the value as JSON text and returns the extended buffer. Spans that nobody looked into are copied
// as they are. Everything else is written as Jackson does: strings escape only quotes, backslashes and control
// characters; doubles have Java's text and NaN and the infinities are strings; Bytes are base64; a Date is its
// milliseconds; a Decimal is a number with its scale kept; a Struct has all its fields, nulls included. A Map whose keys
// are not all strings is an array of [key, value] pairs.
func (v *Value) AppendJSON(dst []byte) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	switch v.form {
	case formClean:
		dst = append(dst, '"')
		dst = append(dst, v.text...)
		return append(dst, '"')
	case formEscaped:
		dst = append(dst, '"')
		dst = append(dst, v.text...)
		return append(dst, '"')
	case formDigits, formSpan:
		return append(dst, v.text...)
	}
	switch v.kind {
	case Null:
		return append(dst, "null"...)
	case Bool:
		return strconv.AppendBool(dst, v.num != 0)
	case Int8, Int16, Int32, Int64, Date:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case Float32, Float64:
		return v.appendFloat(dst)
	case String:
		return AppendJSONString(dst, v.text)
	case Bytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Raw())
		return append(dst, '"')
	case Decimal:
		return append(dst, PlainDecimal(v.Unscaled(), v.Scale())...)
	case BigInt:
		return v.Unscaled().Append(dst, 10)
	case Array:
		dst = append(dst, '[')
		for i := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.node.items[i].AppendJSON(dst)
		}
		return append(dst, ']')
	}
	n := v.expand()
	if n.items != nil {
		dst = append(dst, '[')
		for i := 0; i < len(n.items); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '[')
			dst = n.items[i].AppendJSON(dst)
			dst = append(dst, ',')
			dst = n.items[i+1].AppendJSON(dst)
			dst = append(dst, ']')
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i := range n.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSONString(dst, n.fields[i].Name)
		dst = append(dst, ':')
		dst = n.fields[i].Value.AppendJSON(dst)
	}
	return append(dst, '}')
}

func (v *Value) appendFloat(dst []byte) []byte {
	f := v.Float()
	quoted := math.IsNaN(f) || math.IsInf(f, 0)
	if quoted {
		dst = append(dst, '"')
	}
	if v.kind == Float32 {
		dst = javatext.AppendFloat(dst, float32(f))
	} else {
		dst = javatext.AppendDouble(dst, f)
	}
	if quoted {
		dst = append(dst, '"')
	}
	return dst
}

// PlainDecimal is the text of unscaled * 10^-scale without an exponent, its scale kept: BigDecimal.toPlainString.
func PlainDecimal(unscaled *big.Int, scale int32) string {
	s := unscaled.String()
	if scale == 0 {
		return s
	}
	neg := s[0] == '-'
	if neg {
		s = s[1:]
	}
	if scale < 0 {
		if s == "0" {
			return s
		}
		s += zeros(int(-scale))
	} else {
		if len(s) <= int(scale) {
			s = zeros(int(scale)-len(s)+1) + s
		}
		s = s[:len(s)-int(scale)] + "." + s[len(s)-int(scale):]
	}
	if neg {
		s = "-" + s
	}
	return s
}

func zeros(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0'
	}
	return string(b)
}

const hexDigits = "0123456789ABCDEF"

// AppendJSONString appends s as a JSON string, escaped as Jackson escapes it. Bytes that are not UTF-8 become U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
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
				dst = append(dst, "\uFFFD"...)
				start = i + 1
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
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
