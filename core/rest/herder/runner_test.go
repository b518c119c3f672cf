package herder_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/connectless/connectless/core/rest"
	"github.com/connectless/connectless/core/rest/herder"
)

// runner is a Runner that runs nothing. It behaves as the recorded worker's Kafka and connectors did, checks that its
// contract is kept, and can be told to fail.
type runner struct {
	t testing.TB
	// fail, if set, is asked before Start, Pause, Resume, RestartTasks and SetPositions; it may block.
	fail func(ctx context.Context, method, name string) error

	mu     sync.Mutex
	busy   map[string]bool
	active map[string]*active
	calls  []string
	health map[string][2][]herder.Health     // of the connector (one or none) and of its tasks
	groups map[string]map[part]int64         // committed positions, by connector
	files  map[string]map[string]rest.Offset // offsets of file sources, by connector and file
	topics []string                          // that exist
}

type active struct {
	spec   *herder.Spec
	paused bool
	tasks  int
}

type part struct {
	topic     string
	partition int32
}

func newRunner(t testing.TB) *runner {
	return &runner{
		t: t, busy: map[string]bool{}, active: map[string]*active{}, health: map[string][2][]herder.Health{},
		groups: map[string]map[part]int64{}, files: map[string]map[string]rest.Offset{}, topics: []string{"rt"},
	}
}

// enter is the beginning of every call that must not overlap with another.
func (r *runner) enter(ctx context.Context, method, name string) (leave func(), err error) {
	r.mu.Lock()
	if r.busy[name] {
		r.t.Errorf("%s %s overlaps with another call", method, name)
	}
	r.busy[name] = true
	r.calls = append(r.calls, method+" "+name)
	fail := r.fail
	r.mu.Unlock()
	if fail != nil {
		err = fail(ctx, method, name)
	}
	return func() {
		r.mu.Lock()
		r.busy[name] = false
		r.mu.Unlock()
	}, err
}

func (r *runner) Start(ctx context.Context, s *herder.Spec) (int, error) {
	leave, err := r.enter(ctx, "start", s.Name)
	defer leave()
	if err != nil {
		return 0, err
	}
	a := &active{spec: s, paused: s.Paused, tasks: 1}
	if sink := s.Verdict.Effective.Sink; sink != nil {
		a.tasks = sink.TasksMax
		for _, topic := range sink.Topics {
			s.Used(topic)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active[s.Name] != nil {
		r.t.Errorf("start of %s, which runs", s.Name)
	}
	r.active[s.Name] = a
	delete(r.health, s.Name)
	if file := s.Config["file"]; a.spec.Verdict.Effective.Source != nil && file != "" {
		r.files[s.Name] = map[string]rest.Offset{file: {Partition: map[string]any{"filename": file}, Offset: map[string]any{"position": 12}}}
	}
	return a.tasks, nil
}

func (r *runner) Stop(ctx context.Context, name string) {
	leave, _ := r.enter(ctx, "stop", name)
	defer leave()
	r.running(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.active, name)
}

func (r *runner) running(name string) *active {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.active[name]
	if a == nil {
		r.t.Errorf("%s does not run", name)
		a = &active{}
	}
	return a
}

func (r *runner) Pause(ctx context.Context, name string) error {
	return r.pause(ctx, "pause", name, true)
}
func (r *runner) Resume(ctx context.Context, name string) error {
	return r.pause(ctx, "resume", name, false)
}

func (r *runner) pause(ctx context.Context, method, name string, paused bool) error {
	leave, err := r.enter(ctx, method, name)
	defer leave()
	if err != nil {
		return err
	}
	a := r.running(name)
	if a.paused == paused {
		r.t.Errorf("%s of %s, which is", method, name)
	}
	a.paused = paused
	return nil
}

func (r *runner) RestartTasks(ctx context.Context, name string, tasks []int) error {
	leave, err := r.enter(ctx, fmt.Sprint("restart ", tasks), name)
	defer leave()
	if err != nil {
		return err
	}
	r.running(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	health := r.health[name]
	for _, task := range tasks {
		if task < len(health[1]) {
			health[1][task] = herder.Health{}
		}
	}
	return nil
}

func (r *runner) Health(name string) (herder.Health, []herder.Health) {
	r.mu.Lock()
	defer r.mu.Unlock()
	health := r.health[name]
	if len(health[0]) == 0 {
		return herder.Health{}, slices.Clone(health[1])
	}
	return health[0][0], slices.Clone(health[1])
}

// ails makes tasks, and with a connector's health the connector, be something else than well.
func (r *runner) ails(name string, connector []herder.Health, tasks ...herder.Health) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.health[name] = [2][]herder.Health{connector, tasks}
}

// errNoGroup is what the recorded worker's Kafka, an embedded one, says of a group that never committed.
var errNoGroup = errors.New("GROUP_ID_NOT_FOUND")

func (r *runner) Positions(_ context.Context, s *herder.Spec) ([]herder.Position, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	group := r.groups[s.Name]
	if group == nil {
		return nil, errNoGroup
	}
	var all []herder.Position
	for p, offset := range group {
		all = append(all, herder.Position{Topic: p.topic, Partition: p.partition, Offset: offset})
	}
	slices.SortFunc(all, func(a, b herder.Position) int { return int(a.Partition - b.Partition) })
	return all, nil
}

func (r *runner) SetPositions(ctx context.Context, s *herder.Spec, positions []herder.Position) error {
	leave, err := r.enter(ctx, "set positions", s.Name)
	defer leave()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active[s.Name] != nil {
		r.t.Errorf("positions of %s, which runs", s.Name)
	}
	group := maps.Clone(r.groups[s.Name])
	if group == nil {
		group = map[part]int64{}
	}
	for _, p := range positions {
		if !slices.Contains(r.topics, p.Topic) {
			return fmt.Errorf("UNKNOWN_TOPIC_OR_PARTITION: %s-%d", p.Topic, p.Partition)
		}
		if p.Offset == herder.NoOffset {
			delete(group, part{p.Topic, p.Partition})
		} else {
			group[part{p.Topic, p.Partition}] = p.Offset
		}
	}
	r.groups[s.Name] = group
	return nil
}

func (r *runner) SourceOffsets(_ context.Context, s *herder.Spec) ([]rest.Offset, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.files[s.Name])), nil
}

// SetSourceOffsets checks offsets as Kafka's FileStreamSourceConnector does.
func (r *runner) SetSourceOffsets(_ context.Context, s *herder.Spec, offsets []rest.Offset) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	files := r.files[s.Name]
	for _, o := range offsets {
		file, found := o.Partition["filename"].(string)
		if !found {
			return false, errors.New("Partition objects should contain the key 'filename'")
		}
		if o.Offset == nil {
			delete(files, file)
			continue
		}
		if text := fmt.Sprint(o.Offset["position"]); strings.Trim(text, "0123456789") != "" {
			return false, errors.New("The value for the 'position' key in the offset is expected to be a Long value")
		}
		files[file] = o
	}
	return true, nil
}

var _ herder.SourceRunner = (*runner)(nil)
