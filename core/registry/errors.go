package registry

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/connectless/connectless/core/connect"
)

// Error is what a registry answered instead of a schema.
type Error struct {
	Status  int // of HTTP
	Code    int // of the registry: 40403, or the status again
	Message string
}

// Error is the text that Confluent's client gives the error.
func (e *Error) Error() string { return fmt.Sprintf("%s; error code: %d", e.Message, e.Code) }

// classify turns an error of the HTTP client into one of connect's classes.
func classify(err error) error {
	if err == nil || connect.IsMarked(err) {
		return err
	}
	var answer *sr.ResponseError
	if !errors.As(err, &answer) {
		return connect.Retriable(fmt.Errorf("registry: %w", err))
	}
	e := &Error{Status: answer.StatusCode, Code: answer.ErrorCode, Message: answer.Message}
	if e.Code == 0 {
		// Not a registry's answer: a proxy's, or a server that knows no registry.
		e.Code, e.Message = e.Status, http.StatusText(e.Status)
	}
	switch {
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden, e.Status == http.StatusProxyAuthRequired:
		return connect.Fatal(e)
	case e.Status == http.StatusTooManyRequests, e.Status == http.StatusRequestTimeout, e.Status >= 500, e.Status < 400:
		return connect.Retriable(e)
	}
	return connect.DataError(e)
}
