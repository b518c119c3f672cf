package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/connectless/connectless/infra/local/events"
)

// reporter writes events, as text for people or as JSON lines. It may be called concurrently.
type reporter struct {
	mu      sync.Mutex
	out     io.Writer
	json    bool
	verbose bool // text: every line that a function or the worker writes, not only warnings and errors
}

func (r *reporter) report(e events.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// A reader that is gone cannot be told so; that nobody reads is no reason to stop.
	if r.json {
		_ = json.NewEncoder(r.out).Encode(e)
		return
	}
	if line := r.text(e); line != "" {
		_, _ = io.WriteString(r.out, line+"\n")
	}
}

func (r *reporter) text(e events.Event) string {
	at := e.Time.Format("15:04:05.000")
	switch e.Kind {
	case events.Ready:
		return readyText(e.Addresses)
	case events.Invoked:
		return fmt.Sprintf("%s %s: %s", at, e.Connector, invocationText(e.Invocation))
	case events.Log:
		if !r.verbose && !troubled(e.Message) {
			return ""
		}
		return fmt.Sprintf("%s %s | %s", at, e.Connector, e.Message)
	case events.Worker:
		if !r.verbose && !strings.HasPrefix(e.Message, "level=WARN") && !strings.HasPrefix(e.Message, "level=ERROR") {
			return ""
		}
		return fmt.Sprintf("%s worker | %s", at, e.Message)
	case events.Problem:
		if e.Connector == "" {
			return fmt.Sprintf("%s problem: %s", at, e.Message)
		}
		return fmt.Sprintf("%s %s: problem: %s", at, e.Connector, e.Message)
	case events.Stopped:
		return at + " stopped"
	}
	return fmt.Sprintf("%s %s: %s", at, e.Connector, e.Message)
}

func readyText(a *events.Addresses) string {
	lines := []string{"Kafka          " + a.Kafka}
	if a.Cosmos != "" {
		lines = append(lines, "Cosmos DB      "+a.Cosmos+"  (no key needed: curl "+a.Cosmos+"/dbs)")
	}
	if a.REST != "" {
		lines = append(lines, "Connect REST   "+a.REST+"  (curl "+a.REST+"/connectors?expand=status)")
	}
	return strings.Join(append(lines, "Ready; Ctrl-C stops."), "\n")
}

func invocationText(inv *events.Invocation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d records, %s in %.0f ms", inv.Records, bytesText(inv.Bytes), inv.DurationMS)
	if inv.Cold {
		fmt.Fprintf(&b, " (cold start %.0f ms)", inv.InitMS)
	}
	for _, p := range inv.Partitions {
		fmt.Fprintf(&b, " %s-%d@%d-%d", inv.Topic, p.Partition, p.First, p.Last)
	}
	if inv.Error != "" {
		fmt.Fprintf(&b, ", attempt %d failed: %s", inv.Attempt, inv.Error)
	}
	return b.String()
}

func bytesText(n int) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// troubled says whether a line of a function is one to show in any case: what is not of its structured log (a crash),
// or a warning or an error of it. That an invocation failed or a function does not start is told otherwise.
func troubled(line string) bool {
	var l struct {
		Level string `json:"level"`
		Msg   string `json:"msg"`
	}
	if json.Unmarshal([]byte(line), &l) != nil {
		return !strings.Contains(line, `{"errorMessage":`) // what aws-lambda-go logs of a failed invocation
	}
	return (l.Level == "WARN" || l.Level == "ERROR") && l.Msg != "invocation" && l.Msg != "the function cannot start"
}
