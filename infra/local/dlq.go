package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/kafka"
	"github.com/connectless/connectless/infra/local/internal/connector"
	"github.com/connectless/connectless/infra/local/internal/deadletter"
)

const dlqUsage = `Usage: connectless dlq <command> --topic TOPIC [flags]
       connectless dlq <command> --target s3://BUCKET/PREFIX|QUEUE [flags]

Read a dead letter topic of Connectless or Kafka Connect, or the bucket or SQS queue that a function without a way to the
brokers writes to. Letters are folded: those of the same record, which a repeated batch makes, count once. Nothing is ever
deleted.

  list      count records by the reason they failed for
  show      explain records one by one, and how they would fare now
  replay    send the original records to their topic again, or straight through the connector

Each takes --help.
`

func (c *command) dlq(ctx context.Context, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(c.err, dlqUsage)
		return exitUsage
	}
	switch name, rest := args[0], args[1:]; name {
	case "list":
		return c.dlqList(ctx, rest)
	case "show":
		return c.dlqShow(ctx, rest)
	case "replay":
		return c.dlqReplay(ctx, rest)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(c.out, dlqUsage)
		return exitOK
	default:
		fmt.Fprintf(c.err, "connectless dlq: unknown command %q\n\n%s", name, dlqUsage)
		return exitUsage
	}
}

// dlqFlags are the flags that all of dlq have.
type dlqFlags struct {
	topic, target         string
	servers, workerConfig string
	connector, functions  string
	json                  bool
	filter                deadletter.Filter
	warn                  func(error)
}

func (f *dlqFlags) define(fs *flag.FlagSet) {
	fs.StringVar(&f.topic, "topic", "", "the dead letter `topic` (default: that of --connector)")
	fs.StringVar(&f.target, "target", "", "`where` letters are, if not in a topic: s3://bucket/prefix, or the URL or ARN of an SQS queue, whose messages are hidden from others meanwhile (default: that of --connector)")
	fs.StringVar(&f.servers, "bootstrap-servers", "", "`host:port,...` of the Kafka cluster (default: bootstrap.servers of the worker's properties)")
	fs.StringVar(&f.workerConfig, "worker-config", "", "`file` of Kafka Connect worker properties: the cluster, and how to sign in")
	fs.StringVar(&f.connector, "connector", "", "connector `file`: Kafka Connect's JSON")
	fs.BoolVar(&f.json, "json", false, "print JSON lines, for programs")
	fs.StringVar(&f.filter.Reason, "reason", "", "only letters of this reason: its `id` in the list, or a part of its text")
	fs.Func("partition", "only letters in this `partition` of the dead letter topic, or in several, as 0-3; in a bucket, of the topic they came from", func(s string) (err error) {
		f.filter.Partition, err = deadletter.ParseRange(s)
		return err
	})
	fs.Func("offset", "only letters at this `offset` of the dead letter topic, or at several, as 7-12 or 7-; in a bucket, of the topic they came from", func(s string) (err error) {
		f.filter.Offset, err = deadletter.ParseRange(s)
		return err
	})
	fs.Func("since", "only letters with a timestamp since then, which is the original record's: a `time` as 2026-01-31T15:04:05Z, or how long ago, as 24h", func(s string) (err error) {
		f.filter.Since, err = parseSince(s, time.Now())
		return err
	})
}

