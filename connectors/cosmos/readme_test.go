package cosmos

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

var update = flag.Bool("update", false, "write the key tables of README.md")

var tables = regexp.MustCompile(`(?s)(<!-- keys of (\S+): written by go generate -->\n).*?(<!-- end of keys -->)`)

func TestReadmeTables(t *testing.T) {
	have, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	want := tables.ReplaceAllFunc(have, func(m []byte) []byte {
		n++
		part := tables.FindSubmatch(m)
		return []byte(string(part[1]) + keyTable(config.Keys(Sink.Config(string(part[2])))) + string(part[3]))
	})
	if n != 2 {
		t.Fatalf("README.md has %d tables", n)
	}
	if *update {
		if err := os.WriteFile("README.md", want, 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(want), string(have)); d != "" {
		t.Errorf("README.md is not what the declaration says: run go generate ./connectors/cosmos\n%s", d)
	}
}

func keyTable(keys []config.Key) string {
	var b strings.Builder
	group := ""
	for _, k := range keys {
		if k.Group != group {
			group = k.Group
			fmt.Fprintf(&b, "\n**%s**\n\n| key | type | default | |\n|---|---|---|---|\n", group)
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

// Every connector that the README shows is one that parses without a problem or an unknown key.
func TestReadmeExamples(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(text, -1)
	if len(examples) == 0 {
		t.Fatal("no examples")
	}
	for _, e := range examples {
		var all map[string]string
		if err := json.Unmarshal(e[1], &all); err != nil {
			t.Fatal(err)
		}
		own := map[string]string{}
		for k, v := range all {
			if strings.HasPrefix(k, "azure.cosmos.") || strings.HasPrefix(k, "connect.cosmos.") || strings.HasPrefix(k, "id.strategy") {
				own[k] = strings.ReplaceAll(v, "${env:COSMOS_KEY}", secret)
			}
		}
		c, problems := parse(all["connector.class"], own)
		if len(problems) > 0 || len(config.Undeclared(own, c)) > 0 {
			t.Errorf("%s: %v, unknown %q", all["name"], problems, config.Undeclared(own, c))
		}
	}
}
