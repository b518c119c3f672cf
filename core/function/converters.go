package function

import (
	"fmt"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/convert/avro"
	"github.com/connectless/connectless/core/convert/codec"
)

// The converters that every function links. A constructor answers ok false for a class that is not its own.
var (
	converters = []func(class string, props map[string]string, isKey bool) (convert.Converter, bool, error){
		codec.New,
		avro.New,
	}
	headerConverters = []func(class string, props map[string]string) (convert.HeaderConverter, bool, error){
		codec.NewHeader,
	}
)

func newConverter(class string, props map[string]string, isKey bool) (convert.Converter, error) {
	for _, open := range converters {
		if c, ok, err := open(class, props, isKey); ok {
			return c, err
		}
	}
	return nil, fmt.Errorf("no converter of class %q is linked into this function", class)
}

func newHeaderConverter(class string, props map[string]string) (convert.HeaderConverter, error) {
	for _, open := range headerConverters {
		if c, ok, err := open(class, props); ok {
			return c, err
		}
	}
	return nil, fmt.Errorf("no header converter of class %q is linked into this function", class)
}
