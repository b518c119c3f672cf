//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package cloud

import (
	"errors"
	"os"
	"syscall"
)

var errLocked = errors.New("locked")

// lock holds a file until it is closed or the process ends. The error is errLocked when another process holds it.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, err
	}
	return f, nil
}
