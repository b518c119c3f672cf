package cosmostest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The charge model, in request units; see Options.EnforceThroughput.
const (
	readUnits  = 1.0
	writeUnits = 5.0
	queryUnits = 2.0
)

func kib(n int) float64 { return float64(max(1, (n+1023)/1024)) }

func readCharge(n int) float64  { return readUnits * kib(n) }
func writeCharge(n int) float64 { return writeUnits * kib(n) }

// budget is the throughput that a partition has left: at most one second's worth, less than nothing after a large
// request.
type budget struct {
	mu   sync.Mutex
	rate float64 // units per second; 0 is unlimited
	left float64
	at   time.Time
}

// admit refills the budget and returns how long to wait before a request is admitted.
func (b *budget) admit(rate float64, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate != rate { // first use, or the throughput or the number of partitions changed
		b.rate, b.left, b.at = rate, rate, now
	}
	if d := now.Sub(b.at); d > 0 {
		b.left = min(rate, b.left+rate*d.Seconds())
		b.at = now
	}
	if b.rate == 0 || b.left > 0 {
		return 0
	}
	wait := time.Duration(-b.left / rate * float64(time.Second)).Round(time.Millisecond)
	return wait + time.Millisecond
}

func (b *budget) spend(units float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate > 0 {
		b.left -= units
	}
}

// admit checks the budget of p. The caller holds c.mu.
func (c *container) admit(p *partition) *failure {
	rate := 0.0
	if c.offer.enforced || c.srv.opts.EnforceThroughput {
		rate = float64(c.offer.units()) / float64(len(c.parts))
	}
	if wait := p.budget.admit(rate, c.srv.now()); wait > 0 {
		return throttled(wait)
	}
	return nil
}

// offer is the provisioned throughput of a container.
type offer struct {
	manual    int // request units per second
	autoscale int // the maximum; exclusive with manual
	enforced  bool
}

const defaultThroughput = 400

func (o offer) units() int {
	if o.autoscale > 0 {
		return o.autoscale
	}
	if o.manual > 0 {
		return o.manual
	}
	return defaultThroughput
}

// parseOffer reads the throughput headers of a container creation.
func parseOffer(h http.Header) (offer, *failure) {
	var o offer
	if v := h.Get(hdrThroughput); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return o, badRequest("The x-ms-offer-throughput header is not a positive number: " + v)
		}
		o.manual = n
	}
	if v := h.Get(hdrAutoscale); v != "" {
		var auto struct {
			MaxThroughput int `json:"maxThroughput"`
		}
		if err := json.Unmarshal([]byte(v), &auto); err != nil || auto.MaxThroughput < 1 {
			return o, badRequest("The x-ms-cosmos-offer-autopilot-settings header has no maxThroughput: " + v)
		}
		o = offer{autoscale: auto.MaxThroughput}
	}
	return o, nil
}

// offerID is the resource id of the container's offer: four bytes in the service, ours reuses the container's number.
func (c *container) offerID() string { return ridEncoding.EncodeToString(c.rid[4:7]) }

// appendOffer appends the offer resource of a container. The caller holds c.mu.
func (c *container) appendOffer(dst []byte) []byte {
	content := fmt.Sprintf(`{"offerThroughput":%d}`, c.offer.units())
	if c.offer.autoscale > 0 {
		content = fmt.Sprintf(`{"offerThroughput":%d,"offerAutopilotSettings":{"maxThroughput":%d}}`,
			max(1, c.offer.autoscale/10), c.offer.autoscale)
	}
	id := c.offerID()
	return fmt.Appendf(dst, `{"id":"%s","_rid":"%s","_self":"offers/%s/","resource":"dbs/%s/colls/%s/",`+
		`"offerResourceId":"%s","offerType":"Invalid","offerVersion":"V2","content":%s,"_etag":"%s","_ts":%d}`,
		id, id, id, c.db.ridString(), c.ridString(), c.ridString(), content, strings.Trim(quotedETag(c.etag, c.ts), `"`), c.ts)
}

// queryOffers answers the one query that clients send: the offers of a resource id.
func (s *Server) queryOffers(req *request) response {
	q, bad := parseQueryBody(req.Body)
	if bad != nil {
		return failed(bad)
	}
	var rows [][]byte
	s.mu.RLock()
	for _, c := range s.containers() {
		c.mu.RLock()
		rows = append(rows, c.appendOffer(nil))
		c.mu.RUnlock()
	}
	s.mu.RUnlock()
	rows, bad = q.filter(rows)
	if bad != nil {
		return failed(bad)
	}
	return answer(http.StatusOK, appendFeed("", "Offers", rows))
}

func (s *Server) readOffer(req *request) response {
	c := s.containerByOffer(req.ID)
	if c == nil {
		return failed(notFound())
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return answer(http.StatusOK, c.appendOffer(nil))
}

func (s *Server) replaceOffer(req *request) response {
	var body struct {
		Content struct {
			Throughput int `json:"offerThroughput"`
			Autoscale  struct {
				Max int `json:"maxThroughput"`
			} `json:"offerAutopilotSettings"`
		} `json:"content"`
	}
	if err := json.Unmarshal(req.Body, &body); err != nil {
		return failed(badRequest("The offer is not valid JSON."))
	}
	if body.Content.Throughput < 1 && body.Content.Autoscale.Max < 1 {
		return failed(badRequest("The offer has no throughput."))
	}
	c := s.containerByOffer(req.ID)
	if c == nil {
		return failed(notFound())
	}
	o := offer{manual: body.Content.Throughput}
	if m := body.Content.Autoscale.Max; m > 0 {
		o = offer{autoscale: m}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o.enforced = c.offer.enforced
	if err := s.journal.offer(c, o); err != nil {
		return failed(unwritable(err))
	}
	c.offer = o
	return answer(http.StatusOK, c.appendOffer(nil))
}

func (s *Server) containerByOffer(id string) *container {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, c := range s.containers() {
		if c.offerID() == id {
			return c
		}
	}
	return nil
}
