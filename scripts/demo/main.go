// Command demo shows a topic of earthquakes on its way into Cosmos DB on one machine: it starts `connectless local`,
// declares the connector of infra/local/demo with Terraform, produces the data set and some broken records, changes the
// declaration meanwhile, waits until every record is a document or a dead letter, checks that with its own eyes, removes the
// connector, and prints a table. What it saw of every record is in out/*.jsonl, see files.go. Without --terraform the
// connector is given to `connectless local` as a file. It is not a benchmark: all of it shares one machine with the function.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	command, functions          string
	connector, data             string
	terraform, provider         string
	declaration                 string
	kafkaAddr, cosmosAddr, rest string
	out                         string
	rate, limit                 int
	deadline                    time.Duration
	keep                        bool
}

func (o *options) define(fs *flag.FlagSet) {
	here := filepath.Join("infra", "local", "demo")
	fs.StringVar(&o.command, "command", filepath.Join("out", "bin", "connectless"+exe()), "the connectless command")
	fs.StringVar(&o.functions, "functions", filepath.Join("out", "functions"), "directory of the function binaries")
	fs.StringVar(&o.connector, "connector", filepath.Join(here, "earthquakes.json"), "connector file")
	fs.StringVar(&o.terraform, "terraform", "", "Terraform or OpenTofu to declare the connector with; without it the connector is given as a file")
	fs.StringVar(&o.provider, "provider", filepath.Join("out", "bin", "terraform-provider-connectless"+exe()), "the Terraform provider")
	fs.StringVar(&o.declaration, "declaration", filepath.Join(here, "main.tf"), "Terraform configuration that declares the connector")
	fs.StringVar(&o.data, "data", filepath.Join(here, "earthquakes.jsonl"), "data set, a GeoJSON feature a line")
	fs.StringVar(&o.kafkaAddr, "kafka-addr", "127.0.0.1:0", "host:port of the embedded Kafka; port 0 takes a free one")
	fs.StringVar(&o.cosmosAddr, "cosmos-addr", "127.0.0.1:0", "host:port of the embedded Cosmos DB; port 0 takes a free one")
	fs.StringVar(&o.rest, "rest-addr", "127.0.0.1:0", "host:port of the REST API; port 0 takes a free one")
	fs.StringVar(&o.out, "out", "out", "directory for produced.jsonl, documents.jsonl, deadletters.jsonl and invocations.jsonl")
	fs.IntVar(&o.rate, "rate", 200, "records produced a second; 0 is as fast as possible")
	fs.IntVar(&o.limit, "limit", 0, "only so many events of the data set; 0 is all")
	fs.DurationVar(&o.deadline, "deadline", 2*time.Minute, "how long it may take until all records are accounted for")
	fs.BoolVar(&o.keep, "keep", os.Getenv("KEEP") == "1", "leave everything running at the end, until Ctrl-C (KEEP=1)")
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// run is the program: 0 if every record is accounted for, 1 if not or if something failed, 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var o options
	o.define(fs)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case fs.NArg() > 0:
		fmt.Fprintf(stderr, "demo: unexpected argument %q\n", fs.Arg(0))
		return 2
	}
	switch err := demo(ctx, &o, stdout); {
	case err == nil:
		return 0
	case ctx.Err() != nil && !errors.Is(err, errIncomplete):
		fmt.Fprintln(stdout, "\nStopped; nothing is left running.")
	default:
		fmt.Fprintf(stderr, "demo: %v\n", err)
	}
	return 1
}

// errIncomplete is a result that does not add up.
var errIncomplete = errors.New("the records do not add up")

func demo(ctx context.Context, o *options, stdout io.Writer) (err error) {
	records, err := readRecords(o.data, o.limit)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "connectless-demo-")
	if err != nil {
		return fullDisk(os.TempDir(), err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	if o.terraform == "" {
		fmt.Fprintf(stdout, "Starting the local cloud with %s ...\n", o.connector)
	} else {
		fmt.Fprintln(stdout, "Starting the local cloud ...")
	}
	local, err := startLocal(ctx, o, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.stop()) }()
	ctx, cancel := local.context(ctx) // ends with it
	defer cancel()

	c, err := connect(ctx, local.addresses)
	if err != nil {
		return cause(ctx, err)
	}
	defer c.close()
	var d *declaration
	if o.terraform != "" {
		if d, err = declare(o, dir, local.addresses, stdout); err != nil {
			return err
		}
		if err := d.create(ctx); err != nil {
			return cause(ctx, err)
		}
	}
	p := newProgress(stdout, len(records))
	if err := c.deliver(ctx, o, records, local, p, d); err != nil {
		p.end()
		return cause(ctx, err)
	}
	p.end()

	r, err := c.collect(ctx, records, local.invocations())
	if err != nil {
		return cause(ctx, err)
	}
	missing := r.missing()
	if d != nil {
		text, wrong := r.revisions()
		fmt.Fprint(stdout, text)
		missing = append(missing, wrong...)
		if !o.keep {
			if err := d.destroy(ctx); err != nil {
				return cause(ctx, err)
			}
		}
	}
	if err := r.write(o.out); err != nil {
		return fullDisk(o.out, err)
	}
	r.print(stdout, o.out)
	if len(missing) > 0 {
		for _, m := range missing {
			fmt.Fprintln(stdout, "  "+m)
		}
		return errIncomplete
	}
	if o.keep {
		howToLook(stdout, local.addresses)
		if d != nil {
			d.howToDeclare(stdout)
		}
		<-ctx.Done()
	}
	return cause(ctx, nil)
}

// cause prefers why ctx ended to what failed because of that.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil && !errors.Is(c, context.Canceled) {
		return c
	}
	return err
}

func fullDisk(dir string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("cannot write to %s: the disk is full; free some space", dir)
	}
	return err
}
