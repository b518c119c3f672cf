package awslambda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
)

// runtimeAPI is set by Lambda: host and port of the Runtime API.
const runtimeAPI = "AWS_LAMBDA_RUNTIME_API"

// Here says whether this process was started by Lambda.
func Here() bool { return os.Getenv(runtimeAPI) != "" }

// Runner takes one event through a task.
type Runner func(ctx context.Context, decode trigger.Decode) trigger.Result

// handler adapts a Runner to aws-lambda-go; it is safe for concurrent use, as Lambda may ask for more than one
// invocation at a time in one process.
type handler struct {
	run     Runner
	reports bool
}

// Invoke answers one event. The payload's memory is aws-lambda-go's: nothing keeps it.
func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	result := h.run(ctx, func(m *trigger.Messages, alloc func(int) []byte) error {
		return Decode(payload, m, alloc)
	})
	return respond(result, h.reports)
}

// NewHandler is what [Process.Serve] answers invocations with, for programs that play Lambda in their own process.
func NewHandler(run Runner, reports bool) lambda.Handler { return &handler{run: run, reports: reports} }

// FailInit tells Lambda why the function cannot start, so that the reason stands in its answer and logs instead of a bare
// exit status (Runtime API, "Initialization error"). The caller exits with 1 afterwards.
func FailInit(err error) error {
	class, message := errpolicy.Exception(err)
	body, e := json.Marshal(struct {
		ErrorMessage string   `json:"errorMessage"`
		ErrorType    string   `json:"errorType"`
		StackTrace   []string `json:"stackTrace"`
	}{message, class, []string{}})
	if e != nil {
		return fmt.Errorf("awslambda: init error: %w", e)
	}
	req, e := http.NewRequest(http.MethodPost, "http://"+os.Getenv(runtimeAPI)+"/2018-06-01/runtime/init/error", bytes.NewReader(body))
	if e != nil {
		return fmt.Errorf("awslambda: init error: %w", e)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Lambda-Runtime-Function-Error-Type", class)
	resp, e := (&http.Client{Timeout: 2 * time.Second}).Do(req)
	if e != nil {
		return fmt.Errorf("awslambda: init error: %w", e)
	}
	return resp.Body.Close()
}
