// Package connect is what a connector is written against: records, the three interfaces a connector may implement
// ([Sink], [Source], [Feed]), its [Definition], and the errors that decide what happens next.
//
// A connector package needs this package, core/config and core/data, and nothing else of the engine. How records are
// decoded, transformed, retried, dead-lettered and acknowledged is the engine's business (core/task).
package connect
