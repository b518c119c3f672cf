package javatext

import (
	"math"
	"math/bits"
	"strconv"
)

// AppendDouble appends Double.toString(f) of Java 9 to 18: "1.0", "1.0E7", "0.001", "1.0E-5", "NaN", "-Infinity".
// These are not always the shortest digits: 2e23 is "1.9999999999999998E23" and 2^60 is "1.15292150460684698E18",
// because the older JDKs stop at the first digit that identifies the number under a symmetric, half-open error bound
// (JDK-4511638; JDK 19 changed it). Both texts read back as the same number. It does not allocate beyond dst.
func AppendDouble(dst []byte, f float64) []byte {
	if out, ok := appendShort(dst, f); ok {
		return out
	}
	b := math.Float64bits(f)
	frac, exp := b&(1<<52-1), int(b>>52&0x7ff)
	return appendFloat(dst, b>>63 != 0, frac, exp, exp == 0x7ff, 1023, 53)
}

// appendShort appends numbers that four decimals say, as amounts of money are: they need no search for their digits. All
// that it takes have eleven digits at most, among which Java's are the shortest too; TestShortNumbers compares.
func appendShort(dst []byte, f float64) ([]byte, bool) {
	const scale = 10_000
	whole := math.Abs(f)
	if !(whole >= 1e-3 && whole < 1e7) { // written without an exponent
		return dst, false
	}
	n := uint64(whole*scale + 0.5)
	if float64(n)/scale != whole { // correctly rounded: the number is the one nearest to the decimal
		return dst, false
	}
	if f < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, n/scale, 10)
	rest := uint32(n % scale)
	four := [...]byte{'.', '0' + byte(rest/1000), '0' + byte(rest/100%10), '0' + byte(rest/10%10), '0' + byte(rest%10)}
	end := len(four)
	for end > 2 && four[end-1] == '0' {
		end--
	}
	return append(dst, four[:end]...), true
}

// AppendFloat appends Float.toString(f), see AppendDouble.
func AppendFloat(dst []byte, f float32) []byte {
	b := math.Float32bits(f)
	frac, exp := uint64(b&(1<<23-1))<<29, int(b>>23&0xff)
	return appendFloat(dst, b>>31 != 0, frac, exp, exp == 0xff, 127, 24)
}

// appendFloat takes the fraction aligned to 52 bits and the biased exponent; precision is the number of significant
// bits of a normal number of the type.
func appendFloat(dst []byte, negative bool, frac uint64, exp int, special bool, bias, precision int) []byte {
	if special && frac != 0 {
		return append(dst, "NaN"...)
	}
	if negative {
		dst = append(dst, '-')
	}
	switch {
	case special:
		return append(dst, "Infinity"...)
	case exp != 0:
		frac |= 1 << 52
	case frac == 0:
		return append(dst, "0.0"...)
	default: // subnormal: fewer significant bits
		shift := bits.LeadingZeros64(frac) - 11
		frac <<= shift
		exp = 1 - shift
		precision -= shift
	}
	var d digits
	d.develop(frac, exp-bias, precision)
	return d.append(dst)
}

// digits is the number 0.d1d2d3… × 10^exp.
type digits struct {
	d   [20]byte // ASCII
	n   int
	exp int
}

func (d *digits) append(dst []byte) []byte {
	all := d.d[:d.n]
	switch {
	case d.exp > 0 && d.exp < 8:
		whole := min(d.n, d.exp)
		dst = append(dst, all[:whole]...)
		for i := whole; i < d.exp; i++ {
			dst = append(dst, '0')
		}
		dst = append(dst, '.')
		return appendOrZero(dst, all[whole:])
	case d.exp > -3 && d.exp <= 0:
		dst = append(dst, "0.00"[:2-d.exp]...)
		return append(dst, all...)
	}
	dst = append(dst, all[0], '.')
	dst = appendOrZero(dst, all[1:])
	dst = append(dst, 'E')
	return strconv.AppendInt(dst, int64(d.exp-1), 10)
}

func appendOrZero(dst, digits []byte) []byte {
	if len(digits) == 0 {
		return append(dst, '0')
	}
	return append(dst, digits...)
}

