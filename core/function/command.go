package function

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

// Exit codes of the command line.
const (
	exitOK    = 0
	exitFault = 1 // the configuration is wrong, or something failed
	exitUsage = 2
)

// command is the function's binary as a command line.
type command struct {
	def      connect.Definition
	open     OpenSink
	in       io.Reader
	out, err io.Writer
}

const usage = `%[1]s %[2]s: %[3]s

Started by AWS Lambda or Azure Functions it runs the connector; started by hand it takes one of these:

  describe   what this connector is, as JSON: names, kind, version, configuration keys
  docs       the reference of its configuration keys, as Markdown
  validate   judge a configuration, key by key; exit 1 if it is wrong
  preview    read records as JSON lines on stdin, print what the connector would get and what would be dead-lettered
  doctor     look whether what the connector needs outside is there

Each takes --help. Exit codes: 0 success, 1 failure, 2 wrong usage.
`

func (c *command) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		fmt.Fprintf(c.err, usage, c.def.Name, Version, c.def.Doc)
		return exitUsage
	}
	var run func(context.Context, []string) int
	switch args[0] {
	case "describe":
		run = c.describe
	case "docs":
		run = c.docs
	case "validate":
		run = c.validate
	case "preview":
		run = c.preview
	case "doctor":
		run = c.doctor
	case "help", "-h", "-help", "--help":
		fmt.Fprintf(c.out, usage, c.def.Name, Version, c.def.Doc)
		return exitOK
	default:
		fmt.Fprintf(c.err, "%s: unknown command %q\n\n", c.def.Name, args[0])
		fmt.Fprintf(c.err, usage, c.def.Name, Version, c.def.Doc)
		return exitUsage
	}
	return run(ctx, args[1:])
}

// parse reads a command's flags; code is what to exit with when ok is false.
func (c *command) parse(fs *flag.FlagSet, args []string, about string) (code int, ok bool) {
	fs.SetOutput(c.err)
	fs.Usage = func() {
		fmt.Fprintf(fs.Output(), "Usage: %s %s [flags]\n\n%s\n", c.def.Name, fs.Name(), about)
		fs.VisitAll(func(f *flag.Flag) {
			fmt.Fprintf(fs.Output(), "  --%s\n      %s\n", f.Name, f.Usage)
		})
	}
	for _, a := range args {
		if a == "-h" || a == "-help" || a == "--help" {
			fs.SetOutput(c.out)
		}
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK, false
	case err != nil:
		return exitUsage, false
	case fs.NArg() > 0:
		fmt.Fprintf(c.err, "%s %s: unexpected argument %q\n", c.def.Name, fs.Name(), fs.Arg(0))
		return exitUsage, false
	}
	return exitOK, true
}

// fail prints an error and is the exit code for it.
func (c *command) fail(err error) int {
	fmt.Fprintf(c.err, "%s: %v\n", c.def.Name, err)
	return exitFault
}

// Description is what the command describe prints.
type Description struct {
	Name    string           `json:"name"`
	Classes []string         `json:"classes"`
	Kind    connect.Kind     `json:"kind"`
	Version string           `json:"version"`
	Doc     string           `json:"doc"`
	Keys    []config.KeyInfo `json:"keys"`
}

func (c *command) describe(_ context.Context, args []string) int {
	fs := flag.NewFlagSet("describe", flag.ContinueOnError)
	class := fs.String("class", "", "describe the keys of this connector.class; the first of the connector's classes if not given")
	if code, ok := c.parse(fs, args, "Print what this connector is, as JSON."); !ok {
		return code
	}
	keys, err := c.keys(*class)
	if err != nil {
		return c.fail(err)
	}
	d := Description{Name: c.def.Name, Classes: c.def.Classes, Kind: c.def.Kind, Version: Version, Doc: c.def.Doc, Keys: config.KeyInfos(keys)}
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return c.fail(err)
	}
	return exitOK
}

// keys are the connector's own for a class.
func (c *command) keys(class string) ([]config.Key, error) {
	switch {
	case class == "" && len(c.def.Classes) > 0:
		class = c.def.Classes[0]
	case class == "":
		class = c.def.Name
	case !c.def.Is(class):
		return nil, fmt.Errorf("%s is not a class of this connector; those are %s and %v", class, c.def.Name, c.def.Classes)
	}
	return config.Keys(c.def.Config(class)), nil
}

func (c *command) docs(_ context.Context, args []string) int {
	fs := flag.NewFlagSet("docs", flag.ContinueOnError)
	class := fs.String("class", "", "document the keys of this connector.class; the first of the connector's classes if not given")
	if code, ok := c.parse(fs, args, "Print the reference of the connector's configuration keys, as Markdown."); !ok {
		return code
	}
	keys, err := c.keys(*class)
	if err != nil {
		return c.fail(err)
	}
	if err := config.Markdown(c.out, keys); err != nil {
		return c.fail(err)
	}
	return exitOK
}

func (c *command) validate(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("validate", flag.ContinueOnError)
	file := fs.String("config", "", "the configuration to judge (default: the function's own, connector.json or CONNECTLESS_CONFIG)")
	strict := fs.Bool("strict", false, "make keys that nobody knows errors")
	offline := fs.Bool("offline", false, "do not resolve ${provider:key} references; without it an unresolved one is an error")
	effective := fs.Bool("effective", false, "print the effective configuration too, secrets hidden")
	infos := fs.Bool("json", false, "print the answer of Kafka Connect's validate call instead")
	if code, ok := c.parse(fs, args, "Judge a configuration, key by key. Exit 1 if it is wrong."); !ok {
		return code
	}
	doc, err := c.document(*file)
	if err != nil {
		return c.fail(err)
	}
	catalog := Catalog(c.def)
	options := config.Options{Strict: *strict}
	if !*offline {
		options.References = catalog.Resolve(ctx, doc.Worker, doc.Config)
	}
	v := catalog.Judge(doc.Worker, doc.Config, options)
	if *infos {
		e := json.NewEncoder(c.out)
		e.SetEscapeHTML(false)
		if err := e.Encode(v.Infos()); err != nil {
			return c.fail(err)
		}
	} else if err := c.report(v, *effective); err != nil {
		return c.fail(err)
	}
	if v.Problems.Err() != nil {
		return exitFault
	}
	return exitOK
}

// report prints a verdict for a person.
func (c *command) report(v *config.Verdict, effective bool) error {
	errs, warnings := 0, 0
	for _, p := range v.Problems {
		if p.Severity == config.Error {
			errs++
		} else {
			warnings++
		}
		if _, err := fmt.Fprintln(c.out, p); err != nil {
			return err
		}
	}
	if effective && v.Effective != nil {
		if err := v.Explain(c.out); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(c.out, "%d errors, %d warnings\n", errs, warnings)
	return err
}

func (c *command) document(file string) (*Document, error) {
	if file == "" {
		return LoadDocument()
	}
	return ReadDocument(file)
}
