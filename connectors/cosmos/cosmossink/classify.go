package cosmossink

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/connectless/connectless/connectors/cosmos"
)

// verdict is what an answer means for the operation it is about.
type verdict uint8

const (
	done      verdict = iota
	again             // transient
	throttled         // transient; wait as asked, as long as there is time
	stale             // the container may have been replaced: read its definition again
	refused           // this document never
	fatal             // nothing ever, until somebody mends the account, its key or the configuration
)

func (v verdict) String() string {
	return [...]string{"done", "again", "throttled", "stale", "refused", "fatal"}[v]
}

// Substatus codes. https://learn.microsoft.com/rest/api/cosmos-db/http-status-codes-for-cosmosdb
const (
	subWriteForbidden     = 3    // 403: the region does not take writes (any more)
	subKeyMismatch        = 1001 // 400: the partition key is not the one in the document
	subSessionUnavailable = 1002 // 404
	subOwnerNotFound      = 1003 // 404: the container or database is gone
	subAccountNotFound    = 1008 // 403: the region was just added or removed
	subPartitionFull      = 1014 // 403: a logical partition reached its size limit
)

// classify decides once what a status means. strategy is the operation's.
func classify(strategy cosmos.WriteStrategy, status, sub int) verdict {
	if success(status) {
		return done
	}
	switch status {
	case http.StatusTooManyRequests:
		return throttled
	case http.StatusRequestTimeout, http.StatusGone, statusRetryWith, http.StatusFailedDependency:
		return again
	case http.StatusNotFound:
		switch {
		case sub == subSessionUnavailable:
			return again
		case strategy == cosmos.Delete && sub != subOwnerNotFound:
			return done
		}
		return stale
	case http.StatusConflict:
		if strategy == cosmos.Append {
			return done
		}
		return refused // a unique key of the container
	case http.StatusBadRequest:
		if sub == subKeyMismatch {
			return stale
		}
		return refused
	case http.StatusUnauthorized:
		return fatal
	case http.StatusForbidden:
		switch sub {
		case subWriteForbidden, subAccountNotFound:
			return again
		case subPartitionFull:
			return refused
		}
		return fatal
	}
	switch {
	case status >= 500:
		return again
	case status >= 400:
		return refused
	}
	return fatal // a redirect: not an account
}

// statusRetryWith is 449: a conflict inside the service, to be tried again.
const statusRetryWith = 449

// classifyTransport decides about a request that got no answer. Whether it took effect is unknown; every operation the
// sink sends may be sent twice.
func classifyTransport(err error) verdict {
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return fatal
	}
	return again
}

// serviceError is an answer that is no success.
type serviceError struct {
	status   int
	sub      int
	message  string
	activity string
}

func (e *serviceError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the service answered %d", e.status)
	if text := http.StatusText(e.status); text != "" {
		b.WriteString(" " + text)
	}
	if e.sub != 0 {
		fmt.Fprintf(&b, " (substatus %d)", e.sub)
	}
	if e.message != "" {
		b.WriteString(": " + e.message)
	}
	if e.activity != "" {
		fmt.Fprintf(&b, " [activity %s]", e.activity)
	}
	return b.String()
}

// errorOf reads the error body of an answer.
func errorOf(r *reply) *serviceError {
	var body struct{ Message string }
	_ = json.Unmarshal(r.body, &body) // anything else than the service's JSON says nothing that is worth showing
	return &serviceError{status: r.status, sub: r.sub, message: tidy(body.Message), activity: r.activity}
}

// tidy takes the first line of the service's message, without the wrapping its gateway adds, and bounds it.
func tidy(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	message = strings.TrimSpace(message)
	message = strings.TrimPrefix(message, `Message: `)
	if inner, ok := strings.CutPrefix(message, `{"Errors":["`); ok {
		message = strings.TrimSuffix(inner, `"]}`)
	}
	const most = 300
	if len(message) > most {
		message = strings.ToValidUTF8(message[:most], "") + "…"
	}
	return message
}

// result is the outcome of one operation of a batch.
type result struct {
	StatusCode             int     `json:"statusCode"`
	SubStatusCode          int     `json:"subStatusCode"`
	RetryAfterMilliseconds float64 `json:"retryAfterMilliseconds"`
}

// culprit finds the operation that made a batch of n fail; the others are reported as 424.
func culprit(body []byte, n int) (int, *result, error) {
	var results []result
	if err := json.Unmarshal(body, &results); err != nil {
		return 0, nil, fmt.Errorf("cosmossink: the answer to a batch is not readable: %w", err)
	}
	if len(results) != n {
		return 0, nil, fmt.Errorf("cosmossink: the answer to a batch of %d operations has %d results", n, len(results))
	}
	for i := range results {
		if s := results[i].StatusCode; !success(s) && s != http.StatusFailedDependency {
			return i, &results[i], nil
		}
	}
	return 0, nil, errors.New("cosmossink: a batch failed and its answer names no operation that did")
}
