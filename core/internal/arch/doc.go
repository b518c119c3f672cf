// Package arch holds the architecture's rules as tests: which package may import which, and why; what no source file may
// contain; how large a function binary may get and which packages are linked into it. It holds no code that ships, and no
// rule about behaviour: those are tested where the behaviour is.
package arch

//go:generate go test -count=1 -run ^TestLinkedPackages$ . -update
