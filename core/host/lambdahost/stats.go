package lambdahost

import (
	"math/bits"
	"time"
)

// Stats is what a function did since it was made.
type Stats struct {
	Invocations  int64 // calls that reached a process, failed ones included
	Errors       int64 // of those, the ones that failed: posted errors, crashes, timeouts, oversized responses
	Timeouts     int64
	Crashes      int64 // processes that ended by themselves, during initialisation or later
	InitErrors   int64 // processes that never asked for work
	ColdStarts   int64 // processes that did
	Environments int   // processes alive now

	Duration      Distribution // event handed out to answer
	Init          Distribution // process start to first request for work
	FirstResponse Distribution // Init and the first invocation together: what the first event of a new process waits

	Billed    time.Duration // each invocation, and the initialisation before it, rounded up to the millisecond
	GBSeconds float64       // Billed in seconds times the memory size in GB; times the price per GB-second it is the cost
	PeakRSS   int64         // bytes, the highest resident memory of any one process; 0 where the platform does not say

	RequestBytes, ResponseBytes int64
}

// Distribution summarises durations. The quantiles are exact to about 3 %, the rest exactly.
type Distribution struct {
	Count         int64
	Sum, Max      time.Duration
	P50, P90, P99 time.Duration
}

// histogram counts durations in 32 buckets per power of two of microseconds.
type histogram struct {
	counts   [64 * subBuckets]int64
	count    int64
	sum, max time.Duration
}

const (
	subBits    = 5
	subBuckets = 1 << subBits
)

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(uint64(max(d.Microseconds(), 0)))]++
	h.count++
	h.sum += d
	h.max = max(h.max, d)
}

func (h *histogram) distribution() Distribution {
	return Distribution{
		Count: h.count, Sum: h.sum, Max: h.max,
		P50: h.quantile(0.50), P90: h.quantile(0.90), P99: h.quantile(0.99),
	}
}

// quantile returns the upper end of the bucket in which the quantile lies, never more than the maximum.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int64(q*float64(h.count-1)) + 1
	for i, n := range h.counts {
		if rank -= n; n > 0 && rank <= 0 {
			return min(time.Duration(bucketEnd(i))*time.Microsecond, h.max)
		}
	}
	return h.max
}

// bucket numbers values below 2*subBuckets exactly; above, a bucket is 1/subBuckets of its power of two wide.
func bucket(v uint64) int {
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// bucketEnd is the largest value of bucket i.
func bucketEnd(i int) uint64 {
	if i < 2*subBuckets {
		return uint64(i)
	}
	shift := i>>subBits - 1
	return (uint64(i-shift<<subBits)+1)<<shift - 1
}
