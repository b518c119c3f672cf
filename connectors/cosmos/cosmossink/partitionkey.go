package cosmossink

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
)

// maxKeyBytes is the service's limit for one value of a partition key (101 bytes in containers of the first kind).
// https://learn.microsoft.com/azure/cosmos-db/concepts-limits
const maxKeyBytes = 2048

// appendPartitionKey appends the header that names the document's logical partition: a JSON array in ASCII with a value
// per path, {} for a path that leads nowhere. Equal keys have equal text, however the document writes its numbers.
func appendPartitionKey(dst []byte, def *definition, doc *data.Value, id []byte) ([]byte, error) {
	for i, path := range def.paths {
		dst = append(dst, "[,"[min(i, 1)])
		if len(path) == 1 && path[0] == "id" {
			dst = appendASCII(dst, id)
			continue
		}
		var err error
		if dst, err = appendComponent(dst, find(doc, path)); err != nil {
			return dst, fmt.Errorf("partition key %q: %w", path, err)
		}
	}
	return append(dst, ']'), nil
}

// find follows names down; nil when they lead nowhere.
func find(v *data.Value, path []string) *data.Value {
	for _, name := range path {
		if v = v.Get(name); v == nil {
			return nil
		}
	}
	return v
}

func appendComponent(dst []byte, v *data.Value) ([]byte, error) {
	if v == nil {
		return append(dst, "{}"...), nil
	}
	switch v.Kind() {
	case data.Null:
		return append(dst, "null"...), nil
	case data.Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case data.String:
		return appendText(dst, v.Text())
	case data.Bytes:
		return appendText(dst, base64.StdEncoding.EncodeToString(v.Raw()))
	case data.Array:
		return dst, errors.New("its value is an array; it must be a string, number, boolean or null")
	case data.Map, data.Struct:
		return dst, errors.New("its value is an object; it must be a string, number, boolean or null")
	}
	f, err := number(v)
	switch {
	case err != nil:
		return dst, err
	case math.IsNaN(f) || math.IsInf(f, 0): // a string in the document, unless it was a number too large
		if _, digits := v.Digits(); digits || v.Kind() == data.Decimal || v.Kind() == data.BigInt {
			return dst, errors.New("its number is out of range")
		}
		return appendText(dst, string(javatext.AppendDouble(nil, f)))
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64), nil
}

// number is the double that the service reads from the document's text.
func number(v *data.Value) (float64, error) {
	if text, ok := v.Digits(); ok {
		f, err := strconv.ParseFloat(text, 64)
		if math.IsInf(f, 0) {
			err = nil // the caller tells
		}
		return f, err
	}
	switch v.Kind() {
	case data.Float64:
		return v.Float(), nil
	case data.Float32: // by its text, as the document has it
		return strconv.ParseFloat(string(javatext.AppendFloat(nil, float32(v.Float()))), 64)
	case data.Decimal:
		return javatext.DecimalToF64(v.Unscaled(), v.Scale()), nil
	case data.BigInt:
		return javatext.DecimalToF64(v.Unscaled(), 0), nil
	}
	return float64(v.Int()), nil
}

func appendText(dst []byte, s string) ([]byte, error) {
	if len(s) > maxKeyBytes {
		return dst, fmt.Errorf("its value is %d bytes long, the limit is %d", len(s), maxKeyBytes)
	}
	return appendASCII(dst, s), nil
}

// appendASCII appends s as a JSON string of printable ASCII, which a header can carry.
func appendASCII[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
			i++
		case c >= 0x20 && c < 0x7F:
			dst = append(dst, c)
			i++
		default:
			end := min(i+utf8.UTFMax, len(s))
			r, size := utf8.DecodeRuneInString(string(s[i:end]))
			i += size
			if r >= 0x10000 {
				r -= 0x10000
				dst = appendUnit(dst, 0xD800+r>>10)
				r = 0xDC00 + r&0x3FF
			}
			dst = appendUnit(dst, r)
		}
	}
	return append(dst, '"')
}

func appendUnit(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
