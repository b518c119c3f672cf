package data

import (
	"math"
	"math/big"
	"testing"
)

func TestConvertTo(t *testing.T) {
	type convert = func(*Schema, *Value) (Value, error)
	date, tod, stamp := Logical(LogicalDate, false), Logical(LogicalTime, false), Logical(LogicalTimestamp, false)
	decimal := func(s *Schema, v *Value) (Value, error) { return ConvertToDecimal(s, v, 2) }
	for _, tc := range []struct {
		f    convert
		s    *Schema
		v    Value
		want string // kind, text
	}{
		{ConvertToInt8, nil, OfInt16(300), "int8 44"},
		{ConvertToInt8, nil, OfFloat64(1e300), "int8 -1"},
		{ConvertToInt64, nil, OfFloat64(math.NaN()), "int64 0"},
		{ConvertToInt16, nil, OfString("99999999999"), "int16 -6145"},
		{ConvertToInt32, nil, OfString("3.99"), "int32 3"},
		{ConvertToInt32, stamp, OfDate(1704067199123), "int32 -1034817389"},
		{ConvertToInt64, date, OfDate(86400000), "int64 1"},
		{ConvertToFloat32, nil, OfInt64(1099511627776), "float32 1.09951163E12"},
		{ConvertToFloat64, nil, OfBigInt(big.NewInt(5)), "float64 5.0"},
		{ConvertToFloat64, nil, Value{}, "null null"},
		{ConvertToBoolean, nil, OfString("true"), "boolean true"},
		{ConvertToBoolean, nil, OfFloat64(0.9), "boolean false"},
		{ConvertToString, nil, OfArray(OfString(`a"\`), OfBytes([]byte("x")), Value{}, OfDate(0)), `string ["a\"\\","eA==",null,00:00:00.000Z]`},
		{ConvertToString, nil, OfMap(F("customer", OfInt8(1)), F("amount", OfInt8(2))), `string {"amount":2,"customer":1}`},
		{ConvertToString, nil, OfDate(86400000), "string 1970-01-02"},
		{ConvertToString, nil, OfDate(-1), "string 23:59:59.999Z"},
		{ConvertToString, nil, OfDate(253402300800001), "string 10000-01-01T00:00:00.001Z"},
		{ConvertToList, nil, OfString("[1,300]"), "array [1, 300]"},
		{ConvertToMap, nil, OfString(`{"a":1}`), "map {a=1}"},
		{ConvertToDate, stamp, OfDate(1704067199123), "date Sun Dec 31 00:00:00 UTC 2023"},
		{ConvertToDate, nil, OfString("2024-01-01"), "date Mon Jan 01 00:00:00 UTC 2024"},
		{ConvertToTime, stamp, OfDate(-1), "date Thu Jan 01 23:59:59 UTC 1970"},
		{ConvertToTimestamp, date, OfDate(86400000), "date Fri Jan 02 00:00:00 UTC 1970"},
		{ConvertToTimestamp, tod, OfDate(1000), "date Thu Jan 01 00:00:01 UTC 1970"},
		{decimal, nil, OfInt64(1099511627776), "decimal 1099511627776"},
		{decimal, nil, OfBytes([]byte{1, 0}), "decimal 2.56"},
		{decimal, nil, OfString("1E+2"), "decimal 1E+2"},
	} {
		got, err := tc.f(tc.s, &tc.v)
		if err != nil {
			t.Errorf("%s: %v", tc.v.JavaText(), err)
			continue
		}
		if text := got.Kind().String() + " " + got.JavaText(); text != tc.want {
			t.Errorf("%s became %s, want %s", tc.v.JavaText(), text, tc.want)
		}
	}
	for _, tc := range []struct {
		f    convert
		s    *Schema
		v    Value
		want string
	}{
		{ConvertToInt8, nil, OfBool(true), "DataException: Unable to convert true (class java.lang.Boolean) to a number"},
		{ConvertToInt8, Of(TypeBoolean, false), OfBool(true), "DataException: Unable to convert true (class java.lang.Boolean) to Schema{BOOLEAN}"},
		{ConvertToInt32, nil, OfString("x"), `DataException: Unable to convert x (class java.lang.String) to a number: NumberFormatException: Character x is neither a decimal digit number, decimal point, nor "e" notation exponential mark.`},
		{ConvertToInt64, date, OfDate(1), "DataException: Kafka Connect Date type should not have any time fields set to non-zero values."},
		{ConvertToTime, nil, OfInt8(-1), "DataException: Time values must use number of milliseconds greater than 0 and less than 86400000"},
		{ConvertToList, nil, OfString("1"), "DataException: Unable to convert 1 (class java.lang.Byte) to Schema{ARRAY}"},
		{ConvertToStruct, nil, OfMap(), "DataException: Unable to convert {} (class java.util.HashMap) to Schema{STRUCT}"},
		{ConvertToDate, nil, Value{}, "DataException: Unable to convert a null value to a schema that requires a value"},
		{decimal, nil, OfBool(true), "DataException: Unable to convert true (class java.lang.Boolean) to Schema{org.apache.kafka.connect.data.Decimal:BYTES}"},
	} {
		_, err := tc.f(tc.s, &tc.v)
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %v, want %s", tc.v.JavaText(), err, tc.want)
		}
	}
}

func TestInferSchema(t *testing.T) {
	for _, tc := range []struct {
		v    Value
		want *Schema
	}{
		{Value{}, nil}, {OfDate(1), nil}, {OfDecimalBytes([]byte{1}, 0), nil}, {OfArray(), nil}, {OfMap(), nil},
		{OfArray(OfInt8(1), OfInt16(1)), nil}, {OfArray(OfDate(1)), nil},
		{OfFloat32(1), Of(TypeFloat32, false)},
		{OfArray(OfInt8(1), Value{}), Spec{Type: TypeArray, Elem: Of(TypeInt8, true)}.MustBuild()},
		{OfMap(F("a", OfString("x"))), Spec{Type: TypeMap, Key: Of(TypeString, false), Elem: Of(TypeString, false)}.MustBuild()},
		{OfArray(OfArray(OfInt8(1))), &Schema{spec: Spec{Type: TypeArray, Elem: &Schema{spec: Spec{Type: TypeArray}}}}},
	} {
		got, err := InferSchema(&tc.v)
		if err != nil || !got.Equal(tc.want) {
			t.Errorf("%s has %v (%v), want %v", tc.v.JavaText(), got, err, tc.want)
		}
	}
	nulls := OfArray(Value{})
	if _, err := InferSchema(&nulls); err == nil || err.Error() != "SchemaBuilderException: type cannot be null" {
		t.Errorf("a list of null: %v", err)
	}
}
