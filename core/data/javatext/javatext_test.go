package javatext

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

func TestAppendDouble(t *testing.T) {
	for _, tc := range []struct {
		f    float64
		want string
	}{
		{0, "0.0"}, {math.Copysign(0, -1), "-0.0"}, {1, "1.0"}, {100, "100.0"}, {9999999, "9999999.0"}, {1e7, "1.0E7"},
		{0.001, "0.001"}, {0.00001, "1.0E-5"}, {-906.63, "-906.63"}, {271828.1828, "271828.1828"},
		{9.9999999999e10, "9.9999999999E10"}, {1704067199123, "1.704067199123E12"},
		{math.NaN(), "NaN"}, {math.Inf(1), "Infinity"}, {math.Inf(-1), "-Infinity"},
		{math.MaxFloat64, "1.7976931348623157E308"}, {math.SmallestNonzeroFloat64, "4.9E-324"},
		{2.2250738585072014e-308, "2.2250738585072014E-308"},
		// Not the shortest digits: JDK-4511638.
		{2e23, "1.9999999999999998E23"}, {1e23, "9.999999999999999E22"}, {0x1p60, "1.15292150460684698E18"},
		{0x1p-44, "5.6843418860808015E-14"}, {2e-322, "2.0E-322"},
	} {
		if got := string(AppendDouble(nil, tc.f)); got != tc.want {
			t.Errorf("AppendDouble(%g) = %s, want %s", tc.f, got, tc.want)
		}
	}
	for _, tc := range []struct {
		f    float32
		want string
	}{
		{1.1, "1.1"}, {math.MaxFloat32, "3.4028235E38"}, {math.SmallestNonzeroFloat32, "1.4E-45"},
		{-1234567890.987, "-1.23456794E9"}, {1.2345679e29, "1.2345679E29"}, {float32(math.NaN()), "NaN"},
	} {
		if got := string(AppendFloat(nil, tc.f)); got != tc.want {
			t.Errorf("AppendFloat(%g) = %s, want %s", tc.f, got, tc.want)
		}
	}
}

func TestNarrow(t *testing.T) {
	for _, tc := range []struct {
		f   float64
		i64 int64
		i32 int32
		i16 int16
		i8  int8
	}{
		{300, 300, 300, 300, 44},
		{-1.9, -1, -1, -1, -1},
		{1e300, math.MaxInt64, math.MaxInt32, -1, -1},
		{-1e300, math.MinInt64, math.MinInt32, 0, 0},
		{math.NaN(), 0, 0, 0, 0},
		{math.Inf(1), math.MaxInt64, math.MaxInt32, -1, -1},
		{math.Inf(-1), math.MinInt64, math.MinInt32, 0, 0},
		{math.MaxInt64, math.MaxInt64, math.MaxInt32, -1, -1},
		{math.MaxInt32 + 0.5, math.MaxInt32, math.MaxInt32, -1, -1},
		{math.MinInt32 - 0.5, math.MinInt32, math.MinInt32, 0, 0},
		{-1234567890.987, -1234567890, -1234567890, -722, 46},
	} {
		if got := F64ToI64(tc.f); got != tc.i64 {
			t.Errorf("F64ToI64(%g) = %d, want %d", tc.f, got, tc.i64)
		}
		if got := F64ToI32(tc.f); got != tc.i32 {
			t.Errorf("F64ToI32(%g) = %d, want %d", tc.f, got, tc.i32)
		}
		if got := F64ToI16(tc.f); got != tc.i16 {
			t.Errorf("F64ToI16(%g) = %d, want %d", tc.f, got, tc.i16)
		}
		if got := F64ToI8(tc.f); got != tc.i8 {
			t.Errorf("F64ToI8(%g) = %d, want %d", tc.f, got, tc.i8)
		}
	}
}

func TestDecimalHugeScale(t *testing.T) {
	// Values from the wire must not make us compute 10^2147483647.
	for _, scale := range []int32{math.MaxInt32, math.MinInt32} {
		if got := DecimalToI64(big.NewInt(7), scale); got != 0 {
			t.Errorf("DecimalToI64(7, %d) = %d, want 0", scale, got)
		}
	}
	if got := DecimalToF64(big.NewInt(7), math.MinInt32); !math.IsInf(got, 1) {
		t.Errorf("DecimalToF64(7, %d) = %g, want +Inf", math.MinInt32, got)
	}
	if got := DecimalToF64(big.NewInt(7), math.MaxInt32); got != 0 {
		t.Errorf("DecimalToF64(7, %d) = %g, want 0", math.MaxInt32, got)
	}
}

