package main

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOnPath looks for binaries that only say their version.
func TestOnPath(t *testing.T) {
	for _, tc := range []struct {
		name     string
		binaries map[string]string // what they do, by name
		want     string
	}{
		{"nothing", nil, ""},
		{"Terraform", map[string]string{"terraform": `echo '{"terraform_version":"1.11.4"}'`}, "terraform"},
		{"OpenTofu", map[string]string{"tofu": `echo '{"terraform_version":"1.12.6"}'`}, "tofu"},
		{"both", map[string]string{"terraform": `echo '{"terraform_version":"2.0.0"}'`, "tofu": `echo '{"terraform_version":"1.12.6"}'`}, "terraform"},
		{"one that is too old", map[string]string{"terraform": `echo '{"terraform_version":"1.10.5"}'`, "tofu": `echo '{"terraform_version":"1.11.0-rc1"}'`}, "tofu"},
		{"one that does not work", map[string]string{"terraform": "exit 1"}, ""},
		{"another program", map[string]string{"terraform": "echo Terraform"}, ""},
		{"the user's configuration file is left alone", map[string]string{"terraform": `[ "$TF_CLI_CONFIG_FILE" = /dev/null ] && echo '{"terraform_version":"1.11.4"}'`}, "terraform"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, does := range tc.binaries {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+does+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", dir)
			t.Setenv("TF_CLI_CONFIG_FILE", "/nowhere")
			want := tc.want
			if want != "" {
				want = filepath.Join(dir, want)
			}
			if got := onPath(t.Context()); got != want {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}

// proxy is a Go module proxy, in a directory, with one module, and a module cache of the test's own.
func proxy(t *testing.T, m module, files map[string]string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "proxy")
	at := filepath.Join(dir, m.path, "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for name, text := range files {
		f, err := w.Create(m.path + "@" + m.version + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"info": `{"Version":"` + m.version + `"}`, "mod": files["go.mod"], "zip": archive.String(),
	} {
		if err := os.WriteFile(filepath.Join(at, m.version+"."+name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cache := filepath.Join(t.TempDir(), "modules")
	for name, value := range map[string]string{
		"GOPROXY": "file://" + filepath.ToSlash(dir), "GONOSUMDB": m.path, "GONOPROXY": "none", "GOPRIVATE": "", "GOMODCACHE": cache, "GOTOOLCHAIN": "local",
	} {
		t.Setenv(name, value)
	}
	t.Cleanup(func() { // the go command writes what nobody may change
		clean := exec.CommandContext(context.Background(), "go", "clean", "-modcache")
		clean.Env = append(os.Environ(), "GOMODCACHE="+cache)
		if out, err := clean.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// TestBuild builds a small module in the place of OpenTofu.
func TestBuild(t *testing.T) {
	m := module{path: "example.com/tool", version: "v1.2.3", command: "./cmd/tool", notice: "It takes a while.\n"}
	proxy(t, m, map[string]string{
		"go.mod": "module example.com/tool\n\ngo 1.21\n", "cmd/tool/main.go": "package main\n\nfunc main() { println(\"it works\") }\n",
	})
	dir := t.TempDir()
	var said bytes.Buffer
	path, err := m.binary(t.Context(), dir, &said)
	if err != nil {
		t.Fatal(err)
	}
	if said.String() != m.notice {
		t.Errorf("it said %q, want %q", said.String(), m.notice)
	}
	if out, err := exec.CommandContext(t.Context(), path).CombinedOutput(); err != nil || string(out) != "it works\n" {
		t.Errorf("%s: %v: %s", path, err, out)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the binary there is %v (%v)", left, err)
	}

	t.Setenv("GOPROXY", "off") // the second time it is there
	said.Reset()
	again, err := m.binary(t.Context(), dir, &said)
	if err != nil || again != path || said.Len() > 0 {
		t.Errorf("the second time: %s, %v, it said %q", again, err, said.String())
	}
}

// TestBuildFails is about what keeps OpenTofu from being built.
func TestBuildFails(t *testing.T) {
	m := module{path: "example.com/tool", version: "v1.2.3", command: "./cmd/tool"}
	t.Run("sources that do not compile", func(t *testing.T) {
		proxy(t, m, map[string]string{"go.mod": "module example.com/tool\n\ngo 1.21\n", "cmd/tool/main.go": "package main\n\nfunc main() { nothing() }\n"})
		dir := t.TempDir()
		_, err := m.binary(t.Context(), dir, &bytes.Buffer{})
		if err == nil || !strings.HasPrefix(err.Error(), "build example.com/tool v1.2.3: ") || !strings.Contains(err.Error(), "undefined: nothing") {
			t.Errorf("%v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
	})
	t.Run("no network", func(t *testing.T) {
		t.Setenv("GOPROXY", "off")
		t.Setenv("GOMODCACHE", t.TempDir())
		if _, err := m.binary(t.Context(), t.TempDir(), &bytes.Buffer{}); err == nil || !strings.HasPrefix(err.Error(), "download example.com/tool v1.2.3: ") {
			t.Errorf("%v", err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := m.binary(ctx, t.TempDir(), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "context canceled") {
			t.Errorf("%v", err)
		}
	})
}
