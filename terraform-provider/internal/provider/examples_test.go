package provider_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/connectless/connectless/connectors"
)

// TestExamples plans every example on the local cloud, and wants nothing to be said about any.
func TestExamples(t *testing.T) {
	const root = "../../examples"
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		seen[filepath.ToSlash(rel)] = true
		t.Run(rel, func(t *testing.T) { planExample(t, filepath.Dir(path), string(text)) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range connectors.All() {
		if path := "connectors/" + d.Name + "/main.tf"; !seen[path] {
			t.Errorf("there is no example %s", path)
		}
	}
}

func planExample(t *testing.T, dir, text string) {
	cloud := newLocalCloud(t)
	tf := cloud.terraform(t, "")
	tf.up(cosmos("", "")) // what data sources read
	tf.state, tf.private = cty.NullVal(tf.state.Type()), nil
	tf.dir = dir
	tf.vars["cosmos_key"] = cty.StringVal(cosmosKey)
	for _, b := range tf.blocks(text) {
		switch b.kind {
		case "provider":
			begins(t, newTerraform(t).configure(text))
		case "resource":
			if p := tf.plan(text); p.action != "create" || len(p.diags) > 0 {
				t.Errorf("%s: %v", p.action, p.diags)
			}
		case "data":
			if _, ds := tf.read(text); len(ds) > 0 {
				t.Error(ds)
			}
		}
	}
	if problems, ok := tf.locals["problems"]; ok && problems.LengthInt() > 0 {
		t.Errorf("%#v", problems)
	}
}
