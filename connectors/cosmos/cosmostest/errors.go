package cosmostest

import (
	"net/http"
	"strconv"
	"time"
)

// failure is an answer with an error body, nil when there is none. The messages are those of the service where they are known, because
// users and retry policies meet them in logs.
type failure struct {
	status     int
	substatus  int
	code       string
	message    string
	retryAfter time.Duration
}

// Substatus codes that clients act on.
const (
	subCrossPartitionNotServable = 1004
	subPartitionKeyMismatch      = 1001
	subRangeGone                 = 1002
	subThrottled                 = 3200
)

func newFailure(status int, message string) *failure {
	return &failure{status: status, code: errorCode(status), message: message}
}

func badRequest(message string) *failure { return newFailure(http.StatusBadRequest, message) }

func wrongKey(message string) *failure {
	e := badRequest(message)
	e.substatus = subPartitionKeyMismatch
	return e
}

func notFound() *failure {
	return newFailure(http.StatusNotFound, "Resource Not Found. Learn more: https://aka.ms/cosmosdb-tsg-not-found")
}

func conflict() *failure {
	return newFailure(http.StatusConflict, "Resource with specified id or name already exists.")
}

func preconditionFailed() *failure {
	return newFailure(http.StatusPreconditionFailed, "Operation cannot be performed because one of the specified precondition is not met.")
}

func tooLarge() *failure {
	return newFailure(http.StatusRequestEntityTooLarge, "Request size is too large")
}

func rangeGone(id string) *failure {
	e := newFailure(http.StatusGone, "Partition key range "+id+" is gone.")
	e.substatus = subRangeGone
	return e
}

func throttled(wait time.Duration) *failure {
	e := newFailure(http.StatusTooManyRequests,
		"Request rate is large. More Request Units may be needed, so no changes were made. Please retry this request later. Learn more: http://aka.ms/cosmosdb-error-429")
	e.substatus, e.retryAfter = subThrottled, wait
	return e
}

// errorCode is the code property of an error body.
func errorCode(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "BadRequest"
	case http.StatusUnauthorized:
		return "Unauthorized"
	case http.StatusForbidden:
		return "Forbidden"
	case http.StatusNotFound:
		return "NotFound"
	case http.StatusMethodNotAllowed:
		return "MethodNotAllowed"
	case http.StatusRequestTimeout:
		return "RequestTimeout"
	case http.StatusConflict:
		return "Conflict"
	case http.StatusGone:
		return "Gone"
	case http.StatusPreconditionFailed:
		return "PreconditionFailed"
	case http.StatusRequestEntityTooLarge:
		return "RequestEntityTooLarge"
	case http.StatusFailedDependency:
		return "FailedDependency"
	case http.StatusServiceUnavailable:
		return "ServiceUnavailable"
	case http.StatusInternalServerError:
		return "InternalServerError"
	}
	return strconv.Itoa(status) // what the service does for 429 and 449
}

// body is the error as the gateway wraps it.
func (e *failure) body(activityID string) []byte {
	inner := append([]byte(`Message: {"Errors":[`), appendString(nil, e.message)...)
	inner = append(inner, "]}\r\nActivityId: "+activityID...)
	b := appendString([]byte(`{"code":`), e.code)
	b = appendString(append(b, `,"message":`...), string(inner))
	return append(b, '}')
}

// response is what a handler answers; the server adds the headers every answer has.
type response struct {
	status       int
	body         []byte
	etag         string
	session      string
	continuation string
	charge       float64
	items        int // documents in a feed page, or -1
	fail         *failure
}

func failed(e *failure) response { return response{status: e.status, fail: e, items: -1} }

func answer(status int, body []byte) response {
	return response{status: status, body: body, charge: 1, items: -1}
}

// unwritable is the answer when the journal cannot be written: nothing was changed.
func unwritable(err error) *failure {
	return newFailure(http.StatusServiceUnavailable, "The data directory cannot be written: "+err.Error())
}
