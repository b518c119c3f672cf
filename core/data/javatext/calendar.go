package javatext

// This file is java.util.GregorianCalendar in UTC, with weeks that start on Sunday and a first week of at least one
// day (locale "en"): the Julian calendar up to 4 October 1582, the Gregorian from 15 October 1582. Days are counted
// from 1 January 1970.

const (
	dayMillis      = 86400000
	cutover        = -141427 // 15 October 1582
	cutoverYear    = 1582
	bce, ce        = 0, 1
	sunday         = 1
	yearOneMillis  = -62135769600000 // 1 January 1 AD, Julian
	julianEpochGap = -719164         // 1 January 1 AD, Julian
)

// date is a point in time as calendar fields. Months count from 0, days of the week from Sunday = 1.
type date struct {
	days                                    int64 // since the epoch
	era, year                               int   // year of the era, at least 1
	month, day, hour, minute, second, milli int
	weekYear, weekOfYear, weekOfMonth       int // after setWeeks
	dayOfWeekInMonth                        int
}

func dateOf(epochMillis int64) date {
	days := floorDiv(epochMillis, dayMillis)
	rest := int(epochMillis - days*dayMillis)
	c := date{days: days, era: ce}
	c.hour, rest = rest/3600000, rest%3600000
	c.minute, rest = rest/60000, rest%60000
	c.second, c.milli = rest/1000, rest%1000
	c.year, c.month, c.day = civil(days)
	if c.year <= 0 {
		c.era, c.year = bce, 1-c.year
	}
	return c
}

// properYear is the astronomical year: 1 BC is 0.
func (c *date) properYear() int64 {
	if c.era == bce {
		return 1 - int64(c.year)
	}
	return int64(c.year)
}

func (c *date) dayOfWeek() int { return dayOfWeek(c.days) }

func (c *date) dayOfYear() int { return int(c.days-firstOfYear(c.properYear())) + 1 }

func (c *date) setWeeks() {
	year := c.properYear()
	jan1 := firstOfYear(year)
	month1 := c.days - int64(c.day) + 1
	if year == cutoverYear && c.month == 9 && c.days >= cutover {
		month1 += 10 // October 1582 had 21 days
	}
	c.dayOfWeekInMonth = int(c.days-month1)/7 + 1
	c.weekOfMonth = weekNumber(month1, c.days)
	c.weekOfYear = weekNumber(jan1, c.days)
	c.weekYear = int(year)
	next := firstOfYear(year + 1)
	if c.days >= weekStart(next) {
		c.weekOfYear = 1
	}
	// For a year before Christ Java asks for the weekday of another New Year: year+1 is set as a year of the era.
	newYear := next
	if c.era == bce {
		newYear = firstOfYear(-year)
	}
	if next-c.days < int64(dayOfWeek(newYear)) {
		c.weekYear++
	}
}

// weekNumber is the week of a day in a period that starts at first.
func weekNumber(first, day int64) int { return int((day-weekStart(first))/7) + 1 }

// weekStart is the Sunday on or before a day.
func weekStart(day int64) int64 { return onOrBefore(day, sunday) }

func dayOfWeek(day int64) int {
	return int(floorMod(day+4, 7)) + 1 // 1 January 1970 was a Thursday
}

func onOrBefore(day int64, weekday int) int64 {
	return day - floorMod(int64(dayOfWeek(day)-weekday), 7)
}

// firstOfYear is the first day of a proper year in the calendar that was in force.
func firstOfYear(year int64) int64 {
	if year > cutoverYear {
		return gregorianDays(year, 0, 1)
	}
	return julianDays(year, 0, 1)
}

// civil returns the proper year, the month from 0 and the day of the month.
func civil(days int64) (year, month, day int) {
	if days < cutover {
		// Years start in March, so that leap days end them.
		d := days - julianEpochGap + 306
		cycle := floorDiv(d, 1461)
		d -= cycle * 1461
		y := min(d/365, 3)
		return fromMarch(cycle*4+y, d-y*365)
	}
	d := days + 719468
	era := d / 146097 // not negative after the cutover
	d -= era * 146097
	y := (d - d/1460 + d/36524 - d/146096) / 365
	return fromMarch(era*400+y, d-(365*y+y/4-y/100))
}

// fromMarch takes a year that starts in March and a day of it.
func fromMarch(year, yearDay int64) (y, month, day int) {
	m := (5*yearDay + 2) / 153
	day = int(yearDay-(153*m+2)/5) + 1
	if m < 10 {
		return int(year), int(m) + 2, day
	}
	return int(year) + 1, int(m) - 10, day
}

