package data

import "fmt"

// Exception classes of Kafka Connect that the engine, converters and transforms report. They reach users in dead letter
// headers and status traces, where existing tools match on the Java names.
const (
	DataException            = "org.apache.kafka.connect.errors.DataException"
	ConnectException         = "org.apache.kafka.connect.errors.ConnectException"
	RetriableException       = "org.apache.kafka.connect.errors.RetriableException"
	SchemaBuilderException   = "org.apache.kafka.connect.errors.SchemaBuilderException"
	SchemaProjectorException = "org.apache.kafka.connect.errors.SchemaProjectorException"
	ConfigException          = "org.apache.kafka.common.config.ConfigException"
	SerializationException   = "org.apache.kafka.common.errors.SerializationException"
	IllegalArgument          = "java.lang.IllegalArgumentException"
	NullPointer              = "java.lang.NullPointerException"
	ClassCast                = "java.lang.ClassCastException"
	NumberFormat             = "java.lang.NumberFormatException"
	IndexOutOfBounds         = "java.lang.IndexOutOfBoundsException"
)

// Error is a failure that Kafka Connect reports as an exception: Class is the Java class name, Message its message.
type Error struct {
	Class   string
	Message string
	Cause   error
}

// Errorf returns an Error of the class with a formatted message. It does not interpret %w; use [Error.Because].
func Errorf(class, format string, args ...any) *Error {
	return &Error{Class: class, Message: fmt.Sprintf(format, args...)}
}

// Because returns a copy of e that was caused by cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Error returns "<simple class name>: <message>", followed by the cause if there is one.
func (e *Error) Error() string {
	s := simpleName(e.Class) + ": " + e.Message
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

func simpleName(class string) string {
	for i := len(class) - 1; i >= 0; i-- {
		if class[i] == '.' || class[i] == '$' {
			return class[i+1:]
		}
	}
	return class
}
