package chaos

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
)

// records makes the records of a plan in the order in which they are produced; the history fills in versions, on which
// their values depend, so a record is made when it is produced.
type records struct {
	r    *rand.Rand
	plan *Plan
	made int
}

func newRecords(p *Plan) *records { return &records{r: draws(p.Seed, 5), plan: p} }

// next makes the record after those made so far and notes it.
func (g *records) next(h *History) *Record {
	g.made++
	p := int32(g.r.IntN(g.plan.Partitions))
	r := &Record{Partition: p, ID: fmt.Sprintf("k%d-%d", p, g.r.IntN(g.plan.Keys))}
	r.Bad = g.plan.BadEvery > 0 && g.r.IntN(g.plan.BadEvery) == 0
	g.produce(h, r)
	return r
}

// last makes a good record for a partition.
func (g *records) last(h *History, partition int32) *Record {
	r := &Record{Partition: partition, ID: fmt.Sprintf("last%d", partition)}
	g.produce(h, r)
	return r
}

func (g *records) produce(h *History, r *Record) {
	h.Produce(r)
	r.Key = []byte(r.ID)
	text := make([]byte, g.r.IntN(200))
	for i := range text {
		text[i] = byte(g.r.Uint32())
	}
	// Text with escapes has to be rewritten, numbers like 1.50 must not be.
	good := fmt.Sprintf(`{"id":%q,"version":%d,"group":"g%d","price":%d.50,"note":"\u00e9 \"%d\"\n","pad":"%s"}`,
		r.ID, r.Version, group(r.ID), r.Version, r.Version, base64.StdEncoding.EncodeToString(text))
	switch {
	case !r.Bad:
		r.Value = []byte(good)
	default:
		r.Value = oneOf(g.r, []byte(good[:len(good)-1-g.r.IntN(len(good)/2)]), // broken JSON
			fmt.Appendf(nil, `["%s"]`, r.Name()),          // no document
			fmt.Appendf(nil, `{"version":%d}`, r.Version), // no id
			nil) // a tombstone
	}
}

// group is the partition key of a document: a few share one.
func group(id string) int {
	n := 0
	for _, c := range id {
		n = n*31 + int(c)
	}
	return n % 5
}
