package conformance

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/convert/avro"
	"github.com/connectless/connectless/core/convert/codec"
	"github.com/connectless/connectless/core/data"
)

// convertOps are the ops of converters and header converters.
var convertOps = map[string]op{
	"toConnect":   runToConnect,
	"fromConnect": runFromConnect,
	"toHeader":    runToHeader,
	"fromHeader":  runFromHeader,
}

// input is the bytes a query has for a converter; nil is Java's null.
func input(q *query) ([]byte, error) {
	switch {
	case q.Bytes != nil:
		return base64.StdEncoding.DecodeString(*q.Bytes)
	case q.Text != nil:
		return append([]byte{}, *q.Text...), nil
	}
	return nil, nil
}

func openConverter(q *query) (convert.Converter, error) {
	for _, open := range []func(string, map[string]string, bool) (convert.Converter, bool, error){codec.New, avro.New} {
		if c, ok, err := open(q.Class, q.Config, q.IsKey); ok {
			return c, at("configure", err)
		}
	}
	return nil, errUnknown
}

func openHeaderConverter(q *query) (convert.HeaderConverter, error) {
	c, ok, err := codec.NewHeader(q.Class, q.Config)
	if !ok {
		return nil, errUnknown
	}
	return c, at("configure", err)
}

func headerName(q *query) string {
	if q.Name == nil {
		return ""
	}
	return *q.Name
}

func runToConnect(q *query) (any, error) {
	c, err := openConverter(q)
	if err != nil {
		return nil, err
	}
	b, err := input(q)
	if err != nil {
		return nil, err
	}
	_, _, _ = c.ToConnect(data.NewArena(), q.Topic, b) // a converter that knows the schema takes another way
	s, v, err := c.ToConnect(data.NewArena(), q.Topic, b)
	return schemaAndValue{Schema: encodeSchema(s), Value: encodeValue(&v)}, at("apply", err)
}

func runToHeader(q *query) (any, error) {
	c, err := openHeaderConverter(q)
	if err != nil {
		return nil, err
	}
	b, err := input(q)
	if err != nil {
		return nil, err
	}
	s, v, err := c.ToHeader(data.NewArena(), q.Topic, headerName(q), b)
	simple := strings.HasSuffix(q.Class, "SimpleHeaderConverter")
	return schemaAndValue{Schema: encodeSchema(s), Value: encodeValue(&v), JavaNull: simple && s == nil && b != nil}, at("apply", err)
}

func runFromConnect(q *query) (any, error) {
	c, err := openConverter(q)
	if err != nil {
		return nil, err
	}
	s, v, err := decodeBoth(q.Schema, q.Value)
	if err != nil {
		return nil, at("apply", err) // Java's struct is made in this stage
	}
	out, null, err := c.FromConnect(nil, q.Topic, s, &v)
	return encoded(out, null), at("apply", err)
}

func runFromHeader(q *query) (any, error) {
	c, err := openHeaderConverter(q)
	if err != nil {
		return nil, err
	}
	s, v, err := decodeBoth(q.Schema, q.Value)
	if err != nil {
		return nil, at("apply", err)
	}
	out, null, err := c.FromHeader(nil, q.Topic, headerName(q), s, &v)
	return encoded(out, null), at("apply", err)
}

// encoded is bytes as the vectors show them: also as text if they are UTF-8.
func encoded(b []byte, null bool) any {
	if null {
		return map[string]any{"bytes": nil}
	}
	answer := map[string]any{"bytes": base64.StdEncoding.EncodeToString(b)}
	if utf8.Valid(b) {
		answer["text"] = string(b)
	}
	return answer
}
