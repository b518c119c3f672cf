// Package gobuild builds the module's binaries the way they ship, for whoever needs one: the packager, the tests that
// measure them, the tests that start them. It knows flags and nothing about what a binary does or how it is deployed.
package gobuild

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tags are the build tags of every binary: lambda.norpc leaves out aws-lambda-go's net/rpc mode of the retired go1.x
// runtime, which looks methods up by name and so makes the linker keep every method of every type.
const Tags = "lambda.norpc"

// Tags that link a config provider with its SDK into a function, and what else needs that SDK.
const (
	SecretsManager = "secretsmanager" // AWS Secrets Manager; dead letters to S3 and SQS
	KeyVault       = "keyvault"       // Azure Key Vault
)

// Stores are all of those tags.
var Stores = []string{SecretsManager, KeyVault}

// Variables that take the version, in functions and in commands. The linker ignores those a binary does not have.
const (
	functionVersion = "github.com/connectless/connectless/core/function.Version"
	commandVersion  = "main.version"
)

// Target is the machine a binary is for.
type Target struct{ OS, Arch string }

// The machines that functions ship for. Host is this one, in a binary without cgo.
var (
	LinuxARM64 = Target{"linux", "arm64"}
	LinuxAMD64 = Target{"linux", "amd64"}
	Host       = Target{}
)

// Options say what to build.
type Options struct {
	Dir     string // module root
	Package string // relative to Dir, "./functions/cosmos-sink"
	Out     string // file to write
	Version string // what the binary calls itself
	Target  Target
	Tags    []string // beside Tags
	DumpDep bool     // make the linker tell which symbol keeps which, in Build's output
}

// Build runs the go command and returns what it printed. The binary depends on the sources, the Go release and the
// version string, and on nothing else: not on the directory, the commit, or the environment's tuning variables.
func Build(ctx context.Context, o Options) ([]byte, error) {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-tags", JoinTags(o.Tags...), "-ldflags", o.ldflags(), "-o", o.Out}
	if o.DumpDep {
		// The go command keeps what the linker printed under the name of the compiled main package, and shows it again
		// when a later build has nothing to do. A compiler flag without effect on the code keeps such builds apart, or
		// `go build` would print the linker's sixty thousand lines.
		args = append(args, "-gcflags=-c=1")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, o.Package)...)
	cmd.Dir = o.Dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+o.Target.OS, "GOARCH="+o.Target.Arch, "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("gobuild: %s for %s: %w\n%s", o.Package, o.Target, err, bytes.TrimSpace(out.Bytes()))
	}
	return out.Bytes(), nil
}

// JoinTags are the build tags of every binary and others, as the go command takes them.
func JoinTags(tags ...string) string { return strings.Join(append([]string{Tags}, tags...), ",") }

func (o Options) ldflags() string {
	flags := "-s -w -X " + functionVersion + "=" + o.Version + " -X " + commandVersion + "=" + o.Version
	if o.DumpDep {
		flags += " -dumpdep"
	}
	return flags
}

func (t Target) String() string {
	if t == Host {
		return "this machine"
	}
	return t.OS + "/" + t.Arch
}

// Functions names the functions of the module at root: the directories below functions/ that hold Go files, sorted.
// A module without any has none, which is no error.
func Functions(root string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(root, "functions", "*", "*.go"))
	if err != nil {
		return nil, fmt.Errorf("gobuild: functions of %s: %w", root, err)
	}
	var names []string
	for _, f := range files {
		name := filepath.Base(filepath.Dir(f))
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return names, nil
}

// Root is the directory of the module that dir is in.
func Root(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOMOD")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("gobuild: go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if mod == "" || mod == os.DevNull {
		return "", fmt.Errorf("gobuild: %s is in no Go module", dir)
	}
	return filepath.Dir(mod), nil
}
