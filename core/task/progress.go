package task

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/connectless/connectless/core/trigger"
)

// Progress remembers which records of a batch that will be repeated have been dealt with, so that a batch worth several
// deadlines finishes and little is written twice while this process lives. Losing it costs work, never data: it is
// bounded, in memory only, and checked against each record's content, so that an offset of a topic that was created
// anew is not mistaken for the old one. It is safe for concurrent use.
//
// Its danger is that other processes, or an earlier batch that comes again, may have written older versions over what is
// remembered. So a partition's memory is good only for a batch that begins where the partition was to begin again, and
// the runner writes the last version of a target again where it has written others of it; see [Sink.recall].
type Progress struct {
	seed  maphash.Seed
	count atomic.Int64 // remembered records, to see without the lock that there are none: the usual case

	mu    sync.Mutex
	parts map[partition]*memory
}

// memory is what is known of a partition.
type memory struct {
	from    int64            // where the partition begins when it comes again
	offsets map[int64]record // of records from there on
}

type record struct {
	print  uint64 // fingerprint of the content
	target uint64 // hash of what it has written; noTarget for nothing, or what no other record writes
}

const noTarget = 0

// maxProgress bounds the remembered records: a few full batches of the largest size a host sends.
const maxProgress = 64 << 10

type partition struct {
	topic string
	id    int32
}

// NewProgress returns an empty memory.
func NewProgress() *Progress {
	return &Progress{seed: maphash.MakeSeed(), parts: make(map[partition]*memory)}
}

// Empty says that nothing is remembered.
func (p *Progress) Empty() bool { return p.count.Load() == 0 }

// Begin drops the memory of a partition unless a batch that begins at from is the one it is about: whoever has moved the
// position since has written what this process does not know of.
func (p *Progress) Begin(topic string, id int32, from int64) {
	if p.Empty() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := partition{topic, id}
	if m := p.parts[key]; m != nil && m.from != from {
		p.drop(key, m)
	}
}

// Known says whether an earlier try has dealt with the record, and what target it was remembered with.
func (p *Progress) Known(m *trigger.Message) (target uint64, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	part := p.parts[partition{m.Topic, m.Partition}]
	if part == nil {
		return noTarget, false
	}
	r, ok := part.offsets[m.Offset]
	if !ok || r.print != p.fingerprint(m) {
		return noTarget, false
	}
	return r.target, true
}

// Target is the hash of what tells a target from others.
func (p *Progress) Target(b []byte) uint64 { return max(maphash.Bytes(p.seed, b), noTarget+1) }

// Remember notes that the record has been dealt with although its batch will be repeated, and what it has written.
// Repeat comes first.
func (p *Progress) Remember(m *trigger.Message, target uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count.Load() >= maxProgress {
		for key, part := range p.parts {
			from := part.from
			p.drop(key, part)
			p.parts[key] = &memory{from: from, offsets: make(map[int64]record)}
		}
	}
	part := p.parts[partition{m.Topic, m.Partition}]
	if part == nil {
		return
	}
	if _, known := part.offsets[m.Offset]; !known {
		p.count.Add(1)
	}
	part.offsets[m.Offset] = record{p.fingerprint(m), target}
}

// Repeat notes that the partition will come again from an offset. What is known of it before that is dropped.
func (p *Progress) Repeat(topic string, id int32, from int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := partition{topic, id}
	m := p.parts[key]
	if m == nil {
		key.topic = string(append([]byte(nil), topic...)) // the event's memory is recycled
		p.parts[key] = &memory{from: from, offsets: make(map[int64]record)}
		return
	}
	m.from = from
	for o := range m.offsets {
		if o < from {
			delete(m.offsets, o)
			p.count.Add(-1)
		}
	}
}

// Forget drops what is known of a partition: what it was about is done.
func (p *Progress) Forget(topic string, id int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := partition{topic, id}
	if m := p.parts[key]; m != nil {
		p.drop(key, m)
	}
}

func (p *Progress) drop(key partition, m *memory) {
	p.count.Add(-int64(len(m.offsets)))
	delete(p.parts, key)
}

func (p *Progress) fingerprint(m *trigger.Message) uint64 {
	return maphash.Bytes(p.seed, m.Value) ^ maphash.Bytes(p.seed, m.Key)*31 ^ uint64(m.Timestamp)
}
