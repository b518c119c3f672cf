package avro

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"

	"github.com/connectless/connectless/core/data"
)

// reader reads Avro binary. Everything it returns shares the memory of b.
type reader struct {
	a *data.Arena
	b []byte
	// free is how many items without a byte of their own may still be made: nothing in the data bounds their number.
	free  int
	depth int // of values without a schema
}

const (
	maxFree  = 1 << 16
	maxDepth = 1000 // the nesting that JSON may have, too
)

var (
	errShort   = errors.New("the data ends within a value")
	errVarint  = errors.New("invalid variable-length integer")
	errInt     = errors.New("an int has more than 32 bits")
	errBranch  = errors.New("a union has no such branch")
	errSymbol  = errors.New("an enum has no such symbol")
	errLength  = errors.New("a length is negative or greater than what is left")
	errTooMany = errors.New("too many items of no size")
	errDeep    = errors.New("values are nested too deep")
)

// long reads a zigzag variable-length integer.
func (r *reader) long() (int64, error) {
	b := r.b
	if len(b) > 0 && b[0] < 0x80 { // most are short
		r.b = b[1:]
		return int64(b[0]>>1) ^ -int64(b[0]&1), nil
	}
	u, n := binary.Uvarint(b)
	if n <= 0 {
		if n == 0 {
			return 0, errShort
		}
		return 0, errVarint
	}
	r.b = b[n:]
	return int64(u>>1) ^ -int64(u&1), nil
}

func (r *reader) int() (int32, error) {
	n, err := r.long()
	if err == nil && n != int64(int32(n)) {
		err = errInt
	}
	return int32(n), err
}

// take returns the next n bytes.
func (r *reader) take(n int) ([]byte, error) {
	if uint(n) > uint(len(r.b)) {
		return nil, errShort
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b, nil
}

// bytes reads what begins with its length.
func (r *reader) bytes() ([]byte, error) {
	n, err := r.long()
	if err != nil {
		return nil, err
	}
	if uint64(n) > uint64(len(r.b)) {
		return nil, errLength
	}
	return r.take(int(n))
}

func (r *reader) text() (data.Value, error) {
	b, err := r.bytes()
	if err != nil {
		return data.Value{}, err
	}
	return text(b), nil
}

// text is a string of bytes that should be UTF-8; what is not is replaced, as Java's decoder does.
func text(b []byte) data.Value {
	if utf8.Valid(b) {
		return data.OfText(b)
	}
	return data.OfText(repaired(b))
}

// repaired replaces each longest start of a character that is none by U+FFFD.
func repaired(b []byte) []byte {
	out := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = malformed(b)
		}
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return out
}

// malformed is how many bytes of b, which does not begin with a character, Java takes for one malformed character.
func malformed(b []byte) int {
	low, high, size := byte(0x80), byte(0xBF), 0
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		size = 2
	case c >= 0xE0 && c <= 0xEF: // half a surrogate pair is malformed as a whole
		size = 3
		if c == 0xE0 {
			low = 0xA0
		}
	case c >= 0xF0 && c <= 0xF4:
		size = 4
		if c == 0xF0 {
			low = 0x90
		} else if c == 0xF4 {
			high = 0x8F
		}
	}
	n := 1
	for n < size && n < len(b) && b[n] >= low && b[n] <= high {
		n++
		low, high = 0x80, 0xBF
	}
	return n
}

func (r *reader) float32() (data.Value, error) {
	b, err := r.take(4)
	if err != nil {
		return data.Value{}, err
	}
	return data.OfFloat32(math.Float32frombits(binary.LittleEndian.Uint32(b))), nil
}

func (r *reader) float64() (data.Value, error) {
	b, err := r.take(8)
	if err != nil {
		return data.Value{}, err
	}
	return data.OfFloat64(math.Float64frombits(binary.LittleEndian.Uint64(b))), nil
}

// block reads the head of a block of items that have at least size bytes each; 0 ends the list.
func (r *reader) block(size int) (int, error) {
	n, err := r.long()
	if err != nil || n == 0 {
		return 0, err
	}
	if n < 0 { // followed by the block's size in bytes, for who skips it
		if n = -n; n < 0 {
			return 0, errLength
		}
		if _, err := r.long(); err != nil {
			return 0, err
		}
	}
	if size > 0 {
		if n > int64(len(r.b)/size) {
			return 0, errLength
		}
		return int(n), nil
	}
	if n > int64(r.free) {
		return 0, errTooMany
	}
	r.free -= int(n)
	return int(n), nil
}
