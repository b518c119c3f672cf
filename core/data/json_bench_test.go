package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"
)

// orders are JSON documents of a web shop, about 850 bytes each: nested objects, a list of items, escapes, UTF-8.
func orders(n int) [][]byte {
	r := rand.New(rand.NewSource(42))
	words := strings.Fields("alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra tango")
	phrase := func(n int) string {
		s := make([]string, n)
		for i := range s {
			s[i] = words[r.Intn(len(words))]
		}
		return strings.Join(s, " ")
	}
	type object = map[string]any
	docs := make([][]byte, n)
	for i := range docs {
		var items, tags []any
		for range 3 + r.Intn(3) {
			items = append(items, object{"sku": fmt.Sprintf("SKU-%06d", r.Intn(1e6)), "name": phrase(3), "qty": 1 + r.Intn(5), "price": float64(r.Intn(20000)) / 100})
		}
		for range 1 + r.Intn(4) {
			tags = append(tags, phrase(1))
		}
		var note any
		if r.Intn(3) > 0 {
			note = phrase(8) + ` said "hello" ünïcode`
		}
		docs[i], _ = json.Marshal(object{
			"order_id": fmt.Sprintf("ORD-%08d", i), "ts": 1730000000000 + i*37, "status": "SHIPPED", "amount": float64(r.Intn(1e6)) / 100,
			"currency": "EUR", "paid": i%2 == 0, "internal_note": note, "version": r.Intn(20), "tags": tags, "items": items,
			"cust": object{"id": r.Intn(1e7), "name": phrase(2), "email": phrase(1) + "@example.com", "address": object{
				"street": fmt.Sprintf("%d %s street", r.Intn(200), phrase(1)), "city": phrase(1), "zip": fmt.Sprintf("%05d", r.Intn(99999)),
				"lat": float64(r.Intn(18000000)-9000000) / 1e5, "lon": float64(r.Intn(36000000)-18000000) / 1e5}},
			"meta": object{"source": "web", "ip": fmt.Sprintf("192.0.2.%d", r.Intn(256)),
				"ua": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"},
		})
	}
	return docs
}

func totalSize(docs [][]byte) (n int64) {
	for _, d := range docs {
		n += int64(len(d))
	}
	return n
}

// BenchmarkJSON parses and encodes documents that nobody looks into: what a chain without transforms costs.
func BenchmarkJSON(b *testing.B) {
	docs := orders(1000)
	run := ours(b, docs)
	b.ReportAllocs()
	b.SetBytes(totalSize(docs) / int64(len(docs)))
	for i := 0; b.Loop(); i++ {
		run(i)
	}
}

func BenchmarkJSONParse(b *testing.B) {
	docs := orders(1000)
	a := NewArena()
	b.ReportAllocs()
	b.SetBytes(totalSize(docs) / int64(len(docs)))
	for i := 0; b.Loop(); i++ {
		if i%len(docs) == 0 {
			a.Reset()
		}
		if _, _, err := ParseJSON(a, docs[i%len(docs)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkJSONTimesStd does the same work with encoding/json in turns, so that what else the machine does slows both,
// and reports how many times as fast we are.
func BenchmarkJSONTimesStd(b *testing.B) {
	docs := orders(1000)
	run := ours(b, docs)
	var out bytes.Buffer
	var mine, std time.Duration
	const passes = 10 // about as long as one of encoding/json
	for b.Loop() {
		start := time.Now()
		for i := range passes * len(docs) {
			run(i)
		}
		mine += time.Since(start) / passes
		start = time.Now()
		for _, doc := range docs {
			var v map[string]any
			if err := json.Unmarshal(doc, &v); err != nil {
				b.Fatal(err)
			}
			out.Reset()
			if err := json.NewEncoder(&out).Encode(v); err != nil {
				b.Fatal(err)
			}
		}
		std += time.Since(start)
	}
	b.ReportMetric(float64(std)/float64(mine), "x_std")
	b.ReportMetric(float64(mine)/float64(b.N*len(docs)), "ns/doc")
	b.ReportMetric(0, "ns/op")
}

// ours parses and encodes document i, with an arena per pass over the documents.
func ours(b *testing.B, docs [][]byte) func(i int) {
	a := NewArena()
	var out []byte
	return func(i int) {
		if i%len(docs) == 0 {
			a.Reset()
		}
		v, _, err := ParseJSON(a, docs[i%len(docs)])
		if err != nil {
			b.Fatal(err)
		}
		out = v.AppendJSON(out[:0])
	}
}
