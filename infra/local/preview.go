package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

const previewAbout = `Usage: connectless preview --connector FILE [flags] < records.jsonl

Read records as JSON lines on stdin and print what the connector would write, what a transform drops, and what would be
dead-lettered and why, with the converters and transforms of the function that ships. Nothing outside is touched and no secret is
needed. <function> preview --help describes the lines.
`

func (c *command) preview(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("preview", flag.ContinueOnError)
	file := fs.String("connector", "", "connector `file`: Kafka Connect's JSON")
	workerFile := fs.String("worker-config", "", "`file` of Kafka Connect worker properties that the connector runs with")
	dir := fs.String("functions", "", functionsDoc)
	steps := fs.Bool("steps", false, "print what each transform changes, too")
	if code, ok := c.parse(fs, args, previewAbout); !ok {
		return code
	}
	switch {
	case fs.NArg() > 0:
		return c.misused(fs, "unexpected argument %q", fs.Arg(0))
	case *file == "":
		return c.misused(fs, "no --connector")
	}
	worker, _, err := localWorker(*workerFile, true)
	if err != nil {
		return c.failed(err)
	}
	shelf := openShelf(ctx, *dir)
	j, err := connector.Judge(ctx, shelf.catalog, *file, worker, config.Options{})
	if err != nil {
		return c.failed(err)
	}
	if j.Connector == nil {
		printProblems(c.err, j)
		return exitFault
	}
	binary, err := shelf.binary(j.Connector.Definition)
	if err != nil {
		return c.failed(err)
	}
	code, err := c.runPreview(ctx, binary.Path, function.Document{Config: j.Connector.Config, Worker: worker}, *steps)
	if err != nil {
		return c.failed(err)
	}
	return code
}

// runPreview hands the document to the function in a file, as a deployment does.
func (c *command) runPreview(ctx context.Context, binary string, doc function.Document, steps bool) (code int, err error) {
	dir, err := os.MkdirTemp("", "connectless-preview-")
	if err != nil {
		return 0, fmt.Errorf("preview: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := json.Marshal(doc)
	if err != nil {
		return 0, fmt.Errorf("preview: %w", err)
	}
	path := filepath.Join(dir, "connector.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return 0, fmt.Errorf("preview: %w", err)
	}
	cmd := exec.CommandContext(ctx, binary, "preview", "--config", path, fmt.Sprintf("--steps=%t", steps))
	cmd.Env = []string{} // a platform's variables would make it a function
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.in, c.out, c.err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("preview: %s: %w", binary, err)
	}
	return exitOK, nil
}
