package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// module is a command in a Go module.
type module struct {
	path, version string
	command       string // package, relative to the module's directory
	flags         string // of the linker
	notice        string // printed before the first build
}

const heartbeat = 15 * time.Second

// binary returns the path of the command below dir, and builds it if it is not there yet. Progress goes to w.
func (m module) binary(ctx context.Context, dir string, w io.Writer) (string, error) {
	name := filepath.Base(m.command)
	dir = filepath.Join(dir, name+"-"+m.version)
	out := filepath.Join(dir, name)
	if runtime.GOOS == "windows" {
		out += ".exe"
	}
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	fmt.Fprint(w, m.notice)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("where to keep %s: %w", name, err)
	}
	source, err := m.download(ctx, w)
	if err != nil {
		return "", err
	}
	// Under another name until it is complete: who comes later, or at the same time, finds all of it or nothing.
	temp, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return "", fmt.Errorf("where to build %s: %w", name, err)
	}
	defer func() { _ = os.RemoveAll(temp) }() // of a cache
	built := filepath.Join(temp, filepath.Base(out))
	// In the module's own directory, where its own versions and replacements of dependencies count.
	if _, err := m.run(ctx, w, "build", source, "build", "-mod=readonly", "-trimpath", "-ldflags=-s -w "+m.flags, "-o", built, m.command); err != nil {
		return "", err
	}
	if err := os.Rename(built, out); err != nil {
		return "", fmt.Errorf("keep %s: %w", name, err)
	}
	return out, nil
}

// download returns the directory of the module's sources.
func (m module) download(ctx context.Context, w io.Writer) (string, error) {
	out, err := m.run(ctx, w, "download", os.TempDir(), "mod", "download", "-json", m.path+"@"+m.version)
	if err != nil {
		return "", err
	}
	var found struct{ Dir string }
	if err := json.Unmarshal(out, &found); err != nil || found.Dir == "" {
		return "", fmt.Errorf("download %s: the go command did not say where it is", m.path)
	}
	return found.Dir, nil
}

// run runs the go command and says every now and then that it still does.
func (m module) run(ctx context.Context, w io.Writer, what, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends its compilers itself
	cmd.WaitDelay = heartbeat
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	done := make(chan error, 1)
	go func() { done <- cmd.Run() }()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fmt.Fprintf(w, "  %s %s: %d s\n", what, m.path, int(time.Since(begin).Seconds()))
		case err := <-done:
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err != nil {
				said := errors.New(string(bytes.TrimSpace(append(stdout.Bytes(), stderr.Bytes()...))))
				return nil, fmt.Errorf("%s %s %s: %w\n%w", what, m.path, m.version, err, said)
			}
			return stdout.Bytes(), nil
		}
	}
}
