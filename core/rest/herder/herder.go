package herder

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/rest"
)

// Options say what a Herder works with. Catalog and Runner are required.
type Options struct {
	// Dir is the directory that keeps the connectors; it belongs to one Herder at a time. "" keeps them in memory.
	Dir     string
	Catalog *config.Catalog
	Worker  map[string]string // worker map
	Runner  Runner

	Address string // of the worker, host:port, as status shows it
	Version string // of Kafka Connect, which its transforms and converters have too; default 3.9.0
	Commit  string // of the program
	Cluster string // id of the Kafka cluster

	Levels *Levels      // of loggers; default: of the root only
	Log    *slog.Logger // default slog.Default()

	// Patience is how long an answer waits for the effect of a change, other than that of a configuration. Default 3 s;
	// negative: not at all.
	Patience time.Duration
	// TaskClass names the class of a connector's tasks. The default is Java's custom: FooConnector has FooTask.
	TaskClass func(connectorClass string) string
}

// Herder keeps connectors and has them run. Its methods may be called concurrently.
type Herder struct {
	o Options
	*Levels
	store   store
	ctx     context.Context // of background work
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex // held while the document is written, so that changes are made one at a time
	records records
	lanes   map[string]*lane
	newest  int // generation of any configuration
	closed  bool
}

var _ rest.Herder = (*Herder)(nil)

// Open reads what the data directory keeps and starts to run it in the background. An error is one of the directory;
// connectors that cannot run are FAILED.
func Open(o Options) (*Herder, error) {
	o.Version = cmp.Or(o.Version, "3.9.0")
	o.Patience = cmp.Or(o.Patience, 3*time.Second)
	if o.Levels == nil {
		o.Levels = NewLevels()
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.TaskClass == nil {
		o.TaskClass = func(class string) string { return strings.TrimSuffix(class, "Connector") + "Task" }
	}
	h := &Herder{o: o, Levels: o.Levels, store: store{o.Dir}, lanes: map[string]*lane{}}
	var err error
	if h.records, err = h.store.load(); err != nil {
		return nil, err
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, r := range h.records {
		h.newest = max(h.newest, r.Generation)
		h.steer(name)
	}
	return h, nil
}

// Settle waits until every connector is what was asked for, or has failed.
func (h *Herder) Settle(ctx context.Context) error {
	h.mu.Lock()
	lanes := slices.Collect(maps.Values(h.lanes))
	h.mu.Unlock()
	for _, l := range lanes {
		if err := l.acquire(ctx); err != nil {
			return err
		}
		h.settle(l)
		l.release()
	}
	return nil
}

// Close stops every connector and returns when none runs; what is kept of them does not change. When ctx is done,
// invocations that still run are given up.
func (h *Herder) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	lanes := slices.Collect(maps.Values(h.lanes))
	h.mu.Unlock()
	h.cancel()
	h.running.Wait()
	var stopping sync.WaitGroup
	for _, l := range lanes {
		stopping.Go(func() {
			if l.acquire(ctx) != nil { // a request that changes offsets has it, so nothing runs
				return
			}
			defer l.release()
			if l.started {
				h.o.Runner.Stop(ctx, l.name)
				l.started = false
			}
		})
	}
	stopping.Wait()
	return context.Cause(ctx)
}

var errClosed = errors.New("the worker is being stopped")

// Ready returns an error when the Herder is closed.
func (h *Herder) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errClosed
	}
	return nil
}

// Worker names the worker.
func (h *Herder) Worker() rest.Worker {
	return rest.Worker{Version: h.o.Version, Commit: h.o.Commit, Cluster: h.o.Cluster}
}

// commit writes a change to disk and makes it the state. It needs the lock.
func (h *Herder) commit(rs records) error {
	if h.closed {
		return errClosed
	}
	if err := h.store.save(rs); err != nil {
		return err
	}
	h.records = rs
	return nil
}

// find needs the lock.
func (h *Herder) find(name string, missing rest.NotFound) (*record, error) {
	if r := h.records[name]; r != nil {
		return r, nil
	}
	return nil, missing.Error(name)
}

