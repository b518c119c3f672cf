package chaos

import (
	"errors"
	"hash/fnv"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
)

// weather decides what becomes of requests. A decision follows from the plan's seed, what the request is about and how
// often that was asked before, so that it does not depend on the order of concurrent requests.
type weather struct {
	c *Cloud

	mu       sync.Mutex
	plan     *Plan
	begun    time.Time
	latency  time.Duration
	tries    map[string]int
	writes   int
	accepted int             // of the writes
	refusals int             // requests that were answered with 401
	doomed   map[uint64]bool // requests after which their process is killed
	topics   map[[16]byte]string
}

func newWeather(c *Cloud) *weather {
	return &weather{c: c, plan: &Plan{}, begun: time.Now(), tries: map[string]int{}, doomed: map[uint64]bool{}, topics: map[[16]byte]string{}}
}

// begin makes the weather that of a plan, from now on.
func (w *weather) begin(p *Plan) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plan, w.begun, w.latency = p, time.Now(), p.Latency
}

// know remembers the topics' ids, which newer requests have in the place of their names.
func (w *weather) know(cluster *kfake.Cluster) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range []string{Topic, LetterTopic, GivenTopic} {
		w.topics[cluster.TopicInfo(t).TopicID] = t
	}
}

// spell returns the spell, one of those from the first to the last kind, that hits a request about key, nil for none.
func (w *weather) spell(first, last Weather, key string) *Spell {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Since(w.begun)
	for i := range w.plan.Spells {
		s := &w.plan.Spells[i]
		if s.Weather < first || s.Weather > last || now < s.From || now >= s.To {
			continue
		}
		w.tries[key]++
		if odds(w.plan.Seed, uint64(i), uint64(w.tries[key]), key) < s.Odds {
			return s
		}
	}
	return nil
}

// odds draws a number from 0 to 1 that follows from its arguments.
func odds(seed, spell, try uint64, key string) float64 {
	h := fnv.New64a()
	for _, n := range []uint64{seed, spell, try} {
		for i := range 8 {
			_, _ = h.Write([]byte{byte(n >> (8 * i))}) // a hash never fails
		}
	}
	_, _ = h.Write([]byte(key))
	x := h.Sum64()
	x ^= x >> 33 // the last bytes hardly reach the upper bits otherwise
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x) / math.MaxUint64
}

// account decides about a request of the account.
func (w *weather) account(r *cosmostest.Request) cosmostest.Fault {
	w.mu.Lock()
	f := cosmostest.Fault{Delay: w.latency}
	if isWrite(r) {
		w.writes++
		for _, k := range w.plan.Kills {
			if k.Write != w.writes {
				continue
			}
			if k.After {
				w.doomed[r.Seq] = true
				f.Cut = cosmostest.CutAfter
			} else {
				f.Cut = cosmostest.CutBefore
			}
			w.mu.Unlock()
			if !k.After {
				w.c.functions.KillNamed(sender(r))
			}
			return f
		}
	}
	active := len(w.plan.Spells) > 0
	w.mu.Unlock()
	if !active {
		return f
	}
	s := w.spell(Throttling, Slow, r.Path+strings.Join(r.IDs(), " "))
	if s == nil {
		return f
	}
	switch s.Weather {
	case Throttling:
		f.Status, f.Substatus, f.RetryAfter = 429, 3200, s.Wait
	case RetryWith:
		f.Status = 449
	case Unavailable:
		f.Status = 503
	case PartitionGone:
		f.Status, f.Substatus = 410, 1002
	case RequestTimeout:
		f.Status = 408
	case CutBefore:
		f.Cut = cosmostest.CutBefore
	case CutAfter:
		f.Cut = cosmostest.CutAfter
	case CutDuring:
		f.Cut = cosmostest.CutDuring
	case StallBefore:
		f.Stall = cosmostest.StallBefore
	case StallAfter:
		f.Stall = cosmostest.StallAfter
	case Slow:
		f.Delay += s.Wait
	}
	return f
}

