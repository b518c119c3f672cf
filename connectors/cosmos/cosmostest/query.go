package cosmostest

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
)

const (
	defaultPage = 100
	dynamicPage = 1000    // for x-ms-max-item-count: -1
	maxPage     = 4 << 20 // bytes
	scanChunk   = 256     // documents looked at per lock
)

// scope is the part of a container that a query or a feed reads.
type scope struct {
	key      string // partition key, or its first components
	min, max string // effective partition keys
}

func (s scope) contains(it *item) bool {
	return strings.HasPrefix(it.key.pk, s.key) && it.epk >= s.min && (s.max == "" || it.epk < s.max)
}

// scope reads the partition key and range headers. all reports that there is neither.
func (c *container) scope(req *request) (s scope, all bool, bad *failure) {
	all = true
	if _, ok := req.Header[hdrPartitionKey]; ok {
		all = false
		if s.key, bad = c.pk.parseHeader(req.PartitionKey, true); bad != nil {
			return s, false, bad
		}
	}
	if req.Range != "" {
		all = false
		c.mu.RLock()
		p := c.partitionByID(req.Range)
		c.mu.RUnlock()
		if p == nil {
			return s, false, rangeGone(req.Range)
		}
		s.min, s.max = p.min, p.max
	}
	return s, all, nil
}

