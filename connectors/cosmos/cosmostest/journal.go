package cosmostest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"sync"
)

// The journal is one file of JSON lines, a line per committed change, appended before the change is visible. A line
// holds a whole transaction, so a process killed in the middle of a write leaves at most one torn last line, which
// is a request that was never answered. Opening replays the file and rewrites it without history.
//
// All methods work on a nil journal, which keeps nothing.
type journal struct {
	s    *Server
	path string

	mu    sync.Mutex
	f     *os.File
	buf   []byte
	size  int64 // of the file
	start int64 // of the file after it was last rewritten
	least int64 // size from which rewriting is worth it
	dead  error // the file cannot be brought back into a known state
}

const (
	journalFile = "cosmos.jsonl"
	// A journal is rewritten when it is that large and that many times what the last rewriting left.
	rewriteSize   = 64 << 20
	rewriteGrowth = 4
)

// entry is a line of the journal. Which fields are set depends on Op.
type entry struct {
	Op string `json:"op"`

	ID       string                     `json:"id,omitempty"`
	DB       string                     `json:"db,omitempty"`
	RID      []byte                     `json:"rid,omitempty"`
	TS       int64                      `json:"ts,omitempty"`
	ETag     uint64                     `json:"etag,omitempty"`
	NextRID  uint32                     `json:"nextRid,omitempty"`
	Props    map[string]json.RawMessage `json:"props,omitempty"`
	Offer    *entryOffer                `json:"offer,omitempty"`
	Parts    []entryPart                `json:"parts,omitempty"`
	RangeVer int64                      `json:"rangeVer,omitempty"`
	NextPart int                        `json:"nextPart,omitempty"`
	NextItem uint64                     `json:"nextItem,omitempty"`
	Part     string                     `json:"part,omitempty"`
	LSN      int64                      `json:"lsn,omitempty"`
	Items    []json.RawMessage          `json:"items,omitempty"` // [number, etag, document], or [number] for a deletion
}

type entryOffer struct {
	Manual    int  `json:"manual,omitempty"`
	Autoscale int  `json:"autoscale,omitempty"`
	Enforced  bool `json:"enforced,omitempty"`
}

type entryPart struct {
	ID      string   `json:"id"`
	Min     string   `json:"min"`
	Max     string   `json:"max"`
	Parents []string `json:"parents,omitempty"`
	Since   int64    `json:"since,omitempty"`
	LSN     int64    `json:"lsn,omitempty"`
}

func openJournal(dir string, s *Server) (*journal, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	j := &journal{s: s, path: filepath.Join(dir, journalFile), least: rewriteSize}
	if err := j.replay(); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := j.rewrite(); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return j, nil
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.dead = errors.New("the server is closed")
	if err := j.f.Close(); err != nil {
		return fmt.Errorf("cosmostest: close journal: %w", err)
	}
	return nil
}

// write appends one line, or leaves the file as it was.
func (j *journal) write(line []byte) error {
	if j.dead != nil {
		return j.dead
	}
	if _, err := j.f.Write(append(line, '\n')); err != nil {
		if cut := j.f.Truncate(j.size); cut != nil {
			j.dead = fmt.Errorf("the journal is damaged: %w", errors.Join(err, cut))
		}
		return err
	}
	j.size += int64(len(line)) + 1
	return nil
}

func (j *journal) entry(e entry) error {
	if j == nil {
		return nil
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(line)
}

func (j *journal) database(d *database) error { return j.entry(databaseEntry(d)) }

func databaseEntry(d *database) entry {
	return entry{Op: "database", ID: d.id, RID: d.rid[:], TS: d.ts, ETag: d.etag}
}

func (j *journal) dropDatabase(d *database) error {
	return j.entry(entry{Op: "dropDatabase", ID: d.id})
}

func (j *journal) container(c *container) error { return j.entry(containerEntry(c)) }

func containerEntry(c *container) entry {
	e := entry{
		Op: "container", DB: c.db.id, ID: c.id, RID: c.rid[:], TS: c.ts, ETag: c.etag, Props: c.props,
		Offer: entryOfferOf(c.offer), RangeVer: c.rangeVer, NextPart: c.nextPart, NextItem: c.nextItem,
	}
	for _, p := range c.parts {
		e.Parts = append(e.Parts, entryPart{ID: p.id, Min: p.min, Max: p.max, Parents: p.parents, Since: p.since, LSN: p.lsn})
	}
	return e
}

func entryOfferOf(o offer) *entryOffer { return &entryOffer{o.manual, o.autoscale, o.enforced} }

func (o *entryOffer) offer() offer {
	if o == nil {
		return offer{}
	}
	return offer{o.Manual, o.Autoscale, o.Enforced}
}

func (j *journal) dropContainer(c *container) error {
	return j.entry(entry{Op: "dropContainer", RID: c.rid[:]})
}

func (j *journal) properties(c *container, props map[string]json.RawMessage, ts int64, etag uint64) error {
	return j.entry(entry{Op: "properties", RID: c.rid[:], Props: props, TS: ts, ETag: etag})
}

func (j *journal) offer(c *container, o offer) error {
	return j.entry(entry{Op: "offer", RID: c.rid[:], Offer: entryOfferOf(o)})
}

func (j *journal) split(c *container, part string) error {
	return j.entry(entry{Op: "split", RID: c.rid[:], Part: part})
}

// commit writes a transaction. It is the hot path, so it builds the line itself.
func (j *journal) commit(t *tx) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	rows := make([]row, len(t.changes))
	for i, ch := range t.changes {
		rows[i] = row(ch)
	}
	j.buf = appendTx(j.buf[:0], t.c, t.p.id, t.p.lsn+1, t.ts, rows)
	return j.write(j.buf)
}

