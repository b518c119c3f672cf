package host

import "time"

// Backoff is a delay that doubles from Min up to Max. It has no jitter, so that tests can count in it.
type Backoff struct {
	Min, Max time.Duration
}

// Delay returns the delay after the nth failure in a row, n counted from 1.
func (b Backoff) Delay(n int) time.Duration {
	d := b.Min
	for ; n > 1 && d < b.Max; n-- {
		d *= 2
	}
	return min(d, b.Max)
}
