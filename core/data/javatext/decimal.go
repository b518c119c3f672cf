package javatext

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
)

// ParseDecimal is new BigDecimal(s): the number unscaled × 10^-scale, keeping every digit written ("12.30" has scale
// 2, "1E+2" scale -2). No white space, no type suffix. The error is a NumberFormatException.
func ParseDecimal(s string) (unscaled *big.Int, scale int32, err error) {
	units := utf16.Encode([]rune(s))
	i, end := 0, len(units)
	negative := false
	if i < end && (units[i] == '-' || units[i] == '+') {
		negative = units[i] == '-'
		i++
	}
	if s == "" {
		return nil, 0, outOfBounds(0)
	}
	digits := make([]byte, 0, 64)
	long := end-i > 18 // Java has a loop of its own for these, with its own message
	point := -1        // digits before the point
	exponent := int64(0)
scan:
	for ; i < end; i++ {
		c := units[i]
		d := digitValue(rune(c))
		switch {
		case d >= 0:
			digits = append(digits, '0'+byte(d))
		case c == '.':
			if point >= 0 {
				return nil, 0, numberFormat("Character array contains more than one decimal point.")
			}
			point = len(digits)
		case c == 'e' || c == 'E':
			if exponent, err = decimalExponent(units, i+1); err != nil {
				return nil, 0, err
			}
			break scan
		case long:
			return nil, 0, numberFormat(`Character array is missing "e" notation exponential mark.`)
		default:
			return nil, 0, numberFormat("Character " + unitText(c) +
				` is neither a decimal digit number, decimal point, nor "e" notation exponential mark.`)
		}
	}
	if len(digits) == 0 {
		return nil, 0, numberFormat("No digits found.")
	}
	wide := -exponent
	if point >= 0 {
		wide += int64(len(digits) - point)
	}
	if wide != int64(int32(wide)) {
		return nil, 0, numberFormat("Scale out of range.")
	}
	unscaled, _ = new(big.Int).SetString(string(digits), 10)
	if negative {
		unscaled.Neg(unscaled)
	}
	return unscaled, int32(wide), nil
}

// decimalExponent reads what follows the e at units[i:].
func decimalExponent(units []uint16, i int) (int64, error) {
	end := len(units)
	if i == end {
		return 0, outOfBounds(i)
	}
	negative := units[i] == '-'
	if negative || units[i] == '+' {
		i++
	}
	if i == end {
		return 0, outOfBounds(i)
	}
	for end-i > 10 && digitValue(rune(units[i])) == 0 {
		i++
	}
	if end-i > 10 {
		return 0, numberFormat("Too many nonzero exponent digits.")
	}
	var v int64
	for ; i < end; i++ {
		d := digitValue(rune(units[i]))
		if d < 0 {
			return 0, numberFormat("Not a digit.")
		}
		v = v*10 + int64(d)
	}
	if negative {
		v = -v
	}
	if v != int64(int32(v)) {
		return 0, numberFormat("Exponent overflow.")
	}
	return v, nil
}

// unitText is a UTF-16 unit as Java prints it in UTF-8; half a pair is a question mark.
func unitText(c uint16) string {
	if utf16.IsSurrogate(rune(c)) {
		return "?"
	}
	return string(rune(c))
}

// outOfBounds is what BigDecimal throws where the text ends too early: no message, and its own mistake as the cause.
func outOfBounds(i int) error {
	n := strconv.Itoa(i)
	return &Error{Class: classNumberFormat, Cause: &Error{
		Class:   "java.lang.ArrayIndexOutOfBoundsException",
		Message: "Index " + n + " out of bounds for length " + n,
	}}
}

