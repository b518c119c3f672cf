package cosmostest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// The EPK line runs from "" to "FF"; version 2 hashes fill its first quarter, because their two top bits are clear.
const (
	epkMin  = ""
	epkMax  = "FF"
	epkSpan = uint64(1) << 62 // of the first 64 bits
)

func epkBound(prefix uint64) string { return fmt.Sprintf("%016X%016X", prefix, 0) }

// epkPrefix is the first 64 bits of a bound.
func epkPrefix(bound string) uint64 {
	switch bound {
	case epkMin:
		return 0
	case epkMax:
		return epkSpan
	}
	n, _ := strconv.ParseUint(bound[:16], 16, 64) // epkBound made it
	return n
}

// addPartitions divides the EPK line evenly.
func (c *container) addPartitions(n int) {
	for i := range n {
		p := &partition{id: strconv.Itoa(i), min: epkMin, max: epkMax}
		if i > 0 {
			p.min = epkBound(epkSpan / uint64(n) * uint64(i))
		}
		if i < n-1 {
			p.max = epkBound(epkSpan / uint64(n) * uint64(i+1))
		}
		c.parts = append(c.parts, p)
	}
	c.nextPart = n
}

// readRanges serves the physical partitions as the feed that clients read until 304: first all, later those that
// splits made since the etag.
func (c *container) readRanges(req *request) response {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.dropped {
		return failed(notFound())
	}
	etag := `"` + strconv.FormatInt(c.rangeVer+1, 10) + `"`
	since := int64(-1)
	if m := req.Header.Get("If-None-Match"); m != "" {
		n, err := strconv.ParseInt(trimETag(m), 10, 64)
		if err != nil || n > c.rangeVer+1 {
			return failed(badRequest("The If-None-Match header is not an etag of this feed: " + m))
		}
		if since = n - 1; since == c.rangeVer {
			return response{status: http.StatusNotModified, etag: etag, charge: 1, items: -1}
		}
	}
	var rows [][]byte
	for _, p := range c.parts {
		if p.since > since {
			rows = append(rows, c.rangeJSON(p))
		}
	}
	resp := answer(http.StatusOK, appendFeed(c.ridString(), "PartitionKeyRanges", rows))
	resp.etag, resp.items = etag, len(rows)
	return resp
}

func (c *container) rangeJSON(p *partition) []byte {
	n, _ := strconv.ParseUint(p.id, 10, 64) // all ids are numbers
	rid := c.itemRID(n + 1)
	parents := []byte{'['}
	for i, id := range p.parents {
		if i > 0 {
			parents = append(parents, ',')
		}
		parents = appendString(parents, id)
	}
	return fmt.Appendf(nil, `{"_rid":"%s","id":"%s","_etag":"\"%s\"","minInclusive":"%s","maxExclusive":"%s","ridPrefix":%s,`+
		`"_self":"dbs/%s/colls/%s/pkranges/%s/","throughputFraction":%g,"status":"online","parents":%s],"_ts":%d,"lsn":%d}`,
		rid, p.id, appendETag(nil, uint64(p.since)+1, c.ts), p.min, p.max, p.id,
		c.db.ridString(), c.ridString(), rid, 1/float64(len(c.parts)), parents, c.ts, p.lsn)
}

// split replaces a physical partition by two halves that inherit its position in the change feed. The caller holds
// c.mu.
func (c *container) split(id string) error {
	i := slices.IndexFunc(c.parts, func(p *partition) bool { return p.id == id })
	if i < 0 {
		return fmt.Errorf("container %s has no physical partition %q", c.id, id)
	}
	old := c.parts[i]
	lo, hi := epkPrefix(old.min), epkPrefix(old.max)
	if hi-lo < 2 {
		return fmt.Errorf("physical partition %s of container %s is too narrow to split", id, c.id)
	}
	if err := c.srv.journal.split(c, id); err != nil {
		return err
	}
	c.rangeVer++
	mid := epkBound(lo + (hi-lo)/2)
	parents := append(slices.Clone(old.parents), id)
	half := func(min, max string) *partition {
		p := &partition{id: strconv.Itoa(c.nextPart), min: min, max: max, parents: parents, since: c.rangeVer, lsn: old.lsn}
		c.nextPart++
		for _, e := range old.log {
			if e.live() && p.contains(e.it.epk) {
				p.log = append(p.log, e)
			}
		}
		return p
	}
	c.parts = slices.Replace(c.parts, i, i+1, half(old.min, mid), half(mid, old.max))
	return nil
}

// trimETag removes the quotes of an etag.
func trimETag(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}
