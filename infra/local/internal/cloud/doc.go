// Package cloud is the local cloud: the embedded Kafka and the embedded Cosmos DB, and for every connector that it is told to
// start what a deployment makes of it (a task root with its configuration, a Lambda function around the binary that ships,
// an event source mapping per topic, the topics). It pauses, resumes, restarts and removes them, tells how they are, and
// reads and changes the positions of their consumer groups. The parts are core/host and cosmostest; here is how they fit
// together. Which connectors there are is the herder's business; this package judges no configuration and prints nothing.
package cloud
