package lambdahost

import (
	"bytes"
	"sync"
)

// maxLine is CloudWatch Logs' historical limit of an event; longer lines are cut there.
const maxLine = 256 << 10

// lineWriter cuts what is written to it into lines. It is used by one goroutine; emit is called under mu, which the
// writers of a function share so that its log is called once at a time.
type lineWriter struct {
	mu   *sync.Mutex
	emit func(line string)
	rest []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			w.rest = append(w.rest, p...)
			p = nil
		} else {
			w.rest = append(w.rest, p[:i]...)
			p = p[i+1:]
		}
		for len(w.rest) > maxLine {
			w.emit(string(w.rest[:maxLine]))
			w.rest = w.rest[:copy(w.rest, w.rest[maxLine:])]
		}
		if i >= 0 {
			w.emit(string(bytes.TrimSuffix(w.rest, []byte("\r"))))
			w.rest = w.rest[:0]
		}
	}
	return n, nil
}

// flush emits a last line that has no newline.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) > 0 {
		w.emit(string(w.rest))
		w.rest = nil
	}
}
