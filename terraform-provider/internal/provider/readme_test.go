package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme applies the resource of the project's README, with the connector's JSON that stands there, and applies it again.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) string {
		_, after, found := strings.Cut(string(text), "```"+language+"\n")
		content, _, closed := strings.Cut(after, "```\n")
		if !found || !closed {
			t.Fatalf("the README has no block of %s", language)
		}
		return content
	}
	cloud := newLocalCloud(t)
	tf := cloud.terraform(t, "")
	tf.dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(tf.dir, "orders.json"), []byte(block("json")), 0o644); err != nil {
		t.Fatal(err)
	}
	provider := newTerraform(t) // tf's has another address
	provider.dir = tf.dir
	tf.noErrors(provider.configure(block("hcl")))
	for i, want := range []string{"create", "none"} {
		p := tf.up(block("hcl"))
		if p.action != want {
			t.Errorf("apply %d: %s, want %s", i+1, p.action, want)
		}
		if len(p.diags) > 0 {
			t.Errorf("apply %d: %s", i+1, p.diags)
		}
	}
}
