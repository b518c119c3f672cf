package lambdahost

import (
	"os"
	"syscall"
)

func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// peakRSS is not available for a living process without cgo; exitRSS answers once it ended.
func peakRSS(int) int64 { return 0 }

// exitRSS returns the highest resident memory of an ended process in bytes.
func exitRSS(s *os.ProcessState) int64 {
	if ru, ok := s.SysUsage().(*syscall.Rusage); ok {
		return ru.Maxrss
	}
	return 0
}
