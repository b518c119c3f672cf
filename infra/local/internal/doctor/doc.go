// Package doctor looks at the Kafka side of a connector's deployment before there is one: brokers and credentials, the
// topics to read, the dead letter topic, and who else uses the consumer group. It writes nothing and joins no group. What
// is behind a connector is looked at by the connector itself, in its function (see connect.Prober).
package doctor
