package eventsource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Why a mapping may not be able to read; Status.Err wraps one of them where it applies.
var (
	ErrTopicMissing = errors.New("the topic does not exist")
	ErrGroupInUse   = errors.New("the consumer group is in use by another mapping or consumer")
	ErrUnreachable  = errors.New("the brokers cannot be reached")
)

const (
	requestTimeout = 10 * time.Second
	sessionTimeout = 10 * time.Second // after a crash, the group is free again after this
	healthInterval = 5 * time.Second
)

// session reads with one configuration, from its start to an Update, a pause, Close or an error that needs a new start.
type session struct {
	m     *Mapping
	cfg   Config
	stop  context.Context // done: begin nothing new
	kill  context.Context // done: give up what is running
	end   context.CancelCauseFunc
	admin *kgo.Client // metadata, offsets before joining, the on-failure topic
	cl    *kgo.Client // the group member
	topic [16]byte    // its ID, to see that it was created anew

	mu    sync.Mutex
	over  bool // no lane may be started any more
	parts map[int32]*partition
	homes map[int32]*lane // a partition keeps its lane as long as the session lasts, even while it is lost
	lanes []*lane
	wg    sync.WaitGroup
}

// runSession returns nil when stop is done, and else why the session could not go on.
func (m *Mapping) runSession(stop, kill context.Context, cfg Config) error {
	s := &session{m: m, cfg: cfg, kill: kill, parts: make(map[int32]*partition), homes: make(map[int32]*lane)}
	s.stop, s.end = context.WithCancelCause(stop)
	defer s.end(nil)

	base := append([]kgo.Opt{
		kgo.SeedBrokers(cfg.Brokers...),
		kgo.ClientID("connectless-event-source"),
		kgo.DialTimeout(5 * time.Second),
		kgo.MetadataMaxAge(healthInterval),
		kgo.MetadataMinAge(250 * time.Millisecond),
	}, cfg.ClientOptions...)
	var err error
	// Few retries: a problem should show in the state, and the session is started again anyway. The largest record of an
	// on-failure topic is for its broker to judge.
	s.admin, err = kgo.NewClient(append(slices.Clone(base), kgo.RequestRetries(1), kgo.ProducerBatchMaxBytes(64<<20), kgo.BrokerMaxWriteBytes(100<<20))...)
	if err != nil {
		return err
	}
	defer s.admin.Close()
	if err := s.seed(); err != nil {
		return err
	}
	s.mu.Lock() // the callbacks use s.cl
	s.cl, err = kgo.NewClient(append(slices.Clone(base),
		kgo.ConsumerGroup(cfg.ConsumerGroup),
		kgo.ConsumeTopics(cfg.Topic),
		kgo.Balancers(exclusive{kgo.CooperativeStickyBalancer(), "connectless-" + m.uuid + "-" + time.Now().UTC().Format("20060102T150405.000000000")}),
		kgo.SessionTimeout(sessionTimeout),
		kgo.DisableAutoCommit(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// A fetch that waits for other partitions does not include one that was paused when it was sent, so this is also how
		// long a partition may stand still after it was resumed.
		kgo.FetchMaxWait(250*time.Millisecond),
		// Partitions that exist are seeded; one that appears later is new, and nothing of it was before us. A position that
		// has expired continues with the oldest record there is.
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) { s.assigned(got[cfg.Topic]) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, gone map[string][]int32) { s.lost(gone[cfg.Topic]) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, gone map[string][]int32) { s.lost(gone[cfg.Topic]) }),
	)...)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	defer s.cl.Close() // leaves the group
	s.wg.Go(s.watch)
	s.poll()
	s.end(nil)
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.wg.Wait()
	if stop.Err() != nil {
		return nil
	}
	return context.Cause(s.stop)
}

// exclusive is a balancer under a name of its own. Members of a group must have a balancer in common, so a broker
// refuses whoever else wants to join, and us while anyone else is a member.
type exclusive struct {
	kgo.GroupBalancer
	name string
}

func (e exclusive) ProtocolName() string { return e.name }

// seed commits the starting position for partitions without a committed offset, so that it is decided once and the group's
// lag is visible from the beginning.
func (s *session) seed() error {
	ctx, cancel := context.WithTimeout(s.stop, requestTimeout)
	defer cancel()
	adm := kadm.NewClient(s.admin)
	detail, err := s.lookup(ctx)
	if err != nil {
		return err
	}
	s.topic = detail.ID
	committed, err := adm.FetchOffsets(ctx, s.cfg.ConsumerGroup)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return unreachable("offsets of the group", err)
	}
	var missing []int32
	known := false
	for _, p := range detail.Partitions.Numbers() {
		if o, ok := committed.Lookup(s.cfg.Topic, p); ok && o.At >= 0 {
			known = true
		} else {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var begin kadm.ListedOffsets
	switch {
	case known || s.cfg.StartingPosition == TrimHorizon:
		begin, err = adm.ListStartOffsets(ctx, s.cfg.Topic)
	case s.cfg.StartingPosition == Latest:
		begin, err = adm.ListEndOffsets(ctx, s.cfg.Topic)
	default:
		begin, err = adm.ListOffsetsAfterMilli(ctx, s.cfg.StartingPositionTimestamp.UnixMilli(), s.cfg.Topic)
	}
	if err == nil {
		err = begin.Error()
	}
	if err != nil {
		return unreachable("starting position", err)
	}
	offsets := make(kadm.Offsets)
	for _, p := range missing {
		if o, ok := begin.Lookup(s.cfg.Topic, p); ok {
			offsets.AddOffset(s.cfg.Topic, p, o.Offset, -1)
		}
	}
	switch err := adm.CommitAllOffsets(ctx, s.cfg.ConsumerGroup, offsets); {
	case err == nil:
		return nil
	case errors.Is(err, kerr.UnknownMemberID), errors.Is(err, kerr.IllegalGeneration), errors.Is(err, kerr.RebalanceInProgress):
		return ErrGroupInUse // only a group without members takes a commit from outside
	default:
		return unreachable("commit of the starting position", err)
	}
}

func (s *session) lookup(ctx context.Context) (kadm.TopicDetail, error) {
	topics, err := kadm.NewClient(s.admin).ListTopics(ctx, s.cfg.Topic)
	if err != nil {
		return kadm.TopicDetail{}, unreachable("metadata", err)
	}
	d := topics[s.cfg.Topic]
	switch {
	case errors.Is(d.Err, kerr.UnknownTopicOrPartition), len(d.Partitions) == 0 && d.Err == nil:
		return d, fmt.Errorf("%w: %s", ErrTopicMissing, s.cfg.Topic)
	case d.Err != nil:
		return d, unreachable("metadata of "+s.cfg.Topic, d.Err)
	}
	return d, nil
}

func unreachable(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrUnreachable, what, err)
}