func appendTx(b []byte, c *container, part string, lsn, ts int64, rows []row) []byte {
	rid, _ := json.Marshal(c.rid[:]) // bytes always marshal
	b = append(append(b, `{"op":"tx","rid":`...), rid...)
	b = appendString(append(b, `,"part":`...), part)
	b = strconv.AppendInt(append(b, `,"lsn":`...), lsn, 10)
	b = strconv.AppendInt(append(b, `,"ts":`...), ts, 10)
	b = append(b, `,"items":[`...)
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(append(b, '['), r.it.rid, 10)
		if r.v != nil {
			b = strconv.AppendUint(append(b, ','), r.v.etag, 10)
			b = append(append(b, ','), r.v.body...)
		}
		b = append(b, ']')
	}
	return append(b, "]}"...)
}

// rewriteIfLarge is called between requests, without locks.
func (j *journal) rewriteIfLarge() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	large := j.dead == nil && j.size > max(j.least, rewriteGrowth*j.start)
	j.mu.Unlock()
	if !large {
		return nil
	}
	err := j.rewrite()
	if err != nil { // try again when it has grown as much once more
		j.mu.Lock()
		j.start = j.size
		j.mu.Unlock()
	}
	return err
}

// rewrite replaces the file by one that holds the present contents only.
func (j *journal) rewrite() error {
	s := j.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.containers() {
		c.mu.RLock()
		defer c.mu.RUnlock()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.dead != nil { // closed meanwhile
		return nil
	}
	tmp := j.path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	size, err := s.snapshot(f)
	if err == nil {
		err = os.Rename(tmp, j.path)
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(tmp))
	}
	if j.f != nil {
		_ = j.f.Close() // the file was replaced, nothing in it matters
	}
	j.f, j.size, j.start = f, size, size
	return nil
}

// snapshot writes the contents. The caller holds all locks.
func (s *Server) snapshot(f io.Writer) (int64, error) {
	w := &countingWriter{w: bufio.NewWriterSize(f, 1<<20)}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	put := func(e entry) {
		if w.err == nil {
			w.err = enc.Encode(e)
		}
	}
	put(entry{Op: "counters", ETag: s.etags.Load(), NextRID: s.nextRID})
	for _, d := range s.dbs {
		put(databaseEntry(d))
	}
	for _, c := range s.containers() {
		put(containerEntry(c))
		for _, p := range c.parts {
			c.snapshotPartition(w, p)
		}
	}
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.n, w.err
}

// snapshotPartition writes the live versions of a partition in the order of the change feed, a line per transaction.
func (c *container) snapshotPartition(w *countingWriter, p *partition) {
	var line []byte
	var rows []row
	flush := func() {
		if len(rows) == 0 {
			return
		}
		v := rows[0].v
		line = append(appendTx(line[:0], c, p.id, v.lsn, v.ts, rows), '\n')
		_, _ = w.Write(line) // w keeps the error
		rows = rows[:0]
	}
	for _, e := range p.log {
		if !e.live() {
			continue
		}
		if len(rows) > 0 && rows[0].v.lsn != e.lsn {
			flush()
		}
		rows = append(rows, row{e.it, e.it.v})
	}
	flush()
}

type countingWriter struct {
	w   *bufio.Writer
	n   int64
	err error
}

func (w *countingWriter) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.w.Write(b)
	w.n += int64(n)
	w.err = err
	return n, err
}

// replay reads the file into the server.
func (j *journal) replay() error {
	f, err := os.Open(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	l := loader{s: j.s, colls: make(map[string]*container), items: make(map[*container]map[uint64]*item)}
	r := bufio.NewReaderSize(f, 1<<20)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err == io.EOF { // line, if any, was torn by the end of the process that wrote it
			break
		}
		if err != nil {
			return err
		}
		if err := l.apply(line); err != nil {
			return fmt.Errorf("%s line %d: %w", j.path, n, err)
		}
	}
	l.finish()
	return nil
}

// loader applies journal lines to an empty server that nobody else sees yet.
type loader struct {
	s     *Server
	colls map[string]*container // by resource id
	items map[*container]map[uint64]*item
	etag  uint64
}

