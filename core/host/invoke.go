package host

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Limits of a synchronous invocation, in bytes (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const (
	MaxRequestBytes  = 6 << 20
	MaxResponseBytes = 6 << 20
)

// Invoker calls a function once.
//
// Invoke sends event, which it must not keep or change after it returned, and gives back what the function
// answered. The error is a [*FunctionError] when the function ran and failed, an [*InitError] when it could not be
// started, and anything else when the call could not be made at all (the host is closed, ctx is done, the event is
// too large). Invoke may be called from several goroutines; it waits while all the concurrency is in use.
type Invoker interface {
	Invoke(ctx context.Context, event []byte) (Response, error)
}

// Response is a function's answer. All but Body are filled for failed calls too, as far as the call got.
type Response struct {
	Body      []byte        // the caller's to keep
	RequestID string        // a fresh UUID for each invocation
	Cold      bool          // the first invocation of its execution environment
	Init      time.Duration // from process start to its first request for work; zero unless Cold
	Duration  time.Duration // from the event being handed out to the answer, error or timeout
	Billed    time.Duration // Init + Duration, rounded up to the millisecond
}

// FunctionError is an invocation that failed in the function: an error it posted, a crash or a timeout.
type FunctionError struct {
	Type       string // errorType: the function's own, or Runtime.ExitError, Sandbox.Timedout, Function.ResponseSizeTooLarge
	Message    string
	RequestID  string
	StackTrace json.RawMessage // as the function posted it; may be nil
}

func (e *FunctionError) Error() string {
	s := "function error"
	for _, part := range []string{e.Type, e.Message} {
		if part != "" {
			s += ": " + part
		}
	}
	return s
}

// Error types that the host itself gives, spelled as Lambda spells them.
const (
	ErrorTypeExit             = "Runtime.ExitError"
	ErrorTypeTimeout          = "Sandbox.Timedout"
	ErrorTypeResponseTooLarge = "Function.ResponseSizeTooLarge"
)

// InitError is a function that did not reach its first request for work. Type and Message are what it posted to
// init/error when it did; otherwise they say how the process ended.
type InitError struct {
	Type    string
	Message string
	Output  []string // the last lines it wrote to stdout and stderr, oldest first
}

func (e *InitError) Error() string {
	s := fmt.Sprintf("function did not start: %s: %s", e.Type, e.Message)
	if len(e.Output) > 0 {
		s += "; its last output: " + strings.Join(e.Output, " | ")
	}
	return s
}
