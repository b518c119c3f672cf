package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/connectless/connectless/core/host/lambdahost"
	"github.com/connectless/connectless/scripts/bench/handwritten"
	"github.com/connectless/connectless/scripts/gobuild"
)

// binaries measures built functions: start, memory, size.
func binaries(ctx context.Context, starts, events int, progress io.Writer) ([]row, error) {
	root, err := gobuild.Root(ctx, ".")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "connectless-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	paths := map[string]string{}
	for name, pkg := range map[string]string{"empty": "./scripts/bench/emptyfunc", "cold": "./scripts/bench/coldfunc", "shipped": "./functions/cosmos-sink"} {
		fmt.Fprintln(progress, "building", pkg)
		paths[name] = filepath.Join(dir, name, "bootstrap")
		if _, err := gobuild.Build(ctx, gobuild.Options{Dir: root, Package: pkg, Out: paths[name], Version: "bench"}); err != nil {
			return nil, err
		}
	}
	shipped, err := os.Stat(paths["shipped"])
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(map[string]any{"config": connector})
	if err != nil {
		return nil, err
	}
	functions := map[string]lambdahost.Config{
		"empty": {Name: "empty", Path: paths["empty"], Timeout: time.Minute},
		"cold":  {Name: "cold", Path: paths["cold"], Timeout: time.Minute, MemoryMB: 128, Env: map[string]string{"CONNECTLESS_CONFIG": string(config)}},
	}

	small := handwritten.Event(100)
	first := map[string][]float64{}
	for range starts {
		for _, name := range []string{"empty", "cold"} {
			took, err := coldStart(ctx, functions[name], small)
			if err != nil {
				return nil, err
			}
			first[name] = append(first[name], took.Seconds())
		}
	}
	empty, cold := median(first["empty"]), median(first["cold"])
	fmt.Fprintf(progress, "start to first answer: empty %.2f ms, cosmos sink %.2f ms\n", empty*1e3, cold*1e3)

	peak, err := peakMemory(ctx, functions["cold"], events)
	if err != nil {
		return nil, err
	}
	return []row{
		{"cold_start_vs_empty", cold / empty},
		{"rss_mb", float64(peak) / 1e6},
		{"binary_mb", float64(shipped.Size()) / 1e6},
	}, nil
}

// coldStart is the time from a process's start to its answer to the first event.
func coldStart(ctx context.Context, c lambdahost.Config, event []byte) (time.Duration, error) {
	f, err := lambdahost.New(c)
	if err != nil {
		return 0, err
	}
	defer f.Close(ctx)
	r, err := f.Invoke(ctx, event)
	return r.Init + r.Duration, err
}

// peakMemory is the highest resident memory of a function after so many full events, in bytes.
func peakMemory(ctx context.Context, c lambdahost.Config, events int) (int64, error) {
	f, err := lambdahost.New(c)
	if err != nil {
		return 0, err
	}
	defer f.Close(ctx)
	event := handwritten.Event(records)
	for range events {
		if _, err := f.Invoke(ctx, event); err != nil {
			return 0, err
		}
	}
	return f.Stats().PeakRSS, nil
}
