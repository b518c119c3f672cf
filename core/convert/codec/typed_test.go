package codec

import (
	"testing"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/data"
)

func TestPayloadOfASchema(t *testing.T) {
	const logical = `"name":"org.apache.kafka.connect.data.`
	for _, tc := range []struct{ schema, payload, want string }{
		{`{"type":"int8"}`, `200`, "int8 -56"},
		{`{"type":"int16"}`, `"5"`, "int16 0"},
		{`{"type":"int32"}`, `1e10`, "int32 1410065408"},
		{`{"type":"int64"}`, `12345678901234567890`, "int64 -6101065172474983726"},
		{`{"type":"int64"}`, `1e999999999`, "int64 0"},
		{`{"type":"float"}`, `1e40`, "float32 Infinity"},
		{`{"type":"float"}`, `16777217`, "float32 1.6777216E7"},
		{`{"type":"double"}`, `-0.0`, "float64 0.0"},
		{`{"type":"double"}`, `"NaN"`, "float64 0.0"},
		{`{"type":"boolean"}`, `1`, "boolean false"},
		{`{"type":"string"}`, `5`, "null null"},
		{`{"type":"bytes"}`, `" AA== AQ=="`, "bytes [B@0"},
		{`{"type":"bytes"}`, `5`, "null null"},
		{`{"type":"bytes"}`, `"AA=="x`, "DataException: Converting byte[] to Kafka Connect data failed due to serialization error: : SerializationException: expected ',' or '}' at byte 43"},
		{`{"type":"bytes"}`, `"AA"`, "DataException: Invalid bytes field: InvalidFormatException: Cannot access contents of TextNode as binary due to broken Base64 encoding: Unexpected end of base64-encoded String: base64 variant 'MIME-NO-LINEFEEDS' expects padding (one or more '=' characters) at the end. This Base64Variant might have been incorrectly configured"},
		{`{"type":"array","items":{"type":"int8"}}`, `{"a":1,"b":2}`, "array [1, 2]"},
		{`{"type":"array","items":{"type":"int8"}}`, `7`, "array []"},
		{`{"type":"map","keys":{"type":"string"},"values":{"type":"int8"}}`, `[]`, "DataException: Maps with string fields should be encoded as JSON objects, but found ARRAY"},
		{`{"type":"map","keys":{"type":"int8"},"values":{"type":"int8"}}`, `{}`, "DataException: Maps with non-string fields should be encoded as JSON array of tuples, but found OBJECT"},
		{`{"type":"map","keys":{"type":"int8"},"values":{"type":"int8"}}`, `[true]`, "DataException: Found invalid map entry instead of array tuple: BOOLEAN"},
		{`{"type":"map","keys":{"type":"int8"},"values":{"type":"int8"}}`, `[[1,2,3]]`, "DataException: Found invalid map entry, expected length 2 but found :3"},
		{`{"type":"struct","fields":[]}`, `"x"`, "DataException: Structs should be encoded as JSON objects, but found STRING"},
		{`{"type":"struct","fields":[{"type":"string","field":"s"}]}`, `{"s":5}`, `DataException: Invalid value: null used for required field: "s", schema type: STRING`},
		{`{"type":"struct","fields":[{"type":"array","items":{"type":"string"},"field":"s"}]}`, `{"s":["x",5]}`, `DataException: Invalid value: null used for required element of array field: "s", schema type: STRING`},
		{`{"type":"bytes",` + logical + `Decimal","parameters":{"scale":"2"}}`, `12.345`, "decimal 12.345"},
		{`{"type":"bytes",` + logical + `Decimal","parameters":{"scale":"2"}}`, `"BM4="`, "decimal 12.30"},
		{`{"type":"bytes",` + logical + `Decimal","parameters":{"scale":"x"}}`, `"BM4="`, `DataException: Invalid bytes for Decimal field: DataException: Invalid scale parameter found in Decimal schema: : NumberFormatException: For input string: "x"`},
		{`{"type":"bytes",` + logical + `Decimal","parameters":{"scale":"2"}}`, `true`, "DataException: Invalid type for Decimal, underlying representation should be numeric or bytes but was BOOLEAN"},
		{`{"type":"int32",` + logical + `Date"}`, `-1`, "date Wed Dec 31 00:00:00 UTC 1969"},
		{`{"type":"int32",` + logical + `Date"}`, `2147483648`, "DataException: Invalid type for Date, underlying representation should be integer but was NUMBER"},
		{`{"type":"int32",` + logical + `Time"}`, `86400000`, "date Fri Jan 02 00:00:00 UTC 1970"},
		{`{"type":"int32",` + logical + `Time"}`, `86400001`, "DataException: Time values must use number of milliseconds greater than 0 and less than 86400000"},
		{`{"type":"int64",` + logical + `Timestamp"}`, `1.5`, "DataException: Invalid type for Timestamp, underlying representation should be integral but was NUMBER"},
	} {
		c := jsonOf(t, false)
		_, v, err := c.ToConnect(data.NewArena(), "t", []byte(`{"schema":`+tc.schema+`,"payload":`+tc.payload+`}`))
		got := v.Kind().String() + " " + v.JavaText()
		if err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s of %s:\ngot  %s\nwant %s", tc.payload, tc.schema, got, tc.want)
		}
	}
}

