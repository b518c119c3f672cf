// Package registry is a client of a Confluent schema registry
// (https://docs.confluent.io/platform/current/schema-registry/develop/api.html), configured with the keys that Confluent's
// converters have.
//
// It remembers what cannot change (the schema of an ID, the version a schema has in a subject) for as long as it lives,
// so a function that keeps its client reads known records while the registry is away. It tells schemas apart by their
// text and does not look into them.
//
// A URL mock://name is a registry inside the process that all clients with that name share.
package registry
