// Package events is the JSON lines format in which `connectless local --log-format json` tells what happens: one object
// a line on standard output. It describes the lines for programs that read them, such as the demo; it does not write
// text for people.
//
// Fields may be added; a reader ignores events and fields that it does not know.
package events

import "time"

// Kind is what an [Event] tells of.
type Kind string

const (
	Ready   Kind = "ready"      // everything listens and every mapping reads: Addresses
	Started Kind = "connector"  // a connector has been set up: Connector, Message
	Invoked Kind = "invocation" // a function was called: Connector, Invocation
	Log     Kind = "log"        // a line that a function wrote: Connector, Message
	Worker  Kind = "worker"     // a line of the log of the REST API and what is behind it: Message
	Problem Kind = "problem"    // something fails and is tried again: Message, and Connector if it is of one
	Stopped Kind = "stopped"    // nothing runs any more, the last event
)

// Event is one line. Which fields are set depends on Kind.
type Event struct {
	Time       time.Time   `json:"time"`
	Kind       Kind        `json:"event"`
	Connector  string      `json:"connector,omitempty"`
	Message    string      `json:"message,omitempty"`
	Addresses  *Addresses  `json:"addresses,omitempty"`
	Invocation *Invocation `json:"invocation,omitempty"`
}

// Addresses are where the local cloud listens. What was not started is empty.
type Addresses struct {
	Kafka  string `json:"kafka"`            // host:port
	Cosmos string `json:"cosmos,omitempty"` // URL of the account
	REST   string `json:"rest,omitempty"`   // URL
}

// Invocation is one call of a function by an event source mapping.
type Invocation struct {
	RequestID  string    `json:"requestId"`
	Topic      string    `json:"topic"`
	Partitions []Range   `json:"partitions"` // what the event held
	Records    int       `json:"records"`
	Bytes      int       `json:"bytes"`   // of the event
	Attempt    int       `json:"attempt"` // from 1
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"` // when the answer was there

	// What Lambda's REPORT line says. Times are in milliseconds, memory is in MiB.
	DurationMS   float64 `json:"durationMs"`
	BilledMS     float64 `json:"billedMs"` // InitMS and DurationMS, rounded up
	Cold         bool    `json:"cold"`     // the first one of its process
	InitMS       float64 `json:"initMs,omitempty"`
	MemoryMB     int     `json:"memoryMb"`     // configured
	PeakMemoryMB float64 `json:"peakMemoryMb"` // the most that any process of the function has used so far; 0 if unknown

	Error  string           `json:"error,omitempty"`  // why the batch, or what Failed names of it, comes again
	Failed map[string]int64 `json:"failed,omitempty"` // partial batch response: first failed offset by topic-partition
}

// Range is a run of records of one partition.
type Range struct {
	Partition int32 `json:"partition"`
	First     int64 `json:"first"` // offset
	Last      int64 `json:"last"`  // offset
	Records   int   `json:"records"`
}
