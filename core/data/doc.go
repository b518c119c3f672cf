// Package data is Kafka Connect's data model: schemas, and values that carry the Java types a transform or converter
// can tell apart (an INT8 is not an INT32; a java.util.Date is neither).
//
// A [Value] is a small tagged struct. What was read as JSON stays a span of the input until somebody looks inside, and
// is spliced back out by the encoder untouched; objects are ordered lists of fields, in nodes of an [Arena] that the
// engine recycles with its batch. See [Arena] for how long a value lives.
//
// The package holds no converter, no transform and no I/O: it imports the standard library only.
package data
