package cosmossink

import (
	"github.com/connectless/connectless/core/data"
)

// isDocument says whether a value can be a document: a struct, or a map whose keys are all strings.
func isDocument(v *data.Value) bool {
	return v.Kind() == data.Struct || v.Kind() == data.Map && v.Pairs() == nil
}

// appendDocument appends the document's JSON with the id, which replaces the value's own in its place or comes first.
// Everything else is what [data.Value.AppendJSON] makes of it: what nobody touched keeps its bytes, a date is its
// milliseconds, bytes are base64, a decimal is a number.
func appendDocument(dst []byte, v *data.Value, id []byte) []byte {
	dst = append(dst, '{')
	hasID := v.Get("id") != nil
	if !hasID {
		dst = appendIDField(dst, id)
	}
	comma := !hasID
	for i, fields := 0, v.Fields(); i < len(fields); i++ {
		f := &fields[i]
		isID := f.Name == "id"
		if isID && !hasID {
			continue // a second one, which only a transform can make
		}
		if comma {
			dst = append(dst, ',')
		}
		comma = true
		if isID {
			hasID = false
			dst = appendIDField(dst, id)
			continue
		}
		dst = data.AppendJSONString(dst, f.Name)
		dst = append(dst, ':')
		dst = f.Value.AppendJSON(dst)
	}
	return append(dst, '}')
}

func appendIDField(dst, id []byte) []byte {
	return appendIDText(append(dst, `"id":`...), id)
}

// appendIDText appends an id, which is valid UTF-8, as a JSON string.
func appendIDText(dst, id []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range id {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
