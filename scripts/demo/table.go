package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/connectless/connectless/infra/local/events"
)

// Prices in US dollars, us-east-1: AWS Lambda x86 (https://aws.amazon.com/lambda/pricing/, 2026-09) and Amazon MSK
// Connect (https://aws.amazon.com/msk/pricing/). An on-demand event source mapping costs nothing itself.
const (
	lambdaGBSecond = 0.0000166667
	lambdaRequest  = 0.20 / 1e6
	mskConnectHour = 0.11 // a worker of one MCU (1 vCPU, 4 GiB), the least there is
)

// fullCPU is the memory in GB at which Lambda gives a function a whole CPU
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
const fullCPU = 1769.0 / 1024

// summary is what the table shows.
type summary struct {
	produced, events, updates, odd, broken int
	documents, replaced, letters           int
	reasons                                map[string]int

	invocations, failed                int
	batchMin, batchMedian, batchMax    int
	p50, p99                           time.Duration
	colds                              int
	cold, coldFirst                    float64 // milliseconds, medians
	memoryMB                           int
	peakMB, billedSeconds              float64
	lambda, lambdaAtMost, lambdaGBUsed float64
}

func (r *result) summary() summary {
	s := summary{produced: len(r.records), documents: len(r.documents), letters: len(r.letters), invocations: len(r.invocations), reasons: map[string]int{}}
	for _, rec := range r.records {
		switch rec.kind {
		case event:
			s.events++
		case update:
			s.updates++
		case odd:
			s.odd++
		case broken:
			s.broken++
		}
	}
	for _, l := range r.letters {
		s.reasons[l.reason()]++
	}
	var latencies []time.Duration
	for _, l := range r.producedLines() {
		switch l.Outcome {
		case "replaced":
			s.replaced++
		case "document":
		default:
			continue
		}
		if !l.DeliveredAt.IsZero() {
			latencies = append(latencies, l.DeliveredAt.Sub(l.ProducedAt))
		}
	}
	s.p50, s.p99 = quantile(latencies, 0.50), quantile(latencies, 0.99)
	s.functionCosts(r.invocations)
	return s
}

// functionCosts computes what the function took.
func (s *summary) functionCosts(invocations []*events.Invocation) {
	var batches []int
	var colds, firsts []float64
	for _, inv := range invocations {
		batches = append(batches, inv.Records)
		if inv.Error != "" {
			s.failed++
		}
		if inv.Cold {
			colds = append(colds, inv.InitMS)
			firsts = append(firsts, inv.DurationMS)
		}
		s.memoryMB = inv.MemoryMB
		s.peakMB = max(s.peakMB, inv.PeakMemoryMB)
		s.billedSeconds += inv.BilledMS / 1000
	}
	s.batchMin, s.batchMedian, s.batchMax = quantile(batches, 0), quantile(batches, 0.5), quantile(batches, 1)
	s.colds, s.cold, s.coldFirst = len(colds), quantile(colds, 0.5), quantile(firsts, 0.5)
	requests := float64(len(invocations)) * lambdaRequest
	s.lambdaGBUsed = s.billedSeconds * float64(s.memoryMB) / 1024
	s.lambda = s.lambdaGBUsed*lambdaGBSecond + requests
	s.lambdaAtMost = s.billedSeconds*fullCPU*lambdaGBSecond + requests
}

// quantile is the value at rank ceil(q*n), the zero value of none.
func quantile[T cmp.Ordered](values []T, q float64) T {
	if len(values) == 0 {
		var none T
		return none
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(q * float64(len(sorted)))
	if float64(rank) < q*float64(len(sorted)) {
		rank++
	}
	return sorted[max(rank, 1)-1]
}

func (r *result) print(w io.Writer, dir string) {
	s := r.summary()
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-26s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintln(w)
	row("produced", "%d records: %d events, %d updates of them, %d with odd ids, %d broken", s.produced, s.events, s.updates, s.odd, s.broken)
	row("documents in Cosmos DB", "%d, partition key %s, read back with azcosmos", s.documents, keyPath)
	row("replaced by a later update", "%d, the last one won for every id: %s", s.replaced, yesNo(len(r.missing()) == 0))
	row("dead letters", "%d", s.letters)
	for _, reason := range slices.Sorted(maps.Keys(s.reasons)) {
		row("", "%d  %s", s.reasons[reason], reason)
	}
	row("adds up", "%d documents + %d replaced + %d dead letters = %d of %d produced", s.documents, s.replaced, s.letters, s.documents+s.replaced+s.letters, s.produced)
	fmt.Fprintln(w)
	row("invocations", "%d, %d of them failed and came again", s.invocations, s.failed)
	row("batch sizes", "min %d, median %d, max %d records", s.batchMin, s.batchMedian, s.batchMax)
	row("produce to document", "p50 %s, p99 %s: from the producer's call to the end of the invocation", millis(s.p50), millis(s.p99))
	row("", "that wrote the document; the batching window of 500 ms is part of it")
	row("cold start", "%.0f ms from process start to its first request for work, then %.0f ms for its first", s.cold, s.coldFirst)
	row("", "invocation, which makes the connections; medians of %d processes", s.colds)
	row("peak memory", "%.0f MB of %d MB", s.peakMB, s.memoryMB)
	fmt.Fprintln(w)
	row("an hour with this traffic", "costs")
	row("  on Lambda", "$%.6f: %.3f GB-s billed and %d requests, as measured here with a whole CPU;", s.lambda, s.lambdaGBUsed, s.invocations)
	row("", "at most $%.6f if all of the time were computing, as %d MB get a share of one", s.lambdaAtMost, s.memoryMB)
	row("  on MSK Connect", "$%.2f: the smallest worker, one MCU, whether records come or not", mskConnectHour)
	fmt.Fprintln(w)
	fmt.Fprintf(w, "  %[1]s/produced.jsonl, documents.jsonl, deadletters.jsonl and invocations.jsonl hold what this is made of.\n", dir)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "NO"
}

func millis(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

func howToLook(w io.Writer, at *events.Addresses) {
	fmt.Fprintf(w, `
Everything is still running; Ctrl-C stops it. Have a look:

  curl %[1]s/dbs/%[2]s/colls/%[3]s/docs          # the documents
  curl %[4]s/connectors?expand=status            # the connector, as Kafka Connect shows it
  kcat -b %[5]s -t %[6]s -C -e -f '%%k: %%h\n'   # the dead letters
`, at.Cosmos, database, container, at.REST, at.Kafka, deadLetters)
}
