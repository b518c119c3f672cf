package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

const validateAbout = `Usage: connectless validate [flags] FILE...

Judge connector files, key by key. A file holds a connector as Kafka Connect's REST API takes or gives it: {"name": ...,
"config": {...}}, or the flat map of its properties. Nothing is connected to, and references such as ${env:X} stay
unresolved. Exit 1 if a file has an error; a warning is none.
`

func (c *command) validate(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("validate", flag.ContinueOnError)
	workerFile := fs.String("worker-config", "", "`file` of Kafka Connect worker properties that the connectors run with (default: those of connectless local)")
	dir := fs.String("functions", "", functionsDoc+"; connectors that are not of this project are known by their binaries")
	strict := fs.Bool("strict", false, "make keys that nobody knows errors")
	files, code, ok := c.parseMixed(fs, args, validateAbout)
	if !ok {
		return code
	}
	if len(files) == 0 {
		return c.misused(fs, "no file to judge")
	}
	worker, _, err := localWorker(*workerFile, true)
	if err != nil {
		return c.failed(err)
	}
	shelf := openShelf(ctx, *dir)
	if *dir != "" && shelf.missing != nil {
		return c.failed(shelf.missing)
	}
	worst := exitOK
	for _, file := range files {
		j, err := connector.Judge(ctx, shelf.catalog, file, worker, config.Options{Strict: *strict})
		if err != nil {
			worst = c.failed(err)
			continue
		}
		if errs := printProblems(c.out, j); errs > 0 {
			worst = exitFault
		}
	}
	return worst
}

// parseMixed is parse for commands that take files, which may stand before, between and after the flags.
func (c *command) parseMixed(fs *flag.FlagSet, args []string, about string) (files []string, code int, ok bool) {
	for {
		if code, ok := c.parse(fs, args, about); !ok {
			return nil, code, false
		}
		if fs.NArg() == 0 {
			return files, exitOK, true
		}
		files = append(files, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

// printProblems prints what is wrong with a connector, and how many of it are errors.
func printProblems(w io.Writer, j *connector.Judged) (errs int) {
	warnings := 0
	for _, p := range j.Problems {
		if p.Severity == config.Error {
			errs++
		} else {
			warnings++
		}
		key := p.Key
		if p.Worker {
			key = "worker: " + key
		}
		fmt.Fprintf(w, "%s: %s: [%s] %s\n", j.File, p.Severity, key, p.Message)
	}
	fmt.Fprintf(w, "%s: %d errors, %d warnings\n", j.File, errs, warnings)
	return errs
}
