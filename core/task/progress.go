package task

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/connectless/connectless/core/trigger"
)

// Progress remembers which records of a batch that will be repeated are already durable, so that a batch worth several
// deadlines finishes and nothing is written twice while this process lives. Losing it costs work, never data: it is
// bounded, in memory only, and checked against each record's content, so that an offset of a topic that was created
// anew is not mistaken for the old one. It is safe for concurrent use.
type Progress struct {
	seed  maphash.Seed
	count atomic.Int64 // remembered records, to see without the lock that there are none: the usual case

	mu    sync.Mutex
	parts map[partition]map[int64]uint64 // offset -> fingerprint
}

// maxProgress bounds the remembered records: a few full batches of the largest size a host sends.
const maxProgress = 64 << 10

type partition struct {
	topic string
	id    int32
}

// NewProgress returns an empty memory.
func NewProgress() *Progress {
	return &Progress{seed: maphash.MakeSeed(), parts: make(map[partition]map[int64]uint64)}
}

// Durable says whether the record was delivered by an earlier try.
func (p *Progress) Durable(m *trigger.Message) bool {
	if p.count.Load() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	print, ok := p.parts[partition{m.Topic, m.Partition}][m.Offset]
	return ok && print == p.fingerprint(m)
}

// Remember notes that the record is durable although its batch will be repeated.
func (p *Progress) Remember(m *trigger.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count.Load() >= maxProgress {
		p.parts = make(map[partition]map[int64]uint64)
		p.count.Store(0)
	}
	key := partition{m.Topic, m.Partition}
	offsets := p.parts[key]
	if offsets == nil {
		key.topic = string(append([]byte(nil), m.Topic...)) // the event's memory is recycled
		offsets = make(map[int64]uint64)
		p.parts[key] = offsets
	}
	if _, known := offsets[m.Offset]; !known {
		p.count.Add(1)
	}
	offsets[m.Offset] = p.fingerprint(m)
}

// Forget drops what is known of a partition below an offset: it will not come again.
func (p *Progress) Forget(topic string, id int32, below int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := partition{topic, id}
	offsets := p.parts[key]
	for o := range offsets {
		if o < below {
			delete(offsets, o)
			p.count.Add(-1)
		}
	}
	if len(offsets) == 0 {
		delete(p.parts, key)
	}
}

func (p *Progress) fingerprint(m *trigger.Message) uint64 {
	return maphash.Bytes(p.seed, m.Value) ^ maphash.Bytes(p.seed, m.Key)*31 ^ uint64(m.Timestamp)
}
