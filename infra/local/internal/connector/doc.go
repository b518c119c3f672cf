// Package connector reads the files that a user hands to the connectless command and judges them as a deployment does:
// a connector's JSON against the worker map, by the declarations of all connectors, transforms, predicates and
// converters. What a local deployment needs to know of the result (topics, dead letters, consumer group, environment
// variables) is in [Connector]. It opens no connection and runs nothing.
package connector