// Names returns the connectors' names.
func (h *Herder) Names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.records))
}

// Info returns a connector as it was declared.
func (h *Herder) Info(name string) (*rest.Info, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.find(name, rest.NoConnector)
	if err != nil {
		return nil, err
	}
	return h.info(r), nil
}

// info needs the lock. The tasks are those that there are now.
func (h *Herder) info(r *record) *rest.Info {
	info := &rest.Info{Name: r.Name, Config: r.Config, Tasks: []rest.TaskID{}, Type: h.kind(r)}
	for i := range h.lanes[r.Name].taskCount() {
		info.Tasks = append(info.Tasks, rest.TaskID{Connector: r.Name, Task: i})
	}
	return info
}

func (h *Herder) kind(r *record) string {
	c, err := h.o.Catalog.Connector(strings.TrimSpace(r.Config[classKey]))
	if err != nil { // it was there when the connector was made
		return "unknown"
	}
	return kindOf(c)
}

// Tasks returns the tasks, each with the connector's configuration.
func (h *Herder) Tasks(name string) ([]rest.Task, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, err := h.find(name, rest.NoConnector)
	if err != nil {
		return nil, err
	}
	config := maps.Clone(r.Config)
	config["task.class"] = h.o.TaskClass(h.class(r))
	var tasks []rest.Task
	for i := range h.lanes[name].taskCount() {
		tasks = append(tasks, rest.Task{ID: rest.TaskID{Connector: name, Task: i}, Config: config})
	}
	return tasks, nil
}

// class is the connector's Java class in full.
func (h *Herder) class(r *record) string {
	given := strings.TrimSpace(r.Config[classKey])
	if c, err := h.o.Catalog.Connector(given); err == nil && len(c.Classes) > 0 {
		for _, class := range c.Classes {
			if config.ClassMatches(given, class, "Connector") {
				return class
			}
		}
		return c.Classes[0]
	}
	return given
}

// Create makes a connector. It is judged first, as in Kafka: one that exists already and is wrong is wrong.
func (h *Herder) Create(ctx context.Context, c rest.Creation) (*rest.Info, error) {
	if _, err := h.accept(c.Config); err != nil {
		return nil, err
	}
	h.mu.Lock()
	if h.records[c.Name] != nil {
		h.mu.Unlock()
		return nil, rest.Errorf(http.StatusConflict, "Connector %s already exists", c.Name)
	}
	return h.introduce(ctx, &record{Name: c.Name, Config: c.Config, State: c.State, Generation: h.next()})
}

// Put makes a connector, or replaces its configuration. The same configuration again changes nothing, except that a
// connector that has failed is started anew.
func (h *Herder) Put(ctx context.Context, name string, config map[string]string) (*rest.Info, bool, error) {
	if _, err := h.accept(config); err != nil {
		return nil, false, err
	}
	h.mu.Lock()
	old := h.records[name]
	if old == nil {
		info, err := h.introduce(ctx, &record{Name: name, Config: config, State: rest.Running, Generation: h.next()})
		return info, true, err
	}
	info, _, err := h.declare(h.changed(old, config))
	return info, false, err
}

// Patch changes settings of a connector.
func (h *Herder) Patch(ctx context.Context, name string, changes map[string]*string) (*rest.Info, error) {
	for { // until nobody else changes the connector between reading and writing
		h.mu.Lock()
		old, err := h.find(name, rest.NoConnector)
		h.mu.Unlock()
		if err != nil {
			return nil, err
		}
		config := patched(old.Config, changes)
		if given := config["name"]; given != name {
			return nil, rest.Errorf(http.StatusBadRequest, "Connector name configuration (%s) doesn't match connector name in the URL (%s)", given, name)
		}
		if _, err := h.accept(config); err != nil {
			return nil, err
		}
		h.mu.Lock()
		if h.records[name] != old {
			h.mu.Unlock()
			continue
		}
		info, _, err := h.declare(h.changed(old, config))
		return info, err
	}
}

