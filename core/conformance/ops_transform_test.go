package conformance

// transformOps are the ops of transforms, predicates and chains of them.
var transformOps = map[string]op{}
