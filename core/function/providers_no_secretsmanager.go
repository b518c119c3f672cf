//go:build !secretsmanager

package function

import "github.com/connectless/connectless/core/config"

func secretsManager() []config.ProviderPlugin { return nil }
