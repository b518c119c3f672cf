// Package deadletter writes dead letters to Amazon S3 or Amazon SQS, and reads them there, for functions that have no way to
// the brokers: a Kafka event source mapping reads for a function, and does not write for it. It signs in as the function's
// role, by the keys that Lambda puts into the environment. A function links it when it is built with the tag that links
// AWS's SDK.
package deadletter