// AppendDecimal appends BigDecimal.toString: plain when the scale is not negative and the number at least 1E-6,
// scientific otherwise ("1E+2", "1.2E-7").
func AppendDecimal(dst []byte, unscaled *big.Int, scale int32) []byte {
	if scale == 0 {
		return unscaled.Append(dst, 10)
	}
	var room [64]byte
	digits := unscaled.Append(room[:0], 10)
	if digits[0] == '-' {
		dst = append(dst, '-')
		digits = digits[1:]
	}
	exponent := int64(len(digits)-1) - int64(scale)
	if scale < 0 || exponent < -6 {
		dst = append(dst, digits[0])
		if len(digits) > 1 {
			dst = append(dst, '.')
			dst = append(dst, digits[1:]...)
		}
		if exponent != 0 {
			dst = append(dst, 'E')
			if exponent > 0 {
				dst = append(dst, '+')
			}
			dst = strconv.AppendInt(dst, exponent, 10)
		}
		return dst
	}
	whole := len(digits) - int(scale)
	if whole > 0 {
		dst = append(dst, digits[:whole]...)
		dst = append(dst, '.')
		return append(dst, digits[whole:]...)
	}
	dst = append(dst, "0."...)
	for ; whole < 0; whole++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// DecimalToI64 is BigDecimal.longValue: the fraction is dropped, then the low 64 bits are kept.
func DecimalToI64(unscaled *big.Int, scale int32) int64 {
	switch {
	case scale <= -64: // a multiple of 2^64
		return 0
	case scale < 0:
		return low64(new(big.Int).Mul(unscaled, pow10(-int(scale))))
	case scale == 0:
		return low64(unscaled)
	case int64(scale) > int64(unscaled.BitLen()): // below 1, whatever 10^scale may be
		return 0
	}
	return low64(new(big.Int).Quo(unscaled, pow10(int(scale))))
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func low64(v *big.Int) int64 {
	mask := new(big.Int).SetUint64(math.MaxUint64)
	return int64(mask.And(mask, v).Uint64())
}

// DecimalToF64 is BigDecimal.doubleValue: the nearest double, infinite beyond the largest.
func DecimalToF64(unscaled *big.Int, scale int32) float64 { return decimalToFloat(unscaled, scale, 64) }

// DecimalToF32 is BigDecimal.floatValue, see DecimalToF64.
func DecimalToF32(unscaled *big.Int, scale int32) float32 {
	return float32(decimalToFloat(unscaled, scale, 32))
}

func decimalToFloat(unscaled *big.Int, scale int32, size int) float64 {
	if unscaled.Sign() == 0 {
		return 0
	}
	text := unscaled.Append(make([]byte, 0, 64), 10)
	text = append(text, 'e')
	text = strconv.AppendInt(text, -int64(scale), 10)
	v, err := strconv.ParseFloat(string(text), size)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		panic("javatext: " + err.Error()) // the text was made three lines above
	}
	return v
}

// ParseBigInteger is new BigInteger(s). The error is a NumberFormatException.
func ParseBigInteger(s string) (*big.Int, error) {
	digits := s
	if s != "" && (s[0] == '-' || s[0] == '+') {
		digits = s[1:]
	}
	switch {
	case s == "":
		return nil, numberFormat("Zero length BigInteger")
	case strings.ContainsAny(digits, "+-"):
		return nil, numberFormat("Illegal embedded sign character")
	case digits == "":
		return nil, numberFormat("Zero length BigInteger")
	}
	units := utf16.Encode([]rune(digits))
	for len(units) > 0 && digitValue(rune(units[0])) == 0 {
		units = units[1:]
	}
	// Java reads groups of nine digits, the first being the odd one, and names the group that is not a number.
	ascii := append(make([]byte, 0, 1+len(units)), '0')
	for size := len(units) % 9; len(units) > 0; size = 9 {
		if size == 0 {
			continue
		}
		for _, u := range units[:size] {
			d := digitValue(rune(u))
			if d < 0 {
				return nil, badInput(string(utf16.Decode(units[:size])))
			}
			ascii = append(ascii, '0'+byte(d))
		}
		units = units[size:]
	}
	v, _ := new(big.Int).SetString(string(ascii), 10)
	if s[0] == '-' {
		v.Neg(v)
	}
	return v, nil
}

// AppendTwosComplement appends BigInteger.toByteArray: big-endian two's complement in the fewest bytes, at least one.
func AppendTwosComplement(dst []byte, v *big.Int) []byte {
	if v.Sign() >= 0 {
		n := v.BitLen()/8 + 1
		dst = append(dst, make([]byte, n)...)
		v.FillBytes(dst[len(dst)-n:])
		return dst
	}
	// -v is the complement of v-1.
	m := new(big.Int).Not(v)
	n := m.BitLen()/8 + 1
	dst = append(dst, make([]byte, n)...)
	tail := m.FillBytes(dst[len(dst)-n:])
	for i := range tail {
		tail[i] = ^tail[i]
	}
	return dst
}

// ParseTwosComplement is new BigInteger(b). An empty b is a NumberFormatException.
func ParseTwosComplement(b []byte) (*big.Int, error) {
	if len(b) == 0 {
		return nil, numberFormat("Zero length BigInteger")
	}
	v := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return v, nil
}
