// Package workertest is a Kafka Connect worker for tests: an HTTP handler whose answers follow from the calls it got, and
// whose connectors can be made to fail, be slow, or be refused by a rebalance. Its own test replays what a worker of Apache
// Kafka 3.9 answered. It moves no records, and has no offsets, loggers or topics.
package workertest
