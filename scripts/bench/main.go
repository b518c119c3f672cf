// Command bench compares the engine with what a Go developer writes by hand for the same job (package handwritten, which
// is fixed) and prints rows "name: figure" last. Figures are medians of interleaved rounds on one core: trust the ratios.
//
// Rows that end in _vs_handwritten_records are records a second, engine : by hand. avro and envelope have the transforms of
// the first row, the rows with five_transforms two more, and those of single values, from string to double, none.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// records is the size of an event: 4,700 records of the corpus are just under Lambda's 6 MB.
const records = 4700

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// row is one figure; smaller says that smaller is better.
type row struct {
	name   string
	figure float64
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := fs.Int("rounds", 7, "interleaved rounds")
	starts := fs.Int("starts", 61, "cold starts of each function")
	events := fs.Int("events", 100, "events of 6 MB before the memory is read")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	// Before this process has memory of its own: the functions' host is in it.
	started, err := binaries(ctx, *starts, *events, progress)
	if err != nil {
		return err
	}
	fmt.Fprintln(progress, "comparing documents")
	b, err := newBench(ctx)
	if err != nil {
		return err
	}
	defer b.close()
	if err := b.sameDocuments(ctx); err != nil {
		return err
	}
	rows, err := b.throughput(ctx, *rounds, progress)
	if err != nil {
		return err
	}
	converted, err := converters(ctx, *rounds, progress)
	if err != nil {
		return err
	}
	rows = slices.Concat(rows, started, converted)
	for _, r := range rows {
		fmt.Fprintf(out, "%s: %.4g\n", r.name, r.figure)
	}
	return nil
}

// sample is one run of one contestant.
type sample struct {
	seconds float64
	allocs  float64
}

// measured runs f on one core with the garbage of others collected first.
func measured(f func() error) (sample, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	runtime.GC()
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return sample{took.Seconds(), float64(after.Mallocs - before.Mallocs)}, err
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