func TestWritingASchemasValue(t *testing.T) {
	str, i8 := data.Of(data.TypeString, false), data.Of(data.TypeInt8, false)
	five := data.OfInt8(5)
	withDefault := data.Spec{Type: data.TypeInt8, Default: &five}.MustBuild()
	one := data.Spec{Type: data.TypeStruct, Fields: []data.SchemaField{{Name: "d", Schema: withDefault}}}.MustBuild()
	other := data.Spec{Type: data.TypeStruct, Name: "other", Fields: one.Fields()}.MustBuild()
	mapOf := func(k, v *data.Schema) *data.Schema {
		return data.Spec{Type: data.TypeMap, Key: k, Elem: v}.MustBuild()
	}
	decimal := data.OfDecimalBytes([]byte{0x04, 0xCE}, 2)
	for _, tc := range []struct {
		props []string
		s     *data.Schema
		v     data.Value
		want  string
	}{
		{nil, data.Of(data.TypeFloat64, false), data.OfFloat64(1e7), `1.0E7`},
		{nil, data.Of(data.TypeBytes, false), data.OfByteBuffer([]byte("hey")), `"aGV5"`},
		{nil, i8, data.OfInt16(1), "DataException: Invalid type for INT8: class java.lang.Short"},
		{nil, i8, data.Value{}, "DataException: Conversion error: null value for field that is required and has no default value"},
		{nil, withDefault, data.Value{}, `5`},
		{[]string{"replace.null.with.default", "false"}, withDefault, data.Value{}, "DataException: Conversion error: null value for field that is required and has no default value"},
		{nil, data.Of(data.TypeInt8, true), data.Value{}, `null`},
		{nil, one, data.OfStruct(one), `{"d":5}`},
		{nil, one, data.OfStruct(other), "DataException: Mismatching schema."},
		{nil, one, data.OfMap(), "DataException: Invalid type for STRUCT: class java.util.HashMap"},
		{nil, mapOf(str, i8), data.OfMap(data.F("b", five), data.F("a", five)), `{"b":5,"a":5}`},
		{nil, mapOf(i8, i8), data.OfPairs(five, data.OfInt8(6)), `[[5,6]]`},
		{nil, mapOf(str, i8), data.OfPairs(five, five), "DataException: Invalid type for STRING: class java.lang.Byte"},
		{nil, mapOf(data.Of(data.TypeString, true), i8), data.OfPairs(data.Value{}, five), `{"null":5}`},
		{nil, data.Spec{Type: data.TypeArray, Elem: i8}.MustBuild(), data.OfArray(five, data.OfBool(true)), "DataException: Invalid type for INT8: class java.lang.Boolean"},
		{nil, data.Of(data.TypeBytes, false), data.OfString("x"), "DataException: Invalid type for bytes type: class java.lang.String"},
		{nil, data.DecimalSchema(2, false), decimal, `"BM4="`},
		{[]string{"decimal.format", "numeric"}, data.DecimalSchema(3, false), decimal, `12.30`},
		{nil, data.DecimalSchema(3, false), decimal, "DataException: Decimal value has mismatching scale for given Decimal schema. Schema has scale 3, value has scale 2."},
		{nil, data.DecimalSchema(3, false), five, "DataException: Invalid type for Decimal, expected BigDecimal but was class java.lang.Byte"},
		{nil, data.Logical(data.LogicalDate, false), data.OfDate(86400000), `1`},
		{nil, data.Logical(data.LogicalDate, false), data.OfDate(1), "DataException: Kafka Connect Date type should not have any time fields set to non-zero values."},
		{nil, data.Logical(data.LogicalTime, false), data.OfDate(-1), "DataException: Kafka Connect Time type should not have any date fields set to non-zero values."},
		{nil, data.Logical(data.LogicalTimestamp, false), data.OfDate(-1), `-1`},
		{nil, data.Logical(data.LogicalTimestamp, false), data.OfInt64(1), "DataException: Invalid type for Timestamp, expected Date but was class java.lang.Long"},
	} {
		c := jsonOf(t, false, append([]string{"schemas.enable", "false"}, tc.props...)...)
		out, null, err := c.FromConnect(nil, "t", tc.s, &tc.v)
		got := string(out)
		if err != nil {
			got = err.Error()
		}
		if got != tc.want || null {
			t.Errorf("%s as %s: got %s (%v), want %s", tc.v.JavaText(), tc.s, got, null, tc.want)
		}
	}
}

