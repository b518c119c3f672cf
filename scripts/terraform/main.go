// Command terraform prints the path of a Terraform or OpenTofu for the demo to use: one on the PATH, else an OpenTofu that
// it builds from its Go module, once, and keeps in the user's cache directory. It downloads nothing but Go modules.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// openTofu is what is built.
var openTofu = module{
	path: "github.com/opentofu/opentofu", version: "v1.12.6", command: "./cmd/tofu",
	flags: "-X github.com/opentofu/opentofu/version.dev=no", // a release, which is what the sources are
	notice: "There is no terraform or tofu (from 1.11) on the PATH, so OpenTofu v1.12.6 is built from its Go module: once,\n" +
		"in 3 to 4 minutes on a machine with two processors. `make demo TERRAFORM=0` does without.\n",
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	path, err := run(ctx)
	if err != nil {
		fmt.Fprintf(os.Stderr, "terraform: %v\n", err)
		stop()
		os.Exit(1)
	}
	fmt.Println(path)
}

func run(ctx context.Context) (string, error) {
	if path := onPath(ctx); path != "" {
		return path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("where to keep OpenTofu: %w", err)
	}
	return openTofu.binary(ctx, filepath.Join(cache, "connectless"), os.Stderr)
}
