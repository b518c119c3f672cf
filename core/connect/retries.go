package connect

import (
	"context"
	"sync/atomic"
)

type retriesKey struct{}

// CountingRetries returns a context whose holder may report repeated tries with [CountRetries], and their number so far.
// The engine gives it to Put.
func CountingRetries(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, retriesKey{}, n), n
}

// CountRetries reports that a connector tried n records again by itself: the log line and the metrics of the invocation
// count them. It is safe for concurrent use, and does nothing where nobody counts.
func CountRetries(ctx context.Context, n int) {
	if counter, ok := ctx.Value(retriesKey{}).(*atomic.Int64); ok {
		counter.Add(int64(n))
	}
}
