package data

import (
	"encoding/base64"
	"math"
	"strconv"

	"github.com/connectless/connectless/core/data/javatext"
)

// AppendJSON appends the value as JSON text and returns the extended buffer. Spans that nobody looked into are copied
// as they are. Everything else is written as Jackson does: strings escape only quotes, backslashes and control
// characters; doubles have Java's text and NaN and the infinities are strings; Bytes are base64; a Date is its
// milliseconds; a Decimal is a number in the text of BigDecimal.toString; a Struct has all its fields, nulls included. A
// Map whose keys are not all strings is an array of [key, value] pairs.
func (v *Value) AppendJSON(dst []byte) []byte {
	if v == nil {
		return append(dst, "null"...)
	}
	switch v.form {
	case formClean:
		dst = append(dst, '"')
		dst = append(dst, v.text...)
		return append(dst, '"')
	case formEscaped:
		dst = append(dst, '"')
		dst = append(dst, v.text...)
		return append(dst, '"')
	case formDigits, formSpan, formTyped:
		return append(dst, v.text...)
	case formCoded:
		return v.node.code.AppendJSON(dst, unviewed(v.text))
	}
	switch v.kind {
	case Null:
		return append(dst, "null"...)
	case Bool:
		return strconv.AppendBool(dst, v.num != 0)
	case Int8, Int16, Int32, Int64, Date:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case Float32, Float64:
		return v.appendFloat(dst)
	case String:
		return AppendJSONString(dst, v.text)
	case Bytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Raw())
		return append(dst, '"')
	case Decimal:
		return javatext.AppendDecimal(dst, v.Unscaled(), v.Scale())
	case BigInt:
		return v.Unscaled().Append(dst, 10)
	case Array:
		dst = append(dst, '[')
		for i := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.node.items[i].AppendJSON(dst)
		}
		return append(dst, ']')
	}
	n := v.expand()
	if n.items != nil {
		return appendPairs(dst, n.items)
	}
	if v.kind == Struct {
		return appendStruct(dst, n)
	}
	dst = append(dst, '{')
	for i := range n.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSONString(dst, n.fields[i].Name)
		dst = append(dst, ':')
		dst = n.fields[i].Value.AppendJSON(dst)
	}
	return append(dst, '}')
}

func appendStruct(dst []byte, n *Node) []byte {
	if len(n.fields) == 0 {
		return append(dst, "{}"...)
	}
	at := len(dst)
	for i, key := range n.schema.keys {
		dst = append(dst, key...)
		f := &n.fields[i].Value
		switch f.kind {
		case Null:
			dst = append(dst, "null"...)
		case Int32, Int64:
			if f.form == formDigits {
				dst = append(dst, f.text...)
				continue
			}
			dst = strconv.AppendInt(dst, int64(f.num), 10)
		case String:
			if f.form == formPlain {
				dst = AppendJSONString(dst, f.text)
				continue
			}
			dst = append(append(append(dst, '"'), f.text...), '"')
		default:
			dst = f.AppendJSON(dst)
		}
	}
	dst[at] = '{'
	return append(dst, '}')
}

func appendPairs(dst []byte, pairs []Value) []byte {
	object := stringKeys(pairs)
	dst = append(dst, "[{"[b2i(object)])
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			dst = append(dst, ',')
		}
		if object {
			dst = append(pairs[i].AppendJSON(dst), ':')
			dst = pairs[i+1].AppendJSON(dst)
			continue
		}
		dst = append(pairs[i].AppendJSON(append(dst, '[')), ',')
		dst = append(pairs[i+1].AppendJSON(dst), ']')
	}
	return append(dst, "]}"[b2i(object)])
}

func stringKeys(pairs []Value) bool {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].kind != String {
			return false
		}
	}
	return true
}

// CheckSchemaless finds what a value must not hold when it has no schema: JsonConverter refuses decimals, dates and
// structs there. Errors are DataExceptions.
func (v *Value) CheckSchemaless() error {
	switch v.Kind() {
	case Decimal, BigInt, Date:
		return Errorf(DataException, "Java class class %s does not have corresponding schema type.", v.JavaClass())
	case Struct:
		return Errorf(DataException, "Mismatching schema.")
	case Array, Map:
		if v.form == formSpan || v.form == formLoose {
			return nil // JSON as it came
		}
		v.expand()
		for i := range v.node.items {
			if err := v.node.items[i].CheckSchemaless(); err != nil {
				return err
			}
		}
		for i := range v.node.fields {
			if f := &v.node.fields[i].Value; f.kind >= Decimal {
				if err := f.CheckSchemaless(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (v *Value) appendFloat(dst []byte) []byte {
	f := v.Float()
	quoted := math.IsNaN(f) || math.IsInf(f, 0)
	if quoted {
		dst = append(dst, '"')
	}
	if v.kind == Float32 {
		dst = javatext.AppendFloat(dst, float32(f))
	} else {
		dst = javatext.AppendDouble(dst, f)
	}
	if quoted {
		dst = append(dst, '"')
	}
	return dst
}
