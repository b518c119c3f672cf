// Package docs writes the provider's documentation, in the layout that Terraform's registry shows, from what is declared:
// the provider's schemas and functions, the connectors, and the plugins that a connector's configuration may name. The
// examples on the pages are the files below examples. It is not part of the provider.
package docs

//go:generate go test -count=1 -run ^TestDocs$ . -update
