package data

import (
	"strings"
	"testing"
)

func TestParseString(t *testing.T) {
	for _, tc := range []struct{ in, schema, value string }{
		{"", "Schema{STRING}", ""},
		{"a b", "Schema{STRING}", "a b"},
		{"null ", "", "null"},
		{"nullx", "Schema{STRING}", "nullx"},
		{"true", "Schema{BOOLEAN}", "true"},
		{"true}", "Schema{STRING}", "true}"},
		{"TRUE", "Schema{STRING}", "TRUE"},
		{"127", "Schema{INT8}", "127"},
		{"128", "Schema{INT16}", "128"},
		{"-32769", "Schema{INT32}", "-32769"},
		{"2147483648", "Schema{INT64}", "2147483648"},
		{"9223372036854775808", "Schema{org.apache.kafka.connect.data.Decimal:BYTES}", "9223372036854775808"},
		{"1E3", "Schema{INT16}", "1000"},
		{"1.23456789012345", "Schema{FLOAT32}", "1.2345679"},
		{"1e38", "Schema{FLOAT32}", "1.0E38"},
		{"1e39", "Schema{FLOAT64}", "1.0E39"},
		{"1e400", "Schema{org.apache.kafka.connect.data.Decimal:BYTES}", "1E+400"},
		{"1e999999999", "Schema{org.apache.kafka.connect.data.Decimal:BYTES}", "1E+999999999"},
		{"1e-999999999", "Schema{FLOAT32}", "0.0"},
		{".5", "Schema{STRING}", ".5"},
		{"1:2", "Schema{INT8}", "1"},
		{"12:34:56Z", "Schema{INT8}", "12"},
		{"12:34:56.789Z", "Schema{org.apache.kafka.connect.data.Time:INT32}", "Thu Jan 01 12:34:56 UTC 1970"},
		{`12\:34\:56.789Z`, "Schema{org.apache.kafka.connect.data.Time:INT32}", "Thu Jan 01 12:34:56 UTC 1970"},
		{"2024-01-01", "Schema{org.apache.kafka.connect.data.Date:INT32}", "Mon Jan 01 00:00:00 UTC 2024"},
		{"2024-01-01T00:00:00.000Z", "Schema{org.apache.kafka.connect.data.Timestamp:INT64}", "Mon Jan 01 00:00:00 UTC 2024"},
		{"[1]x", "Schema{ARRAY}", "[1]"},
		{"[1,null]", "Schema{STRING}", "[1,null]"},
		{`[1,"a"]`, "Schema{ARRAY}", "[1, a]"},
		{`["2024-01-01"]`, "Schema{ARRAY}", "[Mon Jan 01 00:00:00 UTC 2024]"},
		{"[1 2]", "Schema{STRING}", "[1 2]"},
		{"[", "Schema{STRING}", "["},
		{`{"a":1,"a":2}`, "Schema{MAP}", "{a=2}"},
		{`{"b":1,"a":[true]}`, "Schema{MAP}", "{b=1, a=[true]}"},
		{`"a"`, "Schema{STRING}", `"a"`},
		{"١٢", "Schema{INT8}", "12"},
		{strings.Repeat("[", 1001) + strings.Repeat("]", 1001), "Schema{STRING}", strings.Repeat("[", 1001) + strings.Repeat("]", 1001)},
	} {
		s, v := ParseString(tc.in)
		schema := ""
		if s != nil {
			schema = s.String()
		}
		if schema != tc.schema || v.JavaText() != tc.value {
			t.Errorf("ParseString(%q) = %s %s, want %s %s", tc.in, schema, v.JavaText(), tc.schema, tc.value)
		}
	}
}

// FuzzParseString looks for inputs that panic or take no end, and for a parsed number that does not mean its text.
func FuzzParseString(f *testing.F) {
	for _, s := range []string{"", "null", "true", "[1,2.5,{\"a\":[]}]", `{"a" : 1 , "b" : "2024-01-01"}`, "12:34:56.789Z", "1e400", `\"`, "[[[[", "-1.5e-7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		schema, v := ParseString(s)
		if (schema == nil) != v.IsNull() {
			t.Fatalf("schema %v of value %s", schema, v.JavaText())
		}
		if schema != nil && schema.Type() != TypeArray && schema.Type() != TypeMap {
			if err := Validate(schema, &v); err != nil {
				t.Fatal(err)
			}
		}
		text, err := ConvertToString(schema, &v)
		if err != nil || v.IsNull() != text.IsNull() {
			t.Fatalf("%v: %s", err, text.JavaText())
		}
	})
}
