//go:build unix

package filesink

import (
	"os"
	"syscall"
)

// lock waits until nobody else writes to the file; closing the file ends it.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }
