// Package host plays the AWS side of a connector on one machine. It holds what its parts share: how a
// function is called and how a call fails. The parts are
//
//   - broker: an embedded Kafka (kfake) with a data directory;
//   - lambdahost: a Lambda function, any executable that speaks the Lambda Runtime API, run as child
//     processes with timeouts, cold starts, memory and billing measured;
//   - eventsource: Lambda's Kafka event source mapping, in its on-demand and its provisioned model, which reads
//     a topic as a real consumer group and calls an [Invoker].
//
// A local cloud is three calls:
//
//	b, err := broker.Start(broker.Options{Addr: "127.0.0.1:9092", DataDir: "data/kafka"})
//	f, err := lambdahost.New(lambdahost.Config{Name: "orders", Path: "./bootstrap", MemoryMB: 256, Timeout: time.Minute})
//	m, err := eventsource.Start(eventsource.Config{Function: f, Brokers: b.Addrs(), Topic: "orders", ConsumerGroup: "connect-orders"})
//
// and is closed in the reverse order. It knows nothing of connectors, converters or tasks: the function is a
// separate program and the wire between them is AWS's own. It does not emulate IAM, VPCs, layers, versions,
// asynchronous invocation or any other event source.
package host
