package cosmossink

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// payload is a request's body. The pipeline rewinds and closes it as it likes, and a transport may go on reading after the
// pipeline has returned: the memory may be used for something else only if it was read to its end.
type payload struct {
	mu sync.Mutex
	r  bytes.Reader
}

func newPayload(body []byte) *payload {
	p := new(payload)
	p.r.Reset(body)
	return p
}

// Read implements [io.Reader].
func (p *payload) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.r.Read(b)
}

// Seek implements [io.Seeker].
func (p *payload) Seek(offset int64, whence int) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.r.Seek(offset, whence)
}

// Close implements [io.Closer]. It says nothing: the pipeline calls it, whatever the transport does.
func (p *payload) Close() error { return nil }

// release gives the memory back and reports true, unless somebody may still have to read it.
func (p *payload) release() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.r.Len() > 0 {
		return false
	}
	p.r.Reset(nil)
	return true
}

// reply is an answer of the service.
type reply struct {
	status     int
	sub        int           // x-ms-substatus
	retryAfter time.Duration // 0 when the service names none
	charge     string        // x-ms-request-charge, in request units
	activity   string        // x-ms-activity-id, for Microsoft's support
	body       []byte        // of everything but a success
}

// call is one request at a time, with the memory for the next. It is for one goroutine. The pipeline gives the transport a
// copy of everything but the body.
type call struct {
	c   *client
	req *http.Request
	url url.URL
	pk  []string
	// leaked says that a transport may still read memory that was given to an earlier request.
	leaked bool
}

// What a request is, besides its method.
type headers uint8

const (
	asPlain headers = iota
	asUpsert
	asBatch
)

// Header names as net/http canonicalizes them, because the maps are filled directly.
const (
	hdrPartitionKey = "X-Ms-Documentdb-Partitionkey"
	hdrSubstatus    = "X-Ms-Substatus"
	hdrRetryAfter   = "X-Ms-Retry-After-Ms"
	hdrActivity     = "X-Ms-Activity-Id"
	hdrCharge       = "X-Ms-Request-Charge"
)

var (
	valTrue    = []string{"True"}
	valJSON    = []string{"application/json"}
	valMinimal = []string{"return=minimal"}
	valVersion = []string{"2020-11-05"}
)

// do sends one request and reads its answer. pk is the partition key's header. An error is the transport's.
func (k *call) do(ctx context.Context, method string, u *url.URL, kind headers, r *resource, pk string, body []byte) (reply, error) {
	if k.req == nil {
		k.req = &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, 16)}
		k.pk = make([]string, 1)
	}
	if k.req.Context() != ctx {
		k.req = k.req.WithContext(ctx)
	}
	raw, h := k.req, k.req.Header
	clear(h)
	k.url, k.pk[0] = *u, pk
	raw.Method, raw.URL, raw.Host = method, &k.url, u.Host
	raw.Body, raw.GetBody, raw.ContentLength = nil, nil, 0
	h["X-Ms-Version"], h["Prefer"], h[hdrPartitionKey] = valVersion, valMinimal, k.pk
	if k.c.account.Load().several {
		h["X-Ms-Cosmos-Allow-Tentative-Writes"] = valTrue // others than the first refuse writes without it
	}
	switch kind {
	case asUpsert:
		h["X-Ms-Documentdb-Is-Upsert"] = valTrue
	case asBatch:
		h["X-Ms-Cosmos-Is-Batch-Request"], h["X-Ms-Cosmos-Batch-Atomic"] = valTrue, valTrue
	}
	if body != nil {
		sent := newPayload(body)
		raw.Body, h["Content-Type"] = sent, valJSON
		defer func() { k.leaked = !sent.release() || k.leaked }()
	}
	req, err := runtime.NewRequestFromRequest(raw)
	if err != nil {
		return reply{}, err
	}
	req.SetOperationValue(r)
	runtime.SkipBodyDownload(req)
	resp, err := k.c.writes.Do(req)
	if resp == nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer := replyTo(resp)
	if success(answer.status) {
		_, _ = io.Copy(io.Discard, resp.Body) // the status says that the write took effect, whatever becomes of the rest
		return answer, nil
	}
	answer.body, err = io.ReadAll(io.LimitReader(resp.Body, maxReply))
	return answer, err
}

// replyTo is an answer without its body.
func replyTo(resp *http.Response) reply {
	r := reply{status: resp.StatusCode}
	if charge := resp.Header[hdrCharge]; len(charge) > 0 {
		r.charge = charge[0]
	}
	if !success(r.status) {
		r.sub, _ = strconv.Atoi(resp.Header.Get(hdrSubstatus)) // absent: 0
		r.retryAfter = milliseconds(resp.Header.Get(hdrRetryAfter))
		r.activity = resp.Header.Get(hdrActivity)
	}
	return r
}

// maxReply is more than a batch's answer can be.
const maxReply = 4 << 20

func success(status int) bool {
	return status >= 200 && status < 300 && status != http.StatusMultiStatus
}

func milliseconds(s string) time.Duration {
	ms, err := strconv.ParseFloat(s, 64)
	if err != nil || ms < 0 || ms > 1e9 {
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}
