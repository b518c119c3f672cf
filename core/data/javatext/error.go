package javatext

// Error is a Java exception as a user of Kafka Connect sees it: the class name and getMessage(). Code that wraps it
// writes whichever of the two Kafka itself would show.
type Error struct {
	Class   string // fully qualified, "java.lang.NumberFormatException"
	Message string // "" also stands for a null message
	Cause   error  // getCause(), or nil
}

// Error is Throwable.toString: the class, and the message when there is one.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Class
	}
	return e.Class + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

const (
	classNumberFormat    = "java.lang.NumberFormatException"
	classIllegalArgument = "java.lang.IllegalArgumentException"
	classParse           = "java.text.ParseException"
)

func numberFormat(message string) error {
	return &Error{Class: classNumberFormat, Message: message}
}

func badInput(s string) error {
	return numberFormat(`For input string: "` + s + `"`)
}
