//go:build keyvault

package function

import (
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/secrets/keyvault"
)

func keyVault() []config.ProviderPlugin { return []config.ProviderPlugin{keyvault.Provider()} }
