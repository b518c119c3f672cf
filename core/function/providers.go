package function

import (
	"slices"

	"github.com/connectless/connectless/core/config"
)

// providers are the config providers that this binary links beside those of Kafka. Each needs the SDK of its cloud, which
// is megabytes and time at every start: a binary has what the tags that it was built with name (scripts/package sets them
// by platform), and says what it lacks when a configuration refers to it.
func providers() []config.ProviderPlugin {
	return slices.Concat(secretsManager(), keyVault())
}
