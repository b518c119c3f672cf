package cosmostest

import (
	"net/http"
	"strconv"
)

const maxOperations = 100

// parseOperation reads one element of a batch, which must be valid JSON. Members that it does not know are ignored,
// as the service does.
func parseOperation(raw []byte) (operation, *failure) {
	var op operation
	if raw[0] != '{' {
		return op, badRequest("A batch operation is a JSON object.")
	}
	for k, v := range members(raw) {
		var s string
		s, _ = stringValue(v)
		switch {
		case keyIs(k, "operationType"):
			op.kind = s
		case keyIs(k, "id"):
			op.id = s
		case keyIs(k, "ifMatch"):
			op.ifMatch = s
		case keyIs(k, "ifNoneMatch"):
			op.ifNoneMatch = s
		case keyIs(k, "partitionKey"):
			op.partitionKey = s
		case keyIs(k, "resourceBody"):
			op.body = v
		}
	}
	return op, nil
}

// batch serves transactional batches, and the bulk requests of clients that send independent operations to one
// physical partition: https://learn.microsoft.com/azure/cosmos-db/nosql/transactional-batch
func (c *container) batch(req *request) response {
	if len(req.Body) > maxDocument {
		return failed(tooLarge())
	}
	if !validJSON(req.Body) || kind(req.Body) != '[' {
		return failed(badRequest("The batch request body is not a JSON array."))
	}
	ops := make([]operation, 0, maxOperations)
	for raw := range elements(req.Body) {
		if len(ops) == maxOperations {
			return failed(badRequest("Batch request has more operations than what is supported."))
		}
		op, bad := parseOperation(raw)
		if bad != nil {
			return failed(bad)
		}
		ops = append(ops, op)
	}
	if len(ops) == 0 {
		return failed(badRequest("The batch request did not have any operations to be executed."))
	}
	if req.Header.Get(hdrAtomic) != "" && !headerTrue(req.Header, hdrAtomic) {
		return c.bulk(req, ops)
	}
	return c.transaction(req, ops)
}

// transaction runs all operations or none.
func (c *container) transaction(req *request, ops []operation) response {
	key, bad := c.key(req)
	if bad != nil {
		return failed(bad)
	}
	culprit := len(ops)
	for i := range ops {
		if bad = c.prepare(&ops[i], key); bad != nil {
			culprit = i
			break
		}
	}
	epk := c.pk.epk(key)

	c.mu.Lock()
	defer c.mu.Unlock()
	p, refused := c.route(req, epk)
	if refused != nil {
		return failed(refused)
	}
	// Operations before one that is malformed still run, because they may fail first.
	t := c.begin(p)
	outs := make([]outcome, len(ops))
	for i := range ops[:culprit] {
		if outs[i] = req.injected(&ops[i]); outs[i].fail == nil {
			outs[i] = t.run(&ops[i], key, epk)
		}
		if outs[i].fail != nil {
			culprit, bad = i, outs[i].fail
			break
		}
	}
	if bad != nil {
		for i := range outs {
			outs[i] = outcome{status: http.StatusFailedDependency}
		}
		outs[culprit] = outcome{status: bad.status, charge: 1, fail: bad}
	} else if bad := t.commit(); bad != nil {
		return failed(bad)
	}
	return c.showBatch(req, p, outs)
}

// bulk runs each operation on its own. They must be in the addressed physical partition.
func (c *container) bulk(req *request, ops []operation) response {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped {
		return failed(notFound())
	}
	p := c.partitionByID(req.Range)
	if p == nil {
		return failed(rangeGone(req.Range))
	}
	if bad := c.admit(p); bad != nil {
		return failed(bad)
	}
	outs := make([]outcome, len(ops))
	stop := false
	for i := range ops {
		if stop {
			outs[i] = outcome{status: http.StatusFailedDependency}
			continue
		}
		outs[i] = c.bulkOperation(req, p, &ops[i])
		stop = outs[i].fail != nil && !headerTrue(req.Header, hdrContinueOnError)
	}
	return c.showBatch(req, p, outs)
}

func (c *container) bulkOperation(req *request, p *partition, op *operation) outcome {
	refuse := func(bad *failure) outcome { return outcome{status: bad.status, charge: 1, fail: bad} }
	key, bad := c.pk.parseHeader(op.partitionKey, false)
	if bad != nil {
		return refuse(bad)
	}
	if bad := c.prepare(op, key); bad != nil {
		return refuse(bad)
	}
	epk := c.pk.epk(key)
	if !p.contains(epk) {
		return refuse(rangeGone(p.id))
	}
	if out := req.injected(op); out.fail != nil {
		return out
	}
	t := c.begin(p)
	out := t.run(op, key, epk)
	if out.fail == nil {
		if bad := t.commit(); bad != nil {
			return refuse(bad)
		}
	}
	return out
}

// injected is the outcome of the operation that a fault names.
func (req *request) injected(op *operation) outcome {
	if f := req.fault; f.Status != 0 && f.Item == op.id {
		bad := f.failure()
		return outcome{status: bad.status, charge: 1, fail: bad}
	}
	return outcome{}
}

// showBatch writes the results, an array with an entry per operation, also when content was not asked for.
func (c *container) showBatch(req *request, p *partition, outs []outcome) response {
	resp := response{status: http.StatusOK, session: p.session(p.lsn), items: -1}
	size := 2
	for _, o := range outs {
		size += 120
		if o.v != nil && (!req.minimal || o.read) {
			size += documentSize(o.v)
		}
	}
	b := append(make([]byte, 0, size), '[')
	for i, o := range outs {
		if i > 0 {
			b = append(b, ',')
		}
		resp.charge += o.charge
		b = strconv.AppendInt(append(b, `{"statusCode":`...), int64(o.status), 10)
		b = strconv.AppendFloat(append(b, `,"requestCharge":`...), o.charge, 'f', -1, 64)
		if o.fail != nil {
			resp.status = http.StatusMultiStatus
			if o.fail.substatus != 0 {
				b = strconv.AppendInt(append(b, `,"subStatusCode":`...), int64(o.fail.substatus), 10)
			}
			if ms := o.fail.retryAfter.Milliseconds(); ms > 0 {
				b = strconv.AppendInt(append(b, `,"retryAfterMilliseconds":`...), ms, 10)
			}
		}
		if o.v != nil {
			b = appendETag(append(b, `,"eTag":"\"`...), o.v.etag, o.v.ts)
			b = append(b, `\""`...)
			if !req.minimal || o.read {
				b = c.appendDocument(append(b, `,"resourceBody":`...), o.it, o.v, false)
			}
		}
		b = append(b, '}')
	}
	resp.body = append(b, ']')
	p.budget.spend(resp.charge)
	return resp
}