func TestParseTwosComplementEmpty(t *testing.T) {
	_, err := ParseTwosComplement(nil)
	if want := "java.lang.NumberFormatException: Zero length BigInteger"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDecodeBase64(t *testing.T) {
	const needsPadding = "Unexpected end of base64-encoded String: base64 variant 'MIME-NO-LINEFEEDS' expects padding " +
		"(one or more '=' characters) at the end. This Base64Variant might have been incorrectly configured"
	for _, tc := range []struct{ in, want, message string }{
		{in: ""},
		{in: "BNI=", want: "\x04\xd2"},
		{in: "AQ==", want: "\x01"},
		{in: "YWJj", want: "abc"},
		{in: " YWJj\n\tYWJj ", want: "abcabc"},
		{in: "AQ==YWJj", want: "\x01abc"}, // a unit may follow padding
		{in: "AR==", want: "\x01"},        // spare bits are ignored
		{in: "x", message: needsPadding},
		{in: "AQ", message: needsPadding},
		{in: "AQ=", message: needsPadding},
		{in: "YWI", message: needsPadding},
		{in: "!!", message: "Illegal character '!' (code 0x21) in base64 content"},
		{in: "_w==", message: "Illegal character '_' (code 0x5f) in base64 content"},
		{in: "YW\nJj", message: "Illegal white space character (code 0xa) as character #3 of 4-char base64 unit: can only used between units"},
		{in: "=", message: "Unexpected padding character ('=') as character #1 of 4-char base64 unit: padding only legal as 3rd or 4th character"},
		{in: "AQ=x", message: "Illegal character 'x' (code 0x78) in base64 content: expected padding character '='"},
		{in: "\x7fAAA", message: "Illegal character (code 0x7f) in base64 content"},
	} {
		got, err := DecodeBase64([]byte(">"), tc.in)
		if tc.message == "" {
			if err != nil || string(got) != ">"+tc.want {
				t.Errorf("DecodeBase64(%q) = %q, %v, want %q", tc.in, got, err, ">"+tc.want)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Message != tc.message {
			t.Errorf("DecodeBase64(%q): got %v, want %s", tc.in, err, tc.message)
		}
	}
}

func TestParsePatternErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"qq":                "Illegal pattern character 'q'",
		"bad''q'x'":         "Illegal pattern character 'b'",
		"yyyy-MM-dd'T":      "Unterminated quote",
		"XXXX":              "invalid ISO 8601 format: length=4",
		"XXXXX-yyyy":        "invalid ISO 8601 format: length=5",
		"XXXXq":             "Illegal pattern character 'q'",
		"XXXXyyyyq":         "invalid ISO 8601 format: length=4",
		"yyyy-MM-dd'T'HH:n": "Illegal pattern character 'n'",
	} {
		_, err := ParsePattern(pattern)
		if err == nil || err.Error() != "java.lang.IllegalArgumentException: "+want {
			t.Errorf("ParsePattern(%q): got %v, want %s", pattern, err, want)
		}
	}
}

func mustPattern(tb testing.TB, pattern string) *DateFormat {
	tb.Helper()
	f, err := ParsePattern(pattern)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestDateFormatAppend(t *testing.T) {
	for _, tc := range []struct {
		pattern string
		ms      int64
		want    string
	}{
		{"yyyy-MM-dd HH:mm:ss", 1704067199123, "2023-12-31 23:59:59"},
		{"yyyy-MM-dd'T'HH:mm:ss.SSS", -1, "1969-12-31T23:59:59.999"},
		{"yyyy-MM-dd'T'HH:mm:ss.SSS", 1704067199123456, "55969-09-27T23:45:23.456"},
		{"yyyy-MM-dd'T'HH:mm:ss.SSS", math.MaxInt64, "292278994-08-17T07:12:55.807"},
		{"yyyy-MM-dd'T'HH:mm:ssXXX", 951782400000, "2000-02-29T00:00:00Z"},
		{"EEE, d MMM yyyy HH:mm:ss Z", 253402300799999, "Fri, 31 Dec 9999 23:59:59 +0000"},
		{"YYYY-'W'ww-u", 253402300799999, "10000-W01-5"},
		{"YYYY", 1704067199123, "2024"}, // the week year of 31 December 2023
		{"D F E a K k h z", 0, "1 1 Thu AM 0 24 12 UTC"},
		{"yy M MMM MMMM d G", 951782400000, "00 2 Feb February 29 AD"},
		{"yyyyyy SSSSSS", 1704067199123, "002023 000123"},
		{"yyyy-MM-dd", -12219292800000, "1582-10-15"},
		{"yyyy-MM-dd", -12219292800001, "1582-10-04"}, // the day before, in the Julian calendar
		{"G yyyy", -62135769600001, "BC 0001"},
		{"h 'o''clock' a, zzzz", 43200000, "12 o'clock PM, Coordinated Universal Time"},
		{"", 0, ""},
	} {
		if got := string(mustPattern(t, tc.pattern).Append(nil, tc.ms)); got != tc.want {
			t.Errorf("%q.Append(%d) = %q, want %q", tc.pattern, tc.ms, got, tc.want)
		}
	}
}

func TestDateFormatParse(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          int64
	}{
		{"yyyy-MM-dd", "2024-2-3", 1706918400000},
		{"yyyy-MM-dd", "2024-02-30", 1709251200000},    // lenient: 1 March
		{"yyyy-MM-dd", "2024-02-03xyz", 1706918400000}, // the rest is ignored
		{"yyyyMMdd", "20240203", 1706918400000},
		{"yyyy-MM-dd'T'HH:mm:ss.SSSX", "2024-02-03T01:02:03.4Z", 1706922123004},
		{"yyyy-MM-dd'T'HH:mm:ss.SSSSSS", "2024-02-03T01:02:03.123456", 1706922246456}, // 123456 ms
		{"yyyy-MM-dd hh:mm a", "2024-02-03 12:05 AM", 1706918700000},
		{"yyyy-MM-dd z", "2024-02-03 PST", 1706947200000},
		{"yyyy-MM-dd z", "2024-02-03 cest", 1706911200000},
		{"yyyy-MM-dd z", "2024-02-03 GMT+1:30", 1706913000000},
		{"yyyy-MM-dd'T'HH:mmXXX", "2024-02-03T00:00-08:00", 1706947200000},
		{"YYYY-'W'ww-u", "2024-W01-1", 1704067200000},
		{"yyyy-DDD", "2024-060", 1709164800000},
		{"G yyyy", "BC 5", -62293622400000},
		{"yyyy", "1E3", -30609792000000},
	} {
		got, err := mustPattern(t, tc.pattern).Parse(tc.text)
		if err != nil || got != tc.want {
			t.Errorf("%q.Parse(%q) = %d, %v, want %d", tc.pattern, tc.text, got, err, tc.want)
		}
	}
	for _, tc := range []struct{ pattern, text string }{
		{"yyyy-MM-dd HH:mm:ss", "nope"}, {"yyyy-MM-dd", "2024-02"}, {"yyyyMMdd", "2024020"[:5]}, {"MMM", "J"},
		{"z", "Nowhere"}, {"X", "+1"}, {"XXX", "+0100"}, {"Z", "+2500"}, {"Z", "+0060"}, {"", "x"}, {"yyyy", ""}, {"d MMM", "3  Jan"},
	} {
		_, err := mustPattern(t, tc.pattern).Parse(tc.text)
		want := `java.text.ParseException: Unparseable date: "` + tc.text + `"`
		if err == nil || err.Error() != want {
			t.Errorf("%q.Parse(%q): got %v, want %s", tc.pattern, tc.text, err, want)
		}
	}
}

func TestTwoDigitYears(t *testing.T) {
	f, err := ParsePatternAt("yy-MM-dd", time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"45-01-01":   "1945-01-01",
		"43-12-31":   "2043-12-31",
		"44-03-01":   "1944-03-01", // 80 years and less ago
		"44-02-28":   "2044-02-28", // the start is 29 February, noon
		"44-02-29":   "2044-02-29",
		"2044-02-29": "2044-02-29",
		"5-01-01":    "0005-01-01", // only exactly two digits are completed
	} {
		ms, err := f.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(mustPattern(t, "yyyy-MM-dd").Append(nil, ms)); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	buf := make([]byte, 0, 64)
	f := mustPattern(t, "yyyy-MM-dd'T'HH:mm:ss.SSSX")
	for name, run := range map[string]func(){
		"AppendDouble":      func() { AppendDouble(buf, -113.824) },
		"AppendDouble wide": func() { AppendDouble(buf, 1e-300) },
		"DateFormat.Append": func() { f.Append(buf, 1704067199123) },
		"DateFormat.Parse": func() {
			if _, err := f.Parse("2024-02-03T01:02:03.004+01"); err != nil {
				t.Error(err)
			}
		},
		"ParseDouble": func() {
			if _, err := ParseDouble(" 1.5e3 "); err != nil {
				t.Error(err)
			}
		},
		"StringHash": func() {
			if StringHash("orders-é-😀") == 0 {
				t.Error("no hash")
			}
		},
	} {
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s allocates %g times", name, n)
		}
	}
}

func FuzzDateFormat(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2024-02-03T01:02:03.004Z", int64(1704067199123))
	f.Add("YYYY-'W'ww-u", "2024-W01-1", int64(-1))
	f.Add("G yy MMMM EEE hh a zzz", "BC 24 may tue 12 pm PDT", int64(math.MinInt64))
	f.Add("yyyyMMddDFWwKkuZ''", "-1E9\u0663", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, pattern, text string, ms int64) {
		format, err := ParsePattern(pattern)
		if err != nil {
			return
		}
		if _, err := format.Parse(text); err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("Parse(%q): %v", text, err)
			}
		}
		format.Append(nil, ms)
		// What a format that names every field writes, it reads back.
		whole := mustPattern(t, "G yyyy-MM-dd'T'HH:mm:ss.SSS")
		written := whole.Append(nil, ms)
		back, err := whole.Parse(string(written))
		if err != nil || back != ms {
			t.Errorf("%d is written as %s, which reads as %d, %v", ms, written, back, err)
		}
	})
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"", "-1", "+٣", "1e5d", "0x1.8p3", "12.30E-7", "NaN", "1..2", "99999999999999999999"} {
		f.Add(s, 1.5)
	}
	f.Fuzz(func(t *testing.T, s string, v float64) {
		if i, err := ParseLong(s); err == nil {
			b, err := ParseBigInteger(s)
			if err != nil || b.Cmp(big.NewInt(i)) != 0 {
				t.Errorf("ParseLong(%q) = %d, ParseBigInteger %s, %v", s, i, b, err)
			}
		}
		if u, scale, err := ParseDecimal(s); err == nil {
			text := AppendDecimal(nil, u, scale)
			if u2, scale2, err := ParseDecimal(string(text)); err != nil || scale2 != scale || u2.Cmp(u) != 0 {
				t.Errorf("%q is %s, which is %s × 10^-%d, %v", s, text, u2, scale2, err)
			}
			// The double must not depend on the way there.
			if d, err := ParseDouble(s); err == nil && d != DecimalToF64(u, scale) {
				t.Errorf("ParseDouble(%q) = %g, DecimalToF64 %g", s, d, DecimalToF64(u, scale))
			}
		}
		text := string(AppendDouble(nil, v))
		if back, err := ParseDouble(text); err != nil || math.Float64bits(back) != math.Float64bits(v) && v == v {
			t.Errorf("%x is written as %s, which reads as %x, %v", v, text, back, err)
		}
	})
}

