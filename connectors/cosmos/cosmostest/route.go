package cosmostest

import (
	"net/http"
	"net/url"
	"strings"
)

// Op is what a request asks for.
type Op string

// The operations. ListItems is the plain read feed of a container's items.
const (
	OpReadAccount      Op = "ReadAccount"
	OpCreateDatabase   Op = "CreateDatabase"
	OpReadDatabase     Op = "ReadDatabase"
	OpDeleteDatabase   Op = "DeleteDatabase"
	OpListDatabases    Op = "ListDatabases"
	OpQueryDatabases   Op = "QueryDatabases"
	OpCreateContainer  Op = "CreateContainer"
	OpReadContainer    Op = "ReadContainer"
	OpReplaceContainer Op = "ReplaceContainer"
	OpDeleteContainer  Op = "DeleteContainer"
	OpListContainers   Op = "ListContainers"
	OpQueryContainers  Op = "QueryContainers"
	OpReadRanges       Op = "ReadRanges"
	OpCreateItem       Op = "CreateItem"
	OpUpsertItem       Op = "UpsertItem"
	OpReadItem         Op = "ReadItem"
	OpReplaceItem      Op = "ReplaceItem"
	OpPatchItem        Op = "PatchItem"
	OpDeleteItem       Op = "DeleteItem"
	OpBatch            Op = "Batch"
	OpQueryItems       Op = "QueryItems"
	OpQueryPlan        Op = "QueryPlan"
	OpListItems        Op = "ListItems"
	OpChangeFeed       Op = "ChangeFeed"
	OpQueryOffers      Op = "QueryOffers"
	OpReadOffer        Op = "ReadOffer"
	OpReplaceOffer     Op = "ReplaceOffer"
)

// The headers of the protocol, in the canonical form of net/http.
const (
	hdrActivityID      = "X-Ms-Activity-Id"
	hdrAtomic          = "X-Ms-Cosmos-Batch-Atomic"
	hdrAutoscale       = "X-Ms-Cosmos-Offer-Autopilot-Settings"
	hdrBatch           = "X-Ms-Cosmos-Is-Batch-Request"
	hdrCharge          = "X-Ms-Request-Charge"
	hdrContinuation    = "X-Ms-Continuation"
	hdrContinueOnError = "X-Ms-Cosmos-Batch-Continue-On-Error"
	hdrCrossPartition  = "X-Ms-Documentdb-Query-Enablecrosspartition"
	hdrDate            = "X-Ms-Date"
	hdrEndEPK          = "X-Ms-End-Epk"
	hdrIsQuery         = "X-Ms-Documentdb-Isquery"
	hdrItemCount       = "X-Ms-Item-Count"
	hdrMaxItems        = "X-Ms-Max-Item-Count"
	hdrPartitionKey    = "X-Ms-Documentdb-Partitionkey"
	hdrPlan            = "X-Ms-Cosmos-Is-Query-Plan-Request"
	hdrQuery           = "X-Ms-Documentdb-Query"
	hdrRange           = "X-Ms-Documentdb-Partitionkeyrangeid"
	hdrRetryAfter      = "X-Ms-Retry-After-Ms"
	hdrSession         = "X-Ms-Session-Token"
	hdrStartEPK        = "X-Ms-Start-Epk"
	hdrSubstatus       = "X-Ms-Substatus"
	hdrThroughput      = "X-Ms-Offer-Throughput"
	hdrUpsert          = "X-Ms-Documentdb-Is-Upsert"
)

// route is where a request goes and what its signature covers.
type route struct {
	op           Op
	db, coll, id string
	resourceType string
	resourceLink string
}

// parseRoute reads method, path and the headers that distinguish operations of one path.
func parseRoute(r *http.Request) (route, *failure) {
	var segs []string
	for s := range strings.SplitSeq(strings.Trim(r.URL.EscapedPath(), "/"), "/") {
		dec, _ := url.PathUnescape(s) // EscapedPath is always valid
		segs = append(segs, dec)
	}
	if segs[0] == "" {
		segs = nil
	}
	var rt route
	// Signatures cover the resource itself, and for a feed or a creation the parent of the feed.
	rt.resourceLink = strings.Join(segs, "/")
	if n := len(segs); n > 0 {
		rt.resourceType = segs[n-1]
		if n%2 == 1 {
			rt.resourceLink = strings.Join(segs[:n-1], "/")
		} else {
			rt.resourceType = segs[n-2]
		}
	}
	shape := ""
	for i := 0; i < len(segs); i += 2 {
		shape += "/" + segs[i]
		if i+1 < len(segs) {
			shape += "/*"
		}
	}
	if len(segs) > 1 {
		rt.db = segs[1]
	}
	if len(segs) > 3 {
		rt.coll = segs[3]
	}
	if len(segs) > 5 {
		rt.id = segs[5]
	}
	ops, known := routes[shape]
	if !known {
		return rt, badRequest("cosmostest does not serve " + r.URL.Path)
	}
	op, known := ops[r.Method]
	if !known {
		return rt, newFailure(http.StatusMethodNotAllowed, r.Method+" is not allowed on "+r.URL.Path)
	}
	if shape == "/offers/*" {
		rt.db, rt.id = "", segs[1]
		rt.resourceLink = strings.ToLower(segs[1]) // addressed by resource id
	}
	rt.op = refine(op, r.Header)
	return rt, nil
}

var routes = map[string]map[string]Op{
	"":                        {"GET": OpReadAccount},
	"/dbs":                    {"GET": OpListDatabases, "POST": OpCreateDatabase},
	"/dbs/*":                  {"GET": OpReadDatabase, "DELETE": OpDeleteDatabase},
	"/dbs/*/colls":            {"GET": OpListContainers, "POST": OpCreateContainer},
	"/dbs/*/colls/*":          {"GET": OpReadContainer, "PUT": OpReplaceContainer, "DELETE": OpDeleteContainer},
	"/dbs/*/colls/*/pkranges": {"GET": OpReadRanges},
	"/dbs/*/colls/*/docs":     {"GET": OpListItems, "POST": OpCreateItem},
	"/dbs/*/colls/*/docs/*":   {"GET": OpReadItem, "PUT": OpReplaceItem, "PATCH": OpPatchItem, "DELETE": OpDeleteItem},
	"/offers":                 {"POST": OpQueryOffers},
	"/offers/*":               {"GET": OpReadOffer, "PUT": OpReplaceOffer},
}

// refine tells apart the operations that share a method and a path.
func refine(op Op, h http.Header) Op {
	query := headerTrue(h, hdrQuery) || headerTrue(h, hdrIsQuery) ||
		strings.HasPrefix(h.Get("Content-Type"), "application/query+json")
	switch {
	case op == OpCreateItem && headerTrue(h, hdrBatch):
		return OpBatch
	case op == OpCreateItem && headerTrue(h, hdrPlan):
		return OpQueryPlan
	case op == OpCreateItem && query:
		return OpQueryItems
	case op == OpCreateItem && headerTrue(h, hdrUpsert):
		return OpUpsertItem
	case op == OpCreateDatabase && query:
		return OpQueryDatabases
	case op == OpCreateContainer && query:
		return OpQueryContainers
	case op == OpListItems && h.Get("A-Im") != "":
		return OpChangeFeed
	}
	return op
}

func headerTrue(h http.Header, name string) bool { return strings.EqualFold(h.Get(name), "true") }
