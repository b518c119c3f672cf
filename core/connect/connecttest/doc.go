// Package connecttest holds the suites that every connector passes. A connector's test hands over a driver, which knows
// how to open the connector and how to look at what it did; the suite does what the engine does to it, good and bad, and
// checks the contract of package connect.
//
// It runs connectors alone, without the engine, and knows no connector.
package connecttest
