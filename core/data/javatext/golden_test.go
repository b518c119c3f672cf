package javatext

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// The files in testdata were printed by OpenJDK 17.0.15 in UTC, locale "en". Each line is the input and what the
// class library answered, separated by tabs; characters outside printable ASCII, and backslashes, are \uXXXX per
// UTF-16 unit. A small program called the methods named below with the fixed and the seeded random inputs that the
// files show; for dates it formatted random times with random patterns and parsed the result, whole and damaged.

// goldenLines calls f with the fields of each line.
func goldenLines(t *testing.T, name string, f func(t *testing.T, fields []string)) {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := 0
	for sc := bufio.NewScanner(file); sc.Scan(); lines++ {
		fields := strings.Split(sc.Text(), "\t")
		for i := range fields {
			fields[i] = unescape(t, fields[i])
		}
		f(t, fields)
	}
	if lines < 50 {
		t.Fatalf("%s has %d lines", name, lines)
	}
}

func unescape(t *testing.T, s string) string {
	t.Helper()
	var units []uint16
	for s != "" {
		if strings.HasPrefix(s, `\u`) {
			v, err := strconv.ParseUint(s[2:6], 16, 16)
			if err != nil {
				t.Fatal(err)
			}
			units = append(units, uint16(v))
			s = s[6:]
			continue
		}
		r := []rune(s)[0]
		units = utf16.AppendRune(units, r)
		s = s[len(string(r)):]
	}
	return string(utf16.Decode(units))
}

// answer is a result in the form of the golden files.
func answer(v any, err error) string {
	if err == nil {
		return fmt.Sprint("ok ", v)
	}
	var e *Error
	if !errors.As(err, &e) {
		return "not an *Error: " + err.Error()
	}
	message := e.Message
	if message == "" {
		message = "null"
	}
	text := "err " + e.Class + "|" + message
	if e.Cause != nil {
		text += "|" + e.Cause.Error()
	}
	return text
}

// floats.txt: the bits (those of a float after an x), then Double.toString or Float.toString.
func TestFloatsGolden(t *testing.T) {
	goldenLines(t, "floats.txt", func(t *testing.T, line []string) {
		hex, want, _ := strings.Cut(line[0], " ")
		var got []byte
		if single, ok := strings.CutPrefix(hex, "x"); ok {
			b, err := strconv.ParseUint(single, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			got = AppendFloat(nil, math.Float32frombits(uint32(b)))
		} else {
			b, err := strconv.ParseUint(hex, 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			got = AppendDouble(nil, math.Float64frombits(b))
		}
		if string(got) != want {
			t.Errorf("bits %s: got %s, want %s", hex, got, want)
		}
	})
}

// numbers.txt: the method, its argument, the result or the exception with its cause. "dec" is BigDecimal(String) with
// unscaledValue, scale, toString, longValue, doubleValue and floatValue; "big" BigInteger(String) with its bytes.
func TestNumbersGolden(t *testing.T) {
	goldenLines(t, "numbers.txt", func(t *testing.T, line []string) {
		in := line[1]
		var got string
		switch line[0] {
		case "byte":
			got = answer(ParseByte(in))
		case "short":
			got = answer(ParseShort(in))
		case "int":
			got = answer(ParseInt(in))
		case "long":
			got = answer(ParseLong(in))
		case "double":
			v, err := ParseDouble(in)
			got = answer(string(AppendDouble(nil, v)), err)
		case "float":
			v, err := ParseFloat(in)
			got = answer(string(AppendFloat(nil, v)), err)
		case "hash":
			got = answer(StringHash(in), nil)
		case "dec":
			u, scale, err := ParseDecimal(in)
			if err == nil {
				got = fmt.Sprintf("ok %s %d %s %d %s %s", u, scale, AppendDecimal(nil, u, scale), DecimalToI64(u, scale),
					AppendDouble(nil, DecimalToF64(u, scale)), AppendFloat(nil, DecimalToF32(u, scale)))
			} else {
				got = answer(nil, err)
			}
		case "big":
			u, err := ParseBigInteger(in)
			if err != nil {
				got = answer(nil, err)
				break
			}
			b := AppendTwosComplement([]byte{7}, u)[1:]
			got = answer(fmt.Sprint(u, " ", base64.StdEncoding.EncodeToString(b)), nil)
			if back, err := ParseTwosComplement(b); err != nil || back.Cmp(u) != 0 {
				t.Errorf("ParseTwosComplement(% x) = %s, %v", b, back, err)
			}
		default:
			t.Fatalf("unknown method %q", line[0])
		}
		if got != line[2] {
			t.Errorf("%s %q:\n got %s\nwant %s", line[0], in, got, line[2])
		}
	})
}

// hashmap.txt: keys in the order of insertion into new HashMap<>(), then in the order of iteration.
func TestHashMapOrderGolden(t *testing.T) {
	goldenLines(t, "hashmap.txt", func(t *testing.T, line []string) {
		keys := strings.Split(line[0], ",")
		var got []string
		for _, i := range HashMapOrder(keys) {
			got = append(got, keys[i])
		}
		if want := strings.Split(line[1], ","); !slices.Equal(got, want) {
			t.Errorf("%q:\n got %q\nwant %q", keys, got, want)
		}
	})
}

// dates.txt: F pattern, epoch millis, SimpleDateFormat.format; P pattern, text, parse or the exception's message;
// C pattern, "", the constructor's message. set2DigitYearStart was 17 June 1944, 12:00.
func TestDatesGolden(t *testing.T) {
	now := time.Date(2024, 6, 17, 12, 0, 0, 0, time.UTC)
	goldenLines(t, "dates.txt", func(t *testing.T, line []string) {
		f, err := ParsePatternAt(line[1], now)
		var got string
		switch {
		case err != nil:
			var e *Error
			if !errors.As(err, &e) || e.Class != "java.lang.IllegalArgumentException" {
				t.Errorf("ParsePattern(%q): %v", line[1], err)
			}
			got = e.Message
		case line[0] == "F":
			ms, err := strconv.ParseInt(line[2], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			got = string(f.Append(nil, ms))
		default:
			ms, err := f.Parse(line[2])
			got = strconv.FormatInt(ms, 10)
			var e *Error
			if errors.As(err, &e) {
				got = e.Message
			}
		}
		if got != line[3] {
			t.Errorf("%s %q %q:\n got %s\nwant %s", line[0], line[1], line[2], got, line[3])
		}
	})
}
