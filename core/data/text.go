package data

import (
	"strconv"
	"sync"

	"github.com/connectless/connectless/core/data/javatext"
)

// JavaText is the text that Java's toString gives for the value: what StringConverter writes and Connect's messages show.
func (v *Value) JavaText() string { return string(v.AppendText(nil)) }

// AppendText appends [Value.JavaText]. A byte[] has the hash 0, since Java's is different in every process.
func (v *Value) AppendText(dst []byte) []byte {
	switch v.Kind() {
	case Null:
		return append(dst, "null"...)
	case Bool:
		return strconv.AppendBool(dst, v.Bool())
	case Int8, Int16, Int32, Int64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case Float32:
		return javatext.AppendFloat(dst, float32(v.Float()))
	case Float64:
		return javatext.AppendDouble(dst, v.Float())
	case String:
		return append(dst, v.Text()...)
	case Bytes:
		if v.num == byteBuffer {
			n := int64(len(v.text))
			dst = strconv.AppendInt(append(dst, "java.nio.HeapByteBuffer[pos=0 lim="...), n, 10)
			dst = strconv.AppendInt(append(dst, " cap="...), n, 10)
			return append(dst, ']')
		}
		return append(dst, "[B@0"...)
	case Decimal:
		return javatext.AppendDecimal(dst, v.Unscaled(), v.Scale())
	case BigInt:
		return v.Unscaled().Append(dst, 10)
	case Date:
		return dateText().Append(dst, v.Int())
	case Array:
		dst = append(dst, '[')
		for i := range v.Items() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = v.node.items[i].AppendText(dst)
		}
		return append(dst, ']')
	case Struct:
		dst = append(dst, "Struct{"...)
		first := true
		for i := range v.Fields() {
			f := &v.node.fields[i]
			if f.Value.IsNull() {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(append(dst, f.Name...), '=')
			dst = f.Value.AppendText(dst)
		}
		return append(dst, '}')
	}
	dst = append(dst, '{')
	first := true
	for key, value := range v.Entries() {
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
		dst = append(key.AppendText(dst), '=')
		dst = value.AppendText(dst)
	}
	return append(dst, '}')
}

// dateText is Date.toString.
var dateText = sync.OnceValue(func() *javatext.DateFormat { return mustPattern("EEE MMM dd HH:mm:ss zzz y") })

func mustPattern(pattern string) *javatext.DateFormat {
	f, err := javatext.ParsePattern(pattern)
	if err != nil {
		panic("data: " + err.Error())
	}
	return f
}

// JavaClass is the class name Java would print for the value.
func (v *Value) JavaClass() string {
	switch {
	case v.Kind() == Bytes && v.num == byteBuffer:
		return "java.nio.HeapByteBuffer"
	case v.Kind() == Map && v.MapOrder() == InsertionOrder:
		return "java.util.LinkedHashMap"
	}
	return v.Kind().JavaClass()
}

// byteBuffer in num tells a ByteBuffer from a byte[].
const byteBuffer = 1

// OfByteBuffer is [OfBytes] for what Java holds as a ByteBuffer: it differs in messages only.
func OfByteBuffer(b []byte) Value { return Value{kind: Bytes, num: byteBuffer, text: view(b)} }
