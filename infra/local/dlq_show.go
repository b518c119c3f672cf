package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/infra/local/internal/deadletter"
)

const dlqShowAbout = `Usage: connectless dlq show --topic TOPIC --bootstrap-servers HOST:PORT [flags]
       connectless dlq show --target s3://BUCKET/PREFIX|QUEUE [flags]

Explain the records of a dead letter topic: where each comes from, what failed and why, its key, value and headers as text, or
as hexadecimal digits where they are none. With --connector each is taken through the connector as it is configured now, up to
the point where it would be written, by the preview of the function that ships: nothing is written.
`

// shown is a record with the letters that were written of it.
type shown struct {
	*deadletter.Letter
	copies []deadletter.Position
	now    *verdict
}

// verdict is what a preview says of a record.
type verdict struct {
	Record     json.RawMessage `json:"record,omitempty"`
	Filtered   bool            `json:"filtered,omitempty"`
	DeadLetter *struct {
		Stage     string `json:"stage"`
		Class     string `json:"class"`
		Exception string `json:"exception"`
		Message   string `json:"message"`
	} `json:"dead_letter,omitempty"`
	Failed json.RawMessage `json:"failed,omitempty"`
}

func (c *command) dlqShow(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("dlq show", flag.ContinueOnError)
	var f dlqFlags
	f.define(fs)
	fs.StringVar(&f.functions, "functions", "", functionsDoc)
	limit := fs.Int("limit", 10, "`records` to show at most; 0 is all")
	if code, ok := c.parseDLQ(fs, &f, args, dlqShowAbout); !ok {
		return code
	}
	b, err := f.open(ctx)
	if err != nil {
		return c.failed(err)
	}
	var found []*shown
	at := map[deadletter.Identity]*shown{}
	more := 0
	err = b.Read(ctx, &f.filter, anyCluster, func(l *deadletter.Letter) error {
		id := l.Identity()
		s, known := at[id]
		switch {
		case s != nil:
			s.Letter = l // the last one says how it failed last
			s.copies = append(s.copies, l.At)
		case known: // beyond the limit
		case *limit > 0 && len(found) >= *limit:
			more++
			at[id] = nil
		default:
			s = &shown{Letter: l, copies: []deadletter.Position{l.At}}
			found, at[id] = append(found, s), s
		}
		return nil
	})
	if err == nil && b.props != nil && len(found) > 0 {
		err = c.foretell(ctx, b, found)
	}
	if err != nil {
		return c.failed(err)
	}
	if err := c.show(found, f.json); err != nil {
		return c.failed(err)
	}
	switch {
	case len(found) == 0:
		fmt.Fprintf(c.err, "there is no such letter in %s\n", b.Name)
	case more > 0:
		fmt.Fprintf(c.err, "%s more; --limit 0 shows all\n", count(more, "record"))
	}
	return exitOK
}

// foretell takes the records through the preview of the connector's function.
func (c *command) foretell(ctx context.Context, b *box, records []*shown) error {
	if b.verdict.Connector == nil {
		return b.verdict.Problems.Err()
	}
	binary, err := b.shelf.binary(b.verdict.Connector.Name)
	if err != nil {
		return err
	}
	var in, out bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, r := range records {
		if err := lines.Encode(previewLine(b, r.Letter)); err != nil {
			return err
		}
	}
	preview := &command{in: &in, out: &out, err: c.err}
	code, err := preview.runPreview(ctx, binary.Path, function.Document{Config: b.props, Worker: b.worker}, false)
	if err != nil {
		return err
	}
	if code != exitOK {
		return fmt.Errorf("the preview of %s failed", binary.Name)
	}
	answers := json.NewDecoder(&out)
	for _, r := range records { // one line for each, in order
		r.now = &verdict{}
		if err := answers.Decode(r.now); err != nil {
			return fmt.Errorf("the preview of %s said nothing of %s: %w", binary.Name, r.Origin, err)
		}
	}
	return nil
}

// previewLine is a letter as preview reads it.
func previewLine(b *box, l *deadletter.Letter) any {
	line := struct {
		Topic     string          `json:"topic,omitempty"`
		Partition int32           `json:"partition"`
		Offset    int64           `json:"offset"`
		Timestamp int64           `json:"timestamp"`
		Key       *[]byte         `json:"key_base64"`
		Value     *[]byte         `json:"value_base64"`
		Headers   json.RawMessage `json:"headers,omitempty"`
	}{Topic: l.Origin.Topic, Partition: l.Origin.Partition, Offset: l.Origin.Offset, Timestamp: l.Timestamp.UnixMilli()}
	if !l.Known && len(b.effective.Sink.Topics) > 0 {
		line.Topic = b.effective.Sink.Topics[0]
	}
	if l.Key != nil {
		line.Key = &l.Key
	}
	if l.Value != nil {
		line.Value = &l.Value
	}
	separator := byte('{')
	for _, h := range l.Headers { // names may repeat, which no map can
		name, _ := json.Marshal(h.Key) // a string always can
		value := []byte("null")
		if h.Value != nil {
			value, _ = json.Marshal(string(h.Value))
		}
		line.Headers = append(append(append(append(line.Headers, separator), name...), ':'), value...)
		separator = ','
	}
	if len(l.Headers) > 0 {
		line.Headers = append(line.Headers, '}')
	}
	return line
}