// develop finds the digits of frac × 2^(exp-52), where bit 52 of frac is set and precision of its bits are
// significant.
func (d *digits) develop(frac uint64, exp, precision int) {
	zeros := bits.TrailingZeros64(frac)
	width := 53 - zeros             // bits of frac up to its last one
	fraction := max(0, width-exp-1) // bits right of the binary point
	if fraction == 0 && exp < 63 {  // an integer that fits in a long
		d.integer(frac, exp, precision) //
		return
	}
	// The number is b/s × 10^dec, and m is half the distance to its neighbours in the same scale, each a product
	// of powers of two and five.
	dec := estimateExponent(frac, exp)
	b5, s5 := max(0, -dec), max(0, dec)
	b2, s2 := b5+fraction+exp, s5+fraction
	m2 := b2 - precision
	frac >>= zeros
	b2 -= width - 1
	common := min(b2, s2)
	b2, s2, m2 = b2-common, s2-common, m2-common
	if width == 1 { // a power of two: the neighbour below is half as far
		m2--
	}
	if m2 < 0 {
		b2, s2, m2 = b2-m2, s2-m2, 0
	}
	bBits := width + b2 + pow5Bits(b5)
	tensBits := s2 + 1 + pow5Bits(s5+1)
	switch {
	case bBits < 32 && tensBits < 32:
		generate(d, dec, int32(frac)*int32(pow5[b5])<<b2, int32(pow5[s5])<<s2, int32(pow5[b5])<<m2)
	case bBits < 64 && tensBits < 64:
		generate(d, dec, int64(frac)*int64(pow5[b5])<<b2, int64(pow5[s5])<<s2, int64(pow5[b5])<<m2)
	default:
		d.generateWide(dec, frac, b5, b2, s5, s2, m2)
	}
}

// integer takes a number without fraction below 2^63. Digits that the type cannot tell apart are rounded away, but
// only whole ones, so 2^60 keeps 18.
func (d *digits) integer(frac uint64, exp, precision int) {
	v := frac >> max(0, 52-exp) << max(0, exp-52)
	dec := 0
	if p := exp - precision - 1; exp > precision && p > 3 {
		// 2^p has this many digits after its first.
		dec = p * 30103 / 100000
		ten := pow5[dec] << dec
		rest := v % ten
		v /= ten
		if rest >= ten/2 {
			v++
		}
	}
	for v%10 == 0 {
		v /= 10
		dec++
	}
	d.n = len(strconv.AppendUint(d.d[:0], v, 10))
	d.exp = dec + d.n
}

// estimateExponent is the floor of a linear estimate of log10 that is right or one too high. Where it is too high
// decides whether Java writes one digit fewer, so the constants and the order of the roundings are part of the
// format; the conversions forbid fused multiply-add.
func estimateExponent(frac uint64, exp int) int {
	mantissa := math.Float64frombits(0x3ff<<52 | frac&(1<<52-1))
	e := float64((mantissa-1.5)*0.289529654) + 0.176091259
	return int(math.Floor(e + float64(float64(exp)*0.301029995663981)))
}

// generate is digit generation where everything fits a machine word, with Java's own overflow.
func generate[T int32 | int64](d *digits, dec int, b, s, m T) {
	tens := s * 10
	q := b / s
	b = 10 * (b - q*s)
	m *= 10
	low, high := b < m, b+m > tens
	if q == 0 && !high {
		dec--
	} else {
		d.d[d.n] = '0' + byte(q)
		d.n++
	}
	if twoDigits(dec) {
		low, high = false, false
	}
	for !low && !high {
		q = b / s
		b = 10 * (b - q*s)
		m *= 10
		low, high = true, true // m overflowed: certainly past both
		if m > 0 {
			low, high = b < m, b+m > tens
		}
		d.d[d.n] = '0' + byte(q)
		d.n++
	}
	d.exp = dec + 1
	if high && (!low || d.up(int64(b<<1-tens))) {
		d.round()
	}
}

// twoDigits reports whether a number is written in E notation with at least one digit after the point; Java then
// generates that digit rather than writing a zero.
func twoDigits(dec int) bool { return dec < -3 || dec >= 8 }

// up decides the last digit when both neighbours identify the number: the nearer, the even one in a tie.
func (d *digits) up(difference int64) bool {
	return difference > 0 || difference == 0 && d.d[d.n-1]&1 != 0
}

// round adds one to the last digit.
func (d *digits) round() {
	for i := d.n - 1; i >= 0; i-- {
		if d.d[i] != '9' {
			d.d[i]++
			return
		}
		d.d[i] = '0'
	}
	d.d[0] = '1'
	d.exp++
}

