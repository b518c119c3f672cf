package eventsource

import (
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A partition's fetching pauses while this much of it waits, so that a lane that cannot make progress holds a bounded
// amount of memory and does not hold up the others.
const (
	queueBytes   = 8 << 20
	queueRecords = 20_000
)

// partition is an assigned partition, from its assignment to its loss. One that is assigned again is a new partition.
type partition struct {
	id   int32
	lane *lane

	// The rest is guarded by lane.mu.
	queue  []*kgo.Record
	bytes  int
	paused bool
	lost   bool // nothing of it is delivered or committed any more
}

// lane delivers the batches of its partitions, one at a time.
type lane struct {
	s    *session
	wake chan struct{} // capacity 1: something was pushed

	mu    sync.Mutex
	parts []*partition
	next  int // index of the partition the next batch begins with

	// The rest belongs to the lane's goroutine.
	enc     *encoder
	encoded *unit // what enc holds, if it is still exactly this
}

func newLane(s *session) *lane {
	return &lane{s: s, wake: make(chan struct{}, 1), enc: newEncoder(s.cfg)}
}

// push queues fetched records.
func (l *lane) push(p *partition, records []*kgo.Record) {
	l.mu.Lock()
	if !p.lost {
		p.queue = append(p.queue, records...)
		for _, r := range records {
			p.bytes += recordBytes(r)
		}
		if !p.paused && (p.bytes > queueBytes || len(p.queue) > queueRecords) {
			p.paused = true
			l.s.cl.PauseFetchPartitions(l.s.fetchSet(p.id))
		}
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// lose forgets a partition. A batch that is being delivered goes on, without effect on the partition.
func (l *lane) lose(p *partition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.lost, p.queue = true, nil
	for i := range l.parts {
		if l.parts[i] == p {
			l.parts = append(l.parts[:i:i], l.parts[i+1:]...)
			break
		}
	}
}

// run delivers until the session stops.
func (l *lane) run() {
	for {
		u, tooLarge := l.collect()
		switch {
		case u == nil:
			return
		case tooLarge:
			l.refuse(u)
		default:
			l.deliver(u)
		}
	}
}

// collect waits for a record and then gathers until the batch is full, in records or in bytes, or the window closes. It
// returns nil when the session stops. tooLarge says that the unit is a single record that no event can hold.
func (l *lane) collect() (u *unit, tooLarge bool) {
	u = &unit{}
	l.enc.reset()
	l.encoded = u
	var window <-chan time.Time
	for {
		full, tooLarge := l.fill(u)
		if full {
			return u, tooLarge
		}
		if u.size() > 0 && window == nil {
			if *l.s.cfg.MaximumBatchingWindow == 0 {
				return u, false
			}
			t := time.NewTimer(*l.s.cfg.MaximumBatchingWindow)
			defer t.Stop()
			window = t.C
		}
		select {
		case <-l.wake:
		case <-window:
			return u, false
		case <-l.s.stop.Done():
			return nil, false
		}
	}
}

// fill moves queued records into the unit. Batches begin with each partition in turn.
func (l *lane) fill(u *unit) (full, tooLarge bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if u.size() == 0 && len(l.parts) > 0 {
		l.next = (l.next + 1) % len(l.parts)
	}
	n := u.size()
	for i := range l.parts {
		p := l.parts[(l.next+i)%len(l.parts)]
		taken := 0
		for _, r := range p.queue {
			if n == l.s.cfg.BatchSize {
				full = true
				break
			}
			if !l.enc.add(r) {
				full = true
				if n == 0 {
					tooLarge = true
					u.add(p, r)
					taken++
				}
				break
			}
			u.add(p, r)
			n++
			taken++
		}
		l.drop(p, taken)
		if full || n == l.s.cfg.BatchSize {
			return true, tooLarge
		}
	}
	return false, false
}

// drop removes the first n records of the queue and lets a paused partition go on when half of its queue is free.
func (l *lane) drop(p *partition, n int) {
	for i := range n {
		p.bytes -= recordBytes(p.queue[i])
		p.queue[i] = nil
	}
	p.queue = p.queue[n:]
	if p.paused && p.bytes < queueBytes/2 && len(p.queue) < queueRecords/2 {
		p.paused = false
		l.s.cl.ResumeFetchPartitions(l.s.fetchSet(p.id))
	}
}

// lost tells whether the partition is not ours any more.
func (l *lane) lost(p *partition) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return p.lost
}

func recordBytes(r *kgo.Record) int {
	n := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}
