package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connectless/connectless/scripts/gobuild"
)

// built is where the binaries are that the tests start, laid out as make build does it: bin/connectless and
// functions/<name>/bootstrap. root is the module's directory.
var built, root string

func TestMain(m *testing.M) {
	code, err := withBinaries(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withBinaries(tests func() int) (code int, err error) {
	ctx := context.Background()
	if root, err = gobuild.Root(ctx, "."); err != nil {
		return 0, err
	}
	if built, err = os.MkdirTemp("", "connectless-test-"); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(built)) }()
	for pkg, out := range map[string]string{
		"./infra/local":                  "bin/connectless",
		"./terraform-provider":           "bin/terraform-provider-connectless",
		"./functions/cosmos-sink":        "functions/cosmos-sink/bootstrap",
		"./infra/local/demo/examplesink": "functions/files-sink/bootstrap",
	} {
		if _, err := gobuild.Build(ctx, gobuild.Options{Dir: root, Package: pkg, Out: filepath.Join(built, out), Version: "test"}); err != nil {
			return 0, err
		}
	}
	return tests(), nil
}

// ran is what a command left.
type ran struct {
	code        int
	out, stderr string
}

// runs runs the command in this process.
func runs(ctx context.Context, stdin string, args ...string) ran {
	var out, stderr bytes.Buffer
	code := run(ctx, args, strings.NewReader(stdin), &out, &stderr)
	return ran{code, out.String(), stderr.String()}
}

// write puts a file into a temporary directory and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// free are the flags that make connectless local listen on free ports.
var free = []string{"--kafka-addr", "127.0.0.1:0", "--cosmos-addr", "127.0.0.1:0", "--rest-addr", "127.0.0.1:0"}

// local is a command line of connectless local.
func local(args ...string) []string { return append(append([]string{"local"}, free...), args...) }

func functionsDir() string { return filepath.Join(built, "functions") }
func demoFile() string     { return filepath.Join(root, "infra", "local", "demo", "earthquakes.json") }
