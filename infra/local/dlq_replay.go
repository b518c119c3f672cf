package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/lambdahost"
	"github.com/connectless/connectless/core/kafka"
	"github.com/connectless/connectless/infra/local/internal/deadletter"
)

const dlqReplayAbout = `Usage: connectless dlq replay --topic TOPIC --bootstrap-servers HOST:PORT [flags]
       connectless dlq replay --target s3://BUCKET/PREFIX|QUEUE --bootstrap-servers HOST:PORT [flags]
       connectless dlq replay --through --connector FILE --worker-config FILE [flags]

Replay records of a dead letter topic after what made them fail was mended: each original record once, however many letters
there are of it, with its original key, value, headers, timestamp and partition. Without --yes it only says what it would do.

By default records are written to the topic they came from, for everybody who reads it; retention counts from their original
timestamps. With --through they go through the connector's function, on this machine and with its credentials, and nowhere
else: it is called with each as the trigger calls it, and what it cannot deliver is reported instead of dead-lettered.

A replayed record is delivered after all that came since it failed. Where a later record of the same key was delivered, the
older one takes its place: look at what you replay (--reason, --offset, --since) if that matters.

What was replayed is written to the journal, record by record, and is not replayed again with the same journal; so a replay
that was interrupted goes on where it was. What was under way then may be replayed twice, and nothing is left out.
`

// replayFlags is the command line of connectless dlq replay.
type replayFlags struct {
	dlqFlags
	to, journal  string
	through, yes bool
}

func (c *command) dlqReplay(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("dlq replay", flag.ContinueOnError)
	var f replayFlags
	f.define(fs)
	fs.StringVar(&f.functions, "functions", "", functionsDoc)
	fs.StringVar(&f.to, "to", "", "`topic` to write to (default: the one that each record came from)")
	fs.BoolVar(&f.through, "through", false, "deliver by the connector's function instead of writing to a topic; needs --connector")
	fs.StringVar(&f.journal, "journal", "<topic>.replayed.jsonl", "`file` that remembers what was replayed; an empty value keeps none")
	fs.BoolVar(&f.yes, "yes", false, "do it")
	if code, ok := c.parseDLQ(fs, &f.dlqFlags, args, dlqReplayAbout); !ok {
		return code
	}
	switch {
	case f.through && f.connector == "":
		return c.misused(fs, "--through needs --connector")
	case f.through && f.to != "":
		return c.misused(fs, "--through and --to exclude each other")
	}
	b, err := f.open(ctx)
	if err != nil {
		return c.failed(err)
	}
	if f.to == b.Name {
		return c.misused(fs, "--to: %s is the dead letter topic itself", f.to)
	}
	f.journal = strings.ReplaceAll(f.journal, "<topic>", fileName(b.Name))
	r := &replay{c: c, f: &f, box: b, seen: map[deadletter.Identity]bool{}, to: map[string]int{}, began: time.Now()}
	err = r.run(ctx)
	r.summary()
	switch {
	case err != nil:
		return c.failed(err)
	case r.failed > 0:
		return exitFault
	}
	return exitOK
}

// fileName makes a file's name of what letters lie in.
var fileName = strings.NewReplacer("://", "-", "/", "-", ":", "-").Replace

// replay is one call of the command.
type replay struct {
	c       *command
	f       *replayFlags
	box     *box
	journal *deadletter.Journal
	out     deliverer // nil in a dry run
	began   time.Time // of the last line of progress

	seen    map[deadletter.Identity]bool
	pending []*deadletter.Letter
	bytes   int

	to                                           map[string]int // records by where they go, or would
	failed, copies, before, others, positionless int
}

// A deliverer replays records in order. The result has an error for each that was not replayed; stop says that trying
// more is of no use, and then those that were not tried have errNotTried.
type deliverer interface {
	deliver(ctx context.Context, letters []*deadletter.Letter) (results []error, stop error)
	close() error
}

var errNotTried = errors.New("not tried")

func (r *replay) run(ctx context.Context) (err error) {
	if r.f.yes {
		if r.out, err = r.open(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.out.close()) }()
	}
	journal := func(cluster string) (err error) {
		r.journal, err = deadletter.OpenJournal(r.f.journal, cluster, r.box.Name, !r.f.yes)
		return err
	}
	defer func() {
		if r.journal != nil {
			err = errors.Join(err, r.journal.Close())
		}
	}()
	err = r.box.Read(ctx, &r.f.filter, journal, func(l *deadletter.Letter) error { return r.take(ctx, l) })
	return errors.Join(err, r.flush(ctx, err))
}

