package cosmostest

import (
	"fmt"
	"net/http"
	"strings"
)

const maxID = 1023 // bytes

// operation is one item operation, of a point request or of a batch.
type operation struct {
	kind         string
	id           string // empty for Create and Upsert: their id is in the body
	ifMatch      string
	ifNoneMatch  string
	body         []byte
	partitionKey string // bulk only, the JSON array of the header

	patch patch // Patch, parsed
}

// The kinds of operation, as batches spell them.
const (
	kindCreate  = "Create"
	kindUpsert  = "Upsert"
	kindReplace = "Replace"
	kindDelete  = "Delete"
	kindRead    = "Read"
	kindPatch   = "Patch"
)

// outcome is what an operation did.
type outcome struct {
	status int
	charge float64
	it     *item
	v      *version // to show; nil after a delete
	read   bool     // v is shown even when content was not asked for
	fail   *failure
}

// prepare checks what needs no look at the container's contents and replaces the body of a document by the bytes to
// store. The body must be valid JSON.
func (c *container) prepare(op *operation, key string) *failure {
	switch op.kind {
	case kindCreate, kindUpsert, kindReplace:
		if len(op.body) == 0 || op.body[0] != '{' {
			return badRequest("The input content is invalid: a document is a JSON object.")
		}
		if len(op.body) > maxDocument {
			return tooLarge()
		}
		id, body, bad := c.parseDocument(op.body, key)
		if bad != nil {
			return bad
		}
		if op.kind == kindReplace && id != op.id {
			return badRequest("The id of the document does not match the id of the request.")
		}
		op.id, op.body = id, body
	case kindPatch:
		var bad *failure
		if op.patch, bad = c.parsePatch(op.body); bad != nil {
			return bad
		}
	case kindDelete, kindRead:
	default:
		return badRequest(fmt.Sprintf("The operation type %q is not supported.", op.kind))
	}
	if op.id == "" {
		return badRequest("The operation does not name an id.")
	}
	return nil
}

