package config_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

type documented struct{}

func (documented) Define(d *config.Def) {
	var s string
	var m map[string]string
	d.String(&s, "bucket.name", "", "Bucket to write to.", config.Required(), config.Rank(config.High), config.Group("Bucket"), config.Example("logs"))
	d.String(&s, "format", "json", "json|avro: what an object holds.", config.OneOf("json", "avro"))
	d.String(&s, "prefix", "", "Put before the names of objects.", config.Group("Bucket"))
	d.Int(new(int), "rate", 0, "Objects a second.", config.NoDefault(), config.Rank(config.Low))
	d.Bool(new(bool), "turbo", false, "", config.NoEffect("it is always fast."))
	d.Prefix(&m, "tag.", "Tags of objects.\nOne key each.")
}

func TestMarkdown(t *testing.T) {
	want := "### Bucket\n\n" +
		"| Key | Type | Default | Importance | Description |\n|---|---|---|---|---|\n" +
		"| `bucket.name` | string | *required* | high | Bucket to write to. Example: `logs`. |\n" +
		"| `prefix` | string | (empty) | medium | Put before the names of objects. |\n" +
		"\n" +
		"| Key | Type | Default | Importance | Description |\n|---|---|---|---|---|\n" +
		"| `format` | string | `json` | medium | json\\|avro: what an object holds. One of `json`, `avro`. |\n" +
		"| `rate` | int |  | low | Objects a second. |\n" +
		"| `turbo` | boolean | `false` | medium | Accepted without effect: it is always fast. |\n" +
		"| `tag.*` | string |  | medium | Tags of objects. One key each. |\n"
	var b bytes.Buffer
	if err := config.Markdown(&b, config.Keys(documented{})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestDocument(t *testing.T) {
	want := `BUCKET

bucket.name  (string, required)
    Bucket to write to. Example: logs.
prefix  (string, default: empty)
    Put before the names of objects.

format  (string, default: json)
    json|avro: what an object holds. One of json, avro.
rate  (int, no default)
    Objects a second.
turbo  (boolean, default: false)
    Accepted without effect: it is always fast.
tag.*  (string, no default)
    Tags of objects. One key each.
`
	var b bytes.Buffer
	if err := config.Document(&b, config.Keys(documented{})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	b.Reset()
	if err := config.Document(&b, config.Keys(&config.SinkSettings{})); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if len(line) > 104 && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("too wide: %s", line)
		}
	}
}

func TestDocsReportWriteErrors(t *testing.T) {
	for name, write := range map[string]func() error{
		"Markdown": func() error { return config.Markdown(brokenWriter{}, config.Keys(documented{})) },
		"Document": func() error { return config.Document(brokenWriter{}, config.Keys(documented{})) },
		"Explain":  func() error { return catalog.Judge(worker(), cosmos(), config.Options{}).Explain(brokenWriter{}) },
	} {
		if err := write(); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWorkerKeysAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range config.WorkerKeys() {
		if k.Doc == "" && k.NoEffect == "" {
			t.Errorf("%s says nothing", k.Name)
		}
		if seen[k.Name] {
			t.Errorf("%s is there twice", k.Name)
		}
		seen[k.Name] = true
	}
}
