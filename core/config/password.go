package config

import (
	"fmt"
	"io"
	"log/slog"
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
