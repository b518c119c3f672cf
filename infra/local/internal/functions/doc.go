// Package functions finds the function binaries of a directory by asking each what it is, so that a connector of
// anybody runs locally without the command knowing it. It starts binaries as a user would on a command line, and runs
// no connector.
package functions
