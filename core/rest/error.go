package rest

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is an answer that is no success.
type Error struct {
	Code    int    // HTTP status
	Message string // for the client
	Err     error  // what is behind it, for the log; may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Message, e.Err)
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf is an Error without anything behind it.
func Errorf(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrStarting is the error of a Herder that handles no requests yet.
var ErrStarting = errors.New("rest: the worker is starting")

// NotFound is the way in which Kafka says that there is no connector: it depends on what was asked for.
type NotFound string

const (
	NoConnector NotFound = "Connector %s not found"
	NoTarget    NotFound = "Unknown connector %s"  // to change the state of
	NoRestart   NotFound = "Unknown connector: %s" // to restart
	NoStatus    NotFound = "No status found for connector %s"
)

// Error is the answer about a connector of the name.
func (n NotFound) Error(name string) *Error {
	return Errorf(http.StatusNotFound, string(n), name)
}

var (
	errNoPath     = Errorf(http.StatusNotFound, "HTTP 404 Not Found")
	errNoMethod   = Errorf(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed")
	errEmptyBody  = Errorf(http.StatusBadRequest, "HTTP 400 Bad Request: the request has no body")
	errCrossSite  = Errorf(http.StatusForbidden, "HTTP 403 Forbidden: a browser sent this for another site")
	errBodyTooBig = Errorf(http.StatusRequestEntityTooLarge, "HTTP 413 Request Entity Too Large")
)

// asError is what a client is told of err.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: http.StatusInternalServerError, Message: err.Error()}
}
