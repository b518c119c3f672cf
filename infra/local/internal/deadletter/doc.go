// Package deadletter reads dead letters of a topic, a bucket or a queue: what each letter was before it failed, why it
// failed, and which letters are copies of each other, by the headers that Kafka Connect and Connectless write (KIP-298). It
// remembers what was replayed in a file. It deletes nothing, and sends nothing anywhere itself.
package deadletter
