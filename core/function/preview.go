package function

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/task"
	"github.com/connectless/connectless/core/trigger"
)

const previewAbout = `Read records as JSON lines on stdin and print, a JSON line each, what the connector would get ("record"), what a
transform dropped ("filtered") and what would be dead-lettered or fail, and why. Nothing outside is touched.

A line is a record if it is an object with a member "value" and no others than topic, partition, offset, timestamp, key,
value, key_base64, value_base64 and headers; then "key" and "value" are text, or JSON that stands for its own text, or
null, and "headers" is an object of texts. Any other line is a record's value as it is.

With --steps a line also says what each transform changed: at which place, what was there and what is.`

func (c *command) preview(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("preview", flag.ContinueOnError)
	file := fs.String("config", "", "the configuration to use (default: the function's own, connector.json or CONNECTLESS_CONFIG)")
	steps := fs.Bool("steps", false, "print what each transform changes, too")
	if code, ok := c.parse(fs, args, previewAbout); !ok {
		return code
	}
	doc, err := c.document(*file)
	if err != nil {
		return c.fail(err)
	}
	// References stay unresolved: a preview needs no secret, so it asks for none.
	v := Catalog(c.def).Judge(doc.Worker, doc.Config, config.Options{})
	if err := v.Problems.Err(); err != nil {
		return c.fail(err)
	}
	p := &plan{def: c.def, doc: doc, verdict: v}
	cfg, err := p.pipeline()
	if err != nil {
		return c.fail(err)
	}
	pv := &previewer{topic: "preview"}
	if chain, ok := cfg.Chain.(staged); ok && *steps {
		pv.traced = &traced{stages: chain.chain.Stages()}
		cfg.Chain = pv.traced
	}
	return c.previewLines(ctx, p, cfg, pv)
}

func (c *command) previewLines(ctx context.Context, p *plan, cfg task.SinkConfig, pv *previewer) int {
	out := bufio.NewWriter(c.out)
	pv.out = json.NewEncoder(out)
	pv.out.SetEscapeHTML(false)
	if topics := p.verdict.Effective.Sink.Topics; len(topics) > 0 {
		pv.topic = topics[0]
	}
	// The task itself runs, with a sink that prints and dead letters that are printed: what it would do is what it does.
	tolerant := cfg.Policy.TolerateAll
	cfg.Policy.TolerateAll, cfg.Policy.Topic, cfg.Policy.Headers, cfg.Policy.Log = true, "dead letters", true, false
	cfg.Open = func(context.Context) (connect.Sink, error) { return pv, nil }
	cfg.OpenDeadLetters = func(context.Context) (connect.Sink, error) { return &previewLetters{pv, tolerant}, nil }
	cfg.Log = slog.New(slog.DiscardHandler)
	t := task.NewSink(cfg)
	defer t.Close()

	lines := bufio.NewReader(c.in)
	for n := int64(0); ctx.Err() == nil; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return c.fail(fmt.Errorf("preview: line %d: %w", n+1, err))
		}
		end := err == io.EOF
		if line = bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(line)) > 0 {
			m, err := pv.message(line, n)
			if err != nil {
				return c.fail(fmt.Errorf("preview: line %d: %w", n+1, err))
			}
			result, stats := t.Run(ctx, func(ms *trigger.Messages, _ func(int) []byte) error {
				ms.Messages = append(ms.Messages[:0], m)
				return nil
			})
			if stats.Filtered > 0 {
				pv.print(previewed{At: at(&m), Filtered: true})
			}
			if result.Err != nil {
				pv.print(previewed{At: at(&m), Failed: failure(result.Err)})
			}
			if pv.err != nil {
				return c.fail(pv.err)
			}
		}
		if end {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return c.fail(err)
	}
	return exitOK
}

// previewed is one line of output.
type previewed struct {
	At         string          `json:"at"`
	Record     *previewRecord  `json:"record,omitempty"`
	Filtered   bool            `json:"filtered,omitempty"`
	DeadLetter *previewFailure `json:"dead_letter,omitempty"`
	Failed     *previewFailure `json:"failed,omitempty"` // with errors.tolerance=none the partition stops here
	Steps      []previewStep   `json:"steps,omitempty"`
}

type previewRecord struct {
	Topic       string          `json:"topic"`
	Partition   int32           `json:"partition"`
	Timestamp   int64           `json:"timestamp"`
	KeySchema   string          `json:"key_schema,omitempty"`
	Key         json.RawMessage `json:"key"`
	ValueSchema string          `json:"value_schema,omitempty"`
	Value       json.RawMessage `json:"value"`
	Headers     []previewHeader `json:"headers,omitempty"`
}

type previewHeader struct {
	Name   string          `json:"name"`
	Schema string          `json:"schema,omitempty"`
	Value  json.RawMessage `json:"value"`
}

