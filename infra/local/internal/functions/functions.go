package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/connectless/connectless/core/function"
)

// Binary is a function binary and what it says it is.
type Binary struct {
	Path string // absolute
	function.Description
}

// bootstrap is what Lambda calls the executable of a function, and so do the build and the packages.
const bootstrap = "bootstrap"

// describeTime is how long a binary may take to say what it is.
const describeTime = 10 * time.Second

// Default is where functions are when the user does not say: functions/ beside the directory of the running command,
// which is where make build puts them, or out/functions below the current directory.
func Default() string {
	if exe, err := os.Executable(); err == nil {
		dir := filepath.Join(filepath.Dir(exe), "..", "functions")
		if fi, err := os.Stat(dir); err == nil && fi.IsDir() {
			return dir
		}
	}
	return filepath.Join("out", "functions")
}

// Find asks every <dir>/*/bootstrap what it is and returns them by the names of their directories.
func Find(ctx context.Context, dir string) ([]Binary, error) {
	if fi, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !fi.IsDir() {
		return nil, fmt.Errorf("there is no directory %s with function binaries: run make build, or name another with --functions", dir)
	} else if err != nil {
		return nil, fmt.Errorf("functions: %w", err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*", bootstrap))
	if err != nil {
		return nil, fmt.Errorf("functions: %s: %w", dir, err)
	}
	slices.Sort(paths)
	var found []Binary
	for _, p := range paths {
		b, err := describe(ctx, p)
		if err != nil {
			return nil, err
		}
		found = append(found, b)
	}
	return found, nil
}

// Of picks the binary of the connector with our short name from those of dir.
func Of(found []Binary, dir, name string) (Binary, error) {
	var names []string
	for _, b := range found {
		if b.Name == name {
			return b, nil
		}
		names = append(names, b.Name)
	}
	have := "it has none at all"
	if len(names) > 0 {
		have = "it has " + strings.Join(names, ", ")
	}
	return Binary{}, fmt.Errorf("there is no function binary of %s in %s (%s): run make build, or name another directory with --functions", name, dir, have)
}

func describe(ctx context.Context, path string) (Binary, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Binary{}, fmt.Errorf("functions: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, describeTime)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "describe")
	cmd.Env = []string{} // a platform's variables would make it a function
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return Binary{}, fmt.Errorf("functions: %s describe: %w %s", path, err, bytes.TrimSpace(stderr.Bytes()))
	}
	b := Binary{Path: path}
	if err := json.Unmarshal(out, &b.Description); err != nil || b.Name == "" {
		return Binary{}, fmt.Errorf("functions: %s describe printed no description of a connector", path)
	}
	return b, nil
}
