package cosmossink

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/connectless/connectless/core/errpolicy"
)

// How a pacer finds its rate. Processes that write to the same container know of each other only by what they are
// refused, so that these are of the kind that makes TCP's connections share a line: cautious growth with time, the slower
// the more one has, and a step back on a refusal. TestPacer shows what they come to.
const (
	stepBack    = 0.75        // of the rate, on a refusal
	growth      = 0.3         // of the rate in a second, at one operation a second; it falls with the root of the rate
	maxGrowth   = 0.12        // of the rate, with a request
	slowest     = 10.0        // seconds between requests of one operation
	firstPause  = 1.0         // seconds that the first operations after a probe are apart, at least
	forgetAfter = time.Minute // without anybody waiting
	eagerAfter  = time.Minute // without a refusal
	longest     = time.Minute // that a pacer waits, whatever the service says: then it is asked again
)

// pacer spaces the requests to a container whose throughput is used up, so that few of them are refused. As long as none
// is, it costs nothing and measures nothing. After a refusal everybody waits as long as the service asked for; then one
// operation goes ahead, and what it was charged gives a first rate. It is safe for concurrent use.
//
// Throughput is counted in request units, as the service does. Requests that cost more than a fraction of a second's
// throughput would keep everybody else out for as long, which makes turns hard to find: batches get smaller with the rate.
type pacer struct {
	throttled atomic.Bool
	turn      chan struct{} // held by who is next, and by the one that goes ahead until it has its answer

	mu     sync.Mutex    // guards what follows
	rate   float64       // request units a second, 0 for not known
	each   float64       // request units of an operation, as seen lately
	next   time.Time     // when a request may start
	cut    time.Time     // the last step back
	raised time.Time     // the last doubling
	eager  bool          // nothing was refused yet at this rate: it is doubled
	asked  time.Duration // by the last refusal
	row    int           // refusals since the last success
	missed bool          // somebody could not wait for the turn that is next
	queue  int           // who waits for turn
}

func newPacer() *pacer { return &pacer{turn: make(chan struct{}, 1)} }

// pass is the permission to send one request. Its holder calls settle.
type pass struct {
	ops    int       // at most this many operations
	sent   time.Time // zero where nothing was known of throttling
	rate   float64   // requests a second
	probe  bool
	waited bool
}

// admit waits for the turn of a request of up to n operations. It returns false, and what the service asked to wait last,
// as soon as the turn turns out to come too late for the context.
func (p *pacer) admit(ctx context.Context, try *retries, n int) (pass, time.Duration, bool) {
	if !p.throttled.Load() {
		return pass{ops: n}, 0, true
	}
	end := try.end(ctx).Add(-reserve)
	if asked, late := p.enqueue(end); late {
		return pass{}, asked, false
	}
	defer p.dequeue()
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	if acquire(ctx, p.turn) != nil {
		return pass{}, p.miss(), false
	}
	waited := false
	for {
		got, pause := p.take(n, time.Now())
		switch {
		case pause == 0:
			got.waited = got.waited || waited
			if !got.probe {
				<-p.turn
			}
			return got, 0, true
		case !errpolicy.Sleep(ctx, pause):
			<-p.turn
			return pass{}, p.miss(), false
		}
		waited = true
	}
}

// enqueue joins those who wait, unless they are too many already.
func (p *pacer) enqueue(end time.Time) (asked time.Duration, late bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	turn := p.next
	if p.rate > 0 {
		turn = turn.Add(p.span(float64(p.queue) * p.each)) // each will send one operation at least
	}
	if turn.After(end) {
		p.missed = true
		return p.asked, true
	}
	p.queue++
	return 0, false
}

func (p *pacer) dequeue() {
	p.mu.Lock()
	p.queue--
	p.mu.Unlock()
}

// miss gives the turn up, because it comes too late.
func (p *pacer) miss() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missed = true
	return p.asked
}

// span is how long the rate takes for units. p.mu is held and the rate known.
func (p *pacer) span(units float64) time.Duration { return seconds(units / p.rate) }

func seconds(s float64) time.Duration {
	return time.Duration(max(-longest.Seconds(), min(s, longest.Seconds())) * float64(time.Second))
}

// take hands out the next turn, or tells how long it is until then.
func (p *pacer) take(n int, now time.Time) (pass, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pause := p.next.Sub(now)
	switch {
	case pause > 0:
		return pass{}, pause
	case pause < -forgetAfter:
		p.throttled.Store(false)
		p.rate, p.row = 0, 0
		return pass{ops: n}, 0
	case p.rate == 0:
		return pass{ops: 1, sent: now, probe: true}, 0
	}
	perSecond := p.rate / p.each
	n = max(1, min(n, int(math.Sqrt(perSecond/2))))
	p.next = now.Add(p.span(p.each * float64(n)))
	got := pass{ops: n, sent: now, rate: perSecond / float64(n), waited: p.missed}
	p.missed = false
	return got, 0
}

// settle reports what became of a request: what it was charged, where it was accepted, and how long the service asked to
// wait, where it was throttled; 0 where it did not say.
func (p *pacer) settle(g pass, v verdict, charge string, asked time.Duration) {
	if v != throttled && !g.probe && !p.throttled.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if g.probe {
		defer func() { <-p.turn }()
	}
	switch v {
	case throttled:
		p.refuse(g, asked, time.Now())
	case done:
		p.accept(g, requestUnits(charge), time.Now())
	}
}

func (p *pacer) refuse(g pass, asked time.Duration, now time.Time) {
	if !p.throttled.Load() {
		p.rate, p.row, p.eager = 0, 0, true
		p.next = now
		p.throttled.Store(true)
	}
	p.asked = asked
	if asked = min(asked, longest); asked == 0 {
		asked = backoff(p.row)
	}
	p.row++
	// Not everybody at once: the others were told the same.
	gate := now.Add(asked + rand.N(asked/10+time.Millisecond))
	if p.rate > 0 && g.sent.After(p.cut) && p.row <= 2 { // a longer row is about something else than our rate
		p.rate, p.cut, p.eager = max(p.rate*stepBack, p.each/slowest), now, false
		gate = gate.Add(rand.N(seconds(1/g.rate) + 1))
	}
	if gate.After(p.next) {
		p.next = gate
	}
}

func (p *pacer) accept(g pass, charge float64, now time.Time) {
	p.row = 0
	if charge <= 0 {
		charge = float64(g.ops) // an account that does not say: any unit will do
	}
	switch {
	case p.rate == 0 && g.probe:
		p.each = charge / float64(g.ops)
		p.rate = charge / max(firstPause, p.asked.Seconds())
		p.next, p.cut = now.Add(p.span(charge)), now
		return
	case p.rate == 0 || g.sent.IsZero():
		return
	}
	p.next = p.next.Add(p.span(charge - p.each*float64(g.ops)))
	p.each += (charge/float64(g.ops) - p.each) / 4
	if !g.waited || !g.sent.After(p.cut) { // it says nothing about the rate
		return
	}
	p.eager = p.eager || now.Sub(p.cut) > eagerAfter
	switch {
	case !p.eager:
		p.rate *= 1 + min(maxGrowth, growth/math.Sqrt(p.rate/p.each)/g.rate)
	case g.sent.After(p.raised): // the answers to what was sent at half the rate do not count
		p.rate, p.raised = p.rate*2, now
	}
}

// requestUnits reads a charge, 0 for none.
func requestUnits(s string) float64 {
	units, err := strconv.ParseFloat(s, 64)
	if err != nil || !(units > 0 && units < 1e9) {
		return 0
	}
	return units
}
