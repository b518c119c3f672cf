package cosmossink

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// payload is a request's body. A transport may go on reading it after it has answered or failed, until it calls Close:
// only then may the memory be used for something else.
type payload struct {
	rest   []byte
	closed atomic.Bool
}

func (p *payload) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *payload) Close() error {
	p.closed.Store(true)
	return nil
}

// reply is an answer of the service.
type reply struct {
	status     int
	sub        int           // x-ms-substatus
	retryAfter time.Duration // 0 when the service names none
	activity   string        // x-ms-activity-id, for Microsoft's support
	body       []byte        // of everything but a successful write
}

// call is one request at a time, with the memory for the next. It is for one goroutine.
type call struct {
	c    *client
	req  *http.Request
	body *payload
	pk   []string
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
)

var (
	valTrue    = []string{"True"}
	valJSON    = []string{"application/json"}
	valMinimal = []string{"return=minimal"}
	valVersion = []string{"2020-11-05"}
)

// do sends one request and reads its answer. pk is the partition key's header, "" for none. An error is the transport's.
func (k *call) do(ctx context.Context, method string, u *url.URL, kind headers, cred *credentials, pk string, body []byte) (reply, error) {
	if k.req == nil {
		k.req = &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, 16)}
		k.pk = make([]string, 1)
	}
	if k.req.Context() != ctx {
		k.req = k.req.WithContext(ctx)
	}
	if k.body == nil {
		k.body = new(payload)
	}
	req, h := k.req, k.req.Header
	clear(h)
	req.Method, req.URL, req.Host = method, u, u.Host
	h["Authorization"], h["X-Ms-Date"], h["X-Ms-Version"] = cred.auth, cred.date, valVersion
	h["User-Agent"], h["Prefer"] = k.c.userAgent, valMinimal
	if pk != "" {
		k.pk[0] = pk
		h[hdrPartitionKey] = k.pk
	}
	switch kind {
	case asUpsert:
		h["X-Ms-Documentdb-Is-Upsert"] = valTrue
	case asBatch:
		h["X-Ms-Cosmos-Is-Batch-Request"], h["X-Ms-Cosmos-Batch-Atomic"] = valTrue, valTrue
	}
	req.Body, req.ContentLength = http.NoBody, 0
	sent := k.body
	if body != nil {
		h["Content-Type"] = valJSON
		sent.rest = body
		sent.closed.Store(false)
		req.Body, req.ContentLength = sent, int64(len(body))
	}

	resp, err := k.c.transport.RoundTrip(req)
	if err != nil {
		k.abandon(body != nil)
		return reply{}, err
	}
	r := reply{status: resp.StatusCode}
	if success(r.status) && method != http.MethodGet {
		_, _ = io.Copy(io.Discard, resp.Body) // the status says that the write took effect, whatever becomes of the rest
	} else {
		r.sub, _ = strconv.Atoi(resp.Header.Get(hdrSubstatus)) // absent: 0
		r.retryAfter = milliseconds(resp.Header.Get(hdrRetryAfter))
		r.activity = resp.Header.Get(hdrActivity)
		r.body, err = io.ReadAll(io.LimitReader(resp.Body, maxReply))
	}
	_ = resp.Body.Close()
	if body != nil && !sent.closed.Load() {
		k.abandon(true)
	}
	return r, err
}

// maxReply is more than a batch's answer can be.
const maxReply = 4 << 20

// abandon leaves the request to the transport, which may still look at it.
func (k *call) abandon(withBody bool) {
	k.req, k.body = nil, nil
	k.leaked = k.leaked || withBody
}

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
