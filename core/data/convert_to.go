package data

import (
	"encoding/base64"
	"strings"

	"github.com/connectless/connectless/core/data/javatext"
)

// The ConvertTo functions do what Kafka Connect's Values.convertTo… do: s is the schema of v, nil when it has none.
// Null stays null where Java's do, the result of the others must not be null. Errors are DataExceptions. Results may
// share v's content.

func ConvertToBoolean(s *Schema, v *Value) (Value, error) {
	return convertTo(Of(TypeBoolean, true), s, v)
}
func ConvertToInt8(s *Schema, v *Value) (Value, error)  { return convertTo(Of(TypeInt8, true), s, v) }
func ConvertToInt16(s *Schema, v *Value) (Value, error) { return convertTo(Of(TypeInt16, true), s, v) }
func ConvertToInt32(s *Schema, v *Value) (Value, error) { return convertTo(Of(TypeInt32, true), s, v) }
func ConvertToInt64(s *Schema, v *Value) (Value, error) { return convertTo(Of(TypeInt64, true), s, v) }
func ConvertToFloat32(s *Schema, v *Value) (Value, error) {
	return convertTo(Of(TypeFloat32, true), s, v)
}
func ConvertToFloat64(s *Schema, v *Value) (Value, error) {
	return convertTo(Of(TypeFloat64, true), s, v)
}
func ConvertToString(s *Schema, v *Value) (Value, error) {
	return convertTo(Of(TypeString, true), s, v)
}
func ConvertToList(s *Schema, v *Value) (Value, error)   { return convertTo(anyArray, s, v) }
func ConvertToMap(s *Schema, v *Value) (Value, error)    { return convertTo(anyMap, s, v) }
func ConvertToStruct(s *Schema, v *Value) (Value, error) { return convertTo(anyStruct, s, v) }

func ConvertToDate(s *Schema, v *Value) (Value, error) {
	return convertTo(Logical(LogicalDate, false), s, v)
}

func ConvertToTime(s *Schema, v *Value) (Value, error) {
	return convertTo(Logical(LogicalTime, false), s, v)
}

func ConvertToTimestamp(s *Schema, v *Value) (Value, error) {
	return convertTo(Logical(LogicalTimestamp, false), s, v)
}

// ConvertToDecimal gives a decimal of v's own scale: the scale asked for only counts where v is Bytes.
func ConvertToDecimal(s *Schema, v *Value, scale int32) (Value, error) {
	return convertTo(DecimalSchema(scale, false), s, v)
}

var (
	anyArray  = Spec{Type: TypeArray, Elem: Of(TypeString, false)}.MustBuild()
	anyMap    = Spec{Type: TypeMap, Key: Of(TypeString, false), Elem: Of(TypeString, false)}.MustBuild()
	anyStruct = Spec{Type: TypeStruct}.MustBuild()
)

func convertTo(to, from *Schema, v *Value) (Value, error) {
	if v.IsNull() {
		if to.Optional() {
			return Value{}, nil
		}
		return Value{}, Errorf(DataException, "Unable to convert a null value to a schema that requires a value")
	}
	switch to.Name() {
	case LogicalDecimal:
		return convertToDecimal(to, v)
	case LogicalDate, LogicalTime, LogicalTimestamp:
		return convertToTemporal(to.Name(), from, v)
	}
	switch to.Type() {
	case TypeString:
		return OfString(view(appendLiteral(nil, v, false))), nil
	case TypeBoolean:
		return convertToBoolean(from, v)
	case TypeFloat32, TypeFloat64:
		return convertToFloat(to.Type(), from, v)
	case TypeBytes:
		if v.Kind() == Bytes {
			return OfBytes(v.Raw()), nil
		}
	case TypeArray, TypeMap:
		return convertToContainer(to, v)
	case TypeStruct:
		if v.Kind() == Struct {
			return *v, nil
		}
	default:
		return convertToInteger(to.Type(), from, v)
	}
	return Value{}, cannotConvert(v, to.String(), nil)
}

func cannotConvert(v *Value, to string, cause error) error {
	return Errorf(DataException, "Unable to convert %s (class %s) to %s", v.JavaText(), v.JavaClass(), to).Because(cause)
}

