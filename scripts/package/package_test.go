package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// module writes a module with two functions that import nothing, so that cross-compiling them is quick.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "go.mod"), "module example.com/m\n\ngo 1.26\n")
	put(t, filepath.Join(dir, "functions", "hello-sink", "main.go"), "package main\n\nvar version string\n\nfunc main() { println(version) }\n")
	put(t, filepath.Join(dir, "functions", "tick-source", "main.go"), "package main\n\nfunc main() {}\n")
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// packed runs the program on dir and returns the zips it wrote, by name.
func packed(t *testing.T, dir string, args ...string) map[string][]byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "a", "b")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), dir, append(args, "-out", out), &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	zips := map[string][]byte{}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		zips[e.Name()] = b
		if !strings.Contains(stdout.String(), e.Name()) {
			t.Errorf("the output does not name %s:\n%s", e.Name(), &stdout)
		}
	}
	return zips
}

// entry is what a test looks at in a zip.
type entry struct {
	Name string
	Mode string
}

func entries(t *testing.T, zipped []byte) ([]entry, map[string][]byte) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	if err != nil {
		t.Fatal(err)
	}
	var list []entry
	contents := map[string][]byte{}
	for _, f := range r.File {
		list = append(list, entry{f.Name, f.Mode().String()})
		if !f.Modified.Equal(epoch) {
			t.Errorf("%s is of %s, want %s", f.Name, f.Modified, epoch)
		}
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if contents[f.Name], err = io.ReadAll(rc); err != nil {
			t.Fatal(err)
		}
		rc.Close()
	}
	return list, contents
}

func TestSameBytesTwice(t *testing.T) {
	first := packed(t, module(t), "-version", "v1.0.0")
	second := packed(t, module(t), "-version", "v1.0.0")
	if len(first) != 5 {
		t.Errorf("%d packages, want three of the sink and two of the source", len(first))
	}
	for name, want := range first {
		if !bytes.Equal(want, second[name]) {
			t.Errorf("%s differs between two copies of the same sources", name)
		}
	}
	if other := packed(t, module(t), "-version", "v2.0.0", "-function", "hello-sink"); bytes.Equal(first["hello-sink-lambda-arm64.zip"], other["hello-sink-lambda-arm64.zip"]) {
		t.Error("another version gave the same package")
	}
}

func TestContents(t *testing.T) {
	config := `{"name": "orders", "config": {"topics": "orders"}}`
	path := filepath.Join(t.TempDir(), "orders.json")
	put(t, path, config)
	zips := packed(t, module(t), "-function", "hello-sink", "-config", path)

	for name, want := range map[string][]entry{
		"hello-sink-lambda-arm64.zip": {{"bootstrap", "-rwxr-xr-x"}, {"connector.json", "-rw-r--r--"}},
		"hello-sink-lambda-amd64.zip": {{"bootstrap", "-rwxr-xr-x"}, {"connector.json", "-rw-r--r--"}},
		"hello-sink-azure-amd64.zip": {
			{"connector.json", "-rw-r--r--"},
			{"handler", "-rwxr-xr-x"},
			{"hello-sink/function.json", "-rw-r--r--"},
			{"host.json", "-rw-r--r--"},
		},
	} {
		list, contents := entries(t, zips[name])
		if diff := cmp.Diff(want, list); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got := string(contents["connector.json"]); got != config {
			t.Errorf("%s: connector.json is %q", name, got)
		}
	}

	// The machine an ELF file is for stands in its 19th byte: 183 is AArch64, 62 is x86-64.
	for name, want := range map[string]byte{"hello-sink-lambda-arm64.zip": 183, "hello-sink-lambda-amd64.zip": 62} {
		if _, contents := entries(t, zips[name]); contents["bootstrap"][18] != want {
			t.Errorf("%s: bootstrap is for machine %d, want %d", name, contents["bootstrap"][18], want)
		}
	}
}

