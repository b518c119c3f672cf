//go:build !keyvault

package function

import "github.com/connectless/connectless/core/config"

func keyVault() []config.ProviderPlugin { return nil }
