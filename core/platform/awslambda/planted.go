package awslambda

// A mistake is one that a build tag plants, so that the test of delivery under faults (infra/chaos) can show that it would
// notice. Without a tag there is none: planted is a constant, and the compiler drops what it guards.
type mistake uint8

const (
	noMistake            mistake = iota
	emptyAnswerOnFailure         // a failure is answered with {}, which every mapping takes for success
)
