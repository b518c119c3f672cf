// Package keyvault is the config provider of Azure Key Vault: ${keyvault:vault:secret}. It signs in with the managed
// identity of the function, or with a client secret from the environment or its parameters; it starts no tools of a
// developer's machine. A function links it when it is built with the tag keyvault.
package keyvault
