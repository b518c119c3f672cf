package config

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// Password is a secret. It prints as [hidden] in every format; convert it to string where it is used. Keep it in exported
// fields: package fmt reads past the methods of an unexported one.
type Password string

const hidden = "[hidden]"

func (Password) String() string               { return hidden }
func (Password) GoString() string             { return hidden }
func (Password) Format(w fmt.State, _ rune)   { _, _ = io.WriteString(w, hidden) }
func (Password) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Password) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Properties are settings as a component takes them, with secrets in clear. Printing them in any format shows the keys
// and hides every value.
type Properties map[string]string

func (p Properties) String() string {
	keys := slices.Sorted(maps.Keys(p))
	for i, k := range keys {
		keys[i] = k + "=" + hidden
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

func (p Properties) GoString() string           { return p.String() }
func (p Properties) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, p.String()) }
func (p Properties) LogValue() slog.Value       { return slog.StringValue(p.String()) }

// MarshalJSON is an object with every value hidden.
func (p Properties) MarshalJSON() ([]byte, error) {
	shown := make(map[string]string, len(p))
	for k := range p {
		shown[k] = hidden
	}
	return json.Marshal(shown)
}
