package cosmossink

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
)

// discard answers like an account with a container partitioned by /pk that takes everything, at once.
type discard struct{}

var (
	okBatch  = []byte("[" + strings.Repeat(`{"statusCode":201,"requestCharge":6.29,"eTag":"\"0000d826-0000-0700-0000-60f1\""},`, 99) + `{"statusCode":201,"requestCharge":6.29,"eTag":"\"0000d826-0000-0700-0000-60f1\""}]`)
	okHeader = http.Header{"Content-Type": {"application/json"}, "X-Ms-Request-Charge": {"629"}}
)

var sinkhole = make([]byte, 4096) // one request at a time: the benchmarks run with a concurrency of 1

func (discard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := &http.Response{StatusCode: http.StatusOK, Header: okHeader, Request: r, Body: http.NoBody}
	if r.Method == http.MethodGet {
		answer := `{"id":"orders","_rid":"x","partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}}`
		if r.URL.Path == "/" {
			answer = `{"id":"account","writableLocations":[{"name":"here","databaseAccountEndpoint":"http://account.test/"}],"readableLocations":[{"name":"here","databaseAccountEndpoint":"http://account.test/"}]}`
		}
		resp.Body = io.NopCloser(strings.NewReader(answer))
		return resp, nil
	}
	if r.Body != nil {
		for {
			if _, err := r.Body.Read(sinkhole); err != nil {
				break
			}
		}
		_ = r.Body.Close()
	}
	if r.Header["X-Ms-Cosmos-Is-Batch-Request"] != nil {
		resp.Body = io.NopCloser(bytes.NewReader(okBatch))
	}
	return resp, nil
}

// benchRecords are documents of about 820 bytes, n for each of keys partition keys.
func benchRecords(b *testing.B, keys, n int) []*connect.Record {
	b.Helper()
	a := data.NewArena()
	var records []*connect.Record
	for i := range keys * n {
		doc := fmt.Sprintf(`{"id":"order-%08d","pk":"customer-%06d","ts":"2024-01-02T03:04:05.000Z","total":123.45,"lines":[%s{"sku":"abc"}],"note":"%s","paid":true}`,
			i, i%keys, strings.Repeat(`{"sku":"sku-123456","quantity":3,"price":12.5,"tags":["a","b"]},`, 8), strings.Repeat("lorem ipsum ", 10))
		records = append(records, newRecord(a, int64(i), "", doc))
	}
	return records
}

func benchmarkPut(b *testing.B, settings map[string]string, keys, n int) {
	records := benchRecords(b, keys, n)
	s := open(b, Options{Transport: discard{}, Concurrency: 1}, settings)
	if err := s.Put(b.Context(), records); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Put(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/doc")
}

func BenchmarkBatchesOf100(b *testing.B) { benchmarkPut(b, nil, 10, 100) }
func BenchmarkOneLargeLane(b *testing.B) { benchmarkPut(b, nil, 1, 4700) }
func BenchmarkPointUpserts(b *testing.B) { benchmarkPut(b, nil, 1000, 1) }
func BenchmarkPointCreates(b *testing.B) {
	benchmarkPut(b, map[string]string{"sink.write.strategy": "ItemAppend"}, 1000, 1)
}
func BenchmarkPointDeletes(b *testing.B) {
	benchmarkPut(b, map[string]string{"sink.write.strategy": "ItemDelete"}, 1000, 1)
}

// BenchmarkFirstPut is what a cold start adds to the requests' time: a client, what it reads first, and one document.
func BenchmarkFirstPut(b *testing.B) {
	records := benchRecords(b, 1, 1)
	b.ReportAllocs()
	for b.Loop() {
		if err := open(b, Options{Transport: discard{}, Concurrency: 1}, nil).Put(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
}