// generateWide is generate in numbers of up to 1024 bits.
func (d *digits) generateWide(dec int, frac uint64, b5, b2, s5, s2, m2 int) {
	var b, s, m wide
	s.set(1)
	s.mulPow5(s5)
	// The scale is shifted to have its top word between 2^59 and 2^60, so that ten times it still fits the same
	// words and a quotient digit can be estimated from the top words.
	bias := (60 - (s.bitLen()+s2)%64 + 64) % 64
	s.shift(s2 + bias)
	m.set(1)
	m.mulPow5(b5)
	b = m
	b.mul(frac)
	b.shift(b2 + bias)
	m.shift(m2 + bias)
	m.mul(10)
	tens := s
	tens.mul(10)

	q := b.quoRem10(&s)
	low, high := b.cmp(&m) < 0, cmpSum(&tens, &b, &m) <= 0
	if q == 0 && !high {
		dec--
	} else {
		d.d[d.n] = '0' + q
		d.n++
	}
	if twoDigits(dec) {
		low, high = false, false
	}
	for !low && !high {
		q = b.quoRem10(&s)
		m.mul(10)
		low, high = b.cmp(&m) < 0, cmpSum(&tens, &b, &m) <= 0
		d.d[d.n] = '0' + q
		d.n++
	}
	d.exp = dec + 1
	if high && low {
		b.mul(2)
		high = d.up(int64(b.cmp(&tens)))
	}
	if high {
		d.round()
	}
}

var pow5 = func() (p [27]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 5
	}
	return
}()

// pow5Bits is the size of 5^n, rounded up to three bits a power where the table ends as Java does, and 0 for n = 0.
func pow5Bits(n int) int {
	switch {
	case n == 0:
		return 0
	case n < len(pow5):
		return bits.Len64(pow5[n])
	}
	return 3 * n
}

// wide is an unsigned integer, little-endian. 1024 bits hold every intermediate of the smallest and largest double.
type wide struct {
	w [16]uint64
	n int // words in use; w[n-1] != 0 unless the number is 0
}

func (x *wide) set(v uint64) { x.w[0], x.n = v, 1 }

func (x *wide) bitLen() int { return 64*(x.n-1) + bits.Len64(x.w[x.n-1]) }

func (x *wide) mul(v uint64) {
	var carry uint64
	for i := range x.n {
		hi, lo := bits.Mul64(x.w[i], v)
		var c uint64
		x.w[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	if carry != 0 {
		x.w[x.n] = carry
		x.n++
	}
}

func (x *wide) mulPow5(n int) {
	for ; n >= len(pow5); n -= len(pow5) - 1 {
		x.mul(pow5[len(pow5)-1])
	}
	x.mul(pow5[n])
}

func (x *wide) shift(n int) {
	words := n / 64
	n %= 64
	top := x.w[x.n-1] >> (64 - n)
	for i := x.n - 1; i > 0; i-- {
		x.w[i+words] = x.w[i]<<n | x.w[i-1]>>(64-n)
	}
	x.w[words] = x.w[0] << n
	clear(x.w[:words])
	x.n += words
	if top != 0 {
		x.w[x.n] = top
		x.n++
	}
}

func (x *wide) cmp(y *wide) int {
	if x.n != y.n {
		return x.n - y.n
	}
	for i := x.n - 1; i >= 0; i-- {
		switch {
		case x.w[i] > y.w[i]:
			return 1
		case x.w[i] < y.w[i]:
			return -1
		}
	}
	return 0
}

// cmpSum compares x with y+z.
func cmpSum(x, y, z *wide) int {
	if x.n < max(y.n, z.n) {
		return -1
	}
	var sum wide
	var carry uint64
	sum.n = x.n
	for i := range x.n {
		sum.w[i], carry = bits.Add64(y.word(i), z.word(i), carry)
	}
	if carry != 0 {
		return -1
	}
	for sum.n > 1 && sum.w[sum.n-1] == 0 {
		sum.n--
	}
	return x.cmp(&sum)
}

func (x *wide) word(i int) uint64 {
	if i < x.n {
		return x.w[i]
	}
	return 0
}

// quoRem10 returns x/s, a digit, and leaves ten times the remainder. s is normalised as generateWide does.
func (x *wide) quoRem10(s *wide) byte {
	var q uint64
	if x.n == s.n {
		q = x.w[x.n-1] / (s.w[s.n-1] + 1)
		x.sub(s, q)
		if x.cmp(s) >= 0 {
			x.sub(s, 1)
			q++
		}
	}
	x.mul(10)
	return byte(q)
}

// sub takes q×s from x, which is not smaller.
func (x *wide) sub(s *wide, q uint64) {
	var carry, borrow uint64
	for i := range s.n {
		hi, lo := bits.Mul64(s.w[i], q)
		var c uint64
		lo, c = bits.Add64(lo, carry, 0)
		carry = hi + c
		x.w[i], borrow = bits.Sub64(x.w[i], lo, borrow)
	}
	for x.n > 1 && x.w[x.n-1] == 0 {
		x.n--
	}
}
