package connectors

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/transform"
)

var update = flag.Bool("update", false, "write the key tables of the connectors' README.md")

var tables = regexp.MustCompile(`(?s)(<!-- keys of (\S+): written by go generate -->\n).*?(<!-- end of keys -->)`)

// readmes are the README.md of every connector's directory.
func readmes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob("*/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(dirs) {
		t.Errorf("%d connectors have %d READMEs", len(dirs), len(files))
	}
	return files
}

// Every class of every connector has a table of its keys, as its declaration has them.
func TestReadmeTables(t *testing.T) {
	var classes []string
	for _, path := range readmes(t) {
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := tables.ReplaceAllFunc(have, func(m []byte) []byte {
			part := tables.FindSubmatch(m)
			class := string(part[2])
			for _, d := range All() {
				if slices.Contains(d.Classes, class) {
					classes = append(classes, class)
					return []byte(string(part[1]) + keyTable(config.Keys(d.Config(class))) + string(part[3]))
				}
			}
			t.Errorf("%s: no connector has the class %s", path, class)
			return m
		})
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil { //nolint:gosec // a file of the repository
				t.Fatal(err)
			}
			continue
		}
		if d := cmp.Diff(string(want), string(have)); d != "" {
			t.Errorf("%s is not what the declaration says: run go generate ./connectors\n%s", path, d)
		}
	}
	for _, d := range All() {
		for _, class := range d.Classes {
			if !slices.Contains(classes, class) {
				t.Errorf("no README has the keys of %s", class)
			}
		}
	}
}

func keyTable(keys []config.Key) string {
	var b strings.Builder
	head := "\n| key | type | default | |\n|---|---|---|---|\n"
	group := ""
	for i, k := range keys {
		if k.Group != group {
			group = k.Group
			fmt.Fprintf(&b, "\n**%s**\n%s", group, head)
		} else if i == 0 {
			b.WriteString(head)
		}
		def := "`" + k.Default + "`"
		switch {
		case k.Required:
			def = "required"
		case k.Default == "":
			def = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, strings.ToLower(string(k.Type)), def, strings.ReplaceAll(k.Doc, "|", `\|`))
	}
	return b.String() + "\n"
}

// Every connector that a README shows is one that the declarations find nothing wrong with.
func TestReadmeExamples(t *testing.T) {
	catalog := &config.Catalog{Plugins: append(transform.Plugins(), convert.Plugins()...)}
	for _, d := range All() {
		catalog.Connectors = append(catalog.Connectors, d.Declaration())
	}
	worker := map[string]string{
		"bootstrap.servers": "broker:9092", "key.converter": "org.apache.kafka.connect.storage.StringConverter",
		"value.converter": "org.apache.kafka.connect.json.JsonConverter",
	}
	for _, path := range readmes(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		examples := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(text, -1)
		if len(examples) == 0 {
			t.Errorf("%s has no example", path)
		}
		for _, e := range examples {
			props, err := config.ReadConnector(strings.NewReader(string(e[1])))
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			for _, p := range catalog.Judge(worker, props, config.Options{Strict: true}).Problems {
				t.Errorf("%s: %s: %s", path, props["name"], p)
			}
		}
	}
}
