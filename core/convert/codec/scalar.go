package codec

import (
	"encoding/binary"
	"math"

	"github.com/connectless/connectless/core/data"
)

var (
	optionalBytes   = data.Of(data.TypeBytes, true)
	optionalBoolean = data.Of(data.TypeBoolean, true)
)

// byteArray is ByteArrayConverter.
type byteArray struct{}

func (byteArray) ToConnect(_ *data.Arena, _ string, b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return optionalBytes, data.Value{}, nil
	}
	return optionalBytes, data.OfBytes(b), nil
}

func (byteArray) FromConnect(dst []byte, _ string, s *data.Schema, v *data.Value) ([]byte, bool, error) {
	if s != nil && s.Type() != data.TypeBytes {
		return dst, false, data.Errorf(data.DataException, "Invalid schema type for ByteArrayConverter: %s", s.Type())
	}
	switch v.Kind() {
	case data.Null:
		return dst, true, nil
	case data.Bytes:
		return append(dst, v.Raw()...), false, nil
	}
	return dst, false, data.Errorf(data.DataException, "ByteArrayConverter is not compatible with objects of type class %s", v.JavaClass())
}

// boolean is BooleanConverter.
type boolean struct{}

func (boolean) ToConnect(_ *data.Arena, _ string, b []byte) (*data.Schema, data.Value, error) {
	var why *data.Error
	switch {
	case b == nil:
		return optionalBoolean, data.Value{}, nil
	case len(b) != 1:
		why = serialization("Size of data received by BooleanDeserializer is not 1")
	case b[0] > 1:
		why = serialization("Unexpected byte received by BooleanDeserializer: %d", int8(b[0]))
	default:
		return optionalBoolean, data.OfBool(b[0] == 1), nil
	}
	return nil, data.Value{}, data.Errorf(data.DataException, "Failed to deserialize boolean: ").Because(why)
}

func (boolean) FromConnect(dst []byte, _ string, s *data.Schema, v *data.Value) ([]byte, bool, error) {
	if s != nil && s.Type() != data.TypeBoolean {
		return dst, false, data.Errorf(data.DataException, "Invalid schema type for BooleanConverter: %s", s.Type())
	}
	switch {
	case v.IsNull():
		return dst, true, nil
	case v.Kind() != data.Bool:
		return dst, false, data.Errorf(data.DataException, "BooleanConverter is not compatible with objects of type class %s", v.JavaClass())
	case v.Bool():
		return append(dst, 1), false, nil
	}
	return append(dst, 0), false, nil
}

// number is one of the converters of numbers of a fixed width.
type number struct {
	name         string // in messages
	deserializer string
	class        string
	kind         data.Kind
	size         int
	schema       *data.Schema
}

var (
	shortNumber   = &number{"short", "ShortDeserializer", "java.lang.Short", data.Int16, 2, data.Of(data.TypeInt16, true)}
	integerNumber = &number{"integer", "IntegerDeserializer", "java.lang.Integer", data.Int32, 4, data.Of(data.TypeInt32, true)}
	longNumber    = &number{"long", "LongDeserializer", "java.lang.Long", data.Int64, 8, data.Of(data.TypeInt64, true)}
	// Kafka's messages do not name these two.
	floatNumber  = &number{"float", "Deserializer", "java.lang.Float", data.Float32, 4, data.Of(data.TypeFloat32, true)}
	doubleNumber = &number{"double", "Deserializer", "java.lang.Double", data.Float64, 8, data.Of(data.TypeFloat64, true)}
)

func (n *number) ToConnect(_ *data.Arena, _ string, b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return n.schema, data.Value{}, nil
	}
	if len(b) != n.size {
		why := serialization("Size of data received by %s is not %d", n.deserializer, n.size)
		return nil, data.Value{}, data.Errorf(data.DataException, "Failed to deserialize %s: ", n.name).Because(why)
	}
	var v data.Value
	switch n.kind {
	case data.Int16:
		v = data.OfInt16(int16(binary.BigEndian.Uint16(b)))
	case data.Int32:
		v = data.OfInt32(int32(binary.BigEndian.Uint32(b)))
	case data.Int64:
		v = data.OfInt64(int64(binary.BigEndian.Uint64(b)))
	case data.Float32:
		v = data.OfFloat32(math.Float32frombits(binary.BigEndian.Uint32(b)))
	default:
		v = data.OfFloat64(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	return n.schema, v, nil
}

// FromConnect looks at the value only: whatever schema comes with it, its class must be the converter's.
func (n *number) FromConnect(dst []byte, _ string, _ *data.Schema, v *data.Value) ([]byte, bool, error) {
	switch {
	case v.IsNull():
		return dst, true, nil
	case v.Kind() != n.kind:
		want := n.class
		if !isNumber(v.Kind()) {
			want = "java.lang.Number"
		}
		return dst, false, data.Errorf(data.DataException, "Failed to serialize to %s (was class %s): ", n.name, v.JavaClass()).Because(classCast(v, want))
	}
	switch n.kind {
	case data.Int16:
		dst = binary.BigEndian.AppendUint16(dst, uint16(v.Int()))
	case data.Int32:
		dst = binary.BigEndian.AppendUint32(dst, uint32(v.Int()))
	case data.Int64:
		dst = binary.BigEndian.AppendUint64(dst, uint64(v.Int()))
	case data.Float32:
		dst = binary.BigEndian.AppendUint32(dst, floatBits(float32(v.Float())))
	default:
		dst = binary.BigEndian.AppendUint64(dst, doubleBits(v.Float()))
	}
	return dst, false, nil
}

// floatBits is Float.floatToIntBits: there is one NaN.
func floatBits(f float32) uint32 {
	if f != f {
		return 0x7fc00000
	}
	return math.Float32bits(f)
}

func doubleBits(f float64) uint64 {
	if f != f {
		return 0x7ff8000000000000
	}
	return math.Float64bits(f)
}

func isNumber(k data.Kind) bool {
	return k >= data.Int8 && k <= data.Float64 || k == data.Decimal || k == data.BigInt
}
