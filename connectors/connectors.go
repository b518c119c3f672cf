// Package connectors is the list of the connectors that exist: their light definitions, for whoever has to know a
// connector without running it (validation, REST, Terraform, documentation). It links no SDK; a function does not use it.
package connectors

//go:generate go test -run ^(TestReadme|TestEveryKeyOfKafka)$ . -update

import (
	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/connectors/file"
	"github.com/connectless/connectless/core/connect"
)

// All returns every connector, in the order in which they are shown.
func All() []connect.Definition {
	return []connect.Definition{
		cosmos.Sink,
		file.Sink,
	}
}
