package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// A body is the JSON of a request. It is read as Jackson reads it for Kafka's worker: numbers and booleans are as good as
// their text, the last of two equal names counts, what follows the document is left alone, and what is wrong is answered
// with status 500 and Jackson's words.
type body struct{ text []byte }

func readBody(r *http.Request) (*body, error) {
	text, err := io.ReadAll(r.Body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, errBodyTooBig
	}
	if err != nil {
		return nil, Errorf(http.StatusBadRequest, "HTTP 400 Bad Request: the body could not be read")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errEmptyBody
	}
	return &body{text}, nil
}

// A value is a piece of a body.
type value struct {
	raw json.RawMessage
	end int // offset in the body
}

func (v value) null() bool { return v.raw == nil || v.raw[0] == 'n' }

// whole returns the document.
func (b *body) whole() (value, error) {
	dec := json.NewDecoder(bytes.NewReader(b.text))
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return value{}, b.syntax(err)
	}
	return value{raw, int(dec.InputOffset())}, nil
}

// object returns the members of the document, which must be an object.
func (b *body) object() (map[string]value, error) {
	v, err := b.whole()
	if err != nil {
		return nil, err
	}
	return b.members(v)
}

// members returns the members of an object within the body.
func (b *body) members(v value) (map[string]value, error) {
	if v.raw[0] != '{' {
		return nil, b.mismatch(v, "java.util.LinkedHashMap")
	}
	start := v.end - len(v.raw)
	dec := json.NewDecoder(bytes.NewReader(v.raw))
	all := map[string]value{}
	_, _ = dec.Token() // the brace; that the rest is well formed is known too
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, b.syntax(err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, b.syntax(err)
		}
		all[name.(string)] = value{raw, start + int(dec.InputOffset())}
	}
	return all, nil
}

// string returns a scalar as text, nil for null.
func (b *body) string(v value) (*string, error) {
	if v.null() {
		return nil, nil
	}
	s := string(v.raw)
	switch v.raw[0] {
	case '{', '[':
		return nil, b.mismatch(v, "java.lang.String")
	case '"':
		if err := json.Unmarshal(v.raw, &s); err != nil {
			return nil, b.syntax(err)
		}
	}
	return &s, nil
}

// strings returns an object of scalars.
func (b *body) strings(v value) (map[string]*string, error) {
	members, err := b.members(v)
	if err != nil {
		return nil, err
	}
	all := make(map[string]*string, len(members))
	for name, v := range members {
		if all[name], err = b.string(v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// known refuses members that are none of a class.
func (b *body) known(members map[string]value, class string, names ...string) error {
next:
	for name, v := range members {
		for _, n := range names {
			if n == name {
				continue next
			}
		}
		return Errorf(http.StatusInternalServerError, "Unrecognized field %q (class %s), not marked as ignorable (%d known properties: \"%s\"])%s",
			name, class, len(names), strings.Join(names, `", "`), b.at(v.end))
	}
	return nil
}

// mismatch is a value of the wrong kind.
func (b *body) mismatch(v value, class string) error {
	kind, token := "Integer value", "VALUE_NUMBER_INT"
	switch v.raw[0] {
	case '{':
		kind, token = "Object value", "START_OBJECT"
	case '[':
		kind, token = "Array value", "START_ARRAY"
	case '"':
		kind, token = "String value", "VALUE_STRING"
	case 't', 'f':
		kind, token = "Boolean value", "VALUE_"+strings.ToUpper(string(v.raw))
	case 'n':
		kind, token = "null value", "VALUE_NULL"
	}
	return Errorf(http.StatusInternalServerError, "Cannot deserialize value of type `%s` from %s (token `JsonToken.%s`)%s",
		class, kind, token, b.at(v.end-len(v.raw)))
}

// at says where in the body something is, in the words of Jackson's JsonLocation.
func (b *body) at(offset int) string {
	offset = min(offset, len(b.text))
	before := b.text[:offset]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := offset - bytes.LastIndexByte(before, '\n') // from 1
	return fmt.Sprintf("\n at [Source: (org.eclipse.jetty.server.HttpInputOverHTTP); line: %d, column: %d]", line, column)
}

var invalidCharacter = regexp.MustCompile(`^invalid character '.*' (.*)$`)

// expected is what Jackson expects where encoding/json is looking for something else.
var expected = map[string]string{
	"looking for beginning of object key string": "was expecting double-quote to start field name",
	"looking for beginning of value":             "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
	"after object key":                           "was expecting a colon to separate field name and value",
	"after object key:value pair":                "was expecting comma to separate Object entries",
	"after array element":                        "was expecting comma to separate Array entries",
}

// syntax is JSON that is malformed.
func (b *body) syntax(err error) error {
	fault := func(message string, offset int) error {
		return &Error{Code: http.StatusInternalServerError, Message: message + b.at(offset)}
	}
	s, ok := errors.AsType[*json.SyntaxError](err)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault("Unexpected end-of-input", len(b.text))
	case !ok:
		return fault("Malformed JSON", len(b.text))
	}
	offset := int(s.Offset) // behind the character
	message := "Malformed JSON: " + s.Error()
	if m := invalidCharacter.FindStringSubmatch(s.Error()); m != nil && offset > 0 && offset <= len(b.text) {
		c, want := b.text[offset-1], expected[m[1]]
		if want == "" {
			want = m[1]
		}
		message = fmt.Sprintf("Unexpected character ('%c' (code %d)): %s", c, c, want)
	}
	return fault(message, offset)
}
