// Package conformance measures this module against Apache Kafka's own code: testdata holds requests and what Kafka
// Connect 3.9 (and Confluent's AvroConverter 7.8) answered to them, and the package's test asks us the same.
//
//	go test -v ./core/conformance        # or, in this directory: go test
//
// ends with the line "N passed, M failed". (go test ./core/conformance runs the same, but the go command shows the
// output of a passing package only with -v or in the package's own directory; when a line fails it shows all of it.) It
// runs the files of testdata and every *.jsonl below the folder that CONNECT_VECTORS names; add -count=1 when files there
// change, as the go command remembers results.
//
// What differs from Java on purpose is in DIFFERENCES.md, with the reason and the test of each. The package contains
// tests only and nothing imports it.
package conformance
