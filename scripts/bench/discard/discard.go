// Package discard is an http.RoundTripper that reads requests to a Cosmos DB account, throws them away and answers that all
// went well, so that a benchmark measures the client and nothing else.
package discard

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Transport answers for one account with one container of any name. It is safe for concurrent use.
type Transport struct {
	PartitionKey string // path of the container's partition key
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// RoundTrip reads the request's body to its end and answers.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	if r.Body != nil {
		body.Grow(int(max(0, r.ContentLength)) + bytes.MinRead)
		if _, err := body.ReadFrom(r.Body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	switch {
	case r.URL.Path == "" || r.URL.Path == "/":
		location := r.URL.Scheme + "://" + r.URL.Host + "/"
		return answer(r, 200, fmt.Sprintf(`{"_self":"","id":"bench","_rid":"bench","writableLocations":[{"name":"here","databaseAccountEndpoint":%q}],`+
			`"readableLocations":[{"name":"here","databaseAccountEndpoint":%q}],"enableMultipleWriteLocations":false,"userConsistencyPolicy":{"defaultConsistencyLevel":"Session"}}`, location, location)), nil
	case strings.HasSuffix(r.URL.Path, "/docs"):
		if n := bytes.Count(body.Bytes(), []byte(`"operationType"`)); r.Header.Get("x-ms-cosmos-is-batch-request") != "" {
			return answer(r, 200, "["+strings.TrimSuffix(strings.Repeat(`{"statusCode":201,"requestCharge":5.1,"eTag":"\"0000\""},`, n), ",")+"]"), nil
		}
		return answer(r, 201, ""), nil
	}
	return answer(r, 200, fmt.Sprintf(`{"id":"bench","_rid":"bench","partitionKey":{"paths":[%q],"kind":"Hash","version":2}}`, t.PartitionKey)), nil
}

func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header:        http.Header{"Content-Type": {"application/json"}, "X-Ms-Request-Charge": {"5.1"}, "Etag": {`"0000"`}},
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(strings.NewReader(body)),
	}
}
