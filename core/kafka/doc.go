// Package kafka makes Kafka clients from the properties that Java's clients take, so that a worker's or connector's
// configuration works as it is: security, SASL with JAAS lines, PEM, PKCS12 and JKS stores, producer settings. Its
// [Producer] is a connect.Sink: the dead letter topic, and the way of records from sources.
//
// It is the only package through which a function links the Kafka client.
package kafka