// patched returns a configuration with changes. The name stays unless it is given another.
func patched(old map[string]string, changes map[string]*string) map[string]string {
	config := maps.Clone(old)
	for key, value := range changes {
		switch {
		case value != nil:
			config[key] = *value
		case key != "name":
			delete(config, key)
		}
	}
	return config
}

// changed needs the lock.
func (h *Herder) changed(old *record, config map[string]string) *record {
	r := *old
	if !maps.Equal(old.Config, config) || h.lanes[old.Name].failed() {
		r.Config, r.Generation = config, h.next()
	}
	return &r
}

// next is the generation of a new configuration. It needs the lock. A connector that is deleted and made again while its
// lane still stops the old one gets another, so generations are counted over all connectors.
func (h *Herder) next() int {
	h.newest++
	return h.newest
}

// introduce needs the lock, which it releases. It keeps a new connector and has it run.
func (h *Herder) introduce(ctx context.Context, r *record) (*rest.Info, error) {
	info, done, err := h.declare(r)
	if err != nil {
		return nil, err
	}
	h.wait(ctx, done)
	return info, nil
}

// declare needs the lock, which it releases. It keeps a record, has it run, and tells what was there before.
func (h *Herder) declare(r *record) (*rest.Info, <-chan struct{}, error) {
	defer h.mu.Unlock()
	if err := h.commit(h.records.with(r)); err != nil {
		return nil, nil, err
	}
	done := h.steer(r.Name)
	return h.info(r), done, nil
}

// Delete removes a connector.
func (h *Herder) Delete(ctx context.Context, name string) error {
	h.mu.Lock()
	if _, err := h.find(name, rest.NoConnector); err != nil {
		h.mu.Unlock()
		return err
	}
	return h.finish(ctx, name, h.records.without(name))
}

// SetState says what a connector is to be.
func (h *Herder) SetState(ctx context.Context, name string, target rest.State) error {
	h.mu.Lock()
	old, err := h.find(name, rest.NoTarget)
	if err != nil {
		h.mu.Unlock()
		return err
	}
	r := *old
	r.State = target
	return h.finish(ctx, name, h.records.with(&r))
}

// finish needs the lock, which it releases.
func (h *Herder) finish(ctx context.Context, name string, rs records) error {
	err := h.commit(rs)
	if err != nil {
		h.mu.Unlock()
		return err
	}
	done := h.steer(name)
	h.mu.Unlock()
	h.wait(ctx, done)
	return nil
}

// wait gives a change a moment to show.
func (h *Herder) wait(ctx context.Context, done <-chan struct{}) {
	if h.o.Patience < 0 {
		return
	}
	timer := time.NewTimer(h.o.Patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Topics returns the topics that a connector has used.
func (h *Herder) Topics(name string) ([]string, error) {
	if h.o.Worker["topic.tracking.enable"] == "false" {
		return nil, rest.Errorf(http.StatusForbidden, "Topic tracking is disabled.")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.records[name]; r != nil {
		return r.Topics, nil
	}
	return nil, nil
}

// ResetTopics forgets the topics that a connector has used.
func (h *Herder) ResetTopics(name string) error {
	if h.o.Worker["topic.tracking.enable"] == "false" {
		return rest.Errorf(http.StatusForbidden, "Topic tracking is disabled.")
	}
	if h.o.Worker["topic.tracking.allow.reset"] == "false" {
		return rest.Errorf(http.StatusForbidden, "Topic tracking reset is disabled.")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.records[name]
	if old == nil || len(old.Topics) == 0 {
		return nil
	}
	r := *old
	r.Topics = nil
	return h.commit(h.records.with(&r))
}

// used remembers that a connector uses a topic.
func (h *Herder) used(name, topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.records[name]
	if old == nil || h.closed {
		return
	}
	at, found := slices.BinarySearch(old.Topics, topic)
	if found {
		return
	}
	r := *old
	r.Topics = slices.Insert(slices.Clone(old.Topics), at, topic)
	if err := h.commit(h.records.with(&r)); err != nil {
		h.o.Log.Warn("topic of a connector is not remembered", "connector", name, "topic", topic, "error", err)
	}
}
