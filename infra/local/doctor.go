package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/infra/local/internal/connector"
	"github.com/connectless/connectless/infra/local/internal/doctor"
)

const doctorAbout = `Usage: connectless doctor --config FILE [--worker-config FILE] [flags]

Look, from this machine and with the connector's own credentials, at everything the connector needs before it is deployed: every
key of its configuration, whether brokers can be reached and let it in, whether its topics exist and their records fit into the
event of a function, whether the dead letter topic exists and takes what it has to take, who else uses the consumer group and
where it will begin; and, by the connector's own function, whether what it writes to is there and lets it in. Nothing is written.

Each line is ok, a warning or an error, and says what to do. References ${env:X} are resolved from the environment of this
command. Exit 1 if there is an error; a warning is none.
`

func (c *command) doctor(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("doctor", flag.ContinueOnError)
	file := fs.String("config", "", "connector `file`: Kafka Connect's JSON")
	workerFile := fs.String("worker-config", "", "`file` of Kafka Connect worker properties that the connector runs with")
	servers := fs.String("bootstrap-servers", "", "`host:port,...` of the Kafka cluster (default: bootstrap.servers of the worker's properties)")
	dir := fs.String("functions", "", functionsDoc)
	timeout := fs.Duration("timeout", 2*time.Minute, "how long all of it may take")
	lines := fs.Bool("json", false, "print findings as JSON lines, for programs")
	if code, ok := c.parse(fs, args, doctorAbout); !ok {
		return code
	}
	switch {
	case fs.NArg() > 0:
		return c.misused(fs, "unexpected argument %q", fs.Arg(0))
	case *file == "":
		return c.misused(fs, "no --config")
	case *timeout <= 0:
		return c.misused(fs, "--timeout: %s is not positive", *timeout)
	}
	worker, _, err := localWorker(*workerFile, false)
	if err != nil {
		return c.failed(err)
	}
	if *servers != "" {
		worker["bootstrap.servers"] = *servers
	}
	props, err := connector.ReadFile(*file)
	if err != nil {
		return c.failed(err)
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	findings := &findingPrinter{c: c, json: *lines}
	c.examine(ctx, openShelf(ctx, *dir), function.Document{Config: props, Worker: worker}, findings.print)
	switch {
	case findings.err != nil:
		return c.failed(findings.err)
	case ctx.Err() != nil:
		return c.failed(fmt.Errorf("doctor: ended before everything was looked at: %w", ctx.Err()))
	case findings.errors > 0:
		return exitFault
	}
	return exitOK
}

// examine looks at the configuration, at Kafka, and at what is behind the connector.
func (c *command) examine(ctx context.Context, s *shelf, doc function.Document, print func(...connect.Finding)) {
	v := s.catalog.Judge(doc.Worker, doc.Config, config.Options{References: s.catalog.Resolve(ctx, doc.Worker, doc.Config)})
	said := function.ConfigFindings(v)
	print(said...)
	if v.Effective != nil && v.Effective.Sink != nil {
		print(doctor.Kafka(ctx, v.Effective)...)
	}
	if v.Problems.Err() != nil {
		return // the function would say the same
	}
	subject := "function " + v.Connector.Name
	binary, err := s.binary(v.Connector.Name)
	if err != nil {
		print(connect.Finding{Level: connect.LevelWarning, Subject: subject, Message: fmt.Sprintf("what it writes to was not looked at: %v", err)})
		return
	}
	found, err := askFunction(ctx, binary.Path, doc)
	print(slices.DeleteFunc(found, func(f connect.Finding) bool { return slices.Contains(said, f) })...)
	if err != nil {
		print(connect.Finding{Level: connect.LevelError, Subject: subject, Message: err.Error()})
	}
}

// askFunction lets the function look at what it needs.
func askFunction(ctx context.Context, binary string, doc function.Document) (found []connect.Finding, err error) {
	dir, err := os.MkdirTemp("", "connectless-doctor-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "connector.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return nil, err
	}
	var out, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, "doctor", "--json", "--config", path)
	cmd.Env = slices.DeleteFunc(os.Environ(), ofPlatform) // references are resolved from it
	cmd.Stdout, cmd.Stderr = &out, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	for lines := json.NewDecoder(&out); lines.More(); {
		var f connect.Finding
		if e := lines.Decode(&f); e != nil {
			return found, fmt.Errorf("it printed no finding: %w", e)
		}
		found = append(found, f)
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case ok && exit.ExitCode() == exitUsage:
		return found, errors.New("it has no command doctor: build it again")
	case ok && exit.ExitCode() == exitFault && len(found) > 0:
		return found, nil
	case err != nil:
		return found, fmt.Errorf("%w %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return found, nil
}

// ofPlatform says whether a variable would make a function binary serve a platform.
func ofPlatform(variable string) bool {
	return strings.HasPrefix(variable, "AWS_LAMBDA_RUNTIME_API=") || strings.HasPrefix(variable, "FUNCTIONS_CUSTOMHANDLER_PORT=")
}

// findingPrinter prints findings as they come and counts the errors.
type findingPrinter struct {
	c      *command
	json   bool
	errors int
	err    error
}

func (p *findingPrinter) print(found ...connect.Finding) {
	for _, f := range found {
		if f.Level == connect.LevelError {
			p.errors++
		}
		if p.err == nil && p.json {
			e := json.NewEncoder(p.c.out)
			e.SetEscapeHTML(false)
			p.err = e.Encode(f)
		} else if p.err == nil {
			p.err = function.PrintFindings(p.c.out, []connect.Finding{f})
		}
	}
}