func (l *loader) apply(line []byte) error {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	l.etag = max(l.etag, e.ETag)
	switch e.Op {
	case "counters":
		l.s.nextRID = max(l.s.nextRID, e.NextRID)
		return nil
	case "database":
		d := &database{id: e.ID, ts: e.TS, etag: e.ETag, colls: make(map[string]*container)}
		copy(d.rid[:], e.RID)
		l.sawRID(e.RID)
		l.s.dbs[e.ID] = d
		return nil
	case "dropDatabase":
		delete(l.s.dbs, e.ID)
		return nil
	case "container":
		return l.container(e)
	}
	c := l.colls[string(e.RID)]
	if c == nil {
		return fmt.Errorf("%s: unknown container", e.Op)
	}
	switch e.Op {
	case "dropContainer":
		delete(c.db.colls, c.id)
	case "properties":
		c.props, c.ts, c.etag = e.Props, e.TS, e.ETag
	case "offer":
		c.offer = e.Offer.offer()
	case "split":
		return c.split(e.Part)
	case "tx":
		return l.tx(c, e)
	default:
		return fmt.Errorf("unknown entry %q", e.Op)
	}
	return nil
}

// sawRID keeps the counter of resource ids ahead of those in use.
func (l *loader) sawRID(rid []byte) {
	if len(rid) >= 4 {
		last := rid[len(rid)-4:]
		n := uint32(last[0])<<24 | uint32(last[1])<<16 | uint32(last[2])<<8 | uint32(last[3])
		l.s.nextRID = max(l.s.nextRID, n)
	}
}

func (l *loader) container(e entry) error {
	d := l.s.dbs[e.DB]
	if d == nil {
		return fmt.Errorf("container %s: unknown database %s", e.ID, e.DB)
	}
	def, err := parseKeyDef(e.Props["partitionKey"])
	if err != nil {
		return fmt.Errorf("container %s: %w", e.ID, err)
	}
	if len(e.Parts) == 0 {
		return fmt.Errorf("container %s: no physical partitions", e.ID)
	}
	c := &container{
		srv: l.s, db: d, id: e.ID, pk: def, ts: e.TS, etag: e.ETag, props: e.Props, offer: e.Offer.offer(),
		items: make(map[itemKey]*item), rangeVer: e.RangeVer, nextPart: e.NextPart, nextItem: e.NextItem,
	}
	copy(c.rid[:], e.RID)
	l.sawRID(e.RID)
	for _, p := range e.Parts {
		c.parts = append(c.parts, &partition{id: p.ID, min: p.Min, max: p.Max, parents: p.Parents, since: p.Since, lsn: p.LSN})
	}
	d.colls[c.id] = c
	l.colls[string(e.RID)] = c
	l.items[c] = make(map[uint64]*item)
	return nil
}

func (l *loader) tx(c *container, e entry) error {
	p := c.partitionByID(e.Part)
	if p == nil {
		return fmt.Errorf("unknown physical partition %q of container %s", e.Part, c.id)
	}
	t := &tx{c: c, p: p, ts: e.TS}
	for _, raw := range e.Items {
		var f []json.RawMessage
		if err := json.Unmarshal(raw, &f); err != nil || len(f) == 0 {
			return fmt.Errorf("invalid item of container %s", c.id)
		}
		n, err := strconv.ParseUint(string(f[0]), 10, 64)
		if err != nil {
			return fmt.Errorf("invalid item of container %s: %w", c.id, err)
		}
		it := l.items[c][n]
		if len(f) < 3 {
			if it == nil {
				return fmt.Errorf("deletion of unknown item %d of container %s", n, c.id)
			}
			delete(l.items[c], n)
			t.changes = append(t.changes, change{it: it})
			continue
		}
		etag, err := strconv.ParseUint(string(f[1]), 10, 64)
		if err != nil {
			return fmt.Errorf("invalid item %d of container %s: %w", n, c.id, err)
		}
		body := slices.Clone(f[2])
		if it == nil {
			if it, err = c.restore(n, body); err != nil {
				return err
			}
			l.items[c][n] = it
		}
		l.etag = max(l.etag, etag)
		c.nextItem = max(c.nextItem, n)
		t.changes = append(t.changes, change{it: it, v: &version{body: body, etag: etag, ts: e.TS, lsn: e.LSN}})
	}
	// In a rewritten journal the partition's own LSN is ahead of its lines.
	last := max(p.lsn, e.LSN)
	t.apply(e.LSN)
	p.lsn = last
	return nil
}

// restore makes the item that body is the first version of.
func (c *container) restore(n uint64, body []byte) (*item, error) {
	key, bad := c.pk.extract(nil, body)
	if bad != nil {
		return nil, fmt.Errorf("item %d of container %s: %s", n, c.id, bad.message)
	}
	id, ok := stringValue(member(body, "id"))
	if !ok {
		return nil, fmt.Errorf("item %d of container %s has no id", n, c.id)
	}
	return &item{key: itemKey{pk: string(key), id: id}, epk: c.pk.epk(string(key)), rid: n}, nil
}

func (l *loader) finish() {
	l.s.etags.Store(l.etag)
	for _, c := range l.s.containers() {
		sort.Slice(c.order, func(i, k int) bool { return c.order[i].rid < c.order[k].rid })
	}
}
