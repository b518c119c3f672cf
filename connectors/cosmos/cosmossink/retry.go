package cosmossink

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/connectless/connectless/core/errpolicy"
)

const (
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 5 * time.Second
	// reserve is kept of the context's time so that what was done can still be told.
	reserve = 200 * time.Millisecond
	// patience bounds the waiting where the context has no deadline.
	patience = time.Minute
)

// retries decides whether and when a request is sent again. It is for one request.
type retries struct {
	most    int // transient failures that are tried again; throttling is not counted
	used    int
	waits   int
	started time.Time
}

// wait waits for the next attempt and returns false when there is none: attempts are used up, or the wait would not
// leave time. asked is the wait that the service asked for.
func (r *retries) wait(ctx context.Context, v verdict, asked time.Duration) bool {
	if v == again {
		if r.used == r.most {
			return false
		}
		r.used++
	}
	end := r.end(ctx)
	pause := backoff(r.waits)
	if asked > 0 {
		pause = asked + rand.N(asked/10+time.Millisecond) // not everybody at once
	}
	r.waits++
	if time.Until(end) < pause+reserve {
		return false
	}
	return errpolicy.Sleep(ctx, pause)
}

// end is when waiting is over: at the context's deadline, else when patience is.
func (r *retries) end(ctx context.Context) time.Time {
	if end, ok := ctx.Deadline(); ok {
		return end
	}
	if r.started.IsZero() {
		r.started = time.Now()
	}
	return r.started.Add(patience)
}

// backoff doubles and draws from the upper half of what it has come to.
func backoff(n int) time.Duration {
	d := maxBackoff
	if n < 7 {
		d = min(d, firstBackoff<<n)
	}
	return d/2 + rand.N(d/2)
}
