package awslambda

import (
	"strconv"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
)

// respond turns a result into the function's answer. Failures are an error, which repeats the whole batch whatever the
// mapping is; only when the mapping is known to report items are they a partial response, because a mapping that does
// not report takes any body for success.
func respond(r trigger.Result, reports bool) ([]byte, error) {
	if len(r.Failed) == 0 && r.Err == nil {
		return []byte(`{"batchItemFailures":[]}`), nil
	}
	if planted == emptyAnswerOnFailure {
		return []byte(`{}`), nil
	}
	if !reports || len(r.Failed) == 0 {
		return nil, invocationError(r.Err)
	}
	out := []byte(`{"batchItemFailures":[`)
	for i, p := range r.Failed {
		if i > 0 {
			out = append(out, ',')
		}
		// The identifier is the key of the event's "records" map and the first offset to deliver again.
		out = append(out, `{"itemIdentifier":{"partition":`...)
		out = strconv.AppendQuote(out, p.Topic+"-"+strconv.Itoa(int(p.Partition)))
		out = append(out, `,"offset":`...)
		out = strconv.AppendInt(out, p.Offset, 10)
		out = append(out, `}}`...)
	}
	return append(out, `]}`...), nil
}

// invocationError carries the Java exception class as the error type, which Lambda's logs and metrics filters show.
func invocationError(err error) error {
	class, _ := errpolicy.Exception(err)
	return messages.InvokeResponse_Error{Type: class, Message: err.Error()}
}
