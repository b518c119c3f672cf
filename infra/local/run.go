package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Exit codes.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2
)

const usage = `connectless runs Kafka Connect connectors as functions.

Usage: connectless <command> [flags]

  local      run connectors on this machine: Kafka, Cosmos DB, and the functions that ship behind the Lambda Runtime API
  validate   judge connector files, key by key
  preview    show what a connector would write for records on stdin, without writing
  doctor     look at everything a connector needs before it is deployed: Kafka, its topics and group, what it writes to
  dlq        list, show and replay what is in a dead letter topic
  migrate    write the connectors of a Kafka Connect cluster, or of files, as Terraform
  version    print the version
  help       print this

Each takes --help. Exit codes: 0 success, 1 failure, 2 wrong usage.
`

// command is what a subcommand works with.
type command struct {
	in       io.Reader
	out, err io.Writer
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &command{in: stdin, out: stdout, err: stderr}
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	switch name, rest := args[0], args[1:]; name {
	case "local":
		return c.local(ctx, rest)
	case "validate":
		return c.validate(ctx, rest)
	case "preview":
		return c.preview(ctx, rest)
	case "doctor":
		return c.doctor(ctx, rest)
	case "dlq":
		return c.dlq(ctx, rest)
	case "migrate":
		return c.migrate(ctx, rest)
	case "version", "-version", "--version":
		return c.version(rest)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	default:
		fmt.Fprintf(stderr, "connectless: unknown command %q\n\n%s", name, usage)
		return exitUsage
	}
}

const versionAbout = `Usage: connectless version

Print the version.
`

func (c *command) version(args []string) int {
	fs := flag.NewFlagSet("version", flag.ContinueOnError)
	if code, ok := c.parse(fs, args, versionAbout); !ok {
		return code
	}
	if fs.NArg() > 0 {
		return c.misused(fs, "unexpected argument %q", fs.Arg(0))
	}
	fmt.Fprintln(c.out, "connectless", version)
	return exitOK
}

// parse reads the flags of a subcommand; code is what to exit with when ok is false.
func (c *command) parse(fs *flag.FlagSet, args []string, about string) (code int, ok bool) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(c.out, about)
		printFlags(c.out, fs)
		return exitOK, false
	case err != nil:
		return c.misused(fs, "%v", err), false
	}
	return exitOK, true
}

func printFlags(w io.Writer, fs *flag.FlagSet) {
	first := true
	fs.VisitAll(func(f *flag.Flag) {
		if first {
			fmt.Fprint(w, "\nFlags:\n")
			first = false
		}
		value, doc := flag.UnquoteUsage(f)
		if value != "" {
			value = " " + value
		}
		fmt.Fprintf(w, "  --%s%s\n        %s", f.Name, value, doc)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			fmt.Fprintf(w, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(w)
	})
}

// misused says what is wrong with the command line.
func (c *command) misused(fs *flag.FlagSet, format string, args ...any) int {
	fmt.Fprintf(c.err, "connectless %s: %s; see connectless %[1]s --help\n", fs.Name(), fmt.Sprintf(format, args...))
	return exitUsage
}

// failed says what went wrong.
func (c *command) failed(err error) int {
	fmt.Fprintf(c.err, "connectless: %v\n", err)
	return exitFault
}

// stringList is a flag that may be given several times.
type stringList []string

func (l *stringList) String() string { return strings.Join(*l, " ") }

func (l *stringList) Set(s string) error {
	*l = append(*l, s)
	return nil
}
