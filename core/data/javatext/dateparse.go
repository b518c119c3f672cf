package javatext

import (
	_ "embed"
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Parse reads the start of s as SimpleDateFormat.parse does, leniently: text after the match is ignored, values out
// of range carry over (2024-02-30 is 1 March), white space before a field is skipped. The result is in milliseconds
// since the epoch. The error is a ParseException. Parse does not allocate when it succeeds.
//
// Time zone names have the offset of today's rules; Java consults the history of the zone.
func (f *DateFormat) Parse(s string) (epochMillis int64, err error) {
	p := dateParser{format: f, text: s}
	for i := range f.ops {
		op := &f.ops[i]
		if op.letter == 0 {
			if !strings.HasPrefix(p.text[p.pos:], op.literal) {
				return 0, unparseable(s)
			}
			p.pos += len(op.literal)
			continue
		}
		if !p.field(op) {
			return 0, unparseable(s)
		}
	}
	if p.pos == 0 { // matched nothing
		return 0, unparseable(s)
	}
	t := p.fields.time()
	if p.ambiguous && t < f.centuryFrom {
		p.fields.value[fieldYear] += 100
		p.fields.value[fieldWeekYear] += 100
		t = p.fields.time()
	}
	return t, nil
}

func unparseable(s string) error {
	return &Error{Class: classParse, Message: `Unparseable date: "` + s + `"`}
}

type dateParser struct {
	format    *DateFormat
	text      string
	pos       int
	fields    calendar
	ambiguous bool // the two-digit year is that of the century's start
}

// field reads one run of letters.
func (p *dateParser) field(op *dateOp) bool {
	start := p.pos
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
	if p.pos == len(p.text) {
		return false
	}
	switch op.letter {
	case 'M', 'L':
		if op.count > 2 {
			return p.name(start, monthNames[:], 3, fieldMonth)
		}
	case 'G':
		return p.name(start, eraNames[:], 2, fieldEra) || p.name(start, eraLongNames[:], 11, fieldEra)
	case 'E':
		return p.name(start, dayNames[:], 3, fieldDayOfWeek)
	case 'a':
		return p.name(start, amPm[:], 2, fieldAmPm)
	case 'z', 'Z':
		return p.zone(start)
	case 'X':
		return p.isoZone(op.count)
	}
	first := p.pos
	v, ok := p.number(start, op)
	if !ok {
		return false
	}
	switch op.letter {
	case 'y', 'Y':
		if op.count <= 2 {
			v = p.century(first, v)
		}
		if op.letter == 'y' {
			p.fields.set(fieldYear, v)
		} else {
			p.fields.set(fieldWeekYear, v)
		}
	case 'M', 'L':
		p.fields.set(fieldMonth, v-1)
	case 'd':
		p.fields.set(fieldDay, v)
	case 'H':
		p.fields.set(fieldHourOfDay, v)
	case 'k':
		if v == 24 {
			v = 0
		}
		p.fields.set(fieldHourOfDay, v)
	case 'K':
		p.fields.set(fieldHour, v)
	case 'h':
		if v == 12 {
			v = 0
		}
		p.fields.set(fieldHour, v)
	case 'm':
		p.fields.set(fieldMinute, v)
	case 's':
		p.fields.set(fieldSecond, v)
	case 'S':
		p.fields.set(fieldMilli, v)
	case 'D':
		p.fields.set(fieldDayOfYear, v)
	case 'F':
		p.fields.set(fieldDayOfWeekInMonth, v)
	case 'w':
		p.fields.set(fieldWeekOfYear, v)
	case 'W':
		p.fields.set(fieldWeekOfMonth, v)
	case 'u':
		if 1 <= v && v <= 7 {
			v = isoToSunday(v)
		}
		p.fields.set(fieldDayOfWeek, v)
	}
	return true
}

// century places a year that was written with exactly two digits.
func (p *dateParser) century(first int, v int32) int32 {
	digits := p.text[first:p.pos]
	if utf8.RuneCountInString(digits) != 2 {
		return v
	}
	for _, r := range digits {
		if digitValue(r) < 0 {
			return v
		}
	}
	start := int32(p.format.centuryYear)
	p.ambiguous = v == start%100
	if v < start%100 {
		v += 100
	}
	return v + start/100*100
}

// name matches one of names, or its first short letters, without regard to case; the longest wins. Names start where
// the field does: white space is not skipped.
func (p *dateParser) name(start int, names []string, short int, f field) bool {
	for i, name := range names {
		if len(name) < short {
			continue
		}
		n := prefixFold(p.text[start:], name)
		if n < 0 {
			n = prefixFold(p.text[start:], name[:short])
		}
		if n >= 0 {
			p.fields.set(f, int32(i))
			p.pos = start + n
			return true
		}
	}
	return false
}

// prefixFold returns the length of the prefix of s that equals name by String.regionMatches(ignoreCase), where letters
// such as the Kelvin sign and the long s count as the ASCII letter they fold to. -1 means none.
func prefixFold(s, name string) int {
	i := 0
	for _, want := range name {
		if i == len(s) {
			return -1
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r != want {
			r, want = unicode.ToUpper(r), unicode.ToUpper(want)
			if r != want && unicode.ToLower(r) != unicode.ToLower(want) {
				return -1
			}
		}
		i += size
	}
	return i
}

// number reads an integer as DecimalFormat does: a minus sign, digits of any script, an exponent ("1E3"), NaN as 0
// and the infinity sign. Where another number follows at once, only the letters' count of characters is looked at,
// counted from before the white space.
func (p *dateParser) number(start int, op *dateOp) (int32, bool) {
	text := p.text
	if op.obey {
		end := start
		for n := 0; n < op.count; n++ {
			if end >= len(text) {
				return 0, false
			}
			if text[end] < utf8.RuneSelf {
				end++
				continue
			}
			r, size := utf8.DecodeRuneInString(text[end:])
			if r > math.MaxUint16 {
				n++
			}
			end += size
		}
		text = text[:end]
	}
	if p.pos > len(text) {
		return 0, false
	}
	v, n, ok := javaInteger(text[p.pos:])
	p.pos += n
	return v, ok
}

// javaInteger returns DecimalFormat.parse(s).intValue() and the length it read.
func javaInteger(s string) (v int32, n int, ok bool) {
	if strings.HasPrefix(s, "NaN") {
		return 0, 3, true
	}
	negative, i := sign(s)
	if strings.HasPrefix(s[i:], "∞") {
		return saturated(negative), i + len("∞"), true
	}
	u, n, fits := decimalDigits(s[i:])
	if n == 0 {
		return 0, 0, false
	}
	i += n
	if i < len(s) && s[i] == 'E' {
		if exponent, n := decimalExponentOf(s[i+1:]); n > 0 {
			i += 1 + n
			u, fits = scaled(u, exponent, fits)
		}
	}
	if !fits || u > math.MaxInt64 && !(negative && u == 1<<63) {
		return saturated(negative), i, true
	}
	if negative {
		u = -u
	}
	return int32(int64(u)), i, true
}

func sign(s string) (negative bool, n int) {
	if strings.HasPrefix(s, "-") {
		return true, 1
	}
	return false, 0
}

// decimalDigits reads the digits that s starts with; fits is false when they do not fit u.
func decimalDigits(s string) (u uint64, n int, fits bool) {
	fits = true
	for n < len(s) {
		r, size := rune(s[n]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[n:])
		}
		d := digitValue(r)
		if d < 0 {
			break
		}
		if u > (math.MaxUint64-9)/10 {
			fits = false
		} else {
			u = u*10 + uint64(d)
		}
		n += size
	}
	return u, n, fits
}

// decimalExponentOf reads what follows an E; n is 0 when that is no exponent. Java keeps its low 32 bits.
func decimalExponentOf(s string) (v int32, n int) {
	negative, i := sign(s)
	u, n, fits := decimalDigits(s[i:])
	if n == 0 || !fits || u > math.MaxInt64 {
		return 0, 0
	}
	if negative {
		u = -u
	}
	return int32(int64(u)), i + n
}

// scaled returns u × 10^exponent; fits is false where Java goes on with a double. Whole numbers stay exact, others
// lose their fraction unless they are too large for an int, which saturates.
func scaled(u uint64, exponent int32, fits bool) (uint64, bool) {
	for ; exponent > 0 && fits && u != 0; exponent-- {
		if u > math.MaxUint64/10 {
			return u, false
		}
		u *= 10
	}
	whole := true
	for ; exponent < 0 && u != 0; exponent++ {
		whole = whole && u%10 == 0
		u /= 10
	}
	return u, fits && (whole || u <= math.MaxInt32)
}

func saturated(negative bool) int32 {
	if negative {
		return math.MinInt32
	}
	return math.MaxInt32
}

// zone reads a zone for z or Z: "+hhmm", "GMT", "GMT+h:mm", or a name.
func (p *dateParser) zone(start int) bool {
	rest := p.text[p.pos:]
	switch rest[0] {
	case '+', '-':
		return p.offset(rest, 1, 0, false)
	case 'G', 'g':
		if n := prefixFold(p.text[start:], "GMT"); n >= 0 {
			p.pos = start + n
			rest = p.text[p.pos:]
			if rest != "" && (rest[0] == '+' || rest[0] == '-') {
				return p.offset(rest, 1, 0, true)
			}
			p.setOffset(0)
			return true
		}
	}
	for _, z := range zoneNames() {
		if n := prefixFold(rest, z.name); n >= 0 {
			p.fields.zone = z.millis
			if z.decides {
				p.fields.stamp[fieldZone] = 0
				p.fields.set(fieldDaylight, z.daylight)
			}
			p.pos += n
			return true
		}
	}
	return false
}

// isoZone reads a zone for X: "Z", "+hh", "+hhmm" or "+hh:mm", by the number of letters.
func (p *dateParser) isoZone(letters int) bool {
	rest := p.text[p.pos:]
	switch rest[0] {
	case 'Z':
		p.setOffset(0)
		p.pos++
		return true
	case '+', '-':
		return p.offset(rest, 1, letters, letters == 3)
	}
	return false
}

// offset reads hours and minutes at rest[i:], the sign being rest[0]. letters is the number of X: one has hours only.
// A single hour digit is allowed only after GMT.
func (p *dateParser) offset(rest string, i, letters int, colon bool) bool {
	digit := func() (int32, bool) {
		if i < len(rest) && isDecimal(rest[i]) {
			i++
			return int32(rest[i-1] - '0'), true
		}
		return 0, false
	}
	hours, ok := digit()
	if !ok {
		return false
	}
	if d, two := digit(); two {
		hours = hours*10 + d
	} else if letters > 0 || !colon {
		return false
	}
	if hours > 23 {
		return false
	}
	minutes := int32(0)
	if letters != 1 {
		if colon {
			if i >= len(rest) || rest[i] != ':' {
				return false
			}
			i++
		}
		tens, ok1 := digit()
		ones, ok2 := digit()
		minutes = tens*10 + ones
		if !ok1 || !ok2 || minutes > 59 {
			return false
		}
	}
	minutes += hours * 60
	if rest[0] == '-' {
		minutes = -minutes
	}
	p.setOffset(minutes * 60000)
	p.pos += i
	return true
}

func (p *dateParser) setOffset(millis int32) {
	p.fields.set(fieldZone, millis)
	p.fields.set(fieldDaylight, 0)
}

// zonesText holds a line "offset daylight name", in minutes, for each time zone name that JDK 17 knows in locale "en",
// with the rules of today, in the order in which Java tries them: where two zones have the same name the first
// counts, and a name may hide a longer one. The daylight column is "-" for names that say nothing about daylight
// saving: those leave an offset read before alone. It was printed from DateFormatSymbols.getZoneStrings and TimeZone.
//
//go:embed zones.txt
var zonesText string

type zoneName struct {
	name             string
	millis, daylight int32
	decides          bool
}

var zoneNames = sync.OnceValue(func() []zoneName {
	var zones []zoneName
	for line := range strings.Lines(zonesText) {
		offset, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		daylight, name, _ := strings.Cut(rest, " ")
		z := zoneName{name: name, millis: zoneMillis(offset), decides: daylight != "-"}
		if z.decides {
			z.daylight = zoneMillis(daylight)
		}
		zones = append(zones, z)
	}
	return zones
})

func zoneMillis(minutes string) int32 {
	m, err := strconv.Atoi(minutes)
	if err != nil {
		panic("javatext: zones.txt: " + err.Error())
	}
	return int32(m) * 60000
}
