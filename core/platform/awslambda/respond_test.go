package awslambda

import (
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

func TestRespond(t *testing.T) {
	failed := trigger.Result{
		Failed: []trigger.Position{{Topic: "a-b", Partition: 3, Offset: 12}, {Topic: "c", Partition: 0, Offset: 0}},
		Err:    data.Errorf(data.DataException, "no id"),
	}
	for _, tc := range []struct {
		name    string
		result  trigger.Result
		reports bool
		body    string
		errType string
	}{
		{"success", trigger.Result{}, false, `{"batchItemFailures":[]}`, ""},
		{"success, reporting", trigger.Result{}, true, `{"batchItemFailures":[]}`, ""},
		{"failure repeats the batch", failed, false, "", data.DataException},
		{"failure, reporting", failed, true, `{"batchItemFailures":[{"itemIdentifier":{"partition":"a-b-3","offset":12}},{"itemIdentifier":{"partition":"c-0","offset":0}}]}`, ""},
		{"no position is never an empty list", trigger.Result{Err: errors.New("broken event")}, true, "", data.RetriableException},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body, err := respond(tc.result, tc.reports)
			if string(body) != tc.body {
				t.Errorf("body %s, want %s", body, tc.body)
			}
			var typed messages.InvokeResponse_Error
			if errors.As(err, &typed); typed.Type != tc.errType {
				t.Errorf("error %v of type %q, want type %q", err, typed.Type, tc.errType)
			}
		})
	}
}
