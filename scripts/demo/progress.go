package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// state is how far everything is.
type state struct {
	produced, invocations  int
	committed, deadLetters int64
}

// progress shows it: on a terminal in one line that changes, elsewhere in a plain line every two seconds. It may be used
// concurrently.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	total    int
	terminal bool
	last     time.Time
	shown    state
}

const plainEvery = 2 * time.Second

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, total: total}
	if f, ok := out.(*os.File); ok {
		if fi, err := f.Stat(); err == nil {
			p.terminal = fi.Mode()&os.ModeCharDevice != 0
		}
	}
	return p
}

func (p *progress) show(s state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = s
	switch {
	case p.terminal:
		fmt.Fprint(p.out, "\r"+p.line(s)+"\x1b[K")
	case time.Since(p.last) >= plainEvery:
		p.last = time.Now()
		fmt.Fprintln(p.out, p.line(s))
	}
}

// say prints lines above the state.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	fmt.Fprint(p.out, text)
}

// end leaves the last state in a line of its own.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		fmt.Fprintln(p.out)
	} else {
		fmt.Fprintln(p.out, p.line(p.shown))
	}
}

func (p *progress) line(s state) string {
	return fmt.Sprintf("  produced %5d of %d   done %5d   dead letters %2d   invocations %3d", s.produced, p.total, s.committed, s.deadLetters, s.invocations)
}
