// Package rest is the REST API of Kafka Connect 3.9 over a [Herder]: paths, methods, status codes, headers and bodies, those
// of errors included, as a worker of Apache Kafka answers them
// (https://kafka.apache.org/39/documentation/#connect_rest), so that curl, Terraform and the tools that people have work
// against whatever implements the Herder.
//
// [Handler] is the API; [Server] serves it and ends in order. What is different from Kafka:
//
//   - A body is JSON whatever its Content-Type says; Kafka answers 415 to any other. To keep web pages out, which need no
//     permission to send what is not called JSON, a request that a browser makes for another site is answered with 403.
//   - A body of more than 1 MiB is answered with 413.
//   - Kafka writes the whole configuration into the message about a missing connector.class. Here only settings of the
//     framework are written out.
//
// The package decides nothing about connectors, keeps nothing and runs nothing: that is the Herder's, see package herder
// below.
package rest
