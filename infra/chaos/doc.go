// Package chaos shows from the outside that what Connectless promises about delivery holds while everything around it
// breaks: a topic is filled with known records, a connector moves them into an account of package cosmostest through the
// real event source mapping, and meanwhile functions are killed, brokers and the account fail, and the mapping is
// changed. A [History] knows what was produced and is told what could be seen from outside; its violations are promises
// that did not hold, each an [Invariant] by name.
//
// A run follows from its seed: configuration, records, faults and the times of everything that happens to it. Most runs
// are in virtual time, with functions that are objects in the test's process ([Fleet]); a few are real processes that
// get real SIGKILLs. What a seed does not fix is the order in which goroutines run and the jitter of waits: a failure
// comes again with its seed nearly always, not always.
//
// The package looks at the outside only: not at the engine's state, logs or answers.
package chaos
