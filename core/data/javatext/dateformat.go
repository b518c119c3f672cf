package javatext

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// DateFormat is a java.text.SimpleDateFormat in UTC, locale "en", lenient, as TimestampConverter, TimestampRouter and
// Values create it. It is immutable and safe for concurrent use.
type DateFormat struct {
	ops         []dateOp
	weeks       bool  // some letter needs the week fields
	centuryFrom int64 // epoch millis from which two-digit years count
	centuryYear int   // its year
}

// dateOp is a run of one pattern letter, or literal text when letter is 0.
type dateOp struct {
	letter  byte
	obey    bool // a number follows at once, so this one has exactly count digits when parsed
	count   int
	literal string
}

const dateLetters = "GyMdkHmsSEDFwWahKzZYuXL"

// ParsePattern compiles a SimpleDateFormat pattern. Two-digit years are read into the 80 years before and 20 after
// the current time, as Java does from the moment the format was created. The error is an IllegalArgumentException.
func ParsePattern(pattern string) (*DateFormat, error) { return ParsePatternAt(pattern, time.Now()) }

// ParsePatternAt is ParsePattern for a format created at now.
func ParsePatternAt(pattern string, now time.Time) (*DateFormat, error) {
	var f DateFormat
	var quoted []byte
	inQuote := false
	var last byte // the letter that the next one would continue
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\'' && strings.HasPrefix(pattern[i+1:], "'"):
			i++
			last = 0
			if inQuote {
				quoted = append(quoted, c)
			} else {
				f.literal("'")
			}
		case c == '\'':
			last = 0
			if inQuote {
				f.literal(string(quoted))
			}
			quoted = quoted[:0]
			inQuote = !inQuote
		case inQuote:
			quoted = append(quoted, c)
		case !('a' <= c|0x20 && c|0x20 <= 'z'):
			last = 0
			_, n := utf8.DecodeRuneInString(pattern[i:])
			f.literal(pattern[i : i+n])
			i += n - 1
		case strings.IndexByte(dateLetters, c) < 0:
			return nil, &Error{Class: classIllegalArgument, Message: "Illegal pattern character '" + string(rune(c)) + "'"}
		case c == last:
			f.ops[len(f.ops)-1].count++
		default:
			if err := f.checkLast(); err != nil {
				return nil, err
			}
			f.ops = append(f.ops, dateOp{letter: c, count: 1})
			last = c
			f.weeks = f.weeks || strings.IndexByte("YwWF", c) >= 0
		}
		if last == 0 {
			if err := f.checkLast(); err != nil {
				return nil, err
			}
		}
	}
	if inQuote {
		return nil, &Error{Class: classIllegalArgument, Message: "Unterminated quote"}
	}
	if err := f.checkLast(); err != nil {
		return nil, err
	}
	for i := range f.ops {
		f.ops[i].obey = i+1 < len(f.ops) && f.ops[i+1].numeric()
	}
	f.centuryFrom, f.centuryYear = centuryStart(now)
	return &f, nil
}

// literal adds text, joined with text just before it.
func (f *DateFormat) literal(s string) {
	if s == "" {
		return
	}
	if n := len(f.ops); n > 0 && f.ops[n-1].letter == 0 {
		f.ops[n-1].literal += s
		return
	}
	f.ops = append(f.ops, dateOp{literal: s})
}

// checkLast refuses what Java refuses where a run of letters ends.
func (f *DateFormat) checkLast() error {
	for i := len(f.ops) - 1; i >= max(0, len(f.ops)-2); i-- {
		if op := f.ops[i]; op.letter == 'X' && op.count >= 4 {
			return &Error{Class: classIllegalArgument, Message: "invalid ISO 8601 format: length=" + strconv.Itoa(op.count)}
		}
	}
	return nil
}

// numeric reports whether op is always parsed as a number.
func (op dateOp) numeric() bool {
	switch op.letter {
	case 0, 'G', 'E', 'a', 'z', 'Z', 'X':
		return false
	case 'M', 'L':
		return op.count <= 2
	}
	return true
}

