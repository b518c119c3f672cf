package codec

import (
	"bufio"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/data"
)

// testdata/charsets.txt is what JDK 17 answered: decode, a charset, bytes and the UTF-16 units of new String(bytes,
// charset); encode, a charset, the units of a string and its getBytes(charset). All in hex, "-" for nothing.
func TestCharsetsAreJavas(t *testing.T) {
	f, err := os.Open("testdata/charsets.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		part := strings.Split(lines.Text(), " ")
		c, err := newText(convert.WithType(map[string]string{"converter.encoding": part[1]}, false))
		if err != nil {
			t.Fatal(err)
		}
		in, want := unhex(t, part[2]), string(unhex(t, part[3]))
		var got string
		if part[0] == "decode" {
			got = units16(c.decode(in))
		} else {
			got = string(c.encode(nil, javaString(t, in)))
		}
		if got != want {
			t.Errorf("%s: got %x, want %x", lines.Text(), got, want)
		}
	}
	if n == 0 {
		t.Error("no lines")
	}
}

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(strings.Trim(s, "-"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// units16 are the UTF-16 units of a string, big-endian, halves of pairs as they are.
func units16(s string) string {
	var out []byte
	for r := range units(s) {
		if r > 0xFFFF {
			high, low := utf16.EncodeRune(r)
			out = append(out, byte(high>>8), byte(high))
			r = low
		}
		out = append(out, byte(r>>8), byte(r))
	}
	return string(out)
}

// javaString is a string of UTF-16 units, as the JSON scanner makes it of escapes.
func javaString(t *testing.T, units []byte) string {
	text := []byte{'"'}
	for i := 0; i < len(units); i += 2 {
		text = append(text, `\u`+hex.EncodeToString(units[i:i+2])...)
	}
	v, _, err := data.ParseJSON(nil, append(text, '"'))
	if err != nil {
		t.Fatal(err)
	}
	return v.Text()
}

func TestUnknownEncoding(t *testing.T) {
	for _, name := range []string{"nope", "EBCDIC", "", "UTF-7"} {
		_, ok, err := New(convert.StringConverter, map[string]string{"converter.encoding": name}, false)
		var e *data.Error
		if !ok || !errors.As(err, &e) || e.Class != data.SerializationException || e.Message != "Unsupported encoding "+name {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"utf8", "Latin1", "ascii", "UnicodeBig", "utf-16le"} {
		if _, _, err := New(convert.StringConverter, map[string]string{"converter.encoding": name}, false); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(uint8(0), []byte("a\xe2\x82é\xf0\x9f\x98\x80"))
	f.Add(uint8(3), []byte{0xFF, 0xFE, 0x3D, 0xD8, 0x00})
	names := []string{"UTF-8", "ISO-8859-1", "US-ASCII", "UTF-16", "UTF-16BE", "UTF-16LE"}
	f.Fuzz(func(t *testing.T, n uint8, b []byte) {
		c, err := newText(convert.WithType(map[string]string{"converter.encoding": names[int(n)%len(names)]}, false))
		if err != nil {
			t.Fatal(err)
		}
		s := c.decode(b)
		if !utf8.ValidString(s) {
			t.Fatalf("%s: %x became %q", c.charset, b, s)
		}
		if c.charset == "US-ASCII" {
			return // U+FFFD has no byte
		}
		if back := c.decode(c.encode(nil, s)); back != s {
			t.Fatalf("%s: %q came back as %q", c.charset, s, back)
		}
	})
}