// What the converters of bytes and numbers refuse, and what null is to each.
func TestScalars(t *testing.T) {
	for _, tc := range []struct {
		class string
		bytes string
		read  string
		v     data.Value
		s     *data.Schema
		wrote string
	}{
		{convert.ByteArrayConverter, "\xff", "bytes [B@0", data.OfBool(true), nil, "DataException: ByteArrayConverter is not compatible with objects of type class java.lang.Boolean"},
		{convert.ByteArrayConverter, "", "bytes [B@0", data.OfInt8(1), data.Of(data.TypeInt8, false), "DataException: Invalid schema type for ByteArrayConverter: INT8"},
		{convert.BooleanConverter, "\x02", "DataException: Failed to deserialize boolean: : SerializationException: Unexpected byte received by BooleanDeserializer: 2", data.OfBool(true), nil, "\x01"},
		{convert.BooleanConverter, "ab", "DataException: Failed to deserialize boolean: : SerializationException: Size of data received by BooleanDeserializer is not 1", data.OfString("true"), nil, "DataException: BooleanConverter is not compatible with objects of type class java.lang.String"},
		{convert.ShortConverter, "\xff\xfe", "int16 -2", data.OfInt16(-2), nil, "\xff\xfe"},
		{convert.IntegerConverter, "abc", "DataException: Failed to deserialize integer: : SerializationException: Size of data received by IntegerDeserializer is not 4", data.OfInt64(1), nil, "DataException: Failed to serialize to integer (was class java.lang.Long): : ClassCastException: class java.lang.Long cannot be cast to class java.lang.Integer"},
		{convert.LongConverter, "\x00\x00\x00\x00\x00\x00\x01\x00", "int64 256", data.OfString("1"), nil, "DataException: Failed to serialize to long (was class java.lang.String): : ClassCastException: class java.lang.String cannot be cast to class java.lang.Number"},
		{convert.FloatConverter, "\x3f\xc0\x00\x00", "float32 1.5", data.OfFloat32(1.5), data.Of(data.TypeInt8, false), "\x3f\xc0\x00\x00"},
		{convert.DoubleConverter, "\x00", "DataException: Failed to deserialize double: : SerializationException: Size of data received by Deserializer is not 8", data.OfFloat64(1.5), nil, "\x3f\xf8\x00\x00\x00\x00\x00\x00"},
	} {
		h, _, err := NewHeader(tc.class, nil) // the same converter, with a name
		if err != nil {
			t.Fatal(err)
		}
		_, v, err := h.ToHeader(nil, "t", "h", []byte(tc.bytes))
		got := v.Kind().String() + " " + v.JavaText()
		if err != nil {
			got = err.Error()
		}
		if got != tc.read {
			t.Errorf("%s of %q: got %s, want %s", tc.class, tc.bytes, got, tc.read)
		}
		out, null, err := h.FromHeader(nil, "t", "h", tc.s, &tc.v)
		if got = string(out); err != nil {
			got = err.Error()
		}
		if got != tc.wrote || null {
			t.Errorf("%s of %s: got %q, want %q", tc.class, tc.v.JavaText(), got, tc.wrote)
		}
		if _, v, err = h.ToHeader(nil, "t", "h", nil); err != nil || !v.IsNull() {
			t.Errorf("%s: null reads as %s, %v", tc.class, v.JavaText(), err)
		}
		if out, null, err = h.FromHeader(nil, "t", "h", nil, &v); err != nil || !null || len(out) > 0 {
			t.Errorf("%s: null is written as %q, %v, %v", tc.class, out, null, err)
		}
	}
}
