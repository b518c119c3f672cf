package chaos

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/connectless/connectless/core/host/eventsource"
)

var soak = flag.Duration("soak", 0, "how long TestSoak runs; 0 does not run it, 5s or more does")

// usage is what the function's process and this one hold at a time, and how fast records arrived around then.
type usage struct {
	Resident   int64 // of the function's process, bytes
	Files      int   // of the function's process
	Threads    int   // of the function's process
	Heap       int64 // live, of this process: mapping, in-process function, fakes
	Goroutines int   // of this process
	OwnFiles   int   // of this process
	Latency    time.Duration
}

func (u usage) String() string {
	return fmt.Sprintf("function: %.1f MB resident, %d files, %d threads; in process: %.1f MB heap, %d goroutines, %d files; median latency %v",
		float64(u.Resident)/1e6, u.Files, u.Threads, float64(u.Heap)/1e6, u.Goroutines, u.OwnFiles, u.Latency.Round(100*time.Microsecond))
}

// A function that is called for a long time, at a steady rate with pauses, holds no more at the end than after it has warmed
// up: one as a process of its own, measured from outside, and one in this process, where goroutines can be counted.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		return // make soak
	}
	const timeout = 10 * time.Second
	binary := shipped(t)
	mapping := func(m *eventsource.Config) { m.MaximumBatchingWindow = new(50 * time.Millisecond) }
	var watch latencies
	process, err := NewCloud(CloudConfig{Real: realFunctions(binary, timeout), Partitions: 1, Timeout: timeout, Seed: 1, Mapping: func(m *eventsource.Config) {
		mapping(m)
		m.OnInvocation = watch.add
	}})
	if err != nil {
		t.Fatal(err)
	}
	inside, err := NewCloud(CloudConfig{Partitions: 1, Timeout: timeout, Seed: 2, Mapping: mapping})
	if err != nil {
		t.Fatal(err)
	}
	clouds := []*Cloud{process, inside}
	begun := time.Now()
	steady := func(until time.Duration) {
		for time.Since(begun) < until {
			for _, c := range clouds {
				good(t, c, 0, 10, 50)
			}
			sleep(t.Context(), 50*time.Millisecond)
		}
		for _, c := range clouds {
			drain(t, c, time.Minute)
			// What was delivered is of no more use to the fakes and would grow.
			offsets := make(kadm.Offsets)
			offsets.AddOffset(Topic, 0, c.History.End(0), -1)
			if _, err := c.Admin.DeleteRecords(t.Context(), offsets); err != nil {
				t.Fatal(err)
			}
			c.History.forget(0)
		}
	}
	// Warm up for a tenth, then rounds of load and of rest.
	steady(*soak / 10)
	first := measure(process, &watch)
	t.Logf("after %v: %v", time.Since(begun).Round(time.Second), first)
	last := first
	for round := 1; round <= 6; round++ {
		steady(*soak * time.Duration(10+15*round-4) / 100)
		sleep(t.Context(), *soak*time.Duration(10+15*round)/100-time.Since(begun))
		last = measure(process, &watch)
		t.Logf("after %v: %v", time.Since(begun).Round(time.Second), last)
	}
	for _, g := range []struct {
		what          string
		before, after int64
		factor, and   float64
	}{
		{"resident memory of the function", first.Resident, last.Resident, 1.25, 8 << 20},
		{"files of the function", int64(first.Files), int64(last.Files), 1, 4},
		{"threads of the function", int64(first.Threads), int64(last.Threads), 1, 4},
		{"heap in process", first.Heap, last.Heap, 1.25, 8 << 20},
		{"goroutines in process", int64(first.Goroutines), int64(last.Goroutines), 1, 20},
		{"files in process", int64(first.OwnFiles), int64(last.OwnFiles), 1, 8},
		{"latency", int64(first.Latency), int64(last.Latency), 2, float64(50 * time.Millisecond)},
	} {
		if limit := float64(g.before)*g.factor + g.and; float64(g.after) > limit {
			t.Errorf("%s grew from %d to %d, more than to %.0f", g.what, g.before, g.after, limit)
		}
	}
	for _, c := range clouds {
		for _, v := range c.History.Violations() {
			t.Errorf("violated: %v", v)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// latencies are of invocations: from the newest record's time to the end.
type latencies struct {
	mu sync.Mutex
	of []time.Duration
}

func (l *latencies) add(i eventsource.Invocation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of = append(l.of, i.Start.Add(i.Duration).Sub(i.Newest))
}

// median takes what was collected.
func (l *latencies) median() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.of
	l.of = nil
	if len(of) == 0 {
		return math.MaxInt64
	}
	slices.Sort(of)
	return of[len(of)/2]
}

func measure(c *Cloud, l *latencies) usage {
	u := usage{Heap: heap(), Goroutines: runtime.NumGoroutine(), OwnFiles: files("self"), Latency: l.median()}
	for _, pid := range c.functions.(*processes).pids() {
		dir := fmt.Sprint(pid)
		u.Files += files(dir)
		status, err := os.ReadFile(filepath.Join("/proc", dir, "status"))
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(status)) {
			var n int64
			if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &n); err == nil {
				u.Resident += n << 10
			}
			if _, err := fmt.Sscanf(line, "Threads: %d", &n); err == nil {
				u.Threads += int(n)
			}
		}
	}
	return u
}

// files counts the open files of a process.
func files(process string) int {
	entries, err := os.ReadDir(filepath.Join("/proc", process, "fd"))
	if err != nil {
		return 0
	}
	return len(entries)
}
