package docs_test

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/terraform-provider/internal/docs"
)

var update = flag.Bool("update", false, "write terraform-provider/docs")

const root = "../../docs"

func pages(t *testing.T) map[string]string {
	t.Helper()
	pages, err := docs.Pages(t.Context(), os.DirFS("../../examples"))
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// TestDocs compares docs with what is declared. With -update it writes them.
func TestDocs(t *testing.T) {
	want := pages(t)
	if *update {
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
		for path, text := range want {
			file := filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // a file of the repository
				t.Fatal(err)
			}
		}
		return
	}
	have := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		have[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("terraform-provider/docs is not what is declared: run go generate ./terraform-provider/...\n%s", diff)
	}
}

// TestPagesAreComplete looks for a page per connector with each of its keys, and for descriptions everywhere.
func TestPagesAreComplete(t *testing.T) {
	all := pages(t)
	for _, d := range connectors.All() {
		page := all["guides/"+d.Name+".md"]
		for _, class := range append([]string{d.Name}, d.Classes...) {
			if !strings.Contains(page, "`"+class+"`") {
				t.Errorf("the page of %s does not name %s", d.Name, class)
			}
			for _, key := range config.Keys(d.Config(class)) {
				if !strings.Contains(page, "| `"+key.Name) {
					t.Errorf("the page of %s lacks the key %s", d.Name, key.Name)
				}
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		for _, line := range strings.Split(all[path], "\n") {
			if strings.HasPrefix(line, "- `") && strings.HasSuffix(line, ") ") || strings.HasSuffix(line, ` ""`) && strings.HasPrefix(line, "description") {
				t.Errorf("%s: something has no description: %s", path, line)
			}
		}
	}
}
