package errpolicy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
)

// Stage is where a record failed, by the name that dead letter headers and log lines use.
type Stage string

const (
	KeyConverter    Stage = "KEY_CONVERTER"
	ValueConverter  Stage = "VALUE_CONVERTER"
	HeaderConverter Stage = "HEADER_CONVERTER"
	Transformation  Stage = "TRANSFORMATION"
	TaskPut         Stage = "TASK_PUT"
	TaskPoll        Stage = "TASK_POLL"
	KafkaProduce    Stage = "KAFKA_PRODUCE"
)

// SinkTaskClass is what Kafka Connect names as the failing class of a record that a sink reported.
const SinkTaskClass = "org.apache.kafka.connect.sink.SinkTask"

// Failure is the error of one record: where it happened and the Java class of the converter, transform or task.
type Failure struct {
	Stage Stage
	Class string
	Err   error
}

func (f *Failure) Error() string { return fmt.Sprintf("%s in %s: %v", f.Stage, f.Class, f.Err) }
func (f *Failure) Unwrap() error { return f.Err }

// Exception returns the Java exception class and message that stand for an error: those of the outermost [data.Error]
// in its chain, else the class that the error's classification amounts to.
func Exception(err error) (class, message string) {
	var d *data.Error
	if errors.As(err, &d) {
		return d.Class, d.Message
	}
	switch connect.Classify(err) {
	case connect.ClassData:
		return data.DataException, err.Error()
	case connect.ClassFatal:
		return data.ConnectException, err.Error()
	}
	return data.RetriableException, err.Error()
}

// StackTrace is the text of the stack trace header: "<class>: <message>", then a "Caused by:" line for each cause that
// has a Java class. There are no frames: they would be those of another program.
func StackTrace(err error) string {
	class, message := Exception(err)
	var b strings.Builder
	writeHead(&b, class, message)
	var d *data.Error
	if errors.As(err, &d) {
		for cause := d.Cause; cause != nil; {
			b.WriteString("\nCaused by: ")
			var c *data.Error
			if !errors.As(cause, &c) {
				b.WriteString(cause.Error())
				break
			}
			writeHead(&b, c.Class, c.Message)
			cause = c.Cause
		}
	}
	return b.String()
}

func writeHead(b *strings.Builder, class, message string) {
	b.WriteString(class)
	if message != "" {
		b.WriteString(": ")
		b.WriteString(message)
	}
}