func (r *replay) open(ctx context.Context) (deliverer, error) {
	if r.f.through {
		return newThrough(ctx, r.box)
	}
	if err := r.box.needsCluster(); err != nil {
		return nil, err
	}
	p, err := kafka.NewProducer(r.box.effective.Producer)
	if err != nil {
		return nil, err
	}
	return &toTopic{producer: p, target: r.target}, nil
}

// target is where a record goes.
func (r *replay) target(l *deadletter.Letter) string {
	if r.f.through {
		return "connector " + r.box.effective.Sink.Name
	}
	return cmp.Or(r.f.to, l.Origin.Topic)
}

const (
	batchRecords = 500
	batchBytes   = 4 << 20
)

// take decides about a letter.
func (r *replay) take(ctx context.Context, l *deadletter.Letter) error {
	id := l.Identity()
	switch {
	case r.f.through && l.Known && l.Connector != "" && l.Connector != r.box.effective.Sink.Name:
		r.others++
		return nil
	case !l.Known && (r.f.through || r.f.to == ""):
		r.positionless++
		return nil
	case r.seen[id]:
		r.copies++
		return nil
	case r.journal.Has(id):
		r.seen[id] = true
		r.before++
		return nil
	case r.target(l) == r.box.Name:
		return fmt.Errorf("the letter %s says that it came from the dead letter topic itself: name another topic with --to", l.At)
	}
	r.seen[id] = true
	if r.out == nil {
		r.to[r.target(l)]++
		return nil
	}
	r.pending = append(r.pending, l)
	r.bytes += len(l.Key) + len(l.Value)
	if len(r.pending) < batchRecords && r.bytes < batchBytes {
		return nil
	}
	return r.flush(ctx, nil)
}

// flush delivers what is pending, unless something went wrong before.
func (r *replay) flush(ctx context.Context, before error) error {
	if len(r.pending) == 0 || before != nil {
		return nil
	}
	results, stop := r.out.deliver(ctx, r.pending)
	for i, l := range r.pending {
		switch err := results[i]; {
		case err == nil:
			r.to[r.target(l)]++
			if e := r.journal.Add(l, r.target(l)); e != nil {
				return errors.Join(stop, e)
			}
			r.say(l, nil)
		case !errors.Is(err, errNotTried):
			r.failed++
			r.say(l, err)
		}
	}
	r.pending, r.bytes = r.pending[:0], 0
	if since := time.Since(r.began); since > 2*time.Second && !r.f.json {
		r.began = time.Now()
		fmt.Fprintf(r.c.err, "%s replayed so far\n", count(r.replayed(), "record"))
	}
	if stop != nil {
		return fmt.Errorf("stopped: %w", stop)
	}
	return nil
}

func (r *replay) replayed() (n int) {
	for _, records := range r.to {
		n += records
	}
	return n
}

// say tells what became of a record.
func (r *replay) say(l *deadletter.Letter, err error) {
	at := l.Origin
	if !l.Known {
		at = l.At
	}
	if !r.f.json {
		if err != nil {
			fmt.Fprintf(r.c.out, "%s failed again: %s\n", oneLine(at.String()), oneLine(err.Error()))
		}
		return
	}
	line := struct {
		Original deadletter.Position `json:"original"`
		Letter   deadletter.Position `json:"letter"`
		To       string              `json:"to"`
		Error    string              `json:"error,omitempty"`
	}{at, l.At, r.target(l), ""}
	if err != nil {
		line.Error = err.Error()
	}
	e := json.NewEncoder(r.c.out)
	e.SetEscapeHTML(false)
	_ = e.Encode(line) // a reader that is gone must not keep the journal from being written
}

// summary says what was done and what was not.
func (r *replay) summary() {
	out := r.c.out
	if r.f.json {
		out = r.c.err
	}
	done := "replayed"
	if !r.f.yes {
		done = "would replay"
	}
	if len(r.to) == 0 {
		fmt.Fprintf(out, "%s nothing\n", done)
	}
	for _, to := range slices.Sorted(maps.Keys(r.to)) {
		fmt.Fprintf(out, "%s %s to %s\n", done, count(r.to[to], "record"), to)
	}
	for _, s := range []struct {
		n    int
		what string
	}{
		{r.failed, "failed again"},
		{r.copies, "left out as copies"},
		{r.before, "left out because " + r.f.journal + " says they were replayed before"},
		{r.others, "left out because another connector wrote them"},
		{r.positionless, "left out because the letters do not say where they are from: name a topic with --to"},
	} {
		if s.n > 0 {
			fmt.Fprintf(out, "%d %s\n", s.n, s.what)
		}
	}
	switch {
	case !r.f.yes:
		fmt.Fprintln(out, "Nothing was done: --yes does it.")
	case len(r.to) > 0 && r.f.journal != "":
		fmt.Fprintf(out, "What was replayed is in %s.\n", r.f.journal)
	}
}

