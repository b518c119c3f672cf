// Package eventsource plays Lambda's Kafka event source mapping: it reads one topic as a member of a real
// consumer group, sends batches to a function in the event JSON that AWS sends, and commits offsets after success.
//
//	m, err := eventsource.Start(eventsource.Config{
//		Function: f, Brokers: []string{"127.0.0.1:9092"}, Topic: "orders", ConsumerGroup: "connect-orders",
//	})
//	err = m.WaitEnabled(ctx)                         // optional
//	s := m.Status()                                  // State, LastProcessingResult, counts
//	err = m.Update(ctx, func(c *eventsource.Config) { c.BatchSize = 500 })
//	err = m.SetEnabled(ctx, false)
//	err = m.Close(ctx)
//
// # Two models
//
// A Config without Provisioned is an on-demand mapping, with it a provisioned one. They differ in AWS and so they do here:
// retry limits, record age, bisecting, partial batch responses and Kafka on-failure topics need provisioned mode, and
// asking an on-demand mapping for one of them is an error that says so. An on-demand mapping repeats a failing batch
// until it succeeds or its records expire from the topic. A mapping that does not report batch item failures takes any
// body for success, as AWS does.
//
// # Order and lanes
//
// A partition belongs to one lane, and a lane makes one invocation at a time, so the batches of a partition are
// delivered strictly in order. Lanes run concurrently and do not wait for each other. A lane that owns several partitions may
// put them in one payload; they then succeed or fail together, except for a partial batch response. An on-demand
// mapping has Config.Lanes lanes (AWS moves between one and one per partition by lag, unpublished; the default here is one
// per partition); a provisioned mapping has five for each of its pollers, which is AWS's limit of concurrent invocations of a
// poller, and its pollers are as many as MaximumPollers and the partitions allow.
//
// # Offsets
//
// The start position is resolved and committed before the first read, and only for partitions without a committed
// offset, so a restart never jumps. A commit follows each success and names the next offset; it never passes a record
// that was neither delivered nor given up by the configured policy, on Close neither. The mapping joins its group
// under a protocol of its own, so that the broker refuses it while anyone else is a member of the group, another mapping included.
//
// # What AWS does not publish
//
// The delay between attempts (RetryBackoff, doubling), the number of lanes, and the condition text of records that were
// dropped for their age are ours.
package eventsource
