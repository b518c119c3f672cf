//go:build !unix

package filesink

import "os"

// lock does nothing where there is no flock: only one process may write to a file there, as the README says.
func lock(*os.File) error { return nil }
