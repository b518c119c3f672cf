package codec

import "github.com/connectless/connectless/core/data"

// simpleHeader is SimpleHeaderConverter.
type simpleHeader struct{}

func (simpleHeader) ToHeader(_ *data.Arena, _, _ string, b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return nil, data.Value{}, nil
	}
	s, v := data.ParseString(decodeUTF8(b))
	return s, v, nil
}

func (simpleHeader) FromHeader(dst []byte, _, _ string, s *data.Schema, v *data.Value) ([]byte, bool, error) {
	if v.IsNull() {
		return dst, true, nil
	}
	text, err := data.ConvertToString(s, v)
	if err != nil {
		return dst, false, err
	}
	return appendUTF8(dst, text.Text()), false, nil
}
