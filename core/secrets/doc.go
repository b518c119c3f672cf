// Package secrets is what config providers of secret stores have in common: how a reference names a secret, a version of
// it and a key in it, that a secret is read once however many references it has, and what stays in memory of it for how
// long. It speaks to no store: the packages below do, each with its vendor's SDK, and a binary links those that it is
// built for.
package secrets
