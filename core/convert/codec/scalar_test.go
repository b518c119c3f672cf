package codec

import (
	"bytes"
	"testing"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/data"
)

// Every declared class opens, as the kinds it is declared for, under each of the names users write; keys are checked.
func TestEveryPluginOpens(t *testing.T) {
	for _, p := range convert.Plugins() {
		if p.Class == convert.AvroConverter { // has a package of its own
			continue
		}
		for _, name := range []string{p.Class, p.Class[bytes.LastIndexByte([]byte(p.Class), '.')+1:]} {
			if p.Kind == config.HeaderConverterPlugin {
				if c, ok, err := NewHeader(name, map[string]string{"converter.type": "header"}); c == nil || !ok || err != nil {
					t.Errorf("header converter %s: %v, %v", name, ok, err)
				}
				continue
			}
			c, ok, err := New(name, map[string]string{"converter.type": "key"}, true)
			if c == nil || !ok || err != nil {
				t.Errorf("converter %s: %v, %v", name, ok, err)
			}
			if c, ok, err = New(name, map[string]string{"converter.type": "nonsense"}, true); c != nil && err == nil || !ok {
				t.Errorf("converter %s takes any type: %v", name, err)
			}
		}
	}
	if _, ok, err := New("com.example.Converter", nil, false); ok || err != nil {
		t.Errorf("an unknown class: %v, %v", ok, err)
	}
	if _, ok, _ := New(convert.SimpleHeaderConverter, nil, false); ok {
		t.Error("SimpleHeaderConverter opens for values")
	}
}

// FuzzScalars: what a converter reads it writes again with the same bytes.
func FuzzScalars(f *testing.F) {
	classes := []string{convert.ByteArrayConverter, convert.BooleanConverter, convert.ShortConverter, convert.IntegerConverter,
		convert.LongConverter, convert.FloatConverter, convert.DoubleConverter}
	for i := range classes {
		f.Add(uint8(i), []byte{1})
		f.Add(uint8(i), []byte{0, 1})
		f.Add(uint8(i), []byte{0x7f, 0xc0, 0, 1})
		f.Add(uint8(i), []byte{0, 0, 0, 0, 0, 0, 0, 1})
	}
	f.Fuzz(func(t *testing.T, n uint8, b []byte) {
		c, _, err := New(classes[int(n)%len(classes)], nil, true)
		if err != nil {
			t.Fatal(err)
		}
		s, v, err := c.ToConnect(data.NewArena(), "t", b)
		if err != nil {
			return
		}
		if err := data.Validate(s, &v); err != nil {
			t.Fatal(err)
		}
		out, null, err := c.FromConnect(nil, "t", s, &v)
		if err != nil || null != (b == nil) {
			t.Fatalf("%v, %v", null, err)
		}
		if f, isFloat := c.(*number); isFloat && (f.kind == data.Float32 || f.kind == data.Float64) && v.Float() != v.Float() {
			return // Java has one NaN
		}
		if !bytes.Equal(out, b) {
			t.Fatalf("%x became %x", b, out)
		}
	})
}

func FuzzSimpleHeader(f *testing.F) {
	for _, s := range []string{"", "null", "1.5", `{"a":[1,2]}`, "2024-01-01", "\xff\xfe"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, _, _ := NewHeader(convert.SimpleHeaderConverter, nil)
		s, v, err := c.ToHeader(nil, "t", "h", b)
		if err != nil {
			t.Fatal(err)
		}
		if _, null, err := c.FromHeader(nil, "t", "h", s, &v); err != nil || null != v.IsNull() {
			t.Fatalf("%v, %v", null, err)
		}
	})
}
