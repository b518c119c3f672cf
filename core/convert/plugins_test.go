package convert

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

// The keys as the converters of Kafka 3.9 declare them, except that converter.type is required there: Kafka Connect
// always sets it, and so nobody has to here.
func TestKeysAreKafkas(t *testing.T) {
	type key struct {
		Type       config.Type
		Default    string
		Importance config.Importance
		Group      string
	}
	kind := map[string]key{"converter.type": {config.TypeString, "", config.Low, ""}}
	with := func(more map[string]key) map[string]key {
		more["converter.type"] = kind["converter.type"]
		return more
	}
	json := with(map[string]key{
		"schemas.enable":            {config.TypeBoolean, "true", config.High, "Schemas"},
		"schemas.cache.size":        {config.TypeInt, "1000", config.High, "Schemas"},
		"decimal.format":            {config.TypeString, "BASE64", config.Low, "Serialization"},
		"replace.null.with.default": {config.TypeBoolean, "true", config.Low, "Serialization"},
	})
	text := with(map[string]key{"converter.encoding": {config.TypeString, "UTF-8", config.High, ""}})
	want := map[string]map[string]key{JSONConverter: json, StringConverter: text, SimpleHeaderConverter: {}}
	for _, class := range []string{ByteArrayConverter, BooleanConverter, ShortConverter, IntegerConverter, LongConverter, FloatConverter, DoubleConverter} {
		want[class] = kind
	}
	kinds := map[string]int{}
	for _, p := range Plugins() {
		if p.Class == AvroConverter { // Confluent's: see TestAvroKeysAreConfluents
			continue
		}
		got := map[string]key{}
		for _, k := range config.Keys(p.Config()) {
			got[k.Name] = key{k.Type, k.Default, k.Importance, k.Group}
			if k.Doc == "" {
				t.Errorf("%s: %s has no documentation", p.Class, k.Name)
			}
		}
		if diff := cmp.Diff(want[p.Class], got); diff != "" {
			t.Errorf("%s (-Kafka +ours):\n%s", p.Class, diff)
		}
		kinds[p.Class+" "+string(p.Kind)]++
	}
	for class := range want {
		if kinds[class+" header_converter"] != 1 || kinds[class+" converter"] != b2i(class != SimpleHeaderConverter) {
			t.Errorf("%s is listed as %v", class, kinds)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestBadSettings(t *testing.T) {
	for _, tc := range []struct {
		settings config.Definer
		props    map[string]string
		want     string
	}{
		{new(JSON), map[string]string{"decimal.format": "x"}, "Invalid value x for configuration decimal.format: String must be one of (case insensitive): NUMERIC, BASE64"},
		{new(JSON), map[string]string{"schemas.enable": "yes"}, "Invalid value yes for configuration schemas.enable: Expected value to be either true or false"},
		{new(Text), map[string]string{"converter.encoding": "EBCDIC"}, "Invalid value EBCDIC for configuration converter.encoding: this character encoding is not supported"},
		{new(Plain), map[string]string{"converter.type": "x"}, "Invalid value x for configuration converter.type: String must be one of: key, value, header"},
	} {
		problems := config.Parse(WithType(tc.props, false), tc.settings)
		if len(problems) != 1 || problems[0].Message != tc.want {
			t.Errorf("%v: got %v, want %s", tc.props, problems, tc.want)
		}
	}
	var s JSON
	if problems := config.Parse(WithType(map[string]string{"decimal.format": "Numeric", "schemas.enable": "FALSE"}, true), &s); len(problems) > 0 || s.SchemasEnable || !s.ReplaceNullWithDefault {
		t.Errorf("got %+v, %v", s, problems)
	}
}