func BenchmarkAppendDouble(b *testing.B) {
	for _, bc := range []struct {
		name string
		f    float64
	}{
		{"integer", 42}, {"price", 19.99}, {"coordinate", -113.824}, {"random", 0.7385914283947291}, {"small", 1e-5}, {"large", 1.2345678901234568e29}, {"smallest", 4.9e-324},
	} {
		b.Run(bc.name, func(b *testing.B) {
			buf := make([]byte, 0, 32)
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendDouble(buf[:0], bc.f)
			}
		})
	}
}

func BenchmarkDateFormat(b *testing.B) {
	f := mustPattern(b, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
	b.Run("append", func(b *testing.B) {
		buf := make([]byte, 0, 32)
		b.ReportAllocs()
		for b.Loop() {
			buf = f.Append(buf[:0], 1704067199123)
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := f.Parse("2023-12-31T23:59:59.123Z"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestZoneNames: a zone's name has the offset of today's rules, also for a time when the zone had another. Java reads
// the last one as 14:51, by Tashkent's offset of 1970.
func TestZoneNames(t *testing.T) {
	f, err := ParsePattern("K:mm a z")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"8:51 PM UTC": "20:51", "8:51 PM PST": "04:51", "8:51 PM UZT": "15:51"} {
		ms, err := f.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.UnixMilli(ms).UTC().Format("15:04"); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// The short cut for numbers of few decimals gives what the search for digits gives.
func TestShortNumbers(t *testing.T) {
	taken := 0
	check := func(f float64) {
		short, ok := appendShort(nil, f)
		if !ok {
			return
		}
		taken++
		b := math.Float64bits(f)
		frac, exp := b&(1<<52-1), int(b>>52&0x7ff)
		if long := appendFloat(nil, b>>63 != 0, frac, exp, exp == 0x7ff, 1023, 53); string(short) != string(long) {
			t.Errorf("%v is %s, the short cut makes it %s", f, long, short)
		}
	}
	const four = 1e4
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 200_000 {
		far := float64(r.Uint64N(1e11)) / four
		for _, f := range []float64{float64(n) / four, far, -far, math.Nextafter(far, 0), math.Nextafter(far, 1e8), r.NormFloat64()} {
			check(f)
		}
	}
	if taken < 500_000 {
		t.Errorf("only %d numbers took the short cut", taken)
	}
	for _, f := range []float64{0, 1e7, 9999999.99995, 0.0009, math.Inf(1), math.NaN(), 5e-324} {
		check(f)
	}
}