// Each platform's package links its cloud's secret store, and others when asked.
func TestStoresByPlatform(t *testing.T) {
	dir := module(t)
	put(t, filepath.Join(dir, "functions", "hello-sink", "main.go"), "package main\n\nfunc main() { println(sm, kv) }\n")
	for tag, name := range map[string]string{"secretsmanager": "sm", "keyvault": "kv"} {
		put(t, filepath.Join(dir, "functions", "hello-sink", name+".go"), "//go:build "+tag+"\n\npackage main\n\nconst "+name+" = \"links-"+name+"\"\n")
		put(t, filepath.Join(dir, "functions", "hello-sink", "no_"+name+".go"), "//go:build !"+tag+"\n\npackage main\n\nconst "+name+" = \"\"\n")
	}
	for _, tc := range []struct {
		args []string
		want map[string][2]bool // links sm, kv
	}{
		{nil, map[string][2]bool{"lambda-arm64": {true, false}, "lambda-amd64": {true, false}, "azure-amd64": {false, true}}},
		{[]string{"-tags", "keyvault"}, map[string][2]bool{"lambda-arm64": {true, true}, "lambda-amd64": {true, true}, "azure-amd64": {false, true}}},
	} {
		zips := packed(t, dir, append(tc.args, "-function", "hello-sink")...)
		for suffix, want := range tc.want {
			_, contents := entries(t, zips["hello-sink-"+suffix+".zip"])
			binary := append(contents["bootstrap"], contents["handler"]...)
			if got := [2]bool{bytes.Contains(binary, []byte("links-sm")), bytes.Contains(binary, []byte("links-kv"))}; got != want {
				t.Errorf("%v: %s links %v, want %v", tc.args, suffix, got, want)
			}
		}
	}
}

// What keeps a failed batch from being skipped on Azure must be in the package, whatever else changes there.
func TestAzureDeliversAtLeastOnce(t *testing.T) {
	var host struct {
		CustomHandler struct {
			Description                 struct{ DefaultExecutablePath string }
			EnableForwardingHTTPRequest *bool `json:"enableForwardingHttpRequest"`
		}
		Extensions struct {
			Kafka struct {
				CommitOnFailure *bool
				MaxRetries      int
			}
		}
	}
	var function struct {
		Bindings []struct{ Type, Cardinality, DataType string }
		Retry    struct{ MaxRetryCount int }
	}
	files := map[string][]byte{}
	for _, f := range azureFiles("x-sink", nil, nil) {
		files[f.name] = f.data
	}
	if err := json.Unmarshal(files["host.json"], &host); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(files["x-sink/function.json"], &function); err != nil {
		t.Fatal(err)
	}
	if _, ok := files[host.CustomHandler.Description.DefaultExecutablePath]; !ok {
		t.Errorf("host.json starts %q, which is not in the package", host.CustomHandler.Description.DefaultExecutablePath)
	}
	if forward := host.CustomHandler.EnableForwardingHTTPRequest; forward == nil || *forward {
		t.Error("host.json forwards HTTP requests instead of invocations")
	}
	if kafka := host.Extensions.Kafka; kafka.CommitOnFailure == nil || *kafka.CommitOnFailure || kafka.MaxRetries != -1 {
		t.Error("host.json lets the Kafka extension commit a failed batch")
	}
	if function.Retry.MaxRetryCount != -1 {
		t.Errorf("function.json gives up after %d retries", function.Retry.MaxRetryCount)
	}
	if len(function.Bindings) != 1 || function.Bindings[0].Type != "kafkaTrigger" || function.Bindings[0].Cardinality != "many" || function.Bindings[0].DataType != "binary" {
		t.Errorf("function.json binds %+v", function.Bindings)
	}
}

func TestWrongInput(t *testing.T) {
	array := filepath.Join(t.TempDir(), "array.json")
	put(t, array, "[]")
	null := filepath.Join(t.TempDir(), "null.json")
	put(t, null, "null")
	for _, tc := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"-h"}, 0, "-function name"},
		{"unknown flag", []string{"-nope"}, 2, "-nope"},
		{"argument", []string{"hello-sink"}, 2, `unexpected argument "hello-sink"`},
		{"config for all", []string{"-config", array}, 2, "-function"},
		{"unknown function", []string{"-function", "helo-sink"}, 1, `no function "helo-sink"; there are hello-sink, tick-source`},
		{"missing config", []string{"-function", "hello-sink", "-config", "none.json"}, 1, "none.json"},
		{"config is an array", []string{"-function", "hello-sink", "-config", array}, 1, "not a JSON object"},
		{"config is null", []string{"-function", "hello-sink", "-config", null}, 1, "not a JSON object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), module(t), tc.args, &stdout, &stderr); code != tc.code || !strings.Contains(stderr.String(), tc.says) {
				t.Errorf("exit code %d, %q; want %d, %q", code, &stderr, tc.code, tc.says)
			}
		})
	}
}

func TestNoFunctions(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "go.mod"), "module example.com/m\n")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), dir, nil, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "has no functions") {
		t.Errorf("exit code %d, %q", code, &stderr)
	}
}
