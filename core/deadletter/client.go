package deadletter

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/errpolicy"
)

// Open returns a sink that writes dead letters, as errpolicy makes them, to a target. It connects when it first writes. The
// sink can be probed. Put is not for concurrent use.
func Open(t config.DeadLetterTarget) (connect.Sink, error) {
	if t.Queue != "" {
		return newQueue(t), nil
	}
	region := os.Getenv("AWS_REGION")
	if region == "" {
		region = os.Getenv("AWS_DEFAULT_REGION")
	}
	if region == "" {
		return nil, connect.Fatal(errors.New("deadletter: no region is known: set AWS_REGION"))
	}
	return newBucket(t, region), nil
}

// A client sends requests of one service. It is safe for concurrent use.
type client struct {
	service, name string // as the signature names it, and as people do
	endpoint      string // "" for AWS's own
	target        string
	http          *http.Client
	signer        *v4.Signer
}

// newClient honours the variables by which AWS's SDKs and tools are sent elsewhere
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
func newClient(service, name, target string) client {
	endpoint := os.Getenv("AWS_ENDPOINT_URL_" + name)
	if endpoint == "" {
		endpoint = os.Getenv("AWS_ENDPOINT_URL")
	}
	return client{
		service: service, name: name, target: target,
		endpoint: strings.TrimSuffix(endpoint, "/"),
		http: &http.Client{
			Timeout:       10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // S3's are not to be followed
		},
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" }),
	}
}

// answer is what a service said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

const (
	tries      = 3
	firstWait  = 200 * time.Millisecond // doubled each time; the engine waits longer
	mostAnswer = 64 << 20               // bytes; a letter is as long as a record of Kafka and a half
)

// send signs a request and sends it, and again after what may go away. code finds the service's error code in an answer
// that is none of success. of is how many records it is for.
func (c *client) send(ctx context.Context, method, url, region string, headers map[string]string, body []byte, of int, code func(*answer) string) (*answer, error) {
	for try := 1; ; try++ {
		a, err := c.once(ctx, method, url, region, headers, body)
		if err == nil && a.status >= 300 {
			err = c.refused(code(a), a.status)
		}
		if err == nil || !connect.IsRetriable(err) || try == tries || !errpolicy.Sleep(ctx, firstWait<<(try-1)) {
			return a, err
		}
		connect.CountRetries(ctx, of)
	}
}

func (c *client) once(ctx context.Context, method, url, region string, headers map[string]string, body []byte) (*answer, error) {
	keys := aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN")}
	if keys.AccessKeyID == "" || keys.SecretAccessKey == "" {
		return nil, connect.Fatal(fmt.Errorf("%s: there are no AWS credentials: give the function a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as `aws configure export-credentials --format env` prints them", c.target))
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, connect.Fatal(fmt.Errorf("%s: %w", c.target, err))
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash) // S3 wants it, others take it
	if err := c.signer.SignHTTP(ctx, keys, req, hash, c.service, region, time.Now()); err != nil {
		return nil, connect.Fatal(fmt.Errorf("%s: signing: %w", c.target, err))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, connect.Retriable(fmt.Errorf("%s: %s cannot be reached: %w", c.target, c.name, err))
	}
	defer resp.Body.Close()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, mostAnswer)); err != nil {
		return nil, connect.Retriable(fmt.Errorf("%s: the answer of %s broke off: %w", c.target, c.name, err))
	}
	return a, nil
}

// Error codes, of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html and CommonErrors.html.
var (
	passing = []string{"SlowDown", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict", "InternalError", "InternalFailure", "ServiceUnavailable",
		"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestLimitExceeded", "KmsThrottled", "OverLimit"}
	ofTheLetter = []string{"EntityTooLarge", "KeyTooLongError", "BatchRequestTooLong", "InvalidMessageContents", "InvalidParameterValue"}
)

// refused is the error for a code, which may be empty, and the status of HTTP. What the service writes beside them is left out.
func (c *client) refused(code string, status int) error {
	err := fmt.Errorf("%s: %s refuses it (%s, HTTP status %d)", c.target, c.name, code, status)
	if code == "" {
		err = fmt.Errorf("%s: %s refuses it (HTTP status %d)", c.target, c.name, status)
	}
	switch {
	case slices.Contains(passing, code), status >= 500, status == http.StatusTooManyRequests:
		return connect.Retriable(err)
	case slices.Contains(ofTheLetter, code):
		return connect.DataError(err)
	}
	return connect.Fatal(err)
}

// probed is the finding of a probe.
func (c *client) probed(err error, remedy string) []connect.Finding {
	f := connect.Finding{Level: connect.LevelOK, Subject: "dead letters", Message: c.target + " is there"}
	if err != nil {
		f.Level, f.Message, f.Remedy = connect.LevelError, err.Error(), remedy
	}
	return []connect.Finding{f}
}
