package convert

import (
	"maps"

	"github.com/connectless/connectless/core/data"
)

// Converter turns the bytes of a Kafka record's key or value into Connect data and back. It is configured for one of
// the two and safe for concurrent use.
type Converter interface {
	// ToConnect decodes b; nil is null. The bytes must be memory of the arena (or live as long), as the value keeps
	// spans of them. An error is a *data.Error; mark it retriable when a registry could not be reached.
	ToConnect(a *data.Arena, topic string, b []byte) (*data.Schema, data.Value, error)
	// FromConnect appends the encoded value to dst. null says that the record's bytes are null (a tombstone), which is
	// not the same as no bytes.
	FromConnect(dst []byte, topic string, s *data.Schema, v *data.Value) (out []byte, null bool, err error)
}

// HeaderConverter does the same for header values, which have a name.
type HeaderConverter interface {
	ToHeader(a *data.Arena, topic, name string, b []byte) (*data.Schema, data.Value, error)
	FromHeader(dst []byte, topic, name string, s *data.Schema, v *data.Value) (out []byte, null bool, err error)
}

// WithType adds what Kafka Connect adds to a converter's configuration by itself.
func WithType(props map[string]string, isKey bool) map[string]string {
	const key = "converter.type"
	if _, given := props[key]; given {
		return props
	}
	props = maps.Clone(props)
	if props == nil {
		props = map[string]string{}
	}
	props[key] = "value"
	if isKey {
		props[key] = "key"
	}
	return props
}