// watch ends the session when its topic is gone or another one of the same name, and keeps the state of the connection.
func (s *session) watch() {
	for s.sleep(healthInterval) {
		ctx, cancel := context.WithTimeout(s.stop, requestTimeout)
		d, err := s.lookup(ctx)
		cancel()
		switch {
		case s.stop.Err() != nil:
			return
		case errors.Is(err, ErrTopicMissing):
			s.end(err)
		case err != nil:
			s.m.problem(s.m, err)
		case d.ID != s.topic:
			s.end(fmt.Errorf("topic %s was deleted and created again", s.cfg.Topic))
		default:
			s.m.reachable()
		}
	}
}

// poll moves fetched records to the lanes until the session stops.
func (s *session) poll() {
	for s.stop.Err() == nil {
		fetches := s.cl.PollFetches(s.stop)
		for _, e := range fetches.Errors() {
			if s.stop.Err() == nil {
				s.m.problem(s.m, classify(e.Err))
			}
		}
		fetches.EachPartition(func(f kgo.FetchTopicPartition) {
			s.mu.Lock()
			p := s.parts[f.Partition]
			s.mu.Unlock()
			if p != nil && len(f.Records) > 0 {
				p.lane.push(p, f.Records)
			}
		})
	}
}

// classify names what a poll can meet.
func classify(err error) error {
	switch {
	case errors.Is(err, kerr.InconsistentGroupProtocol):
		return ErrGroupInUse
	case errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.UnknownTopicID):
		return ErrTopicMissing
	}
	if _, ok := errors.AsType[*kgo.ErrDataLoss](err); ok {
		return err
	}
	return unreachable("reading", err)
}

func (s *session) assigned(ids []int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	slices.Sort(ids)
	for _, id := range ids {
		l := s.home(id, len(s.parts)+len(ids))
		p := &partition{id: id, lane: l}
		s.parts[id] = p
		l.mu.Lock()
		l.parts = append(l.parts, p)
		l.mu.Unlock()
	}
	s.cl.ResumeFetchPartitions(s.fetchSet(ids...)) // it may have been lost while paused
	s.m.joined(len(s.parts))
}

// home returns the lane of a partition. A new partition gets a lane of its own as long as there may be more lanes, and then
// shares the one with the fewest partitions.
func (s *session) home(id int32, partitions int) *lane {
	if l := s.homes[id]; l != nil {
		return l
	}
	var l *lane
	if len(s.lanes) < s.cfg.laneLimit(max(partitions, len(s.homes)+1)) {
		l = newLane(s)
		s.lanes = append(s.lanes, l)
		s.wg.Go(l.run)
	} else {
		load := make(map[*lane]int)
		for _, h := range s.homes {
			load[h]++
		}
		l = slices.MinFunc(s.lanes, func(a, b *lane) int { return load[a] - load[b] })
	}
	s.homes[id] = l
	return l
}

func (s *session) lost(ids []int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if p := s.parts[id]; p != nil {
			delete(s.parts, id)
			p.lane.lose(p)
		}
	}
	s.m.left(len(s.parts))
}

func (s *session) fetchSet(ids ...int32) map[string][]int32 {
	return map[string][]int32{s.cfg.Topic: ids}
}

// logStart returns the oldest offset of each partition.
func (s *session) logStart() (map[int32]int64, error) {
	ctx, cancel := context.WithTimeout(s.stop, requestTimeout)
	defer cancel()
	listed, err := kadm.NewClient(s.admin).ListStartOffsets(ctx, s.cfg.Topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, err
	}
	start := make(map[int32]int64)
	listed.Each(func(o kadm.ListedOffset) { start[o.Partition] = o.Offset })
	return start, nil
}

// commit commits offsets as the group's member. It is not bound to stop: what was delivered is committed.
func (s *session) commit(offsets map[int32]kgo.EpochOffset) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.kill), requestTimeout)
	defer cancel()
	var err error
	s.cl.CommitOffsetsSync(ctx, map[string]map[int32]kgo.EpochOffset{s.cfg.Topic: offsets},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, e error) {
			if err = e; err != nil {
				return
			}
			for _, t := range resp.Topics {
				for _, p := range t.Partitions {
					err = errors.Join(err, kerr.ErrorForCode(p.ErrorCode))
				}
			}
		})
	return err
}

// sleep returns false when the session stops first.
func (s *session) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stop.Done():
		return false
	}
}
