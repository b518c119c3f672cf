package smt

import (
	"math"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
	"github.com/connectless/connectless/core/transform"
)

const dayMillis = 24 * 60 * 60 * 1000

// instant is a representation of a point in time.
type instant uint8

const (
	instantText instant = iota
	instantUnix
	instantDate
	instantTime
	instantTimestamp
)

var instants = map[string]instant{"string": instantText, "unix": instantUnix, "Date": instantDate, "Time": instantTime, "Timestamp": instantTimestamp}

type timestampConverter struct {
	side        side
	field       string
	to          instant
	pattern     string
	format      *javatext.DateFormat // nil for none
	perUnit     int64                // milliseconds in a unit of numbers, or
	perMilli    int64                // units in a millisecond
	withDefault bool
	plans       plans[instantPlan]
}

type instantPlan struct {
	to    *data.Schema
	field int // its index, -1 when there is none
	from  instant
	err   error // the field is of a type that cannot be converted
}

func newTimestampConverter(s side, c *transform.TimestampConverter) (transform.Transform, error) {
	format, err := c.DateFormat()
	if err != nil {
		return nil, configError(err)
	}
	t := &timestampConverter{side: s, field: c.Field, to: instants[c.TargetType], pattern: c.Format, format: format,
		perUnit: 1, perMilli: 1, withDefault: c.ReplaceNullWithDefault}
	switch c.UnixPrecision {
	case "seconds":
		t.perUnit = 1000
	case "microseconds":
		t.perMilli = 1000
	case "nanoseconds":
		t.perMilli = 1000_000
	}
	return t, nil
}

func (t *timestampConverter) Apply(r *connect.Record) (bool, error) {
	schema, v := t.side.of(r)
	if *schema == nil {
		return true, t.schemaless(r, v)
	}
	if t.field == "" {
		p, err := t.plans.of(*schema, t.planWhole)
		if err != nil {
			return true, err
		}
		result, err := t.convert(r.Arena, v, p.from)
		if err != nil {
			return true, err
		}
		*schema, *v = p.to, result
		return true, nil
	}
	of := *schema
	if !v.IsNull() {
		if err := requireStruct(v, "converting timestamp formats"); err != nil {
			return true, err
		}
		of = v.Schema()
	}
	p, err := t.plans.of(of, t.planField)
	if err != nil {
		return true, err
	}
	if !v.IsNull() {
		if err := t.inStruct(r.Arena, v, &p); err != nil {
			return true, err
		}
	}
	*schema = p.to
	return true, nil
}

func (t *timestampConverter) inStruct(a *data.Arena, v *data.Value, p *instantPlan) error {
	m := rebuilder(v, p.to, nil, t.withDefault)
	for i := range m.fromSchema {
		if i != p.field {
			if err := m.stay(i, i); err != nil {
				return err
			}
			continue
		}
		if p.err != nil {
			return p.err
		}
		f := m.get(i)
		result, err := t.convert(a, &f, p.from)
		if err != nil {
			return err
		}
		if err := put(v, i, result); err != nil {
			return err
		}
	}
	return nil
}

func (t *timestampConverter) schemaless(r *connect.Record, v *data.Value) error {
	whole := t.field == ""
	at := v
	if !v.IsNull() && !whole {
		if err := requireMap(v, "converting timestamp formats"); err != nil {
			return err
		}
		copied(v)
		at = mapGet(v, t.field)
	}
	var result data.Value
	if !at.IsNull() {
		from, err := instantOfValue(at)
		if err != nil {
			return err
		}
		if result, err = t.convert(r.Arena, at, from); err != nil {
			return err
		}
	}
	if at != nil {
		*at = result
	} else {
		v.Set(t.field, result)
	}
	return nil
}

func instantOfValue(v *data.Value) (instant, error) {
	switch v.Kind() {
	case data.Date:
		return instantTimestamp, nil
	case data.Int64:
		return instantUnix, nil
	case data.String:
		return instantText, nil
	}
	return 0, data.Errorf(data.DataException, "TimestampConverter does not support class %s objects as timestamps", v.JavaClass())
}

func instantOfSchema(s *data.Schema) (instant, error) {
	switch {
	case s.Name() == data.LogicalTimestamp:
		return instantTimestamp, nil
	case s.Name() == data.LogicalDate:
		return instantDate, nil
	case s.Name() == data.LogicalTime:
		return instantTime, nil
	case s.Type() == data.TypeString:
		return instantText, nil
	case s.Type() == data.TypeInt64:
		return instantUnix, nil
	}
	return 0, data.Errorf(data.ConnectException, "Schema %s does not correspond to a known timestamp type format", s)
}

