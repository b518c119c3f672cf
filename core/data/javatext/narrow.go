package javatext

import "math"

// F64ToI64 is Java's (long) cast of a double: toward zero, saturating, NaN is 0. Go leaves the out-of-range cases to
// the processor.
func F64ToI64(f float64) int64 {
	switch {
	case f >= math.MinInt64 && f < -math.MinInt64:
		return int64(f)
	case f != f:
		return 0
	case f < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// F64ToI32 is Java's (int) cast of a double: toward zero, saturating, NaN is 0.
func F64ToI32(f float64) int32 {
	switch {
	case f > math.MinInt32-1 && f < -math.MinInt32:
		return int32(f)
	case f != f:
		return 0
	case f < 0:
		return math.MinInt32
	}
	return math.MaxInt32
}

// F64ToI16 is Java's (short) cast of a double, which goes through int: 1e300 is -1.
func F64ToI16(f float64) int16 { return int16(F64ToI32(f)) }

// F64ToI8 is Java's (byte) cast of a double, which goes through int: 300 is 44, 1e300 is -1.
func F64ToI8(f float64) int8 { return int8(F64ToI32(f)) }
