package errpolicy

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/connectless/connectless/core/connect"
)

// Policy is a connector's errors.* configuration.
type Policy struct {
	Connector string // the connector's name, in headers and log lines
	Task      int    // the task's number, likewise

	TolerateAll bool          // errors.tolerance=all
	RetryFor    time.Duration // errors.retry.timeout: 0 never, negative for ever
	MaxDelay    time.Duration // errors.retry.delay.max.ms
	Log         bool          // errors.log.enable
	LogMessages bool          // errors.log.include.messages
	Topic       string        // errors.deadletterqueue.topic.name; empty for none
	Target      string        // errors.deadletterqueue.target, instead of Topic; empty for none
	Headers     bool          // errors.deadletterqueue.context.headers.enable
}

// DeadLetters says where dead letters go, as "topic orders-dead" or "target s3://dead/orders"; "" for nowhere.
func (p *Policy) DeadLetters() string {
	switch {
	case p.Topic != "":
		return "topic " + p.Topic
	case p.Target != "":
		return "target " + p.Target
	}
	return ""
}

// firstDelay is what Kafka Connect waits before the second try; it doubles from there.
const firstDelay = 300 * time.Millisecond

// Delay is the wait before try number attempt+1 (the first try is number 1): 300 ms doubled each time, and once that is
// above the maximum, a random part of the maximum, so that tasks do not try in step.
func (p *Policy) Delay(attempt int) time.Duration {
	d := firstDelay
	for i := 1; i < attempt && d <= p.MaxDelay; i++ {
		d *= 2
	}
	if d > p.MaxDelay {
		if p.MaxDelay <= 0 {
			return 0
		}
		return rand.N(p.MaxDelay)
	}
	return d
}

// Try runs one operation of a stage and repeats it while it fails with a retriable error, as long as the policy and the
// context allow. tries counts the repetitions.
func (p *Policy) Try(ctx context.Context, op func() error) (tries int, err error) {
	err = op()
	if err == nil || p.RetryFor == 0 || !connect.IsRetriable(err) {
		return 0, err
	}
	var until time.Time
	if p.RetryFor > 0 {
		until = time.Now().Add(p.RetryFor)
	}
	for {
		wait := max(p.Delay(tries+1), connect.RetryAfter(err))
		if !until.IsZero() {
			left := time.Until(until)
			if left <= 0 {
				return tries, err
			}
			wait = min(wait, left)
		}
		if !Sleep(ctx, wait) {
			return tries, err
		}
		tries++
		if err = op(); err == nil || !connect.IsRetriable(err) {
			return tries, err
		}
	}
}

// Sleep waits, and says false at once when the context ends or would end before the wait is over.
func Sleep(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
