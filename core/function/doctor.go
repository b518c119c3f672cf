package function

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

const doctorAbout = `Look at what the connector needs outside, with its configuration and credentials: whether its service can be reached and
lets it in, and whether what it writes to is there. Nothing is written. Each line is ok, a warning or an error, and what to do.
Exit 1 if there is an error. Kafka is not looked at; connectless doctor does both.`

func (c *command) doctor(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("doctor", flag.ContinueOnError)
	file := fs.String("config", "", "the configuration to use (default: the function's own, connector.json or CONNECTLESS_CONFIG)")
	timeout := fs.Duration("timeout", 30*time.Second, "how long it may take")
	lines := fs.Bool("json", false, "print findings as JSON lines")
	if code, ok := c.parse(fs, args, doctorAbout); !ok {
		return code
	}
	doc, err := c.document(*file)
	if err != nil {
		return c.fail(err)
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	findings := c.examine(ctx, doc)
	show := PrintFindings
	if *lines {
		show = printJSON
	}
	if err := show(c.out, findings); err != nil {
		return c.fail(err)
	}
	for _, f := range findings {
		if f.Level == connect.LevelError {
			return exitFault
		}
	}
	return exitOK
}

// examine judges the configuration, and if it is good lets the connector look outside.
func (c *command) examine(ctx context.Context, doc *Document) []connect.Finding {
	catalog := Catalog(c.def)
	v := catalog.Judge(doc.Worker, doc.Config, config.Options{References: catalog.Resolve(ctx, doc.Worker, doc.Config)})
	findings := ConfigFindings(v)
	if v.Problems.Err() != nil {
		return findings
	}
	p := &plan{def: c.def, doc: doc, verdict: v}
	findings = append(findings, p.probeTarget(ctx)...)
	sink, err := p.openSink(ctx, c.open)
	if err != nil {
		return append(findings, connect.Finding{Level: connect.LevelError, Subject: c.def.Name, Message: err.Error()})
	}
	if closer, ok := sink.(io.Closer); ok {
		defer func() { _ = closer.Close() }() // nothing was written that it could lose
	}
	prober, ok := sink.(connect.Prober)
	if !ok {
		return append(findings, connect.Finding{Level: connect.LevelOK, Subject: c.def.Name, Message: "it has no checks of its own"})
	}
	return append(findings, prober.Probe(ctx)...)
}

// probeTarget looks whether dead letters can get to errors.deadletterqueue.target, if there is one.
func (p *plan) probeTarget(ctx context.Context) []connect.Finding {
	if p.verdict.Effective.Sink.DeadLetterTarget == "" {
		return nil
	}
	open, err := p.targetOpener(Options{})
	var letters connect.Sink
	if err == nil {
		letters, err = open()
	}
	if err != nil {
		return []connect.Finding{{Level: connect.LevelError, Subject: "dead letters", Message: err.Error()}}
	}
	if prober, ok := letters.(connect.Prober); ok {
		return prober.Probe(ctx)
	}
	return nil
}

// ConfigFindings are the problems of a configuration as findings; one that says so when there is none.
func ConfigFindings(v *config.Verdict) []connect.Finding {
	var found []connect.Finding
	for _, p := range v.Problems {
		f := connect.Finding{Level: connect.LevelError, Subject: "configuration " + p.Key, Message: p.Message}
		if p.Worker {
			f.Subject = "worker configuration " + p.Key
		}
		if p.Severity == config.Warning {
			f.Level = connect.LevelWarning
		}
		found = append(found, f)
	}
	if len(found) == 0 {
		found = append(found, connect.Finding{Level: connect.LevelOK, Subject: "configuration", Message: "every key is good"})
	}
	return found
}

// PrintFindings writes findings for people: a line each, and below it what to do.
func PrintFindings(w io.Writer, findings []connect.Finding) error {
	for _, f := range findings {
		text := fmt.Sprintf("%-7s  %s: %s\n", f.Level, f.Subject, f.Message)
		if f.Remedy != "" {
			text += fmt.Sprintf("%s  %s\n", strings.Repeat(" ", 7), f.Remedy)
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

func printJSON(w io.Writer, findings []connect.Finding) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, f := range findings {
		if err := e.Encode(f); err != nil {
			return err
		}
	}
	return nil
}
