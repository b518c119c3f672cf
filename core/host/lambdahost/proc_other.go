//go:build !linux && !darwin

package lambdahost

import (
	"os"
	"syscall"
)

func childAttributes() *syscall.SysProcAttr { return nil }
func peakRSS(int) int64                     { return 0 }
func exitRSS(*os.ProcessState) int64        { return 0 }