func convertToDecimal(to *Schema, v *Value) (Value, error) {
	switch v.Kind() {
	case Bytes:
		scale, err := DecimalScale(to)
		if err != nil {
			return Value{}, err
		}
		return OfDecimalBytes(v.Raw(), scale), nil
	case Decimal:
		return *v, nil
	case String:
		unscaled, scale, err := javatext.ParseDecimal(v.Text())
		if err != nil {
			return Value{}, javaError(err)
		}
		return OfDecimal(unscaled, scale), nil
	}
	if f, ok := v.double(); ok {
		// BigDecimal.valueOf goes through the text of the double.
		unscaled, scale, err := javatext.ParseDecimal(string(javatext.AppendDouble(nil, f)))
		if err != nil {
			return Value{}, javaError(err)
		}
		return OfDecimal(unscaled, scale), nil
	}
	return Value{}, cannotConvert(v, to.String(), nil)
}

// javaError is an error of javatext as one of this package.
func javaError(err error) error {
	e, ok := err.(*javatext.Error)
	if !ok {
		return err
	}
	mine := &Error{Class: e.Class, Message: e.Message}
	if e.Cause != nil {
		mine.Cause = javaError(e.Cause)
	}
	return mine
}

const dayMillis = 24 * 60 * 60 * 1000

func convertToTemporal(name string, from *Schema, v *Value) (Value, error) {
	parsed := *v
	if v.Kind() == String {
		if _, parsed = ParseString(v.Text()); parsed.IsNull() {
			return Value{}, nullParsed()
		}
	}
	if parsed.Kind() == Date {
		if from == nil || from.Name() == name {
			return parsed, nil
		}
		ms := parsed.Int()
		switch {
		case name == LogicalTimestamp && from.Name() == LogicalDate:
			days, err := DateToDays(ms)
			return OfDate(int64(days) * dayMillis), err
		case name == LogicalTimestamp && from.Name() == LogicalTime:
			ms, err := TimeToMillis(ms)
			return OfDate(int64(ms)), err
		case name == LogicalDate && from.Name() == LogicalTimestamp:
			return OfDate(int64(int32(ms/dayMillis)) * dayMillis), nil
		case name == LogicalTime && from.Name() == LogicalTimestamp:
			return OfDate((ms%dayMillis + dayMillis) % dayMillis), nil
		}
	}
	n, err := asLong(&parsed, from, nil)
	if err != nil {
		return Value{}, err
	}
	switch name {
	case LogicalDate:
		n = int64(int32(n)) * dayMillis
	case LogicalTime:
		return MillisToTime(int32(n))
	}
	return OfDate(n), nil
}

// nullParsed is what Java throws for the text "null": Values.parseString returned null.
func nullParsed() error {
	return Errorf(NullPointer, `Cannot invoke "org.apache.kafka.connect.data.SchemaAndValue.value()" because the parsed text is null`)
}

func convertToBoolean(from *Schema, v *Value) (Value, error) {
	switch v.Kind() {
	case Bool:
		return *v, nil
	case String:
		schema, parsed := ParseString(v.Text())
		if schema == nil {
			return Value{}, nullParsed()
		}
		if parsed.Kind() == Bool {
			return parsed, nil
		}
	}
	n, err := asLong(v, from, nil)
	return OfBool(n != 0), err
}

func convertToInteger(to Type, from *Schema, v *Value) (Value, error) {
	n, err := asLong(v, from, nil)
	if err != nil {
		return Value{}, err
	}
	switch to {
	case TypeInt8:
		return OfInt8(int8(n)), nil
	case TypeInt16:
		return OfInt16(int16(n)), nil
	case TypeInt32:
		return OfInt32(int32(n)), nil
	}
	return OfInt64(n), nil
}

func convertToFloat(to Type, from *Schema, v *Value) (Value, error) {
	f, err := asDouble(v, from)
	if err != nil {
		return Value{}, err
	}
	if to == TypeFloat32 {
		return OfFloat32(float32(f)), nil
	}
	return OfFloat64(f), nil
}

func convertToContainer(to *Schema, v *Value) (Value, error) {
	parsed := *v
	if v.Kind() == String {
		if _, parsed = ParseString(v.Text()); parsed.IsNull() {
			return Value{}, nullParsed()
		}
	}
	if parsed.Kind() == Array && to.Type() == TypeArray || parsed.Kind() == Map && to.Type() == TypeMap {
		return parsed, nil
	}
	return Value{}, cannotConvert(&parsed, to.String(), nil)
}

