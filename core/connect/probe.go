package connect

import "context"

// Prober is implemented by a Sink, Source or Feed that can find out, without a record, whether what it needs outside is
// there: its service reachable, its credentials valid, what it writes to or reads from existing.
//
// Probe changes nothing outside, keeps to the context's deadline, and reports in the order in which things depend on each
// other; after an error it may leave out what it could not look at. No finding has a secret in it. It is called on a
// connector that does nothing else.
type Prober interface {
	Probe(ctx context.Context) []Finding
}

// Level says how bad a finding is.
type Level string

const (
	LevelOK      Level = "ok"
	LevelWarning Level = "warning" // it works, but not as somebody may expect
	LevelError   Level = "error"   // records will not be delivered
)

// Finding is what was found out about one thing.
type Finding struct {
	Level   Level  `json:"level"`
	Subject string `json:"subject"`          // what was looked at, as "database shop"
	Message string `json:"message"`          // what is so
	Remedy  string `json:"remedy,omitempty"` // what to do; "" when there is nothing to do
}
