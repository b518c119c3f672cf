// Command connectless is the local cloud and the tools of Connectless: it runs connectors on one machine with the
// function binaries that ship, judges and previews configurations and looks at what they need before they are deployed,
// turns connectors of Kafka Connect into Terraform, and replays dead letters. It deploys nothing.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
