package config_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

func TestReadProperties(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       map[string]string
	}{
		{"separators", "a=1\nb:2\nc 3\nd\t4\ne = 5\nf  :  6\ng   7\nh==8\ni=: 9", map[string]string{"a": "1", "b": "2", "c": "3", "d": "4", "e": "5", "f": "6", "g": "7", "h": "=8", "i": ": 9"}},
		{"no value", "a\nb=\nc:   \n=d", map[string]string{"a": "", "b": "", "c": "", "": "d"}},
		{"space at the end belongs to the value", "a = x \n", map[string]string{"a": "x "}},
		{"comments and blank lines", "# c=1\n  ! d=2\n\n \t\n  a=1#no comment\n", map[string]string{"a": "1#no comment"}},
		{"ends of lines", "a=1\rb=2\r\nc=3", map[string]string{"a": "1", "b": "2", "c": "3"}},
		{"continuation", "a=1,\\\n   2,\\\r\n\t3\nb=x\\\\\nc=y\\\\\\\n z", map[string]string{"a": "1,2,3", "b": `x\`, "c": `y\z`}},
		{"a continued comment is not continued", "# x\\\na=1", map[string]string{"a": "1"}},
		{"a continuing line is no comment", "a=1\\\n#2", map[string]string{"a": "1#2"}},
		{"a continuation to nowhere", "a=1\\", map[string]string{"a": "1"}},
		{"escapes", `a\ b\=c\:d=\t\n\r\f\\\"\q\u0041\u00e9`, map[string]string{"a b=c:d": "\t\n\r\f\\\"qAé"}},
		{"UTF-8", "naïve=é", map[string]string{"naïve": "é"}},
		{"surrogates", `a=\uD83D\uDE00 b\uD83D \uDE00\uD83D`, map[string]string{"a": "😀 b\ufffd \ufffd\ufffd"}},
		{"the last one counts", "a=1\na=2", map[string]string{"a": "2"}},
		{"a byte order mark", "\ufeffa=1", map[string]string{"a": "1"}},
		{"a backslash at the end of a key", "a\\", map[string]string{"a": ""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := config.ReadProperties(strings.NewReader(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("properties (-want +got):\n%s", diff)
			}
		})
	}
	for text, want := range map[string]string{
		"a=1\n\nb=\\u12":  `config: properties line 3: value of b: malformed \uxxxx escape`,
		"a\\u00zz=secret": `config: properties line 1: malformed \uxxxx escape`,
	} {
		if _, err := config.ReadProperties(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := config.ReadProperties(brokenReader{}); !errors.Is(err, errBroken) {
		t.Errorf("a reader's error became %v", err)
	}
}

var errBroken = errors.New("broken")

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

var _ io.Reader = brokenReader{}

// escape writes a text as java.util.Properties.store does, all of it escaped.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		case r < 'a' || r > 'z':
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func FuzzReadProperties(f *testing.F) {
	for _, seed := range []string{"a=1", "a\\\n b", "# x\n\na:b", `\u0041=\uD83D\uDE00`, "a\\", "\ufeffa=b\r\n", "  =  ", "\\\n\\\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		props, err := config.ReadProperties(strings.NewReader(text))
		if err != nil {
			return
		}
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(props)) {
			fmt.Fprintf(&b, "%s=%s\n", escape(k), escape(props[k]))
		}
		again, err := config.ReadProperties(strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		valid := func(m map[string]string) map[string]string {
			out := map[string]string{}
			for k, v := range m {
				out[strings.ToValidUTF8(k, "\ufffd")] = strings.ToValidUTF8(v, "\ufffd")
			}
			return out
		}
		if strings.ToValidUTF8(text, "") != text {
			return // bytes that are no UTF-8 are kept, but cannot be written as escapes
		}
		if diff := cmp.Diff(valid(props), again); diff != "" {
			t.Errorf("%q (-first +second):\n%s", text, diff)
		}
	})
}

func TestReadConnector(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       map[string]string
	}{
		{"flat", `{"name":"n","connector.class":"x","tasks.max":"2"}`, map[string]string{"name": "n", "connector.class": "x", "tasks.max": "2"}},
		{"as POSTed", `{"name":"n","config":{"connector.class":"x"}}`, map[string]string{"name": "n", "connector.class": "x"}},
		{"with both names", `{"name":"n","config":{"name":"n"}}`, map[string]string{"name": "n"}},
		{"as it was got", `{"name":"n","config":{"a":"b"},"tasks":[{"connector":"n","task":0}],"type":"sink"}`, map[string]string{"name": "n", "a": "b"}},
		{"with a state", `{"name":"n","config":{"a":"b"},"initial_state":"STOPPED"}`, map[string]string{"name": "n", "a": "b"}},
		{"scalars", `{"a":1,"b":1.50,"c":true,"d":null,"e":false,"f":1e3,"g":12345678901234567890}`, map[string]string{"a": "1", "b": "1.50", "c": "true", "e": "false", "f": "1e3", "g": "12345678901234567890"}},
		{"a property named config", `{"config":"x","name":"n"}`, map[string]string{"config": "x", "name": "n"}},
		{"escapes", `{"a\u0062":"\u00e9\n"}`, map[string]string{"ab": "é\n"}},
		{"a byte order mark", "\ufeff{}", map[string]string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := config.ReadConnector(strings.NewReader(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("properties (-want +got):\n%s", diff)
			}
		})
	}
	for text, want := range map[string]string{
		``:                                   "unexpected EOF",
		`{"a":"b"`:                           "unexpected EOF",
		`[]`:                                 "want an object",
		`{"a":"b"} x`:                        "more text after the closing brace",
		`{"a":"1","b":"2","a":"3"}`:          `"a" is given twice`,
		`{"config":{"a":"1","a":"2"}}`:       `"a" is given twice`,
		`{"a":{"b":"c"}}`:                    `the value of "a" is nested; write it as one text`,
		`{"a":["b"]}`:                        `the value of "a" is nested; write it as one text`,
		`{"config":{"config":{}}}`:           `the value of "config" is nested; write it as one text`,
		`{"config":{},"topics":"x"}`:         `"topics" stands beside "config"; a property belongs into it`,
		`{"name":"a","config":{"name":"b"}}`: `Connector name configuration (b) doesn't match connector name (a)`,
		`{"a":x}`:                            "invalid character 'x' looking for beginning of value",
	} {
		if _, err := config.ReadConnector(strings.NewReader(text)); err == nil || err.Error() != "config: connector JSON: "+want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := config.ReadConnector(brokenReader{}); !errors.Is(err, errBroken) {
		t.Errorf("a reader's error became %v", err)
	}
}

func FuzzReadConnector(f *testing.F) {
	for _, seed := range []string{`{"name":"n","config":{"a":"b"}}`, `{"a":1,"b":null}`, `{"a":"b","a":"c"}`, `{`, `{"config":1}`, `{"a":"\ud800"}`, `{"tasks":[{}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		props, err := config.ReadConnector(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		var b strings.Builder
		b.WriteByte('{')
		for _, k := range slices.Sorted(maps.Keys(props)) {
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%s:%s", quote(k), quote(props[k]))
		}
		b.WriteByte('}')
		again, err := config.ReadConnector(strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(props, again); diff != "" {
			t.Errorf("%q (-first +second):\n%s", text, diff)
		}
	})
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r < ' ' || r == '"' || r == '\\' {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String() + `"`
}
