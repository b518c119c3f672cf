package cosmostest

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

// changeFeed serves the latest-version change feed of one physical partition, or of the part of it that a partition
// key or the EPK headers name: https://learn.microsoft.com/azure/cosmos-db/change-feed
//
// The etag of an answer is the LSN up to which it read. Documents of one transaction have one LSN and are never
// divided, so a page may be larger than was asked for. A range that has been split is gone; its children know
// every LSN that it gave out.
func (c *container) changeFeed(req *request) response {
	if im := req.Header.Get("A-Im"); !strings.EqualFold(im, "Incremental Feed") {
		return failed(badRequest("The A-IM header " + im + " is not supported: only the latest-version feed is."))
	}
	size, bad := pageSize(req)
	if bad != nil {
		return failed(bad)
	}
	s, all, bad := c.scope(req)
	if bad != nil {
		return failed(bad)
	}
	var narrow bool
	if lo, hi := req.Header.Get(hdrStartEPK), req.Header.Get(hdrEndEPK); lo != "" || hi != "" {
		narrow, all = true, false
		s.min, s.max = lo, hi
		if lo >= hi || hi > epkMax {
			return failed(badRequest("The x-ms-start-epk and x-ms-end-epk headers are not a range."))
		}
	}
	since, bad := modifiedSince(req)
	if bad != nil {
		return failed(bad)
	}

	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.dropped {
		return failed(notFound())
	}
	p, bad := c.feedPartition(req, s, all, narrow)
	if bad != nil {
		return failed(bad)
	}
	if bad := c.admit(p); bad != nil {
		return failed(bad)
	}
	after, bad := feedPosition(req, p)
	if bad != nil {
		return failed(bad)
	}

	var docs [][]byte
	bytes := 0
	read := p.lsn // what the answer covers
	for i := sort.Search(len(p.log), func(i int) bool { return p.log[i].lsn > after }); i < len(p.log); i++ {
		e := p.log[i]
		if i > 0 && e.lsn != p.log[i-1].lsn && (len(docs) >= size || bytes >= maxPage) {
			read = p.log[i-1].lsn
			break
		}
		if e.live() && s.contains(e.it) && e.it.v.ts > since {
			doc := c.appendDocument(make([]byte, 0, documentSize(e.it.v)+24), e.it, e.it.v, true)
			docs = append(docs, doc)
			bytes += len(doc)
		}
	}
	resp := response{status: http.StatusNotModified, items: -1}
	if len(docs) > 0 {
		resp = answer(http.StatusOK, appendFeed(c.ridString(), "Documents", docs))
		resp.items = len(docs)
	}
	resp.charge = readUnits
	if len(docs) > 0 {
		resp.charge += kib(bytes)
	}
	resp.etag = `"` + strconv.FormatInt(read, 10) + `"`
	resp.session = p.session(p.lsn)
	p.budget.spend(resp.charge)
	return resp
}

// feedPartition finds the physical partition to read. The caller holds c.mu.
func (c *container) feedPartition(req *request, s scope, all, narrow bool) (*partition, *failure) {
	if all {
		if len(c.parts) > 1 {
			return nil, badRequest("The change feed is read per physical partition: x-ms-documentdb-partitionkeyrangeid is missing.")
		}
		return c.parts[0], nil
	}
	var p *partition
	switch {
	case req.Range != "":
		if p = c.partitionByID(req.Range); p == nil { // split since scope looked
			return nil, rangeGone(req.Range)
		}
	case narrow:
		p = c.partitionOf(s.min)
	default:
		epk := c.pk.epk(s.key)
		p = c.partitionOf(epk)
		if len(components(s.key)) < len(c.pk.Paths) && p.max < epk+epkMax {
			return nil, badRequest("The partition key prefix is in several physical partitions: x-ms-documentdb-partitionkeyrangeid is missing.")
		}
	}
	if narrow && (s.min < p.min || s.max > p.max) {
		return nil, rangeGone(p.id)
	}
	return p, nil
}

// feedPosition is the LSN to read after. If-None-Match, the position of an earlier answer, wins over If-Modified-Since.
func feedPosition(req *request, p *partition) (int64, *failure) {
	m := req.Header.Get("If-None-Match")
	switch m {
	case "":
		return 0, nil
	case "*":
		return p.lsn, nil
	}
	n, err := strconv.ParseInt(trimETag(m), 10, 64)
	if err != nil || n < 0 {
		return 0, badRequest("The If-None-Match header is not an etag of this feed: " + m)
	}
	return n, nil
}

// modifiedSince is the _ts after which documents are wanted. Clients send RFC 1123 with any zone name, often UTC.
func modifiedSince(req *request) (int64, *failure) {
	h := req.Header.Get("If-Modified-Since")
	if h == "" || req.Header.Get("If-None-Match") != "" {
		return -1 << 62, nil
	}
	t, err := time.Parse(time.RFC1123, h)
	if err != nil {
		return 0, badRequest("The If-Modified-Since header is not a date in the format of RFC 1123: " + h)
	}
	return t.Unix(), nil
}
