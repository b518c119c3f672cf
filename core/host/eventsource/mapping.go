package eventsource

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/connectless/connectless/core/host"
)

// State is where a mapping is in its life, in AWS's words.
type State string

// The states of a mapping. It reads in Enabled; a mapping that is Creating, Enabling or Updating for long says why in its
// LastProcessingResult. Deleting is the last one.
const (
	Creating  State = "Creating"
	Enabling  State = "Enabling"
	Enabled   State = "Enabled"
	Disabling State = "Disabling"
	Disabled  State = "Disabled"
	Updating  State = "Updating"
	Deleting  State = "Deleting"
)

// Status is a mapping as it is now.
type Status struct {
	State                State
	LastModified         time.Time
	LastProcessingResult string // "No records processed", "OK" or "PROBLEM: ..."
	Err                  error  // what does not work now: the connection, else the lane that is longest in trouble; nil if all does

	Partitions  int   // assigned
	Invocations int64 // all, failed ones included
	Failed      int64 // of those, the ones after which records came again or were given up
	Delivered   int64 // records in successful invocations
	GivenUp     int64 // records that the retry policy gave up, or that expired while they were retried
}

// ErrClosed is the error of an operation on a closed mapping.
var ErrClosed = errors.New("eventsource: mapping is closed")

// Mapping is a running event source mapping. Its methods may be called concurrently.
type Mapping struct {
	uuid string
	ctl  chan struct{} // holds a token while Update, SetEnabled or Close runs

	// Guarded by ctl.
	stop, kill context.CancelFunc // of the running sessions; nil when there are none
	done       chan struct{}

	mu       sync.Mutex
	cfg      Config
	status   Status
	last     string        // LastProcessingResult when nothing is in trouble
	troubles []trouble     // the oldest first
	changed  chan struct{} // closed and replaced with every change of the status
}

// trouble is something that does not work: of is the mapping itself for its connection, or a lane.
type trouble struct {
	of  any
	err error
}

// Start creates a mapping and begins to read unless it is Disabled. An error is one of the configuration; that Kafka cannot
// be reached, the topic is missing or the group is in use shows in the Status and is tried again until it works.
func Start(cfg Config) (*Mapping, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Mapping{
		uuid: rand.Text(), ctl: make(chan struct{}, 1), cfg: cfg, last: "No records processed",
		changed: make(chan struct{}), status: Status{LastModified: time.Now()},
	}
	if cfg.Disabled {
		m.status.State = Disabled
		return m, nil
	}
	m.status.State = Creating
	m.begin(cfg)
	return m, nil
}

// Status returns the mapping's state and counts.
func (m *Mapping) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.status
	s.LastProcessingResult = m.last
	for _, t := range m.troubles {
		if s.Err == nil || t.of == m {
			s.Err = t.err
		}
	}
	if s.Err != nil {
		s.LastProcessingResult = "PROBLEM: " + s.Err.Error()
	}
	return s
}

// Config returns the configuration with its defaults.
func (m *Mapping) Config() Config {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cfg
}

// WaitEnabled returns when the mapping reads. If ctx is done first, the error says what is in the way.
func (m *Mapping) WaitEnabled(ctx context.Context) error {
	return m.waitFor(ctx, func(s Status) bool { return s.State == Enabled })
}

func (m *Mapping) waitFor(ctx context.Context, ok func(Status) bool) error {
	for {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		s := m.Status()
		switch {
		case ok(s):
			return nil
		case s.State == Deleting:
			return ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("eventsource: mapping of %s is %s: %w", m.Config().Topic, s.State, errors.Join(s.Err, ctx.Err()))
		}
	}
}

// Update changes what of the configuration can change and reads on from the committed offsets. Invocations that run are
// waited for until ctx is done and then given up; batches that are being retried begin anew. If the new configuration is
// not valid, nothing changes.
func (m *Mapping) Update(ctx context.Context, change func(*Config)) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.unlock()
	old := m.Config()
	next := old
	change(&next)
	next, err := next.withDefaults()
	if err == nil {
		err = old.checkUpdate(next)
	}
	if err != nil {
		return err
	}
	switch {
	case !old.Disabled && next.Disabled:
		m.transition(Disabling)
	case old.Disabled && !next.Disabled:
		m.transition(Enabling)
	default:
		m.transition(Updating)
	}
	m.halt(ctx)
	m.mu.Lock()
	m.cfg = next
	m.troubles = nil
	m.mu.Unlock()
	if next.Disabled {
		m.transition(Disabled)
		return nil
	}
	m.begin(next)
	return nil
}

// SetEnabled pauses or resumes the mapping; see Update.
func (m *Mapping) SetEnabled(ctx context.Context, enabled bool) error {
	if m.Config().Disabled == !enabled {
		return nil
	}
	return m.Update(ctx, func(c *Config) { c.Disabled = !enabled })
}

