package codec

import (
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/data"
)

// New returns the converter of a Java class name (or one of its short forms), configured for keys or for values. props
// are its own properties, without the prefix. ok is false for a class that is not of this package. Errors are
// ConfigExceptions, or a SerializationException for a character encoding that is not supported.
func New(class string, props map[string]string, isKey bool) (c convert.Converter, ok bool, err error) {
	t, ok, err := open(class, props, isKey)
	if !ok || err != nil {
		return nil, ok, err
	}
	return t, true, nil
}

// NewHeader is [New] for a header converter.
func NewHeader(class string, props map[string]string) (c convert.HeaderConverter, ok bool, err error) {
	if config.ClassMatches(class, convert.SimpleHeaderConverter, "Converter") {
		return simpleHeader{}, true, nil
	}
	t, ok, err := open(class, props, false)
	if !ok || err != nil {
		return nil, ok, err
	}
	return header{t}, true, nil
}

func open(class string, props map[string]string, isKey bool) (convert.Converter, bool, error) {
	props = convert.WithType(props, isKey)
	is := func(name string) bool { return config.ClassMatches(class, name, "Converter") }
	if is(convert.JSONConverter) {
		var s convert.JSON
		if err := parse(props, &s); err != nil {
			return nil, true, err
		}
		return newJSON(s, isKey), true, nil
	}
	if is(convert.StringConverter) {
		c, err := newText(props)
		return c, true, err
	}
	var c convert.Converter
	switch {
	case is(convert.ByteArrayConverter):
		c = byteArray{}
	case is(convert.BooleanConverter):
		c = boolean{}
	case is(convert.ShortConverter):
		c = shortNumber
	case is(convert.IntegerConverter):
		c = integerNumber
	case is(convert.LongConverter):
		c = longNumber
	case is(convert.FloatConverter):
		c = floatNumber
	case is(convert.DoubleConverter):
		c = doubleNumber
	default:
		return nil, false, nil
	}
	return c, true, parse(props, &convert.Plain{})
}

// parse fills settings; the first problem is the error, as Kafka's is.
func parse(props map[string]string, settings config.Definer) error {
	for _, p := range config.Parse(props, settings) {
		if p.Severity == config.Error {
			return data.Errorf(data.ConfigException, "%s", p.Message)
		}
	}
	return nil
}

// header makes a header converter of a converter: headers are values with a name that does not matter.
type header struct{ convert.Converter }

func (h header) ToHeader(a *data.Arena, topic, _ string, b []byte) (*data.Schema, data.Value, error) {
	return h.ToConnect(a, topic, b)
}

func (h header) FromHeader(dst []byte, topic, _ string, s *data.Schema, v *data.Value) ([]byte, bool, error) {
	return h.FromConnect(dst, topic, s, v)
}

// serialization is the SerializationException that Kafka's deserializers throw.
func serialization(format string, args ...any) *data.Error {
	return data.Errorf(data.SerializationException, format, args...)
}

// classCast is Java's complaint about a value of the wrong class.
func classCast(v *data.Value, to string) *data.Error {
	return data.Errorf(data.ClassCast, "class %s cannot be cast to class %s", v.JavaClass(), to)
}
