package cosmossink

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/connectless/connectless/connectors/cosmos"
)

// clientOptions are the options of both pipelines. The SDK's retries are off: they sleep beyond the context's deadline
// and lose what the service asked for; see retries.
func clientOptions(transport http.RoundTripper, application string) policy.ClientOptions {
	o := policy.ClientOptions{Transport: transporter{transport}, Retry: policy.RetryOptions{MaxRetries: -1}}
	if application != "" {
		o.PerCallPolicies = []policy.Policy{appendAgent(" " + application)}
	}
	return o
}

// newPipeline returns the pipeline that documents are written through. What signs is a policy, so that another kind of
// credential is another policy.
func newPipeline(key []byte, o policy.ClientOptions) runtime.Pipeline {
	return runtime.NewPipeline("connectless-cosmos-sink", "v"+cosmos.Sink.Version, runtime.PipelineOptions{
		AllowedHeaders: []string{"Prefer", "X-Ms-Date", "X-Ms-Version", hdrCharge, hdrActivity, hdrSubstatus, hdrRetryAfter},
		PerRetry:       []policy.Policy{signer(key)},
	}, &o)
}

// transporter makes a round tripper the end of a pipeline.
type transporter struct{ http.RoundTripper }

// Do implements [policy.Transporter].
func (t transporter) Do(r *http.Request) (*http.Response, error) { return t.RoundTrip(r) }

// appendAgent appends text to the User-Agent, after what the telemetry policy has put there.
type appendAgent string

// Do implements [policy.Policy].
func (a appendAgent) Do(req *policy.Request) (*http.Response, error) {
	h := req.Raw().Header
	h.Set("User-Agent", h.Get("User-Agent")+string(a))
	return req.Next()
}

// signer signs with the account's key for the *resource that is the request's operation value.
type signer []byte

// Do implements [policy.Policy].
func (s signer) Do(req *policy.Request) (*http.Response, error) {
	var r *resource
	req.OperationValue(&r)
	c, h := r.credentials(s), req.Raw().Header
	h["Authorization"], h["X-Ms-Date"] = c.auth, c.date
	return req.Next()
}

// bound holds the SDK's metadata requests to the time of who asked for them: it reads the account, which others may wait
// for too, without its caller's deadline. It also tells requests without an answer from answers that the SDK makes
// nothing of, and shows the account's answer to seen.
type bound struct{ seen func(body []byte) }

// caller is the key of the context that metadata is read for, as a value of itself.
type caller struct{}

// noAnswer is a transport's error.
type noAnswer struct{ error }

func (e noAnswer) Unwrap() error { return e.error }

// Do implements [policy.Policy].
func (b bound) Do(req *policy.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Raw().Context())
	defer cancel()
	if c, ok := ctx.Value(caller{}).(context.Context); ok {
		defer context.AfterFunc(c, cancel)()
	}
	resp, err := req.WithContext(ctx).Next() // which has read the whole answer when it returns
	if err != nil {
		return nil, noAnswer{err}
	}
	if path := req.Raw().URL.Path; path == "/" && success(resp.StatusCode) {
		if body, err := runtime.Payload(resp); err == nil {
			b.seen(body)
		}
	}
	return resp, nil
}
