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

// chunks are what bodies are read by.
var chunks = sync.Pool{New: func() any { return new([8 << 10]byte) }}

// operations reads a body to its end and counts the operations of a batch in it.
func operations(body io.Reader) (n int, err error) {
	chunk := chunks.Get().(*[8 << 10]byte)
	defer chunks.Put(chunk)
	mark := []byte(`"operationType"`)
	for kept := 0; ; {
		read, err := body.Read(chunk[kept:])
		have := chunk[:kept+read]
		n += bytes.Count(have, mark)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		kept = copy(chunk[:], have[max(0, len(have)-len(mark)+1):]) // less than a mark
	}
}

// RoundTrip reads the request's body to its end and answers.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	n := 0
	if r.Body != nil {
		var err error
		if n, err = operations(r.Body); err != nil {
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
		if r.Header.Get("x-ms-cosmos-is-batch-request") != "" {
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