func (c *command) show(records []*shown, asJSON bool) error {
	for i, r := range records {
		var err error
		if asJSON {
			err = c.showJSON(r)
		} else {
			if i > 0 {
				fmt.Fprintln(c.out)
			}
			_, err = fmt.Fprint(c.out, r.text())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *command) showJSON(r *shown) error {
	type header struct {
		Name  string  `json:"name"`
		Value *string `json:"value_base64"`
	}
	line := struct {
		Letters   []deadletter.Position `json:"letters"`
		Original  *deadletter.Position  `json:"original"`
		Timestamp time.Time             `json:"timestamp"`
		Connector string                `json:"connector,omitempty"`
		Task      string                `json:"task,omitempty"`
		ID        string                `json:"reason"`
		Stage     string                `json:"stage,omitempty"`
		Class     string                `json:"class,omitempty"`
		Exception string                `json:"exception,omitempty"`
		Message   string                `json:"message,omitempty"`
		Trace     string                `json:"stacktrace,omitempty"`
		Key       *[]byte               `json:"key_base64"`
		Value     *[]byte               `json:"value_base64"`
		Headers   []header              `json:"headers,omitempty"`
		Now       *verdict              `json:"now,omitempty"`
	}{
		Letters: r.copies, Timestamp: r.Timestamp.UTC(), Connector: r.Connector, Task: r.Task, ID: r.Reason().ID(),
		Stage: r.Stage, Class: r.Class, Exception: r.Exception, Message: r.Message, Trace: r.Stacktrace, Now: r.now,
	}
	if r.Known {
		line.Original = &r.Origin
	}
	if r.Key != nil {
		line.Key = &r.Key
	}
	if r.Value != nil {
		line.Value = &r.Value
	}
	for _, h := range r.Headers {
		one := header{Name: h.Key}
		if h.Value != nil {
			text := base64.StdEncoding.EncodeToString(h.Value)
			one.Value = &text
		}
		line.Headers = append(line.Headers, one)
	}
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	return e.Encode(line)
}

// text explains a record to a person.
func (r *shown) text() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-9s  %s\n", name, fmt.Sprintf(format, args...))
	}
	from := "a record of which the letter does not say where it is from"
	if r.Known {
		from = oneLine(r.Origin.String())
	}
	fmt.Fprintf(&b, "%s\n", from)
	var letters []string
	for _, p := range r.copies {
		letters = append(letters, p.String())
	}
	line("letters", "%s", strings.Join(letters, ", "))
	line("timestamp", "%s", r.Timestamp.UTC().Format(time.RFC3339Nano))
	if r.Connector != "" {
		line("connector", "%s, task %s", oneLine(r.Connector), oneLine(r.Task))
	}
	if r.Reason().Known() {
		line("failed", "%s in %s", oneLine(r.Stage), oneLine(r.Class))
		line("", "%s: %s", oneLine(r.Exception), oneLine(r.Message))
		line("reason", "%s", r.Reason().ID())
	}
	line("key", "%s", payload(r.Key))
	line("value", "%s", payload(r.Value))
	for _, h := range r.Headers {
		line("header", "%s = %s", oneLine(h.Key), payload(h.Value))
	}
	if r.now != nil {
		line("now", "%s", r.fate())
	}
	return b.String()
}

// fate says how the record would fare now.
func (r *shown) fate() string {
	switch n := r.now; {
	case n.Filtered:
		return "a transform drops it"
	case n.DeadLetter != nil:
		return fmt.Sprintf("it fails again: %s in %s: %s: %s", n.DeadLetter.Stage, n.DeadLetter.Class, n.DeadLetter.Exception, oneLine(n.DeadLetter.Message))
	case n.Failed != nil:
		return "it fails again, and holds its partition (errors.tolerance=none): " + oneLine(string(n.Failed))
	case r.Stage == "TASK_PUT":
		return "it gets as far as before: what refused it was the system behind the connector, which a preview does not ask: " + clip(oneLine(string(n.Record)), 1000)
	default:
		return "it passes: " + clip(oneLine(string(n.Record)), 1000)
	}
}

// payload is bytes as text if they are text, else as hexadecimal digits.
func payload(b []byte) string {
	const most = 1000
	switch {
	case b == nil:
		return "null"
	case utf8.Valid(b) && bytes.IndexFunc(b, unprintable) < 0:
		return fmt.Sprintf("%s (%s)", clip(string(b), most), count(len(b), "byte"))
	case utf8.Valid(b) && bytes.IndexByte(b, 0) < 0:
		return fmt.Sprintf("%s (%s)", clip(strconv.Quote(string(b)), most), count(len(b), "byte"))
	}
	return fmt.Sprintf("0x%s (%s)", clip(hex.EncodeToString(b), most), count(len(b), "byte"))
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }
