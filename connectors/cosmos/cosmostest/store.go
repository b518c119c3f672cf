package cosmostest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"sort"
	"strconv"
	"sync"
	"time"
)

// database is a named set of containers. Server.mu guards it.
type database struct {
	id    string
	rid   [4]byte
	ts    int64
	etag  uint64
	colls map[string]*container
}

// container holds items in creation order and, per physical partition, in commit order.
type container struct {
	srv *Server
	db  *database
	id  string
	rid [8]byte
	pk  keyDef

	mu       sync.RWMutex
	dropped  bool
	ts       int64
	etag     uint64
	props    map[string]json.RawMessage // what the client declared, without system properties
	offer    offer
	items    map[itemKey]*item
	order    []*item // by rid; dead ones stay until sweep
	dead     int
	nextItem uint64
	parts    []*partition // ascending, without gaps
	rangeVer int64        // counts the splits
	nextPart int
}

type itemKey struct{ pk, id string }

// item is one document through its versions. v is nil once it is deleted.
type item struct {
	key itemKey
	epk string
	rid uint64
	v   *version
}

// version is immutable.
type version struct {
	body []byte // the client's properties, compact, without system properties
	etag uint64
	ts   int64 // Unix seconds
	lsn  int64
}

// partition is a physical partition: the keys from min (inclusive) to max (exclusive) of the EPK line.
type partition struct {
	id       string
	min, max string
	parents  []string // all ancestors
	since    int64    // rangeVer that made it
	lsn      int64
	log      []logEntry // by lsn; entries of superseded versions stay until sweep
	stale    int
	budget   budget
}

type logEntry struct {
	lsn int64
	it  *item
}

// live reports whether e is still the newest version of its item.
func (e logEntry) live() bool { return e.it.v != nil && e.it.v.lsn == e.lsn }

func (p *partition) contains(epk string) bool { return epk >= p.min && epk < p.max }

func (c *container) partitionOf(epk string) *partition {
	i := sort.Search(len(c.parts), func(i int) bool { return c.parts[i].max > epk })
	return c.parts[i]
}

func (c *container) partitionByID(id string) *partition {
	for _, p := range c.parts {
		if p.id == id {
			return p
		}
	}
	return nil
}

// tx collects the changes of one request to one partition and applies all of them or none. The caller holds c.mu.
type tx struct {
	c       *container
	p       *partition
	ts      int64
	changes []change
	newest  map[itemKey]int // index into changes
}

type change struct {
	it *item // its v is the state before the transaction
	v  *version
}

func (c *container) begin(p *partition) *tx {
	return &tx{c: c, p: p, ts: c.srv.now().Unix()}
}

// get returns the item as the transaction sees it, or nil.
func (t *tx) get(k itemKey) (*item, *version) {
	if i, ok := t.newest[k]; ok {
		return t.changes[i].it, t.changes[i].v
	}
	if it := t.c.items[k]; it != nil {
		return it, it.v
	}
	return nil, nil
}

// put stores body under k and returns the new version.
func (t *tx) put(k itemKey, epk string, body []byte) (*item, *version) {
	it, old := t.get(k)
	if old == nil { // new, or deleted earlier: a new resource id
		t.c.nextItem++
		it = &item{key: k, epk: epk, rid: t.c.nextItem}
	}
	v := &version{body: body, etag: t.c.srv.etags.Add(1), ts: t.ts, lsn: t.p.lsn + 1}
	t.add(k, change{it: it, v: v})
	return it, v
}

func (t *tx) del(k itemKey) {
	it, _ := t.get(k)
	t.add(k, change{it: it})
}

func (t *tx) add(k itemKey, ch change) {
	if t.newest == nil {
		t.newest = make(map[itemKey]int)
	}
	t.newest[k] = len(t.changes)
	t.changes = append(t.changes, ch)
}

// commit makes the changes durable, then visible. All of them get the partition's next LSN: the change feed never
// shows a part of a transaction.
func (t *tx) commit() *failure {
	if t.settle(); len(t.changes) == 0 {
		return nil
	}
	if err := t.c.srv.journal.commit(t); err != nil {
		return unwritable(err)
	}
	t.apply(t.p.lsn + 1)
	return nil
}

// settle leaves only the last change of each item.
func (t *tx) settle() {
	if len(t.newest) == len(t.changes) {
		return
	}
	last := make(map[*item]int, len(t.changes))
	for i, ch := range t.changes {
		last[ch.it] = i
	}
	net := t.changes[:0:0]
	for i, ch := range t.changes {
		if last[ch.it] == i && (ch.v != nil || ch.it.v != nil) {
			net = append(net, ch)
		}
	}
	t.changes = net
}

func (t *tx) apply(lsn int64) {
	c, p := t.c, t.p
	p.lsn = lsn
	for _, ch := range t.changes {
		it := ch.it
		if it.v != nil {
			p.stale++
		}
		if ch.v == nil {
			// The key may name a successor that the same transaction made.
			if c.items[it.key] == it {
				delete(c.items, it.key)
			}
			it.v = nil
			c.dead++
			continue
		}
		if it.v == nil {
			c.items[it.key] = it
			c.order = append(c.order, it)
		}
		it.v = ch.v
		p.log = append(p.log, logEntry{lsn: lsn, it: it})
	}
	c.sweep(p)
}

// sweep drops dead entries once they are the majority, so that a container that is overwritten for ever stays as
// large as its contents.
func (c *container) sweep(p *partition) {
	const few = 256
	if len(p.log) > few && p.stale > len(p.log)/2 {
		log := make([]logEntry, 0, len(p.log)-p.stale+few)
		for _, e := range p.log {
			if e.live() {
				log = append(log, e)
			}
		}
		p.log, p.stale = log, 0
	}
	if len(c.order) > few && c.dead > len(c.order)/2 {
		order := make([]*item, 0, len(c.order)-c.dead+few)
		for _, it := range c.order {
			if it.v != nil {
				order = append(order, it)
			}
		}
		c.order, c.dead = order, 0
	}
}

var ridEncoding = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-")

func (d *database) ridString() string { return ridEncoding.EncodeToString(d.rid[:]) }

func (c *container) ridString() string { return ridEncoding.EncodeToString(c.rid[:]) }

// itemRID is the resource id of an item: database, container and number, as the service lays them out.
func (c *container) itemRID(n uint64) string {
	var b [16]byte
	copy(b[:], c.rid[:])
	binary.LittleEndian.PutUint64(b[8:], n)
	return ridEncoding.EncodeToString(b[:])
}

// appendDocument appends the document as clients read it: their properties, then the system's. lsn adds _lsn, which
// only the change feed shows.
func (c *container) appendDocument(dst []byte, it *item, v *version, lsn bool) []byte {
	dst = append(dst, v.body[:len(v.body)-1]...)
	if len(v.body) > 2 {
		dst = append(dst, ',')
	}
	rid := c.itemRID(it.rid)
	dst = append(append(dst, `"_rid":"`...), rid...)
	dst = append(append(dst, `","_self":"dbs/`...), c.db.ridString()...)
	dst = append(append(dst, `/colls/`...), c.ridString()...)
	dst = append(append(dst, `/docs/`...), rid...)
	dst = append(dst, `/","_etag":"\"`...)
	dst = appendETag(dst, v.etag, v.ts)
	dst = append(dst, `\"","_attachments":"attachments/","_ts":`...)
	dst = strconv.AppendInt(dst, v.ts, 10)
	if lsn {
		dst = strconv.AppendInt(append(dst, `,"_lsn":`...), v.lsn, 10)
	}
	return append(dst, '}')
}

// documentSize is about how many bytes appendDocument adds for v.
func documentSize(v *version) int { return len(v.body) + 220 }

func isSystemProperty(quoted []byte) bool {
	if len(quoted) < 3 || quoted[1] != '_' {
		return false
	}
	switch string(quoted[2 : len(quoted)-1]) {
	case "rid", "self", "etag", "ts", "attachments", "lsn":
		return true
	}
	return false
}

// appendETag appends the etag without its quotes.
func appendETag(dst []byte, n uint64, ts int64) []byte {
	const digits = "0123456789abcdef"
	hexa := func(v uint64, width int) {
		for i := width - 1; i >= 0; i-- {
			dst = append(dst, digits[v>>(4*i)&0xF])
		}
	}
	hexa(n, 8)
	dst = append(dst, "-0000-0100-0000-"...)
	hexa(n>>32, 4)
	hexa(uint64(ts), 8)
	return dst
}

func quotedETag(n uint64, ts int64) string {
	return string(append(appendETag([]byte{'"'}, n, ts), '"'))
}

func (v *version) quotedETag() string { return quotedETag(v.etag, v.ts) }

// session is the session token after lsn in partition p.
func (p *partition) session(lsn int64) string {
	return p.id + ":-1#" + strconv.FormatInt(lsn, 10)
}

func (s *Server) now() time.Time { return s.opts.Clock() }
