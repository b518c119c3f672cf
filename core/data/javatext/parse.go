package javatext

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ParseLong is Long.parseLong(s): an optional sign and decimal digits of any script, nothing else. The error is a
// NumberFormatException.
func ParseLong(s string) (int64, error) {
	v, ok := parseInteger(s, 64)
	if !ok {
		return 0, badInput(s)
	}
	return v, nil
}

// ParseInt is Integer.parseInt(s), see ParseLong.
func ParseInt(s string) (int32, error) {
	v, ok := parseInteger(s, 32)
	if !ok {
		return 0, badInput(s)
	}
	return int32(v), nil
}

// ParseShort is Short.parseShort(s), see ParseLong.
func ParseShort(s string) (int16, error) {
	v, err := parseSmall(s, math.MinInt16, math.MaxInt16)
	return int16(v), err
}

// ParseByte is Byte.parseByte(s), see ParseLong.
func ParseByte(s string) (int8, error) {
	v, err := parseSmall(s, math.MinInt8, math.MaxInt8)
	return int8(v), err
}

// parseSmall reads an int first, so that the two ways of being out of range have different messages.
func parseSmall(s string, low, high int32) (int32, error) {
	v, err := ParseInt(s)
	if err == nil && (v < low || v > high) {
		return 0, numberFormat(`Value out of range. Value:"` + s + `" Radix:10`)
	}
	return v, err
}

func parseInteger(s string, size uint) (v int64, ok bool) {
	limit := uint64(1)<<(size-1) - 1
	digits := s
	negative := strings.HasPrefix(s, "-")
	if negative {
		limit++
	}
	if negative || strings.HasPrefix(s, "+") {
		digits = s[1:]
	}
	if digits == "" {
		return 0, false
	}
	var u uint64
	for _, r := range digits {
		d := digitValue(r)
		if d < 0 || u > limit/10 {
			return 0, false
		}
		if u = u*10 + uint64(d); u > limit {
			return 0, false
		}
	}
	if negative {
		u = -u
	}
	return int64(u), true
}

// digitValue is Character.digit of one UTF-16 unit, radix 10: digits beyond the basic plane are surrogates there, not
// digits. -1 means none.
func digitValue(r rune) int {
	if r < utf8.RuneSelf {
		if '0' <= r && r <= '9' {
			return int(r - '0')
		}
		return -1
	}
	return wideDigitValue(r)
}

func wideDigitValue(r rune) int {
	if r > math.MaxUint16 {
		return -1
	}
	for _, g := range unicode.Nd.R16 {
		if rune(g.Lo) <= r && r <= rune(g.Hi) {
			return int(r-rune(g.Lo)) % 10
		}
	}
	return -1
}

// ParseDouble is Double.parseDouble(s): white space around it is ignored, a trailing d, D, f or F accepted, so are
// NaN, Infinity and hexadecimal ("0x1p3"); too large is infinite, too small is zero. The error is a
// NumberFormatException.
func ParseDouble(s string) (float64, error) { return parseFloat(s, 64) }

// ParseFloat is Float.parseFloat(s), see ParseDouble.
func ParseFloat(s string) (float32, error) {
	v, err := parseFloat(s, 32)
	return float32(v), err
}

func parseFloat(s string, size int) (float64, error) {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if s == "" {
		return 0, numberFormat("empty String")
	}
	body := s
	sign := 1.0
	if body[0] == '-' || body[0] == '+' {
		if body[0] == '-' {
			sign = -1
		}
		body = body[1:]
	}
	switch body {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(int(sign)), nil
	}
	number := floatLiteral(body)
	if number == "" {
		if strings.Count(body[:span(body, isDecimalOrPoint)], ".") > 1 {
			return 0, numberFormat("multiple points")
		}
		return 0, badInput(s)
	}
	v, err := strconv.ParseFloat(number, size)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, badInput(s)
	}
	return sign * v, nil
}

// floatLiteral returns s without Java's type suffix when it is an unsigned floating point literal, else "".
func floatLiteral(s string) string {
	number := s
	if n := len(s); n > 0 && strings.IndexByte("dDfF", s[n-1]) >= 0 {
		number = s[:n-1]
	}
	rest, digit, mark := number, isDecimal, byte('e')
	if len(s) > 1 && s[0] == '0' && s[1]|0x20 == 'x' {
		rest, digit, mark = number[2:], isHex, 'p'
	}
	whole := span(rest, digit)
	n := whole
	rest = rest[whole:]
	if strings.HasPrefix(rest, ".") {
		fraction := span(rest[1:], digit)
		n += fraction
		rest = rest[1+fraction:]
	}
	if n == 0 {
		return ""
	}
	if rest == "" {
		if mark == 'p' { // Java insists on the exponent
			return ""
		}
		return number
	}
	if rest[0]|0x20 != mark {
		return ""
	}
	rest = rest[1:]
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		rest = rest[1:]
	}
	if rest == "" || span(rest, isDecimal) != len(rest) {
		return ""
	}
	return number
}

func span(s string, ok func(byte) bool) int {
	for i := range len(s) {
		if !ok(s[i]) {
			return i
		}
	}
	return len(s)
}

func isDecimal(c byte) bool { return '0' <= c && c <= '9' }

func isDecimalOrPoint(c byte) bool { return isDecimal(c) || c == '.' }

func isHex(c byte) bool { return isDecimal(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
