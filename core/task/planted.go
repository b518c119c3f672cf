package task

// A mistake is one that a build tag plants, so that the test of delivery under faults (infra/chaos) can show that it would
// notice. Without a tag there is none: planted is a constant, and the compiler drops what it guards.
type mistake uint8

const (
	noMistake       mistake = iota
	commitBeforePut         // the answer, which moves positions, does not wait for Put
	dlqNotAwaited           // nor for the dead letters
	holeInPartition         // a partition comes again from its last failed record, not from its first
	staleSpan               // the batch's memory is recycled before its dead letters are written
)