func parseSince(s string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(s); err == nil {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a time like 2026-01-31T15:04:05Z nor a duration like 24h", s)
}

// letters are where dead letters lie.
type letters interface {
	Read(ctx context.Context, f *deadletter.Filter, cluster func(id string) error, each func(*deadletter.Letter) error) error
}

// box is dead letters, and the connector that they are from if it was named.
type box struct {
	letters
	Name      string // of the topic, or where else
	worker    map[string]string
	props     map[string]string // nil without a connector
	effective *config.Effective
	verdict   *config.Verdict
	shelf     *shelf
}

// nothing is the settings of a connector that stands for any.
type nothing struct{}

func (nothing) Define(*config.Def) {}

// open finds out how to read the topic. It connects to nothing.
func (f *dlqFlags) open(ctx context.Context) (*box, error) {
	b := &box{shelf: openShelf(ctx, f.functions)}
	var err error
	if b.worker, _, err = localWorker(f.workerConfig, false); err != nil {
		return nil, err
	}
	if f.servers != "" {
		b.worker["bootstrap.servers"] = f.servers
	}
	catalog, props := b.shelf.catalog, map[string]string(nil)
	if f.connector != "" {
		if b.props, err = connector.ReadFile(f.connector); err != nil {
			return nil, err
		}
		props = b.props
	} else {
		const anyone = "dead-letters"
		catalog = &config.Catalog{Plugins: catalog.Plugins, Providers: catalog.Providers,
			Connectors: []config.Connector{{Name: anyone, Kind: "sink", Config: func(string) config.Definer { return nothing{} }}}}
		props = map[string]string{"name": anyone, "connector.class": anyone, "topics": anyone}
	}
	b.verdict = catalog.Judge(b.worker, props, config.Options{References: catalog.Resolve(ctx, b.worker, props)})
	for _, p := range b.verdict.Problems { // what has nothing to do with Kafka does not matter here
		ofClient := strings.HasPrefix(p.Key, "consumer.override.") || strings.HasPrefix(p.Key, "producer.override.")
		if p.Severity == config.Error && (ofClient || p.Worker && !strings.Contains(p.Key, ".converter") || p.Key == "connector.class") {
			return nil, errors.New(p.Message)
		}
	}
	b.effective = b.verdict.Effective
	if b.effective == nil || b.effective.Sink == nil {
		return nil, fmt.Errorf("%s is no sink: only sinks have dead letters", f.connector)
	}
	if target := cmp.Or(f.target, b.effective.Sink.DeadLetterTarget); target != "" && f.topic == "" {
		t, err := config.ParseDeadLetterTarget(target)
		b.letters, b.Name = deadletter.Target{DeadLetterTarget: t, Warn: f.warn}, t.String()
		return b, err
	}
	if b.Name = cmp.Or(f.topic, b.effective.Sink.DeadLetterTopic); b.Name == "" {
		return nil, fmt.Errorf("%s has no errors.deadletterqueue.topic.name: name the topic with --topic", f.connector)
	}
	if err := b.needsCluster(); err != nil {
		return nil, err
	}
	var client kafka.Client
	if err := config.Parse(b.effective.Consumer, &client).Err(); err != nil {
		return nil, err
	}
	t := &deadletter.Topic{Name: b.Name}
	b.letters = t
	t.Options, err = client.Options()
	return b, err
}

func (b *box) needsCluster() error {
	if b.effective.Consumer["bootstrap.servers"] == "" {
		return errors.New("no Kafka cluster is named: give --bootstrap-servers, or --worker-config with bootstrap.servers")
	}
	return nil
}

// parseDLQ reads the flags of a subcommand and checks what all of them need.
func (c *command) parseDLQ(fs *flag.FlagSet, f *dlqFlags, args []string, about string) (code int, ok bool) {
	if code, ok := c.parse(fs, args, about); !ok {
		return code, false
	}
	f.warn = func(err error) { fmt.Fprintln(c.err, "warning:", err) }
	switch {
	case fs.NArg() > 0:
		return c.misused(fs, "unexpected argument %q", fs.Arg(0)), false
	case f.topic != "" && f.target != "":
		return c.misused(fs, "--topic and --target exclude each other"), false
	case f.topic == "" && f.target == "" && f.connector == "":
		return c.misused(fs, "no --topic, and no --target"), false
	}
	return exitOK, true
}

const dlqListAbout = `Usage: connectless dlq list --topic TOPIC --bootstrap-servers HOST:PORT [flags]
       connectless dlq list --target s3://BUCKET/PREFIX|QUEUE [flags]

Count the records of a dead letter topic by the reason they failed for: the stage, the class that failed, its exception and
message, with the values in the message left out. A record that was written several times counts once.
`

// tally counts the letters of a reason.
type tally struct {
	reason     deadletter.Reason
	records    map[deadletter.Identity]bool
	letters    int
	connectors map[string]bool
	first      deadletter.Position
	last       deadletter.Position
}

func (c *command) dlqList(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("dlq list", flag.ContinueOnError)
	var f dlqFlags
	f.define(fs)
	if code, ok := c.parseDLQ(fs, &f, args, dlqListAbout); !ok {
		return code
	}
	b, err := f.open(ctx)
	if err != nil {
		return c.failed(err)
	}
	letters, all, tallies := 0, map[deadletter.Identity]bool{}, map[deadletter.Reason]*tally{}
	err = b.Read(ctx, &f.filter, anyCluster, func(l *deadletter.Letter) error {
		letters++
		r, id := l.Reason(), l.Identity()
		t := tallies[r]
		if t == nil {
			t = &tally{reason: r, records: map[deadletter.Identity]bool{}, connectors: map[string]bool{}, first: l.At}
			tallies[r] = t
		}
		t.letters++
		t.last, t.records[id], all[id] = l.At, true, true
		t.connectors[l.Connector] = true
		return nil
	})
	if err != nil {
		return c.failed(err)
	}
	sorted := slices.SortedFunc(maps.Values(tallies), func(a, b *tally) int {
		return cmp.Or(len(b.records)-len(a.records), strings.Compare(a.reason.ID(), b.reason.ID()))
	})
	if f.json {
		err = c.tallyJSON(sorted)
	} else {
		err = c.tallyTable(b.Name, sorted, letters, len(all))
	}
	if err != nil {
		return c.failed(err)
	}
	return exitOK
}

func anyCluster(string) error { return nil }

func (c *command) tallyJSON(tallies []*tally) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	for _, t := range tallies {
		err := e.Encode(struct {
			ID      string `json:"reason"`
			Records int    `json:"records"`
			Letters int    `json:"letters"`
			deadletter.Reason
			Connectors []string            `json:"connectors"`
			First      deadletter.Position `json:"first"`
			Last       deadletter.Position `json:"last"`
		}{t.reason.ID(), len(t.records), t.letters, t.reason, slices.Sorted(maps.Keys(t.connectors)), t.first, t.last})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *command) tallyTable(topic string, tallies []*tally, letters, records int) error {
	if len(tallies) > 0 {
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "REASON\tRECORDS\tLETTERS\tLAST\tSTAGE\tCLASS\tEXCEPTION\tMESSAGE")
		for _, t := range tallies {
			last := fmt.Sprintf("%d@%d", t.last.Partition, t.last.Offset)
			r := t.reason
			if !r.Known() {
				r.Message = "(the letters have no headers that say: errors.deadletterqueue.context.headers.enable)"
			}
			fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", t.reason.ID(), len(t.records), t.letters, last,
				oneLine(r.Stage), oneLine(simpleName(r.Class)), oneLine(simpleName(r.Exception)), clip(oneLine(r.Message), 100))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(c.out, "%s of %s in %s\n", count(letters, "letter"), count(records, "record"), topic)
	return err
}

func simpleName(class string) string { return class[strings.LastIndexByte(class, '.')+1:] }

// oneLine makes a text from a record fit for a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// clip cuts a text that is too long.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
