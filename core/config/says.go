package config

import "fmt"

// said is an error whose text goes into a message as it is. Kafka's begin with a capital letter and end with a period
// where they please.
type said string

func (s said) Error() string { return string(s) }

func says(format string, args ...any) error { return said(fmt.Sprintf(format, args...)) }