// parseDocument checks the id and the partition key of doc and returns the bytes to store: compact, without the
// system properties that a client may have read and sent back.
func (c *container) parseDocument(doc []byte, key string) (string, []byte, *failure) {
	body := make([]byte, 1, len(doc))
	body[0] = '{'
	var rawID []byte
	for k, v := range members(doc) {
		if isSystemProperty(k) {
			continue
		}
		if keyIs(k, "id") {
			rawID = v
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = append(append(body, k...), ':')
		body = appendCompact(body, v)
	}
	body = append(body, '}')

	if rawID == nil {
		return "", nil, badRequest("The input content is invalid because the required properties - 'id; ' - are missing")
	}
	id, ok := stringValue(rawID)
	if !ok {
		return "", nil, badRequest("The input content is invalid because the required property 'id' is not a string.")
	}
	if bad := checkID(id); bad != nil {
		return "", nil, bad
	}
	var buf [128]byte
	got, bad := c.pk.extract(buf[:0], doc)
	if bad != nil {
		return "", nil, bad
	}
	if string(got) != key {
		return "", nil, wrongKey("PartitionKey extracted from document doesn't match the one specified in the header. Learn more: https://aka.ms/CosmosDB/sql/errors/wrong-pk-value")
	}
	return id, body, nil
}

func checkID(id string) *failure {
	switch {
	case id == "":
		return badRequest("The input name '' is invalid. Ensure to provide a unique non-empty string.")
	case len(id) > maxID:
		return badRequest(fmt.Sprintf("The input id is invalid: it is %d bytes long, the limit is %d.", len(id), maxID))
	case strings.ContainsAny(id, `/\?#`):
		return badRequest("Id contains illegal chars.")
	}
	return nil
}

// run performs a prepared operation in the transaction.
func (t *tx) run(op *operation, key, epk string) outcome {
	k := itemKey{pk: key, id: op.id}
	it, old := t.get(k)
	if bad := precondition(op, old); bad != nil {
		return outcome{status: bad.status, charge: 1, fail: bad}
	}
	switch op.kind {
	case kindCreate:
		if old != nil {
			return outcome{status: http.StatusConflict, charge: 1, fail: conflict()}
		}
	case kindUpsert:
	default:
		if old == nil {
			return outcome{status: http.StatusNotFound, charge: 1, fail: notFound()}
		}
	}

	switch op.kind {
	case kindRead:
		return outcome{status: http.StatusOK, charge: readCharge(documentSize(old)), it: it, v: old, read: true}
	case kindDelete:
		t.del(k)
		return outcome{status: http.StatusNoContent, charge: writeCharge(documentSize(old)), it: it}
	case kindPatch:
		body, bad := t.c.applyPatch(op.patch, it, old)
		if bad != nil {
			return outcome{status: bad.status, charge: 1, fail: bad}
		}
		op.body = body
	}
	it, v := t.put(k, epk, op.body)
	status := http.StatusOK
	if old == nil {
		status = http.StatusCreated
	}
	return outcome{status: status, charge: writeCharge(documentSize(v)), it: it, v: v}
}

// precondition compares the etags of the request with the current version. An upsert of a document that does not
// exist creates it whatever If-Match says.
func precondition(op *operation, v *version) *failure {
	matches := func(etag string) bool {
		return v != nil && (etag == "*" || strings.Trim(etag, `"`) == strings.Trim(v.quotedETag(), `"`))
	}
	if op.ifMatch != "" && v != nil && !matches(op.ifMatch) {
		return preconditionFailed()
	}
	if op.ifNoneMatch != "" && matches(op.ifNoneMatch) {
		if op.kind == kindRead {
			return &failure{status: http.StatusNotModified}
		}
		return preconditionFailed()
	}
	return nil
}

// key reads the complete partition key that point operations and transactional batches must carry.
func (c *container) key(req *request) (string, *failure) {
	if _, ok := req.Header[hdrPartitionKey]; !ok {
		return "", badRequest("PartitionKey value must be supplied for this operation.")
	}
	return c.pk.parseHeader(req.PartitionKey, false)
}

var opKinds = map[Op]string{
	OpCreateItem: kindCreate, OpUpsertItem: kindUpsert, OpReplaceItem: kindReplace, OpPatchItem: kindPatch,
	OpDeleteItem: kindDelete, OpReadItem: kindRead,
}

func pointOperation(req *request) *operation {
	return &operation{
		kind: opKinds[req.Op], id: req.ID, body: req.Body,
		ifMatch: req.Header.Get("If-Match"), ifNoneMatch: req.Header.Get("If-None-Match"),
	}
}

// writeItem serves create, upsert, replace, patch and delete.
func (c *container) writeItem(req *request) response {
	key, bad := c.key(req)
	if bad != nil {
		return failed(bad)
	}
	op := pointOperation(req)
	if op.kind != kindDelete {
		if len(req.Body) > maxDocument {
			return failed(tooLarge())
		}
		if !validJSON(req.Body) {
			return failed(badRequest("The request body is not valid JSON."))
		}
		op.body = req.Body[skipSpace(req.Body, 0):]
	}
	if bad := c.prepare(op, key); bad != nil {
		return failed(bad)
	}
	epk := c.pk.epk(key)

	c.mu.Lock()
	defer c.mu.Unlock()
	p, bad := c.route(req, epk)
	if bad != nil {
		return failed(bad)
	}
	t := c.begin(p)
	out := t.run(op, key, epk)
	if out.fail == nil {
		if bad := t.commit(); bad != nil {
			return failed(bad)
		}
	}
	return c.show(req, p, out)
}

func (c *container) readItem(req *request) response {
	key, bad := c.key(req)
	if bad != nil {
		return failed(bad)
	}
	epk := c.pk.epk(key)

	c.mu.RLock()
	defer c.mu.RUnlock()
	p, bad := c.route(req, epk)
	if bad != nil {
		return failed(bad)
	}
	t := tx{c: c, p: p}
	return c.show(req, p, t.run(pointOperation(req), key, epk))
}

// route finds the partition of a key, and checks that it is the one the client addressed and that it has budget left.
func (c *container) route(req *request, epk string) (*partition, *failure) {
	if c.dropped {
		return nil, notFound()
	}
	p := c.partitionOf(epk)
	if req.Range != "" && req.Range != p.id {
		return nil, rangeGone(req.Range)
	}
	return p, c.admit(p)
}

// show turns the outcome of a point operation into a response.
func (c *container) show(req *request, p *partition, out outcome) response {
	p.budget.spend(out.charge)
	resp := response{status: out.status, charge: out.charge, session: p.session(p.lsn), items: -1}
	switch {
	case out.status == http.StatusNotModified:
	case out.fail != nil:
		resp.fail = out.fail
	case out.v != nil:
		resp.etag = out.v.quotedETag()
		if !req.minimal || out.read {
			resp.body = c.appendDocument(make([]byte, 0, documentSize(out.v)), out.it, out.v, false)
		}
	}
	return resp
}