// pageSize reads x-ms-max-item-count.
func pageSize(req *request) (int, *failure) {
	h := req.Header.Get(hdrMaxItems)
	if h == "" {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(h)
	switch {
	case err != nil || n < -1 || n == 0:
		return 0, badRequest("The x-ms-max-item-count header is not a positive number or -1: " + h)
	case n == -1:
		return dynamicPage, nil
	}
	return n, nil
}

// row is a document as it was when the scan passed it.
type row struct {
	it *item
	v  *version
}

// next returns up to n live rows of the scope that were created after the item number after, in that order, and the
// number it looked up to. A split or a write between two calls does not disturb the order.
func (c *container) next(s scope, after uint64, n int) ([]row, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	rows := make([]row, 0, min(n, scanChunk))
	i := sort.Search(len(c.order), func(i int) bool { return c.order[i].rid > after })
	for ; i < len(c.order) && len(rows) < n; i++ {
		it := c.order[i]
		after = it.rid
		if it.v != nil && s.contains(it) {
			rows = append(rows, row{it, it.v})
		}
	}
	return rows, after
}

func (c *container) query(req *request) response {
	q, bad := parseQueryBody(req.Body)
	if bad != nil {
		return failed(bad)
	}
	s, all, bad := c.scope(req)
	if bad != nil {
		return failed(bad)
	}
	if all && !headerTrue(req.Header, hdrCrossPartition) {
		return failed(badRequest("Cross partition query is required but disabled. Please set x-ms-documentdb-query-enablecrosspartition to true, specify x-ms-documentdb-partitionkey, or revise your query to avoid this exception."))
	}
	if all && q.merging && c.srv.opts.GatewayQueries {
		return failed(notServable())
	}
	if bad := c.admitScan(s); bad != nil {
		return failed(bad)
	}
	if q.merging {
		return c.queryMerged(req, q, s)
	}
	return c.queryStream(req, q, s)
}

// list serves the read feed: all items, or those of a partition key.
func (c *container) list(req *request) response {
	s, _, bad := c.scope(req)
	if bad != nil {
		return failed(bad)
	}
	if bad := c.admitScan(s); bad != nil {
		return failed(bad)
	}
	return c.queryStream(req, &sqlQuery{plain: true}, s)
}

// queryStream pages through a result that is the concatenation of the results per document. The continuation is the
// number of the last item that was looked at.
func (c *container) queryStream(req *request, q *sqlQuery, s scope) response {
	size, bad := pageSize(req)
	if bad != nil {
		return failed(bad)
	}
	after, bad := continuation(req)
	if bad != nil {
		return failed(bad)
	}
	var out [][]byte
	bytes := 0
	full := false
	for !full {
		n := scanChunk
		if q.plain {
			n = min(n, size-len(out))
		}
		rows, end := c.next(s, after, n)
		for _, r := range rows {
			doc := c.appendDocument(make([]byte, 0, documentSize(r.v)), r.it, r.v, false)
			res, bad := q.eval([][]byte{doc})
			if bad != nil {
				return failed(bad)
			}
			after = r.it.rid
			for _, d := range res {
				out = append(out, d)
				bytes += len(d)
			}
			if full = len(out) >= size || bytes >= maxPage; full {
				break
			}
		}
		if len(rows) < n && !full {
			after = end
			break
		}
	}
	token := ""
	if full {
		if more, _ := c.next(s, after, 1); len(more) > 0 {
			token = strconv.FormatUint(after, 10)
		}
	}
	return c.page(out, bytes, token)
}

// queryMerged computes the whole result for every page of it. The continuation is the number of rows already given.
func (c *container) queryMerged(req *request, q *sqlQuery, s scope) response {
	size, bad := pageSize(req)
	if bad != nil {
		return failed(bad)
	}
	skip, bad := continuation(req)
	if bad != nil {
		return failed(bad)
	}
	var docs [][]byte
	for after := uint64(0); ; {
		var rows []row
		rows, after = c.next(s, after, scanChunk)
		for _, r := range rows {
			docs = append(docs, c.appendDocument(make([]byte, 0, documentSize(r.v)), r.it, r.v, false))
		}
		if len(rows) < scanChunk {
			break
		}
	}
	res, bad := q.eval(docs)
	if bad != nil {
		return failed(bad)
	}
	res = res[min(skip, uint64(len(res))):]
	bytes, n := 0, 0
	for n < len(res) && n < size && bytes < maxPage {
		bytes += len(res[n])
		n++
	}
	token := ""
	if n < len(res) {
		token = strconv.FormatUint(skip+uint64(n), 10)
	}
	return c.page(res[:n], bytes, token)
}

func continuation(req *request) (uint64, *failure) {
	h := req.Header.Get(hdrContinuation)
	if h == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(h, 10, 64)
	if err != nil {
		return 0, badRequest("Invalid Continuation Token: " + h)
	}
	return n, nil
}

func (c *container) page(docs [][]byte, bytes int, token string) response {
	resp := answer(http.StatusOK, appendFeed(c.ridString(), "Documents", docs))
	resp.charge = queryUnits + kib(bytes)
	resp.continuation = token
	resp.items = len(docs)
	return resp
}

// admitScan checks the budgets of the partitions that a scope touches.
func (c *container) admitScan(s scope) *failure {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.dropped {
		return notFound()
	}
	for _, p := range c.parts {
		if p.max <= s.min || s.max != "" && p.min >= s.max {
			continue
		}
		if bad := c.admit(p); bad != nil {
			return bad
		}
	}
	return nil
}

// appendFeed is the body of every feed: {"_rid": parent, name: [rows], "_count": n}.
func appendFeed(rid, name string, rows [][]byte) []byte {
	n := 64 + len(name)
	for _, r := range rows {
		n += len(r) + 1
	}
	b := append(make([]byte, 0, n), `{"_rid":"`...)
	b = append(append(b, rid...), `","`...)
	b = append(append(b, name...), `":[`...)
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r...)
	}
	b = strconv.AppendInt(append(b, `],"_count":`...), int64(len(rows)), 10)
	return append(b, '}')
}

// queryPlan tells clients that would merge results themselves (the .NET, JavaScript and Python ones) that there is
// nothing to merge. That is true while the container has one physical partition or the query needs no merging; other
// queries are refused.
func (c *container) queryPlan(req *request) response {
	q, bad := parseQueryBody(req.Body)
	if bad != nil {
		return failed(bad)
	}
	c.mu.RLock()
	parts := len(c.parts)
	c.mu.RUnlock()
	if q.merging && parts > 1 {
		return failed(notServable())
	}
	return answer(http.StatusOK, []byte(`{"partitionedQueryExecutionInfoVersion":2,"queryInfo":{"distinctType":"None",`+
		`"top":null,"offset":null,"limit":null,"orderBy":[],"orderByExpressions":[],"groupByExpressions":[],`+
		`"groupByAliases":[],"aggregates":[],"groupByAliasToAggregateType":{},"rewrittenQuery":"","hasSelectValue":false,`+
		`"hasNonStreamingOrderBy":false},"queryRanges":[{"min":"","max":"FF","isMinInclusive":true,"isMaxInclusive":false}]}`))
}