// sender is the process that a request comes from: its name ends the User-Agent.
func sender(r *cosmostest.Request) string {
	agent := r.Header.Get("User-Agent")
	return agent[strings.LastIndexByte(agent, ' ')+1:]
}

// wrote kills the process of a request that has taken effect, if it is doomed.
func (w *weather) wrote(r *cosmostest.Request) {
	w.mu.Lock()
	w.accepted++
	doomed := w.doomed[r.Seq]
	w.mu.Unlock()
	if doomed {
		w.c.functions.KillNamed(sender(r))
	}
}

// useful is how many writes have taken effect.
func (w *weather) useful() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.accepted
}

// refused is how many requests the account has answered with 401.
func (w *weather) refused() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refusals
}

var errCut = errors.New("connection cut")

// Of Kafka's requests these are called on the cluster's goroutine: they must not ask it anything.

// commit checks a commit against the history, as it is asked for, and decides about it.
func (w *weather) commit(cluster *kfake.Cluster, kreq kmsg.Request) (kmsg.Response, error, bool) {
	req, ok := kreq.(*kmsg.OffsetCommitRequest)
	if !ok {
		return nil, nil, false
	}
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			w.c.History.Committed(p.Partition, p.Offset)
		}
	}
	s := w.spell(CommitsRefused, CommitsRefused, "commit")
	if s == nil {
		return nil, nil, false
	}
	cluster.KeepControl()
	resp := req.ResponseKind().(*kmsg.OffsetCommitResponse)
	for _, t := range req.Topics {
		rt := kmsg.NewOffsetCommitResponseTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			rp := kmsg.NewOffsetCommitResponseTopicPartition()
			// An error that the client does not try again by itself: it would hold a lock meanwhile, which stops virtual time.
			rp.Partition, rp.ErrorCode = p.Partition, kerr.RebalanceInProgress.Code
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp, nil, true
}

// produce tells the history of letters and given up records that the broker takes, and decides about letters.
func (w *weather) produce(cluster *kfake.Cluster, kreq kmsg.Request) (kmsg.Response, error, bool) {
	req, ok := kreq.(*kmsg.ProduceRequest)
	if !ok {
		return nil, nil, false
	}
	w.mu.Lock()
	for i := range req.Topics {
		if t := &req.Topics[i]; t.Topic == "" {
			t.Topic = w.topics[t.TopicID]
		}
	}
	w.mu.Unlock()
	for _, m := range produced(req, GivenTopic) {
		w.c.History.GaveUp(unwrap(m))
	}
	letters := produced(req, LetterTopic)
	if len(letters) == 0 {
		return nil, nil, false
	}
	s := w.spell(LettersRefused, LettersSlow, string(letters[0].Headers[NameHeader]))
	if s != nil {
		switch s.Weather {
		case LettersSlow:
			cluster.SleepControl(func() { <-time.After(s.Wait) })
		case LettersCut:
			cluster.KeepControl()
			return nil, errCut, true
		case LettersRefused:
			cluster.KeepControl()
			resp := req.ResponseKind().(*kmsg.ProduceResponse)
			for _, t := range req.Topics {
				rt := kmsg.NewProduceResponseTopic()
				rt.Topic, rt.TopicID = t.Topic, t.TopicID
				for _, p := range t.Partitions {
					rp := kmsg.NewProduceResponseTopicPartition()
					rp.Partition, rp.ErrorCode = p.Partition, kerr.NotLeaderForPartition.Code
					rt.Partitions = append(rt.Partitions, rp)
				}
				resp.Topics = append(resp.Topics, rt)
			}
			return resp, nil, true
		}
	}
	for _, m := range letters {
		w.c.History.Buried(m)
	}
	return nil, nil, false
}

// fetch decides about a fetch of the topic.
func (w *weather) fetch(cluster *kfake.Cluster, kreq kmsg.Request) (kmsg.Response, error, bool) {
	if s := w.spell(FetchesRefused, FetchesRefused, "fetch"); s != nil {
		cluster.KeepControl()
		return nil, errCut, true
	}
	return nil, nil, false
}
