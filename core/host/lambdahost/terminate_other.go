//go:build !unix

package lambdahost

import "os"

// terminate kills: there is no signal that asks.
func terminate(p *os.Process) error { return p.Kill() }
