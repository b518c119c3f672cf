package codec

import (
	"strings"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/data"
)

// jsonConverter is JsonConverter.
//
// Without the envelope a document becomes a tree that keeps what nobody touches as it came. With it, values are of the
// types of the schema, and what is written has the texts that Java writes.
//
// The bytes of a key decide its partition. So a converter for keys writes exactly what Java would, down to the order in
// which a HashMap iterates; a converter for values writes maps in the order they have.
type jsonConverter struct {
	envelope bool
	numeric  bool // decimals are written as numbers
	defaults bool // null becomes the default of its schema
	isKey    bool
	read     schemaMemo
	written  schemaTexts
}

func newJSON(s convert.JSON, isKey bool) *jsonConverter {
	c := &jsonConverter{envelope: s.SchemasEnable, defaults: s.ReplaceNullWithDefault, isKey: isKey}
	c.numeric = strings.EqualFold(s.DecimalFormat, "NUMERIC")
	c.read.limit, c.written.limit = s.SchemasCacheSize, s.SchemasCacheSize
	return c
}

func (c *jsonConverter) ToConnect(a *data.Arena, _ string, b []byte) (*data.Schema, data.Value, error) {
	if b == nil {
		return nil, data.Value{}, nil
	}
	if c.envelope {
		return c.decodeEnvelope(a, b)
	}
	v, _, err := data.ParseJSON(a, b)
	if err != nil {
		return nil, data.Value{}, unreadable(err)
	}
	return nil, v, nil
}

func unreadable(err error) error {
	why := serialization("%s", err)
	return data.Errorf(data.DataException, "Converting byte[] to Kafka Connect data failed due to serialization error: ").Because(why)
}

func (c *jsonConverter) FromConnect(dst []byte, _ string, s *data.Schema, v *data.Value) (out []byte, null bool, err error) {
	if s == nil && v.IsNull() {
		return dst, true, nil
	}
	start := len(dst)
	if c.envelope {
		dst = append(dst, `{"schema":`...)
		if dst, err = c.written.append(dst, c, s); err != nil {
			return dst[:start], false, err
		}
		dst = append(dst, `,"payload":`...)
	}
	if dst, err = c.append(dst, s, v); err != nil {
		return dst[:start], false, err
	}
	if c.envelope {
		dst = append(dst, '}')
	}
	return dst, false, nil
}
