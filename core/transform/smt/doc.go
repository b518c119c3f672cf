// Package smt implements Kafka Connect's single message transforms and predicates, and chains of them as a connector's
// configuration lists them.
//
// A transform changes the record in place: a map without a schema stays the tree it is, fields are set, renamed and
// deleted in it, and what nobody looks into stays an unread span of the input. With a schema the result is a new struct,
// made in the record's arena; what it looks like is worked out once for each schema. A record that failed is left as it
// is at that moment: what goes to the dead letter queue is its Origin, which no transform touches.
//
// Results and messages are those of Apache Kafka 3.9. What differs on purpose is listed in core/conformance.
package smt
