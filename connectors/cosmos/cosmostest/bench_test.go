package cosmostest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
)

// BenchmarkBatchUpsert stores batches of 100 documents of about 800 bytes; docs/s is what one core serves without the
// client's side of the connection.
func BenchmarkBatchUpsert(b *testing.B) {
	for _, durable := range []bool{false, true} {
		name, o := "memory", cosmostest.Options{}
		if durable {
			name, o.Dir = "journal", b.TempDir()
		}
		b.Run(name, func(b *testing.B) {
			s := newHandler(b, o)
			bodies := make([]string, 20)
			for n := range bodies {
				var ops []string
				for i := range 100 {
					ops = append(ops, fmt.Sprintf(`{"operationType":"Upsert","resourceBody":{"id":"%d-%d","pk":"a","place":"5 km \"N\" of here","mag":4.5,"time":1700000000000,"fill":%q}}`,
						n, i, strings.Repeat("0123456789", 68)))
				}
				bodies[n] = "[" + strings.Join(ops, ",") + "]"
			}
			b.SetBytes(int64(len(bodies[0])))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				r := httptest.NewRequest("POST", docs, strings.NewReader(bodies[n%len(bodies)]))
				r.Header = http.Header{
					"X-Ms-Documentdb-Partitionkey": {`["a"]`}, "X-Ms-Cosmos-Is-Batch-Request": {"True"}, "Prefer": {"return=minimal"},
				}
				sign(r, cosmostest.Key)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Body)
				}
				n++
			}
			b.ReportMetric(float64(n)*100/b.Elapsed().Seconds(), "docs/s")
		})
	}
}
