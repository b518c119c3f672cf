// Package connectrest is a client of the Kafka Connect REST API, as far as a connector's life in Terraform needs it:
// create, read, update, change of state, restart, delete, validate, and what plugins there are. It waits for connectors to
// settle and tries again what a rebalance refuses. It keeps nothing between calls, writes no log, and does not judge
// configurations.
package connectrest
