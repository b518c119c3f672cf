package herder

import (
	"context"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/rest"
)

// Runner runs connectors.
//
//  1. Calls for one connector do not overlap, except for Health and Positions; calls for different ones do.
//  2. Start comes first, then Pause, Resume and RestartTasks in any order, then Stop. After a Start that failed only
//     Start comes, so Start leaves nothing behind then.
//  3. An error of Start, Pause, Resume or RestartTasks makes the connector FAILED; its text is shown as the trace, so
//     there is no secret in it.
//  4. SetPositions comes only while the connector does not run.
//  5. When ctx is done, a call returns soon. Health returns at once.
type Runner interface {
	// Start runs a connector and returns how many tasks it has: of a sink as many as tasks.max, whatever runs them.
	Start(ctx context.Context, s *Spec) (tasks int, err error)
	// Stop returns when nothing of the connector runs any more. Invocations that run may end until ctx is done and are
	// given up then; what they did not finish comes again.
	Stop(ctx context.Context, name string)
	Pause(ctx context.Context, name string) error
	Resume(ctx context.Context, name string) error
	// RestartTasks restarts tasks. A Runner whose tasks cannot be told apart restarts all.
	RestartTasks(ctx context.Context, name string, tasks []int) error
	// Health says how a connector is. Tasks beyond the end of the list are well, and so is what does not run.
	Health(name string) (connector Health, tasks []Health)

	// Positions returns what the consumer group of a sink has committed; none is no error.
	Positions(ctx context.Context, s *Spec) ([]Position, error)
	// SetPositions commits positions for the consumer group of a sink, all or none. A topic or partition that does not
	// exist is an error.
	SetPositions(ctx context.Context, s *Spec, positions []Position) error
}

// SourceRunner is implemented by a Runner that runs sources and feeds too.
type SourceRunner interface {
	SourceOffsets(ctx context.Context, s *Spec) ([]rest.Offset, error)
	// SetSourceOffsets changes offsets of partitions; a nil offset removes one. It checks them, and its error's text is
	// shown. all says that outside of them there is nothing left: false when a part of the positions is the connector's
	// own business, in a system that it uses.
	SetSourceOffsets(ctx context.Context, s *Spec, offsets []rest.Offset) (all bool, err error)
}

// Spec is a connector to run.
type Spec struct {
	Name    string
	Config  map[string]string // as it was written; not to be changed
	Verdict *config.Verdict   // without errors, references left alone
	Paused  bool              // to be started without reading anything
	// Used is told each topic that the connector reads or writes, as often as it does, from any goroutine.
	Used func(topic string)
}

// Health is how a connector or a task is. The zero value is well.
type Health struct {
	Failed bool   // until it is restarted
	Trace  string // why, or what is being tried again
}

// Position is where a consumer group goes on in a partition.
type Position struct {
	Topic     string
	Partition int32
	Offset    int64 // NoOffset: none
}

// NoOffset removes a position.
const NoOffset = -1