func (t *timestampConverter) targetSchema(optional bool) *data.Schema {
	switch t.to {
	case instantText:
		return data.Of(data.TypeString, optional)
	case instantUnix:
		return data.Of(data.TypeInt64, optional)
	case instantDate:
		return data.Logical(data.LogicalDate, optional)
	case instantTime:
		return data.Logical(data.LogicalTime, optional)
	}
	return data.Logical(data.LogicalTimestamp, optional)
}

func (t *timestampConverter) planWhole(s *data.Schema) (p instantPlan, err error) {
	p.from, err = instantOfSchema(s)
	p.to = t.targetSchema(s.Optional())
	return p, err
}

func (t *timestampConverter) planField(s *data.Schema) (p instantPlan, err error) {
	if err := requireFields(s); err != nil {
		return p, err
	}
	spec := basics(s, data.TypeStruct)
	spec.Optional = s.Optional()
	p.field = s.Index(t.field)
	for i, f := range s.Fields() {
		if i == p.field {
			p.from, p.err = instantOfSchema(f.Schema)
			f.Schema = t.targetSchema(f.Schema.Optional())
		}
		spec.Fields = append(spec.Fields, f)
	}
	if p.to, err = spec.Build(); err != nil || s.Default() == nil {
		return p, err
	}
	def := s.Default().Clone()
	if err := t.inStruct(nil, &def, &p); err != nil {
		return p, err
	}
	spec.Default = &def
	p.to, err = spec.Build()
	return p, err
}

// convert turns a point in time from one representation into the configured one. Null stays null.
func (t *timestampConverter) convert(a *data.Arena, v *data.Value, from instant) (data.Value, error) {
	if v.IsNull() {
		return data.Value{}, nil
	}
	ms, err := t.millis(v, from)
	if err != nil {
		return data.Value{}, err
	}
	switch t.to {
	case instantText:
		var short [64]byte
		return a.Text(t.format.Append(short[:0], ms)), nil
	case instantUnix:
		return data.OfInt64(saturatingMul(ms/t.perUnit, t.perMilli)), nil
	case instantDate:
		return data.OfDate(ms - floorMod(ms, dayMillis)), nil
	case instantTime:
		return data.OfDate(timeOfDay(ms)), nil
	}
	return data.OfDate(ms), nil
}

// expected is what Java calls what it looks for, and the kind it is.
var expected = [...]struct {
	what string
	kind data.Kind
}{
	instantText:      {"string timestamp to be a String", data.String},
	instantUnix:      {"Unix timestamp to be a Long", data.Int64},
	instantDate:      {"Date to be a java.util.Date", data.Date},
	instantTime:      {"Time to be a java.util.Date", data.Date},
	instantTimestamp: {"Timestamp to be a java.util.Date", data.Date},
}

func (t *timestampConverter) millis(v *data.Value, from instant) (int64, error) {
	if e := expected[from]; v.Kind() != e.kind {
		return 0, data.Errorf(data.DataException, "Expected %s, but found class %s", e.what, v.JavaClass())
	}
	switch from {
	case instantText:
		if t.format == nil {
			return 0, data.Errorf(data.NullPointer, "a text needs the key format to be read")
		}
		ms, err := t.format.Parse(v.Text())
		if err != nil {
			return 0, data.Errorf(data.DataException, "Could not parse timestamp: value (%s) does not match pattern (%s)", v.Text(), t.pattern).Because(javaError(err))
		}
		return ms, nil
	case instantUnix:
		return saturatingMul(v.Int()/t.perMilli, t.perUnit), nil
	}
	return v.Int(), nil
}

// saturatingMul multiplies by a positive number as TimeUnit does: what does not fit becomes the largest or smallest.
func saturatingMul(i, by int64) int64 {
	switch {
	case i > math.MaxInt64/by:
		return math.MaxInt64
	case i < math.MinInt64/by:
		return math.MinInt64
	}
	return i * by
}

const (
	startOfAD  = -62135769600000  // 1 January of the year 1, Julian
	year1970BC = -124304284800000 // 1 January of 1970 BC, Julian
)

// timeOfDay sets the date to 1 January 1970 as Java's calendar does, which leaves the era as it is.
func timeOfDay(ms int64) int64 {
	of := floorMod(ms, dayMillis)
	if ms < startOfAD {
		of += year1970BC
	}
	return of
}

func floorMod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}