func gregorianDays(year int64, month, day int) int64 {
	y, yearDay := toMarch(year, month, day)
	return y*365 + floorDiv(y, 4) - floorDiv(y, 100) + floorDiv(y, 400) + yearDay - 719468
}

func julianDays(year int64, month, day int) int64 {
	y, yearDay := toMarch(year, month, day)
	return y*365 + floorDiv(y, 4) + yearDay - 719470
}

func toMarch(year int64, month, day int) (y, yearDay int64) {
	if month < 2 {
		return year - 1, int64(153*(month+10)+2)/5 + int64(day-1)
	}
	return year, int64(153*(month-2)+2)/5 + int64(day-1)
}

func isLeap(year int64) bool {
	return year%4 == 0 && (year <= cutoverYear || year%100 != 0 || year%400 == 0)
}

func monthLength(year int64, month int) int {
	switch month {
	case 1:
		if isLeap(year) {
			return 29
		}
		return 28
	case 3, 5, 8, 10:
		return 30
	}
	return 31
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// field is a calendar field that a parsed text can set.
type field int

const (
	fieldEra field = iota
	fieldYear
	fieldMonth
	fieldWeekOfYear
	fieldWeekOfMonth
	fieldDay
	fieldDayOfYear
	fieldDayOfWeek
	fieldDayOfWeekInMonth
	fieldAmPm
	fieldHour // 0 to 11
	fieldHourOfDay
	fieldMinute
	fieldSecond
	fieldMilli
	fieldZone     // offset in milliseconds
	fieldDaylight // what it adds
	fieldWeekYear
	fieldCount
)

// calendar collects fields and finds the time they mean. Where fields contradict each other the one set last wins,
// by Java's rules; no value is out of range. Weeks are counted in 32 bits, so that they wrap where Java's do.
type calendar struct {
	value [fieldCount]int32
	stamp [fieldCount]int // order of setting, 0 is unset
	next  int
	zone  int32 // the zone's own offset, which counts until fieldZone is set
}

func (c *calendar) set(f field, v int32) {
	c.next++
	c.value[f], c.stamp[f] = v, c.next
}

// time returns the milliseconds since the epoch.
func (c calendar) time() int64 {
	if c.stamp[fieldWeekYear] > c.stamp[fieldYear] {
		c.setWeekDate()
	}
	return c.compute()
}

// setWeekDate turns week year, week and day of the week into a date.
func (c *calendar) setWeekDate() {
	week, weekday := int32(1), int32(sunday)
	if c.stamp[fieldWeekOfYear] > 0 {
		week = c.value[fieldWeekOfYear]
	}
	if c.stamp[fieldDayOfWeek] > 0 {
		weekday = c.value[fieldDayOfWeek]
	}
	// An ISO day of the week outside 1 to 7 was kept as it is and moves the week.
	switch {
	case weekday >= 8:
		weekday--
		week += weekday / 7
		weekday = isoToSunday(weekday%7 + 1)
	case weekday <= 0:
		for weekday <= 0 {
			weekday += 7
			week--
		}
		weekday = isoToSunday(weekday)
	}
	year := int64(c.value[fieldWeekYear])
	if c.compute() < yearOneMillis { // the era that the other fields lead to, not the one that was set
		year = 1 - year
	}
	// The start of the year passes through milliseconds, where a huge year wraps.
	day := floorDiv(weekStart(firstOfYear(year))*dayMillis, dayMillis) + int64(weekday-sunday+7*(week-1))
	y, month, dayOfMonth := civil(day)
	if y <= 0 {
		c.set(fieldEra, bce)
		y = 1 - y
	} else {
		c.set(fieldEra, ce)
	}
	c.set(fieldYear, int32(y))
	c.set(fieldMonth, int32(month))
	c.set(fieldDay, int32(dayOfMonth))
}

// isoToSunday turns Monday = 1 into Sunday = 1.
func isoToSunday(day int32) int32 { return day%7 + 1 }

func (c *calendar) compute() int64 {
	by := c.dateRule()
	year := int64(1970)
	if c.stamp[fieldYear] > 0 {
		year = int64(c.value[fieldYear])
	}
	if c.stamp[fieldEra] > 0 && c.value[fieldEra] == bce {
		year = 1 - year
	}
	ofDay := c.hours()*3600000 + int64(c.value[fieldMinute])*60000 + int64(c.value[fieldSecond])*1000 + int64(c.value[fieldMilli])
	extra := floorDiv(ofDay, dayMillis)
	ofDay -= extra * dayMillis

	julian := extra + c.days(by, year, julianDays)
	gregorian := extra + c.days(by, year, gregorianDays)
	// In the year of the cutover, days counted from New Year are counted in the calendar of that day.
	ofYear := by == byDayOfYear || by == byWeekOfYear
	day := julian
	if gregorian >= cutover && (year > cutoverYear || year == cutoverYear && !ofYear) {
		day = gregorian
	}
	zone := c.zone
	if c.stamp[fieldZone] > 0 {
		zone = c.value[fieldZone]
	}
	return day*dayMillis + ofDay - int64(zone) - int64(c.value[fieldDaylight])
}

// hours returns the hour of the day by whichever of the two clocks was set last and whole.
func (c *calendar) hours() int64 {
	clock24 := c.stamp[fieldHourOfDay]
	clock12 := 0
	if c.stamp[fieldHour] > 0 && c.stamp[fieldAmPm] > 0 || clock24 == 0 {
		clock12 = max(c.stamp[fieldHour], c.stamp[fieldAmPm])
	}
	if clock24 >= clock12 {
		return int64(c.value[fieldHourOfDay])
	}
	return int64(c.value[fieldHour]) + 12*int64(c.value[fieldAmPm])
}

// dateRule says which fields name the day.
type dateRule int

const (
	byDay dateRule = iota
	byWeekOfMonth
	byDayOfWeekInMonth
	byDayOfYear
	byWeekOfYear
)

// dateRule finds the group of fields set last. A group with a week counts when its day of the week is set too; when
// no group is whole, a week or a day of the week alone will do.
func (c *calendar) dateRule() dateRule {
	s := &c.stamp
	both := func(a, b int) int {
		if a == 0 || b == 0 {
			return 0
		}
		return max(a, b)
	}
	weekday := s[fieldDayOfWeek]
	day, dayOfYear := s[fieldDay], s[fieldDayOfYear]
	ofMonth := both(s[fieldWeekOfMonth], weekday)
	inMonth := both(s[fieldDayOfWeekInMonth], weekday)
	ofYear := both(s[fieldWeekOfYear], weekday)
	best := max(day, ofMonth, inMonth, dayOfYear, ofYear)
	if best == 0 {
		ofMonth, ofYear = s[fieldWeekOfMonth], s[fieldWeekOfYear]
		inMonth = max(s[fieldDayOfWeekInMonth], weekday)
		best = max(ofMonth, inMonth, ofYear)
		if best == 0 {
			return byDay
		}
	}
	switch {
	case best == day:
		return byDay
	case best == ofMonth && s[fieldWeekOfMonth] >= s[fieldWeekOfYear],
		best == inMonth && s[fieldDayOfWeekInMonth] >= s[fieldWeekOfYear]:
		if ofMonth == inMonth {
			if s[fieldWeekOfMonth] >= s[fieldDayOfWeekInMonth] {
				return byWeekOfMonth
			}
			return byDayOfWeekInMonth
		}
		if best == ofMonth {
			return byWeekOfMonth
		}
		return byDayOfWeekInMonth
	case best == dayOfYear:
		return byDayOfYear
	}
	return byWeekOfYear
}

// days counts to the day that the fields name in one of the two calendars.
func (c *calendar) days(by dateRule, year int64, from func(int64, int, int) int64) int64 {
	value := func(f field, otherwise int64) int64 {
		if c.stamp[f] > 0 {
			return int64(c.value[f])
		}
		return otherwise
	}
	weekday := int(value(fieldDayOfWeek, sunday))
	if by == byDayOfYear || by == byWeekOfYear {
		first := from(year, 0, 1)
		if by == byDayOfYear {
			return first + int64(c.value[fieldDayOfYear]) - 1
		}
		return onOrBefore(weekStart(first)+6, weekday) + 7*(int64(c.value[fieldWeekOfYear])-1)
	}
	month := int64(c.value[fieldMonth])
	year = int64(int32(year + floorDiv(month, 12)))
	month = floorMod(month, 12)
	first := from(year, int(month), 1)
	switch by {
	case byWeekOfMonth:
		return onOrBefore(weekStart(first)+6, weekday) + int64(7*(c.value[fieldWeekOfMonth]-1))
	case byDayOfWeekInMonth:
		nth := int32(value(fieldDayOfWeekInMonth, 1))
		if nth >= 0 {
			return onOrBefore(first+int64(7*nth)-1, weekday)
		}
		return onOrBefore(first+int64(monthLength(year, int(month)))+int64(7*(nth+1))-1, weekday)
	}
	return first + value(fieldDay, 1) - 1
}
