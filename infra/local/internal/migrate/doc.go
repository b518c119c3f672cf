// Package migrate turns connectors that run on Kafka Connect into Terraform. It reads them from a cluster's REST API,
// from the files in which they are kept, and from manifests of Strimzi's KafkaConnector; judges every key by the
// declarations of Connectless; and writes resources of the Terraform provider, with whatever does not carry over said
// beside each. Secrets that are not references never leave it: they become variables without a value.
//
// It only reads from a cluster, and it writes nothing but the directory that it is given.
package migrate
