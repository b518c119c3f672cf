package data

import (
	"math/big"
	"strconv"

	"github.com/connectless/connectless/core/data/javatext"
)

// Logical returns the schema of the logical Date, Time or Timestamp: any other name panics.
func Logical(name string, optional bool) *Schema {
	s := logicals[name]
	if s == nil {
		panic("data: no logical type " + name + " without parameters")
	}
	return s[b2i(optional)]
}

var logicals = func() map[string]*[2]*Schema {
	one := int32(1)
	m := make(map[string]*[2]*Schema)
	for name, t := range map[string]Type{LogicalDate: TypeInt32, LogicalTime: TypeInt32, LogicalTimestamp: TypeInt64} {
		m[name] = &[2]*Schema{
			{spec: Spec{Type: t, Name: name, Version: &one}},
			{spec: Spec{Type: t, Name: name, Version: &one, Optional: true}},
		}
	}
	return m
}()

// DecimalSchema returns the schema of a logical Decimal.
func DecimalSchema(scale int32, optional bool) *Schema {
	one := int32(1)
	return &Schema{spec: Spec{Type: TypeBytes, Optional: optional, Name: LogicalDecimal, Version: &one,
		Params: []Param{{ScaleParameter, strconv.Itoa(int(scale))}}}}
}

// DecimalScale is the scale parameter of a Decimal schema. Errors are DataExceptions.
func DecimalScale(s *Schema) (int32, error) {
	text, ok := s.Param(ScaleParameter)
	if !ok {
		if len(s.Params()) == 0 {
			return 0, Errorf(NullPointer, `Cannot invoke "java.util.Map.get(Object)" because the schema has no parameters`)
		}
		return 0, Errorf(DataException, "Invalid Decimal schema: scale parameter not found.")
	}
	scale, err := javatext.ParseInt(text)
	if err != nil {
		return 0, Errorf(DataException, "Invalid scale parameter found in Decimal schema: ").Because(javaError(err))
	}
	return scale, nil
}

// DecimalToBytes is the unscaled value of a decimal that must have the schema's scale. Errors are DataExceptions.
func DecimalToBytes(s *Schema, unscaled *big.Int, scale int32) ([]byte, error) {
	want, err := DecimalScale(s)
	if err != nil {
		return nil, err
	}
	if scale != want {
		return nil, Errorf(DataException, "Decimal value has mismatching scale for given Decimal schema. Schema has scale %d, value has scale %d.", want, scale)
	}
	return TwosComplement(unscaled), nil
}

// DateToDays is the number of days of a logical Date, which must be midnight UTC.
func DateToDays(ms int64) (int32, error) {
	if ms%dayMillis != 0 {
		return 0, Errorf(DataException, "Kafka Connect Date type should not have any time fields set to non-zero values.")
	}
	return int32(ms / dayMillis), nil
}

// TimeToMillis is the number of milliseconds of a logical Time, which must be on the first day of 1970.
func TimeToMillis(ms int64) (int32, error) {
	if ms < 0 || ms > dayMillis {
		return 0, Errorf(DataException, "Kafka Connect Time type should not have any date fields set to non-zero values.")
	}
	return int32(ms), nil
}

// MillisToTime is the logical Time of a number of milliseconds in the day.
func MillisToTime(ms int32) (Value, error) {
	if ms < 0 || ms > dayMillis {
		return Value{}, Errorf(DataException, "Time values must use number of milliseconds greater than 0 and less than 86400000")
	}
	return OfDate(int64(ms)), nil
}
