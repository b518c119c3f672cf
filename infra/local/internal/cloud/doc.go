// Package cloud is the local cloud: it starts the embedded Kafka and the embedded Cosmos DB, and for every connector
// what a deployment makes of it (a task root with its configuration, a Lambda function around the binary that ships, an
// event source mapping per topic, the topics), reports what they do, and stops them in order. The parts are core/host
// and cosmostest; here is how they fit together. It judges no configuration and prints nothing.
package cloud
