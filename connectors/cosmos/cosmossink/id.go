package cosmossink

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
)

// maxIDBytes is the service's limit. https://learn.microsoft.com/azure/cosmos-db/concepts-limits
const maxIDBytes = 1023

// appendID appends the id of the record's document: the strategy's text with the characters that an id must not have
// replaced. It is valid UTF-8.
func appendID(dst []byte, strategy *cosmos.IDStrategy, r *connect.Record) ([]byte, error) {
	start := len(dst)
	var err error
	if strategy.From == cosmos.FromTemplate {
		dst, err = appendTemplate(dst, strategy.Template, r)
	} else {
		dst, err = appendProvided(dst, strategy, r)
	}
	if err != nil {
		return dst, err
	}
	dst = sanitize(dst, start)
	switch n := len(dst) - start; {
	case n == 0:
		return dst, errors.New("the id is empty")
	case n > maxIDBytes:
		return dst, fmt.Errorf("the id is %d bytes long, the limit is %d", n, maxIDBytes)
	}
	return dst, nil
}

// sanitize works on dst from start on.
func sanitize(dst []byte, start int) []byte {
	ascii := true
	for i := start; i < len(dst); i++ {
		switch dst[i] {
		case '/', '\\', '?', '#':
			dst[i] = '_'
		}
		ascii = ascii && dst[i] < utf8.RuneSelf
	}
	if ascii || utf8.Valid(dst[start:]) {
		return dst
	}
	return append(dst[:start], bytes.ToValidUTF8(dst[start:], []byte("\uFFFD"))...)
}

func appendTemplate(dst []byte, template []cosmos.TemplatePart, r *connect.Record) ([]byte, error) {
	for _, part := range template {
		switch part.Variable {
		case cosmos.None:
			dst = append(dst, part.Text...)
		case cosmos.Topic:
			dst = append(dst, r.Topic...)
		case cosmos.Partition:
			p := r.Partition
			if p < 0 && r.Origin != nil {
				p = r.Origin.Partition
			}
			dst = strconv.AppendInt(dst, int64(p), 10)
		case cosmos.Offset:
			dst = strconv.AppendInt(dst, r.Offset(), 10)
		case cosmos.Key:
			if r.Key.IsNull() {
				return dst, errors.New("the id comes from the record's key, and the record has none")
			}
			dst = appendPlain(dst, &r.Key)
		}
	}
	return dst, nil
}

func appendProvided(dst []byte, strategy *cosmos.IDStrategy, r *connect.Record) ([]byte, error) {
	in, what := &r.Value, "value"
	if strategy.From == cosmos.FromKey {
		in, what = &r.Key, "key"
		if in.Kind() == data.String && len(strategy.Path) > 0 {
			parsed, ok, err := data.ParseJSON(nil, []byte(in.Text()))
			if err != nil || !ok {
				return dst, errors.New("the id comes from a place in the record's key, and the key is not JSON")
			}
			in = &parsed
		}
	}
	for _, step := range strategy.Path {
		if !step.Array {
			in = in.Get(step.Name)
			continue
		}
		if in.Kind() != data.Array {
			in = nil
			break
		}
		items, i := in.Items(), step.Index
		if i < 0 {
			i += len(items)
		}
		if i < 0 || i >= len(items) {
			in = nil
			break
		}
		in = &items[i]
	}
	if in.IsNull() {
		return dst, fmt.Errorf("no id: the record's %s has nothing at %s", what, strategy.Path)
	}
	return appendPlain(dst, in), nil
}

// appendPlain appends a value as Connect's Values.convertToString renders it: text without quotes, containers as JSON.
func appendPlain(dst []byte, v *data.Value) []byte {
	switch v.Kind() {
	case data.String:
		return append(dst, v.Text()...)
	case data.Bytes:
		return base64.StdEncoding.AppendEncode(dst, v.Raw())
	case data.Int64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case data.Float64:
		return javatext.AppendDouble(dst, v.Float())
	case data.Float32:
		return javatext.AppendFloat(dst, float32(v.Float()))
	case data.Decimal:
		return javatext.AppendDecimal(dst, v.Unscaled(), v.Scale())
	case data.Date:
		return appendDate(dst, v.Int())
	}
	return v.AppendJSON(dst)
}

const day = 24 * 60 * 60 * 1000

// appendDate takes the shortest of a time, a date and a timestamp that holds the milliseconds, in UTC.
func appendDate(dst []byte, ms int64) []byte {
	layout := "2006-01-02T15:04:05.000Z"
	switch {
	case ms >= 0 && ms < day:
		layout = "15:04:05.000Z"
	case ms%day == 0:
		layout = "2006-01-02"
	}
	return time.UnixMilli(ms).UTC().AppendFormat(dst, layout)
}
