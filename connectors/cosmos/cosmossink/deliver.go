package cosmossink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
)

// run sends the requests of a job one after another. After one that fails it sends no more: they may hold the same
// documents.
func (s *sink) run(ctx context.Context, j *job) {
	for c, first := range j.chunks {
		end := len(j.ops)
		if c+1 < len(j.chunks) {
			end = j.chunks[c+1]
		}
		if err := s.deliver(ctx, j, j.ops[first:end]); err != nil {
			s.fail(j.ops[end:], err)
			return
		}
	}
}

// deliver sends operations until each of them is written or has failed for good. Its error, which every operation that
// was not written has been given, means that nothing of the lane may follow. Operations of a batch are written together
// or not at all, so that after a failure the rest is sent again, in order, without the culprit.
func (s *sink) deliver(ctx context.Context, j *job, ops []operation) error {
	try := retries{most: s.cfg.MaxRetries}
	refusal := errPaced
	for len(ops) > 0 {
		if err := s.stopped(ctx); err != nil {
			return s.fail(ops, err)
		}
		turn, asked, ok := j.ct.pace.admit(ctx, &try, len(ops))
		if !ok {
			return s.fail(ops, connect.RetriableAfter(asked, refusal))
		}
		now := ops[:turn.ops]
		got := s.attempt(ctx, j, now)
		j.ct.pace.settle(turn, got.verdict, got.charge, got.wait)
		if got.verdict == stale {
			got.verdict, got.err = s.judge(ctx, j, got.err)
		}
		switch got.verdict {
		case done:
			ops = ops[len(now):]
			try = retries{most: s.cfg.MaxRetries}
		case refused:
			switch {
			case got.at >= 0 || len(now) == 1:
				at := max(got.at, 0)
				_ = s.fail(ops[at:at+1], connect.DataError(got.err)) // its own failure, nobody else's
				ops = append(ops[:at], ops[at+1:]...)
			default: // nobody is named: ask about each half
				half := len(now) / 2
				if err := s.deliver(ctx, j, now[:half:half]); err != nil {
					return s.fail(ops[half:], err)
				}
				ops = ops[half:]
			}
			try = retries{most: s.cfg.MaxRetries}
		case throttled:
			refusal = got.err // the pacer waits
			connect.CountRetries(ctx, len(now))
		case again:
			if !try.wait(ctx, again, got.wait) {
				return s.fail(ops, connect.RetriableAfter(got.wait, got.err))
			}
			connect.CountRetries(ctx, len(now))
		case stale:
			return s.fail(ops, got.err)
		case fatal:
			err := connect.Fatal(got.err)
			s.halt.Store(&err)
			return s.fail(ops, err)
		}
	}
	return nil
}

// errPaced is why nothing was sent of records that wait for a throttled container.
var errPaced = errors.New("cosmossink: the container is throttled, and its next turn comes after the time that is left")

// answer is what became of a request.
type answer struct {
	verdict verdict
	at      int           // the operation that the verdict is about, -1 for all of them
	wait    time.Duration // that the service asked for
	charge  string        // request units
	err     error
}

// attempt sends operations once.
func (s *sink) attempt(ctx context.Context, j *job, ops []operation) answer {
	r, err := j.send(ctx, ops, s.cfg.Write)
	if err != nil {
		return answer{verdict: classifyTransport(err), at: -1, err: fmt.Errorf("cosmossink: write to %s: %w", j.ct.name, err)}
	}
	a := answer{verdict: done, at: -1, wait: r.retryAfter, charge: r.charge}
	if r.status == http.StatusMultiStatus {
		i, res, err := culprit(r.body, len(ops))
		switch {
		case err != nil && len(ops) > 1: // then each half is asked for itself, down to single writes that answer plainly
			a.verdict, a.err = refused, err
		case err != nil:
			a.verdict, a.err = again, err
		default:
			failed := &serviceError{status: res.StatusCode, sub: res.SubStatusCode, activity: r.activity}
			a.verdict, a.at, a.err = classify(s.cfg.Write, failed.status, failed.sub), i, s.explain(j, failed)
			a.wait = max(a.wait, time.Duration(res.RetryAfterMilliseconds*float64(time.Millisecond)))
		}
		return a
	}
	if a.verdict = classify(s.cfg.Write, r.status, r.sub); a.verdict != done {
		a.err = s.explain(j, errorOf(&r))
	}
	return a
}

// explain adds what the status alone does not say.
func (s *sink) explain(j *job, e *serviceError) error {
	text := hint(e.status)
	if e.status == http.StatusConflict {
		text = ": another document has the same values in a unique key of the container"
	}
	return fmt.Errorf("cosmossink: write to %s: %w%s", j.ct.name, e, text)
}

// judge reads the container's definition again, because an answer suggests that it changed. If it did, the verdict stays
// stale; if it did not, a wrong partition key is the document's fault, and a container that exists after all was busy.
func (s *sink) judge(ctx context.Context, j *job, err error) (verdict, error) {
	def, problem := s.client.definition(ctx, s.cfg.Database, j.ct, j.def)
	switch {
	case problem != nil:
		return stale, problem
	case def.text != j.def.text:
		return stale, errStale
	case isMismatch(err):
		return refused, err
	}
	return again, err
}

func isMismatch(err error) bool {
	var e *serviceError
	return errors.As(err, &e) && e.status == http.StatusBadRequest
}

// stopped says why nothing more should be sent: the time is over, or a lane has found out that it is no use.
func (s *sink) stopped(ctx context.Context) error {
	if p := s.halt.Load(); p != nil {
		return *p
	}
	if ctx.Err() != nil {
		return outOfTime(ctx)
	}
	return nil
}

// fail gives operations their error and returns it.
func (s *sink) fail(ops []operation, err error) error {
	for i := range ops {
		s.records[ops[i].record].err = err
	}
	return err
}

// itemURL is where a document is deleted. nil means that its id cannot be part of a path: proxies and servers on the way
// may resolve dots or decode escapes, and reach for something else. Such a document is deleted by a batch of one.
func itemURL(ct *container, id []byte) *url.URL {
	dots := true
	for _, c := range id {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '~':
			dots = false
		case c != '.':
			return nil
		}
	}
	if dots {
		return nil
	}
	return at(ct.docs, ct.docs.Path+"/"+string(id), ct.docs.RawPath+"/"+string(id))
}

func describeKind(v *data.Value) string {
	switch v.Kind() {
	case data.Map:
		return "a map whose keys are not all strings"
	case data.Array:
		return "an array"
	}
	return "a single value (" + v.Kind().String() + ")"
}

var (
	_ connect.Sink     = (*sink)(nil)
	_ connect.Targeter = (*sink)(nil)
	_ connect.Warmer   = (*sink)(nil)
)
