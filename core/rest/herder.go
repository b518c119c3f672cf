package rest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/connectless/connectless/core/config"
)

// Herder is what the API shows and changes. Its methods are called concurrently. An error that is not an [*Error] is
// answered with status 500 and its text, so it must not contain a secret. Lists may be nil.
type Herder interface {
	Worker() Worker
	// Ready returns nil when requests can be handled, [ErrStarting] when they cannot yet, and another error when nothing
	// works any more.
	Ready() error

	Connectors
	Positions
	Plugins
	Loggers
}

// Connectors are the connectors, by name. Where there is none of a name, the methods return one of the errors that
// [NotFound] makes.
type Connectors interface {
	Names() []string // sorted
	Info(name string) (*Info, error)
	Status(name string) (*Status, error)
	// Tasks returns the tasks with the configuration each of them runs with.
	Tasks(name string) ([]Task, error)

	// Create makes a connector. A connector of the name is an error.
	Create(ctx context.Context, c Creation) (*Info, error)
	// Put gives a connector its whole configuration, and makes it if there is none.
	Put(ctx context.Context, name string, config map[string]string) (info *Info, created bool, err error)
	// Patch changes settings of a connector; nil removes one.
	Patch(ctx context.Context, name string, changes map[string]*string) (*Info, error)
	Delete(ctx context.Context, name string) error

	// SetState says what the connector is to be from now on: Running, Paused or Stopped.
	SetState(ctx context.Context, name string, target State) error
	// Restart returns the status with what it restarts as Restarting.
	Restart(ctx context.Context, name string, o Restart) (*Status, error)
	RestartTask(ctx context.Context, name string, task int) error

	// Topics are those that the connector has used since it was made or ResetTopics was called. No connector has none.
	Topics(name string) ([]string, error)
	ResetTopics(name string) error
}

// Positions are the offsets of connectors (KIP-875).
type Positions interface {
	Offsets(ctx context.Context, name string) ([]Offset, error)
	// AlterOffsets and ResetOffsets return the message to answer with.
	AlterOffsets(ctx context.Context, name string, offsets []Offset) (message string, err error)
	ResetOffsets(ctx context.Context, name string) (message string, err error)
}

// Plugins are the classes that a configuration may name.
type Plugins interface {
	Plugins(connectorsOnly bool) []Plugin
	// Keys returns the settings of a class, which may be given by an alias.
	Keys(class string) ([]config.KeyInfo, error)
	// Validate judges a configuration for the connector class in the path of the request.
	Validate(class string, config map[string]string) (*config.Infos, error)
}

// Loggers are the named loggers of the worker.
type Loggers interface {
	Loggers() map[string]LoggerLevel // those with a level of their own
	Logger(name string) (LoggerLevel, error)
	// SetLevel sets the level of a logger and of all below it, and returns their names, sorted.
	SetLevel(name, level string) ([]string, error)
}

// Worker names the worker and the Kafka cluster it belongs to.
type Worker struct {
	Version string `json:"version"` // of Kafka Connect, whose API this is: 3.9.0
	Commit  string `json:"commit"`  // of the program
	Cluster string `json:"kafka_cluster_id"`
}

// State is where a connector or a task is in its life.
type State string

// The states of Kafka Connect. Only a connector can be Stopped: it has no tasks then.
const (
	Unassigned State = "UNASSIGNED" // not started yet
	Running    State = "RUNNING"
	Paused     State = "PAUSED"
	Stopped    State = "STOPPED"
	Failed     State = "FAILED"
	Restarting State = "RESTARTING"
)

// Creation is a connector to be made.
type Creation struct {
	Name   string
	Config map[string]string
	State  State // Running, Paused or Stopped
}

// Info is a connector as it was declared. A configuration is shown as it was written: references to config providers are
// not resolved.
type Info struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []TaskID          `json:"tasks"`
	Type   string            `json:"type"` // sink or source
}

// TaskID names a task. Tasks of a connector are numbered from 0.
type TaskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

// Task is a task with the configuration it runs with.
type Task struct {
	ID     TaskID            `json:"id"`
	Config map[string]string `json:"config"`
}

// Status is how a connector and its tasks are.
type Status struct {
	Name      string       `json:"name"`
	Connector Condition    `json:"connector"`
	Tasks     []TaskStatus `json:"tasks"`
	Type      string       `json:"type"`
}

// Condition is a state, where it is, and why it failed.
type Condition struct {
	State  State  `json:"state"`
	Worker string `json:"worker_id"`
	Trace  string `json:"trace,omitempty"`
}

// TaskStatus is how a task is.
type TaskStatus struct {
	ID int `json:"id"`
	Condition
}

// Restart says what of a connector to restart.
type Restart struct {
	IncludeTasks bool // the tasks beside the connector itself
	OnlyFailed   bool // only what has failed
}

// Offset is a position of a connector: of a sink {"kafka_topic", "kafka_partition"} and {"kafka_offset"}, of a source what
// the connector makes of it. Numbers are [json.Number].
type Offset struct {
	Partition map[string]any `json:"partition"`
	Offset    map[string]any `json:"offset"` // nil: none, or to be removed
}

// Plugin is a class that a configuration may name.
type Plugin struct {
	Class   string `json:"class"`
	Type    string `json:"type"` // sink, source, transformation, predicate, converter, header_converter
	Version string `json:"version,omitempty"`
}

// LoggerLevel is a logger's level and when it was set, if ever.
type LoggerLevel struct {
	Level    string
	Modified time.Time
}

// MarshalJSON shows the time in milliseconds since 1970, or null.
func (l LoggerLevel) MarshalJSON() ([]byte, error) {
	shown := struct {
		Level    string `json:"level"`
		Modified *int64 `json:"last_modified"`
	}{Level: l.Level}
	if !l.Modified.IsZero() {
		ms := l.Modified.UnixMilli()
		shown.Modified = &ms
	}
	return json.Marshal(shown)
}
