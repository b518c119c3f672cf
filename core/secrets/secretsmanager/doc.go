// Package secretsmanager is the config provider of AWS Secrets Manager: ${secretsmanager:secret:key}. It signs in as the
// function's role, or with keys from the environment or its parameters; it knows no profiles and no single sign-on, whose
// part of the SDK would be larger than all the rest. A function links it when it is built with the tag secretsmanager.
package secretsmanager
