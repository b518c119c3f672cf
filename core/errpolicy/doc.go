// Package errpolicy decides what becomes of a record that failed: tried again, tolerated, logged, or written to the dead
// letter topic with the __connect.errors.* headers that Kafka Connect's tools read (KIP-298). It carries out nothing
// itself except waiting between tries; the runners in core/task do.
package errpolicy
