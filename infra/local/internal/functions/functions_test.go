package functions_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/infra/local/internal/functions"
)

// install makes <dir>/<name>/bootstrap a shell script.
func install(t *testing.T, dir, name, script string) {
	t.Helper()
	path := filepath.Join(dir, name, "bootstrap")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	install(t, dir, "b", `echo '{"name": "two-sink", "classes": ["x.TwoConnector"], "kind": "sink", "keys": [
		{"name": "n", "type": "INT", "required": true}, {"name": "s", "type": "PASSWORD"}, {"name": "yes", "type": "BOOLEAN"}, {"name": "l", "type": "LONG"},
		{"name": "sh", "type": "SHORT"}, {"name": "d", "type": "DOUBLE"}, {"name": "list", "type": "LIST"}, {"name": "c", "type": "CLASS"}]}'`)
	install(t, dir, "a", `test "$1" = describe && test -z "$HOME" && echo '{"name": "one-sink"}'`)
	t.Setenv("HOME", "/home") // a binary sees nothing of this environment
	found, err := functions.Find(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range found {
		names = append(names, b.Name)
	}
	if diff := cmp.Diff([]string{"one-sink", "two-sink"}, names); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if b, err := functions.Of(found, dir, "two-sink"); err != nil || b.Path != filepath.Join(dir, "b", "bootstrap") {
		t.Errorf("two-sink: %q, %v", b.Path, err)
	}
	if _, err := functions.Of(found, dir, "three-sink"); err == nil || !strings.Contains(err.Error(), "(it has one-sink, two-sink)") {
		t.Errorf("three-sink: %v", err)
	}

	two := found[1].Declaration()
	catalog := &config.Catalog{Connectors: []config.Connector{two}}
	props := map[string]string{"name": "x", "topics": "t", "connector.class": "Two", "n": "many", "yes": "perhaps", "list": "a,b"}
	v := catalog.Judge(map[string]string{}, props, config.Options{})
	blamed := map[string]bool{}
	for _, p := range v.Problems {
		blamed[p.Key] = p.Severity == config.Error
	}
	for key, want := range map[string]bool{"n": true, "yes": true, "list": false, "d": false} {
		if blamed[key] != want {
			t.Errorf("key %s: error %t, want %t: %v", key, blamed[key], want, v.Problems)
		}
	}
}

func TestFindFails(t *testing.T) {
	broken, mute := t.TempDir(), t.TempDir()
	install(t, broken, "a", "echo no luck >&2\nexit 3\n")
	install(t, mute, "a", "echo hello\n")
	for _, tc := range []struct{ name, dir, says string }{
		{"no directory", filepath.Join(mute, "none"), "there is no directory"},
		{"a file", filepath.Join(mute, "a", "bootstrap"), "there is no directory"},
		{"a binary that fails", broken, "exit status 3 no luck"},
		{"another program", mute, "printed no description of a connector"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := functions.Find(t.Context(), tc.dir); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
		})
	}
	if _, err := functions.Of(nil, "d", "x-sink"); err == nil || !strings.Contains(err.Error(), "(it has none at all)") {
		t.Errorf("an empty directory: %v", err)
	}
}