// centuryStart is the instant 80 calendar years before now. A 29 February becomes the 28th in a common year.
func centuryStart(now time.Time) (epochMillis int64, year int) {
	now = now.UTC()
	then := now.AddDate(-80, 0, 0)
	if then.Day() != now.Day() {
		then = then.AddDate(0, 0, -1)
	}
	return then.UnixMilli(), then.Year()
}

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December"}
	dayNames     = [...]string{"", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	eraNames     = [...]string{"BC", "AD"}
	eraLongNames = [...]string{"Before Christ", "Anno Domini"} // read, never written
	amPm         = [...]string{"AM", "PM"}
)

// Append appends the time, in milliseconds since the epoch, as SimpleDateFormat.format does. It does not allocate
// beyond dst.
func (f *DateFormat) Append(dst []byte, epochMillis int64) []byte {
	c := dateOf(epochMillis)
	if f.weeks {
		c.setWeeks()
	}
	for i := range f.ops {
		op := &f.ops[i]
		switch op.letter {
		case 0:
			dst = append(dst, op.literal...)
		case 'y':
			dst = appendYear(dst, c.year, op.count)
		case 'Y':
			dst = appendYear(dst, c.weekYear, op.count)
		case 'M', 'L':
			switch {
			case op.count > 3:
				dst = append(dst, monthNames[c.month]...)
			case op.count == 3:
				dst = append(dst, monthNames[c.month][:3]...)
			default:
				dst = appendPadded(dst, c.month+1, op.count)
			}
		case 'd':
			dst = appendPadded(dst, c.day, op.count)
		case 'H':
			dst = appendPadded(dst, c.hour, op.count)
		case 'm':
			dst = appendPadded(dst, c.minute, op.count)
		case 's':
			dst = appendPadded(dst, c.second, op.count)
		case 'S':
			dst = appendPadded(dst, c.milli, op.count)
		case 'k':
			dst = appendPadded(dst, (c.hour+23)%24+1, op.count)
		case 'K':
			dst = appendPadded(dst, c.hour%12, op.count)
		case 'h':
			dst = appendPadded(dst, (c.hour+11)%12+1, op.count)
		case 'D':
			dst = appendPadded(dst, c.dayOfYear(), op.count)
		case 'F':
			dst = appendPadded(dst, c.dayOfWeekInMonth, op.count)
		case 'w':
			dst = appendPadded(dst, c.weekOfYear, op.count)
		case 'W':
			dst = appendPadded(dst, c.weekOfMonth, op.count)
		case 'u':
			dst = appendPadded(dst, (c.dayOfWeek()+5)%7+1, op.count)
		case 'E':
			name := dayNames[c.dayOfWeek()]
			if op.count < 4 {
				name = name[:3]
			}
			dst = append(dst, name...)
		case 'a':
			dst = append(dst, amPm[c.hour/12]...)
		case 'G':
			dst = append(dst, eraNames[c.era]...)
		case 'z':
			if op.count >= 4 {
				dst = append(dst, "Coordinated Universal Time"...)
			} else {
				dst = append(dst, "UTC"...)
			}
		case 'Z':
			dst = append(dst, "+0000"...)
		case 'X':
			dst = append(dst, 'Z')
		}
	}
	return dst
}

// appendYear writes two letters as the last two digits.
func appendYear(dst []byte, year, count int) []byte {
	if count == 2 {
		if year < 0 {
			dst = append(dst, '-')
		}
		year = max(year, -year) % 100
	}
	return appendPadded(dst, year, count)
}

func appendPadded(dst []byte, v, width int) []byte {
	if v < 0 {
		dst = append(dst, '-')
		v = -v
	}
	if v < 100 && width == 2 {
		return append(dst, '0'+byte(v/10), '0'+byte(v%10))
	}
	limit := 10
	for n := 1; n < width; n++ {
		if v < limit {
			dst = append(dst, '0')
		}
		if limit < 1e10 {
			limit *= 10
		}
	}
	return strconv.AppendInt(dst, int64(v), 10)
}