type previewFailure struct {
	Stage     string `json:"stage"`
	Class     string `json:"class"`
	Exception string `json:"exception"`
	Message   string `json:"message"`
}

func failure(err error) *previewFailure {
	f := &previewFailure{}
	var at *errpolicy.Failure
	if errors.As(err, &at) {
		f.Stage, f.Class = string(at.Stage), at.Class
		err = at.Err
	}
	f.Exception, f.Message = errpolicy.Exception(err)
	return f
}

func at(m *trigger.Message) string {
	return trigger.Position{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset}.String()
}

// previewer is a sink that prints.
type previewer struct {
	out    *json.Encoder
	topic  string
	traced *traced // nil without --steps
	err    error
}

func (p *previewer) print(line previewed) {
	if p.traced != nil {
		line.Steps, p.traced.steps = p.traced.steps, nil
	}
	if p.err == nil {
		p.err = p.out.Encode(line)
	}
}

// Put prints records as a connector would see them.
func (p *previewer) Put(_ context.Context, batch []*connect.Record) error {
	for _, r := range batch {
		p.print(previewed{At: at(r.Origin), Record: recordLine(r)})
	}
	return nil
}

func recordLine(r *connect.Record) *previewRecord {
	line := &previewRecord{Topic: r.Topic, Partition: r.Partition, Timestamp: r.Timestamp,
		KeySchema: schemaText(r.KeySchema), Key: r.Key.AppendJSON(nil), ValueSchema: schemaText(r.ValueSchema), Value: r.Value.AppendJSON(nil)}
	for i := range r.Headers {
		h := &r.Headers[i]
		line.Headers = append(line.Headers, previewHeader{h.Key, schemaText(h.Schema), h.Value.AppendJSON(nil)})
	}
	return line
}

// previewLetters prints what would be a dead letter, or a failure where errors are not tolerated.
type previewLetters struct {
	p        *previewer
	tolerant bool
}

func (l *previewLetters) Put(_ context.Context, batch []*connect.Record) error {
	for _, r := range batch {
		f := &previewFailure{}
		for _, h := range r.Headers {
			switch h.Key {
			case errpolicy.HeaderStage:
				f.Stage = string(h.Raw)
			case errpolicy.HeaderClass:
				f.Class = string(h.Raw)
			case errpolicy.HeaderException:
				f.Exception = string(h.Raw)
			case errpolicy.HeaderExceptionMessage:
				f.Message = string(h.Raw)
			}
		}
		line := previewed{At: at(r.Origin), DeadLetter: f}
		if !l.tolerant {
			line.DeadLetter, line.Failed = nil, f
		}
		l.p.print(line)
	}
	return nil
}

// message makes the record of a line.
func (p *previewer) message(line []byte, n int64) (trigger.Message, error) {
	m := trigger.Message{Topic: p.topic, Offset: n, Timestamp: trigger.NoTimestamp, Value: line}
	var members map[string]json.RawMessage
	if json.Unmarshal(line, &members) != nil || !isRecord(members) {
		return m, nil
	}
	m.Value = nil
	var err error
	for name, raw := range members {
		switch name {
		case "topic":
			err = json.Unmarshal(raw, &m.Topic)
		case "partition":
			err = json.Unmarshal(raw, &m.Partition)
		case "offset":
			err = json.Unmarshal(raw, &m.Offset)
		case "timestamp":
			err = json.Unmarshal(raw, &m.Timestamp)
		case "key":
			m.Key, err = bytesOf(raw)
		case "value":
			m.Value, err = bytesOf(raw)
		case "key_base64":
			m.Key, err = base64Of(raw)
		case "value_base64":
			m.Value, err = base64Of(raw)
		case "headers":
			m.Headers, err = headersOf(raw)
		}
		if err != nil {
			return m, fmt.Errorf("%s: %w", name, err)
		}
	}
	return m, nil
}

func isRecord(members map[string]json.RawMessage) bool {
	value := false
	for name := range members {
		switch name {
		case "value", "value_base64":
			value = true
		case "topic", "partition", "offset", "timestamp", "key", "key_base64", "headers":
		default:
			return false
		}
	}
	return value
}

// bytesOf is the text of a JSON string, nothing for null, and the JSON itself for everything else.
func bytesOf(raw json.RawMessage) ([]byte, error) {
	switch {
	case string(raw) == "null":
		return nil, nil
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return []byte(s), err
	}
	return raw, nil
}

func base64Of(raw json.RawMessage) ([]byte, error) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(*s)
}

// headersOf reads an object of texts in the order they are written, names repeating as they do.
func headersOf(raw json.RawMessage) ([]trigger.Header, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("headers are an object of texts")
	}
	var headers []trigger.Header
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		b, err := bytesOf(value)
		if err != nil {
			return nil, err
		}
		headers = append(headers, trigger.Header{Key: name.(string), Value: b})
	}
	return headers, nil
}
