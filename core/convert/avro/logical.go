package avro

import "github.com/connectless/connectless/core/data"

const dayMillis = 24 * 60 * 60 * 1000

// unlogical turns a value of one of Connect's logical types into what it is written as; others stay. Errors are
// DataExceptions.
func unlogical(s *data.Schema, v *data.Value) (data.Value, error) {
	switch s.Name() {
	case data.LogicalDecimal:
		if v.Kind() != data.Decimal {
			return data.Value{}, data.Errorf(data.DataException, "Invalid type for Decimal, expected BigDecimal but was class %s", v.JavaClass())
		}
		b, err := data.DecimalToBytes(s, v.Unscaled(), v.Scale())
		return data.OfBytes(b), err
	case data.LogicalDate, data.LogicalTime, data.LogicalTimestamp:
		if v.Kind() != data.Date {
			return data.Value{}, data.Errorf(data.DataException, "Invalid type for %s, expected Date but was class %s", simple(s), v.JavaClass())
		}
	}
	switch s.Name() {
	case data.LogicalDate:
		days, err := data.DateToDays(v.Int())
		return data.OfInt32(days), err
	case data.LogicalTime:
		ms, err := data.TimeToMillis(v.Int())
		return data.OfInt32(ms), err
	case data.LogicalTimestamp:
		return data.OfInt64(v.Int()), nil
	}
	return *v, nil
}

// logical is the opposite of unlogical.
func logical(s *data.Schema, v data.Value) (data.Value, error) {
	want := ""
	switch s.Name() {
	case data.LogicalDecimal:
		if v.Kind() == data.Bytes {
			scale, err := data.DecimalScale(s)
			if err != nil {
				return data.Value{}, err
			}
			if len(v.Raw()) == 0 {
				return data.Value{}, data.Errorf(data.NumberFormat, "Zero length BigInteger")
			}
			return data.OfDecimalBytes(v.Raw(), scale), nil
		}
		want = "bytes"
	case data.LogicalDate:
		if v.Kind() == data.Int32 {
			return data.OfDate(v.Int() * dayMillis), nil
		}
		want = "int32"
	case data.LogicalTime:
		if v.Kind() == data.Int32 {
			return data.MillisToTime(int32(v.Int()))
		}
		want = "int32"
	case data.LogicalTimestamp:
		if v.Kind() == data.Int64 {
			return data.OfDate(v.Int()), nil
		}
		want = "int64"
	default:
		return v, nil
	}
	return data.Value{}, data.Errorf(data.DataException, "Invalid type for %s, underlying representation should be %s but was class %s", simple(s), want, v.JavaClass())
}

// simple is a logical type's name without the package.
func simple(s *data.Schema) string { return s.Name()[len("org.apache.kafka.connect.data."):] }

var kinds = [...]data.Kind{data.TypeInt8: data.Int8, data.TypeInt16: data.Int16, data.TypeInt32: data.Int32, data.TypeInt64: data.Int64,
	data.TypeFloat32: data.Float32, data.TypeFloat64: data.Float64, data.TypeBoolean: data.Bool, data.TypeString: data.String,
	data.TypeBytes: data.Bytes, data.TypeArray: data.Array, data.TypeMap: data.Map, data.TypeStruct: data.Struct}

// holds says whether a value is of the Java class that stands for a type.
func holds(t data.Type, v *data.Value) bool { return v.Kind() == kinds[t] }
