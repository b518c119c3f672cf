package cosmossink

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// teller answers requests for documents alike, and all others as an account does.
type teller struct {
	status     int
	body, wait string
	charge     string
}

func (a *teller) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	status, body := a.status, a.body
	switch {
	case r.URL.Path == "/" || r.URL.Path == "":
		status, body = 200, `{"id":"a","writableLocations":[{"name":"here","databaseAccountEndpoint":"http://account.test/"}],"readableLocations":[{"name":"here","databaseAccountEndpoint":"http://account.test/"}]}`
	case !strings.HasSuffix(r.URL.Path, "/docs"):
		status, body = 200, `{"id":"orders","_rid":"r","partitionKey":{"paths":["/customer"],"kind":"Hash","version":2}}`
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
		Header: http.Header{"Content-Type": {"application/json"}, hdrRetryAfter: {a.wait}, hdrCharge: {a.charge}, hdrSubstatus: {a.charge}},
	}, nil
}

// Whatever the service answers to a batch, each record has an outcome, within the time there is, and none counts as written
// unless the answer is a success.
func FuzzAnswers(f *testing.F) {
	f.Add(207, `[{"statusCode":424},{"statusCode":429,"retryAfterMilliseconds":12.5}]`, "100", "10.5")
	f.Add(207, `[{"statusCode":409},{"statusCode":424}]`, "", "")
	f.Add(207, `[null,{}]`, "-1", "NaN")
	f.Add(207, `[]`, "1e300", "1e300")
	f.Add(429, `{"code":"429","message":"Message: {\"Errors\":[\"x\"]}"}`, "5", "0")
	f.Add(403, `<html>`, "", "3")
	f.Add(200, `nonsense`, "", "-5")
	f.Fuzz(func(t *testing.T, status int, body, wait, charge string) {
		if status < 200 || status > 599 {
			status = 207
		}
		synctest.Test(t, func(t *testing.T) {
			s := open(t, Options{Transport: &teller{status: status, body: body, wait: wait, charge: charge}}, map[string]string{"sink.maxRetryCount": "2"})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			records := batch(`{"id":"1","customer":"ann"}`, `{"id":"2","customer":"ann"}`)
			err := s.Put(ctx, records)
			if ctx.Err() != nil {
				t.Error("it took all the time there was")
			}
			failed := failures(t, err, len(records))
			if len(failed) < len(records) && !success(status) {
				t.Errorf("records count as written after %d %q: %v", status, body, failed)
			}
		})
	})
}
