package transform

import "github.com/connectless/connectless/core/connect"

// Transform is one single message transform, configured. It is safe for concurrent use on different records.
type Transform interface {
	// Apply changes the record in place. It returns false when the record ends here, as a Filter's does. An error leaves
	// the record in an unspecified state: what is dead-lettered is its Origin.
	Apply(r *connect.Record) (keep bool, err error)
}

// Predicate decides whether a transform applies. It is safe for concurrent use on different records.
type Predicate interface {
	Test(r *connect.Record) (bool, error)
}
