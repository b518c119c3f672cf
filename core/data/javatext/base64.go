package javatext

import (
	"encoding/base64"
	"strconv"
	"unicode"
)

// DecodeBase64 appends the bytes that Jackson's JsonNode.binaryValue() finds in s: the standard alphabet, padding
// required, white space and control characters allowed between units of four only. The error's message is what
// Jackson adds after "Cannot access contents of TextNode as binary due to broken Base64 encoding: ".
func DecodeBase64(dst []byte, s string) ([]byte, error) {
	start := len(dst)
	dst, err := base64.StdEncoding.AppendDecode(dst, []byte(s))
	if err == nil && !hasLineBreak(s) {
		return dst, nil
	}
	return decodeBase64Slow(dst[:start], s)
}

// hasLineBreak finds what Go's decoder skips everywhere.
func hasLineBreak(s string) bool {
	for i := range len(s) {
		if s[i] == '\n' || s[i] == '\r' {
			return true
		}
	}
	return false
}

func decodeBase64Slow(dst []byte, s string) ([]byte, error) {
	text := []rune(s)
	for len(text) > 0 {
		if text[0] <= ' ' {
			text = text[1:]
			continue
		}
		var v uint32
		n := 0 // characters before the padding
		for ; n < 4; n++ {
			if n == len(text) {
				return dst, badBase64("Unexpected end of base64-encoded String: base64 variant 'MIME-NO-LINEFEEDS' " +
					"expects padding (one or more '=' characters) at the end. This Base64Variant might have been incorrectly configured")
			}
			d := base64Digit(text[n])
			if d < 0 {
				if text[n] == '=' && n >= 2 {
					break
				}
				return dst, illegalBase64(text[n], n, "")
			}
			v |= uint32(d) << (18 - 6*n)
		}
		if n == 2 {
			if len(text) == 3 {
				return dst, badBase64("Unexpected end of base64-encoded String: base64 variant 'MIME-NO-LINEFEEDS' " +
					"expects padding (one or more '=' characters) at the end. This Base64Variant might have been incorrectly configured")
			}
			if text[3] != '=' {
				return dst, illegalBase64(text[3], 3, ": expected padding character '='")
			}
		}
		unit := [3]byte{byte(v >> 16), byte(v >> 8), byte(v)}
		dst = append(dst, unit[:n-1]...)
		text = text[4:]
	}
	return dst, nil
}

func base64Digit(r rune) int {
	switch {
	case 'A' <= r && r <= 'Z':
		return int(r - 'A')
	case 'a' <= r && r <= 'z':
		return int(r-'a') + 26
	case '0' <= r && r <= '9':
		return int(r-'0') + 52
	case r == '+':
		return 62
	case r == '/':
		return 63
	}
	return -1
}

// illegalBase64 describes r, the character at index of a unit of four.
func illegalBase64(r rune, index int, reason string) error {
	code := " (code 0x" + strconv.FormatInt(int64(r), 16) + ")"
	place := " as character #" + strconv.Itoa(index+1) + " of 4-char base64 unit: "
	switch {
	case r <= ' ':
		return badBase64("Illegal white space character" + code + place + "can only used between units" + reason)
	case r == '=':
		return badBase64("Unexpected padding character ('=')" + place + "padding only legal as 3rd or 4th character" + reason)
	case unicode.IsControl(r):
		return badBase64("Illegal character" + code + " in base64 content" + reason)
	}
	return badBase64("Illegal character '" + string(r) + "'" + code + " in base64 content" + reason)
}

func badBase64(message string) error {
	return &Error{Class: classIllegalArgument, Message: message}
}
