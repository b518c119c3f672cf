package config

import "log/slog"

// Password is a secret. It prints as [hidden] in every format; convert it to string where it is used.
type Password string

const hidden = "[hidden]"

func (Password) String() string               { return hidden }
func (Password) GoString() string             { return hidden }
func (Password) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (Password) MarshalText() ([]byte, error) { return []byte(hidden), nil }