// long is Number.longValue.
func (v *Value) long() (int64, bool) {
	switch v.Kind() {
	case Int8, Int16, Int32, Int64:
		return v.Int(), true
	case Float32, Float64:
		return javatext.F64ToI64(v.Float()), true
	case Decimal:
		return javatext.DecimalToI64(v.Unscaled(), v.Scale()), true
	case BigInt:
		return javatext.DecimalToI64(v.Unscaled(), 0), true
	}
	return 0, false
}

// double is Number.doubleValue.
func (v *Value) double() (float64, bool) {
	switch v.Kind() {
	case Int8, Int16, Int32, Int64:
		return float64(v.Int()), true
	case Float32, Float64:
		return v.Float(), true
	case Decimal:
		return javatext.DecimalToF64(v.Unscaled(), v.Scale()), true
	case BigInt:
		return javatext.DecimalToF64(v.Unscaled(), 0), true
	}
	return 0, false
}

func asLong(v *Value, from *Schema, cause error) (int64, error) {
	if n, ok := v.long(); ok {
		return n, nil
	}
	if v.Kind() == String {
		unscaled, scale, err := javatext.ParseDecimal(v.Text())
		if err == nil {
			return javatext.DecimalToI64(unscaled, scale), nil
		}
		cause = javaError(err)
	}
	if from == nil {
		return 0, cannotConvert(v, "a number", cause)
	}
	if v.Kind() == Date {
		switch from.Name() {
		case LogicalDate:
			days, err := DateToDays(v.Int())
			return int64(days), err
		case LogicalTime:
			ms, err := TimeToMillis(v.Int())
			return int64(ms), err
		case LogicalTimestamp:
			return v.Int(), nil
		}
	}
	return 0, cannotConvert(v, from.String(), cause)
}

func asDouble(v *Value, from *Schema) (float64, error) {
	if f, ok := v.double(); ok {
		return f, nil
	}
	var cause error
	if v.Kind() == String {
		unscaled, scale, err := javatext.ParseDecimal(v.Text())
		if err == nil {
			return javatext.DecimalToF64(unscaled, scale), nil
		}
		cause = javaError(err)
	}
	n, err := asLong(v, from, cause)
	return float64(n), err
}

// FormatDate writes a java.util.Date as Connect shows one of unknown meaning: a time below one day, a date when it is
// midnight, else a timestamp; in UTC.
func FormatDate(ms int64) string { return string(appendDate(nil, ms)) }

func appendDate(dst []byte, ms int64) []byte {
	switch {
	case ms < dayMillis:
		return isoTime().Append(dst, ms)
	case ms%dayMillis == 0:
		return isoDate().Append(dst, ms)
	}
	return isoTimestamp().Append(dst, ms)
}

// appendLiteral writes a value in the form that ParseString reads.
func appendLiteral(dst []byte, v *Value, embedded bool) []byte {
	switch v.Kind() {
	case String:
		if embedded {
			return appendQuoted(dst, v.Text())
		}
		return append(dst, v.Text()...)
	case Bytes:
		if embedded {
			return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Raw()), '"')
		}
		return base64.StdEncoding.AppendEncode(dst, v.Raw())
	case Date:
		return appendDate(dst, v.Int())
	case Array:
		dst = append(dst, '[')
		for i := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendLiteral(dst, &v.node.items[i], true)
		}
		return append(dst, ']')
	case Map:
		dst = append(dst, '{')
		first := true
		for key, value := range v.Entries() {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = appendLiteral(dst, key, true)
			dst = append(dst, ':')
			dst = appendLiteral(dst, value, true)
		}
		return append(dst, '}')
	case Struct:
		dst = append(dst, '{')
		for i := range v.Fields() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendQuoted(dst, v.node.fields[i].Name)
			dst = append(dst, ':')
			dst = appendLiteral(dst, v.GetWithDefault(i), true)
		}
		return append(dst, '}')
	}
	return v.AppendText(dst)
}

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if strings.ContainsAny(s, `"\`) {
		s = strings.ReplaceAll(s, `\`, `\\`)
		s = strings.ReplaceAll(s, `"`, `\"`)
	}
	return append(append(dst, s...), '"')
}
