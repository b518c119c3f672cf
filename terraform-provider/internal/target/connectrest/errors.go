package connectrest

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is a worker's refusal.
type Error struct {
	Method, Path string
	Status       int
	Message      string // the worker's
}

func (e *Error) Error() string {
	return fmt.Sprintf("connectrest: %s %s: %d: %s", e.Method, e.Path, e.Status, e.Message)
}

// UnreachableError says that no worker answered.
type UnreachableError struct {
	URL string
	Err error

	sent bool // the worker may have seen the request
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("connectrest: %s does not answer: %v", e.URL, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// IsNotFound says whether the worker answered that there is no such thing.
func IsNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsInvalid says whether the worker refused a configuration.
func IsInvalid(err error) bool { return hasStatus(err, http.StatusBadRequest) }

// IsUnreachable says whether no worker answered.
func IsUnreachable(err error) bool {
	_, ok := errors.AsType[*UnreachableError](err)
	return ok
}

func hasStatus(err error, status int) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == status
}

// ExistsError says that there is a connector of the name already.
type ExistsError struct{ Name string }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("connectrest: there is a connector %q already", e.Name)
}

// UnsettledError says that a connector did not come to rest in time.
type UnsettledError struct {
	Want State
	Last *Status // nil: there was none
	Err  error
}

func (e *UnsettledError) Error() string {
	if e.Last == nil {
		return fmt.Sprintf("connectrest: the connector has no status: %v", e.Err)
	}
	return fmt.Sprintf("connectrest: connector %s is %s with %s, not %s: %v", e.Last.Name, e.Last.Connector.State, e.Last.tasks(), e.Want, e.Err)
}

func (e *UnsettledError) Unwrap() error { return e.Err }
