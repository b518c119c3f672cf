package lambdahost

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// childAttributes puts the process in a group of its own, so that a Ctrl-C in the terminal reaches only the host, which
// then shuts it down in order, and has the kernel kill it if the host dies. The kernel ties that to the thread that
// started the child, which is why environment.run keeps its thread.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// peakRSS returns the highest resident memory of a living process in bytes, or 0. It does not use the rusage of the exited
// child: a child that was started with vfork semantics, as Go does, inherits the maximum of its parent there.
func peakRSS(pid int) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		if v, ok := bytes.CutPrefix(s.Bytes(), []byte("VmHWM:")); ok {
			kb, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(v, []byte("kB")))), 10, 64)
			if err != nil {
				return 0
			}
			return kb << 10
		}
	}
	return 0
}

func exitRSS(*os.ProcessState) int64 { return 0 }
