// Command package builds the functions and packs each one as the clouds take it: a zip for AWS Lambda on arm64, one on
// amd64, and one for Azure Functions' custom handlers. The same sources, Go release, version and configuration give the
// same bytes, on any machine. It deploys nothing and reads no credentials.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/connectless/connectless/scripts/gobuild"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, ".", os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags.
type options struct {
	functions []string // names, all of them when empty
	config    string   // file that goes into the package as connector.json
	out       string
	version   string
	tags      []string // build tags beside the platform's
}

const usage = `Builds the functions and writes their deployment packages.

  go run ./scripts/package [flags]

For each function NAME, OUT receives
  NAME-lambda-arm64.zip   AWS Lambda, runtime provided.al2023: bootstrap
  NAME-lambda-amd64.zip   the same for x86_64
  NAME-azure-amd64.zip    Azure Functions, FUNCTIONS_WORKER_RUNTIME=custom: handler, host.json, NAME/function.json (sinks only)
The Lambda packages link the config provider of AWS Secrets Manager and dead letters to S3 and SQS (both secretsmanager),
those for Azure Functions the provider of Azure Key Vault (keyvault); -tags adds the other one, or both. The same sources,
Go release, version, tags and configuration give the same bytes.

Flags:
`

// run is main without the process: 0 done, 1 failed, 2 wrong flags.
func run(ctx context.Context, dir string, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := pack(ctx, dir, o, stdout); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("package", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.Func("function", "`name` of the function to pack, several separated by commas (default all)", func(s string) error {
		o.functions = append(o.functions, strings.Split(s, ",")...)
		return nil
	})
	flags.StringVar(&o.config, "config", "", "connector `file` to put beside the binary as connector.json; needs one -function. It is not encrypted: keep secrets in ${...} references")
	flags.Func("tags", "build `tags` to add, several separated by commas: secretsmanager, keyvault", func(s string) error {
		for _, tag := range strings.Split(s, ",") {
			if !slices.Contains(gobuild.Stores, tag) {
				return fmt.Errorf("there is no tag %q", tag)
			}
			o.tags = append(o.tags, tag)
		}
		return nil
	})
	flags.StringVar(&o.out, "out", filepath.Join("out", "package"), "`directory` to write to")
	flags.StringVar(&o.version, "version", "dev", "what the binaries call themselves")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("package: unexpected argument %q", flags.Arg(0))
	case o.config != "" && len(o.functions) != 1:
		err = errors.New("package: -config belongs to one connector: say which with -function")
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	return o, err
}

// pack builds and writes the packages of every function chosen.
func pack(ctx context.Context, dir string, o options, stdout io.Writer) error {
	root, err := gobuild.Root(ctx, dir)
	if err != nil {
		return err
	}
	names, err := choose(root, o.functions)
	if err != nil {
		return err
	}
	var config []byte
	if o.config != "" {
		if config, err = readConfig(o.config); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fmt.Errorf("package: %w", err)
	}
	for _, name := range names {
		zips, err := packages(ctx, root, name, o, config)
		if err != nil {
			return err
		}
		for _, suffix := range slices.Sorted(maps.Keys(zips)) {
			path := filepath.Join(o.out, name+"-"+suffix+".zip")
			if err := write(path, zips[suffix], stdout); err != nil {
				return err
			}
		}
	}
	return nil
}

// packages builds a function for each platform and lays out its packages, by the end of their names.
func packages(ctx context.Context, root, name string, o options, config []byte) (map[string][]file, error) {
	zips := map[string][]file{}
	for _, p := range []struct {
		suffix string
		target gobuild.Target
		store  string
		files  func(binary []byte) []file
	}{
		{"lambda-arm64", gobuild.LinuxARM64, gobuild.SecretsManager, func(b []byte) []file { return lambdaFiles(b, config) }},
		{"lambda-amd64", gobuild.LinuxAMD64, gobuild.SecretsManager, func(b []byte) []file { return lambdaFiles(b, config) }},
		{"azure-amd64", gobuild.LinuxAMD64, gobuild.KeyVault, func(b []byte) []file { return azureFiles(name, b, config) }},
	} {
		if p.suffix == "azure-amd64" && !strings.HasSuffix(name, "-sink") {
			continue
		}
		tags := slices.Compact(slices.Sorted(slices.Values(append([]string{p.store}, o.tags...))))
		b, err := binary(ctx, gobuild.Options{Dir: root, Package: "./functions/" + name, Version: o.version, Target: p.target, Tags: tags})
		if err != nil {
			return nil, err
		}
		zips[p.suffix] = p.files(b)
	}
	return zips, nil
}

// choose returns the functions asked for, or all of them; an unknown name is an error that lists the known ones.
func choose(root string, asked []string) ([]string, error) {
	known, err := gobuild.Functions(root)
	if err != nil {
		return nil, err
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("package: %s has no functions", root)
	}
	for _, name := range asked {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("package: no function %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	if len(asked) > 0 {
		return asked, nil
	}
	return known, nil
}

func readConfig(path string) ([]byte, error) {
	config, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("package: %w", err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(config, &object); err != nil {
		return nil, fmt.Errorf("package: %s is not a JSON object: %w", path, err)
	}
	if object == nil {
		return nil, fmt.Errorf("package: %s is not a JSON object: null", path)
	}
	return config, nil
}

// binary builds a function and returns its bytes.
func binary(ctx context.Context, o gobuild.Options) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "connectless-package-")
	if err != nil {
		return nil, fmt.Errorf("package: %w", err)
	}
	defer os.RemoveAll(tmp)
	o.Out = filepath.Join(tmp, "bootstrap")
	if _, err := gobuild.Build(ctx, o); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(o.Out)
	if err != nil {
		return nil, fmt.Errorf("package: %w", err)
	}
	return b, nil
}

// write writes a package through a temporary file, so that a package that exists is whole, and prints its line.
func write(path string, files []file, stdout io.Writer) error {
	var zipped bytes.Buffer
	if err := archive(&zipped, files); err != nil {
		return fmt.Errorf("package: %s: %w", path, err)
	}
	if err := os.WriteFile(path+".tmp", zipped.Bytes(), 0o644); err != nil {
		return fmt.Errorf("package: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("package: %w", err)
	}
	fmt.Fprintf(stdout, "%s  %6.2f MB  sha256 %x\n", path, float64(zipped.Len())/1e6, sha256.Sum256(zipped.Bytes()))
	return nil
}