// toTopic writes records to a topic.
type toTopic struct {
	producer *kafka.Producer
	target   func(*deadletter.Letter) string
}

func (t *toTopic) deliver(ctx context.Context, letters []*deadletter.Letter) (results []error, stop error) {
	batch := make([]*connect.Record, len(letters))
	for i, l := range letters {
		batch[i] = t.record(l)
	}
	results = make([]error, len(letters))
	err := t.producer.Put(ctx, batch)
	failed, some := errors.AsType[*connect.BatchError](err)
	for i := range results {
		if some {
			results[i] = failed.Failed(i)
		} else {
			results[i] = err
		}
		if results[i] != nil && connect.Classify(results[i]) != connect.ClassData {
			stop, results[i] = cmp.Or(stop, results[i]), errNotTried
		}
	}
	return results, stop
}

// record is the original one. In its own topic it goes to its own partition.
func (t *toTopic) record(l *deadletter.Letter) *connect.Record {
	r := &connect.Record{Topic: t.target(l), Partition: -1, Timestamp: l.Timestamp.UnixMilli(), Key: bytesValue(l.Key), Value: bytesValue(l.Value)}
	if l.Known && r.Topic == l.Origin.Topic {
		r.Partition = l.Origin.Partition
	}
	for _, h := range l.Headers {
		r.Headers = append(r.Headers, connect.Header{Key: h.Key, Raw: h.Value, Encoded: true})
	}
	return r
}

func bytesValue(b []byte) data.Value {
	if b == nil {
		return data.Value{}
	}
	return data.OfBytes(b)
}

func (t *toTopic) close() error { return t.producer.Close() }

// through calls the connector's function with each record.
type through struct {
	function *lambdahost.Function
	dir      string
}

// newThrough makes a function that fails where it would write a dead letter, so that each record's outcome is known.
func newThrough(ctx context.Context, b *box) (_ *through, err error) {
	if err := b.verdict.Problems.Err(); err != nil {
		return nil, err
	}
	binary, err := b.shelf.binary(b.verdict.Connector.Name)
	if err != nil {
		return nil, err
	}
	props := maps.Clone(b.props)
	maps.DeleteFunc(props, func(key, _ string) bool { return strings.HasPrefix(key, "errors.deadletterqueue.") })
	props["errors.tolerance"] = "none"
	t := &through{}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
		}
	}()
	if t.dir, err = os.MkdirTemp("", "connectless-dlq-"); err != nil {
		return nil, err
	}
	doc, err := json.Marshal(function.Document{Config: props, Worker: b.worker})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(t.dir, "connector.json"), doc, 0o600); err != nil {
		return nil, err
	}
	if t.function, err = lambdahost.New(lambdahost.Config{
		Name: "replay", Path: binary.Path, TaskRoot: t.dir, Env: ownEnvironment(), Region: cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")),
		MemoryMB: 1024, Timeout: time.Minute, MaxConcurrency: 1,
	}); err != nil {
		return nil, err
	}
	return t, t.function.Warm(ctx)
}

// ownEnvironment is this process's: references, and the credentials of the stores they may lead to, are taken from it.
func ownEnvironment() map[string]string {
	env := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if name != "" && name != "TZ" && !setByLambda(name) {
			env[name] = value
		}
	}
	return env
}

func (t *through) deliver(ctx context.Context, letters []*deadletter.Letter) (results []error, stop error) {
	results = make([]error, len(letters))
	for i, l := range letters {
		if stop != nil || ctx.Err() != nil {
			results[i] = errNotTried
			continue
		}
		event, err := l.Event()
		if err != nil {
			results[i] = err
			continue
		}
		if _, err = t.function.Invoke(ctx, event); err == nil {
			continue
		}
		results[i] = err
		if !ofRecord(err) {
			stop, results[i] = fmt.Errorf("at %s: %w", l.Origin, err), errNotTried
		}
	}
	return results, cmp.Or(stop, ctx.Err())
}

// ofRecord says whether the function refused the record, so that the next one may do better. What a connector says of its
// system, that it is away or lets nobody in, has these two classes; a conversion or transform may use them for a record.
func ofRecord(err error) bool {
	f, ok := errors.AsType[*host.FunctionError](err)
	if !ok || strings.HasPrefix(f.Type, "Runtime.") || strings.HasPrefix(f.Type, "Sandbox.") {
		return false
	}
	if f.Type == data.RetriableException {
		return false
	}
	return f.Type != data.ConnectException || !strings.Contains(f.Message, "TASK_PUT in ")
}

func (t *through) close() error {
	var err error
	if t.function != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err = t.function.Close(ctx)
	}
	if t.dir != "" {
		err = errors.Join(err, os.RemoveAll(t.dir))
	}
	return err
}
