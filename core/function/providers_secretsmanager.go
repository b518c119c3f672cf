//go:build secretsmanager

package function

import (
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/secrets/secretsmanager"
)

func secretsManager() []config.ProviderPlugin {
	return []config.ProviderPlugin{secretsmanager.Provider()}
}
