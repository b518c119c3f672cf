//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package cloud

import (
	"errors"
	"os"
)

var errLocked = errors.New("locked")

// lock only makes the file: this platform has no lock that ends with its process.
func lock(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
}
