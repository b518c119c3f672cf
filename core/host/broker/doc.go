// Package broker is the embedded Kafka of the local cloud: a kfake cluster of one broker on 127.0.0.1 that keeps
// its topics, records and consumer groups in a data directory, set up so that Java, librdkafka and Go clients can all talk
// to it. It is for trying things out and for tests: one node, no replication, no SASL.
package broker