// Close stops reading, waits for running invocations until ctx is done and then gives them up, and leaves the group. What
// was delivered is committed, nothing else is. A closed mapping may be closed again.
func (m *Mapping) Close(ctx context.Context) error {
	m.ctl <- struct{}{} // an Update before us ends with its own ctx
	defer m.unlock()
	m.transition(Deleting)
	if !m.halt(ctx) {
		return fmt.Errorf("eventsource: mapping of %s was closed while invocations were running: %w", m.Config().Topic, ctx.Err())
	}
	return nil
}

func (m *Mapping) lock(ctx context.Context) error {
	select {
	case m.ctl <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if m.Status().State == Deleting {
		m.unlock()
		return ErrClosed
	}
	return nil
}

func (m *Mapping) unlock() { <-m.ctl }

// begin runs sessions, one after the other, until halt.
func (m *Mapping) begin(cfg Config) {
	var stop, kill context.Context
	kill, m.kill = context.WithCancel(context.Background())
	stop, m.stop = context.WithCancel(kill)
	m.done = make(chan struct{})
	go func() {
		defer close(m.done)
		retry := host.Backoff{Min: 500 * time.Millisecond, Max: 15 * time.Second}
		for failures := 1; stop.Err() == nil; failures++ {
			begun := time.Now()
			err := m.runSession(stop, kill, cfg)
			if stop.Err() != nil {
				return
			}
			m.lanesEnded()
			m.problem(m, err)
			if time.Since(begun) > time.Minute {
				failures = 1
			}
			t := time.NewTimer(retry.Delay(failures))
			select {
			case <-t.C:
			case <-stop.Done():
				t.Stop()
			}
		}
	}()
}

// halt ends the sessions. It returns false if ctx was done before the running invocations were.
func (m *Mapping) halt(ctx context.Context) bool {
	if m.done == nil {
		return true
	}
	m.stop()
	inTime := true
	select {
	case <-m.done:
	case <-ctx.Done():
		inTime = false
	}
	m.kill()
	<-m.done
	m.done = nil
	m.mu.Lock()
	m.status.Partitions = 0
	m.mu.Unlock()
	return inTime
}

// change updates the status under the lock and wakes those who wait for it.
func (m *Mapping) change(f func(*Status)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.status)
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *Mapping) transition(to State) {
	m.change(func(s *Status) { s.State, s.LastModified = to, time.Now() })
}

// joined records that the group assigned partitions.
func (m *Mapping) joined(partitions int) {
	m.change(func(s *Status) {
		s.Partitions = partitions
		m.forget(func(t trouble) bool { return t.of == m })
		switch s.State {
		case Creating, Enabling, Updating:
			s.State, s.LastModified = Enabled, time.Now()
		}
	})
}

func (m *Mapping) left(partitions int) {
	m.change(func(s *Status) { s.Partitions = partitions })
}

// problem shows in the status until it is solved. It is logged when it is new.
func (m *Mapping) problem(of any, err error) {
	fresh := true
	m.change(func(*Status) {
		for i := range m.troubles {
			if t := &m.troubles[i]; t.of == of {
				fresh = t.err.Error() != err.Error()
				t.err = err
				return
			}
		}
		m.troubles = append(m.troubles, trouble{of, err})
	})
	if fresh {
		cfg := m.Config()
		cfg.Logger.Warn("event source mapping has a problem", "topic", cfg.Topic, "group", cfg.ConsumerGroup, "err", err)
	}
}

// lanesEnded ends the problems of all lanes.
func (m *Mapping) lanesEnded() {
	m.change(func(*Status) {
		m.forget(func(t trouble) bool { return t.of != m })
	})
}

// reachable ends a problem of the connection.
func (m *Mapping) reachable() {
	m.change(func(*Status) {
		m.forget(func(t trouble) bool { return t.of == m && errors.Is(t.err, ErrUnreachable) })
	})
}

// forget removes troubles. The caller holds m.mu.
func (m *Mapping) forget(which func(trouble) bool) {
	m.troubles = slices.DeleteFunc(m.troubles, which)
}

func (m *Mapping) delivered(l *lane, inv Invocation) {
	m.change(func(s *Status) {
		s.Invocations++
		s.Delivered += int64(inv.Records)
		m.last = "OK"
		m.forget(func(t trouble) bool { return t.of == l })
	})
}

func (m *Mapping) failed(l *lane, inv Invocation) {
	m.change(func(s *Status) { s.Invocations++; s.Failed++ })
	if !errors.Is(inv.Err, context.Canceled) {
		m.problem(l, fmt.Errorf("function call failed: %w", inv.Err))
	}
}

func (m *Mapping) gaveUp(l *lane, s slice, o outcome) {
	cfg := m.Config()
	m.change(func(st *Status) {
		st.GivenUp += int64(len(s.records))
		m.last = fmt.Sprintf("PROBLEM: gave up on %d records of %s: %s", len(s.records), partitionKey(cfg.Topic, s.part.id), o.condition)
		m.forget(func(t trouble) bool { return t.of == l })
	})
	cfg.Logger.Warn("event source mapping gave up on records", "topic", cfg.Topic, "group", cfg.ConsumerGroup, "partition", s.part.id,
		"first", s.records[0].Offset, "last", s.records[len(s.records)-1].Offset, "records", len(s.records),
		"condition", o.condition, "destination", cfg.hasDestination())
}
