package gobuild

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// module writes a module with one function and returns its directory.
func module(t *testing.T, main string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                  "module example.com/m\n\ngo 1.26\n",
		"functions/hello/main.go": main,
		"functions/README.md":     "not a function\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const hello = "package main\n\nvar version string\n\nfunc main() { println(version) }\n"

func build(t *testing.T, dir, version string, target Target) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bootstrap")
	if _, err := Build(t.Context(), Options{Dir: dir, Package: "./functions/hello", Out: out, Version: version, Target: target}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBuildDependsOnSourcesAndVersionOnly(t *testing.T) {
	first := build(t, module(t, hello), "v1.2.3", LinuxAMD64)
	t.Setenv("GOAMD64", "v3")
	if second := build(t, module(t, hello), "v1.2.3", LinuxAMD64); !bytes.Equal(first, second) {
		t.Error("the same sources in another directory, with GOAMD64 set, gave another binary")
	}
	if !bytes.Contains(first, []byte("v1.2.3")) {
		t.Error("the version is not in the binary")
	}
	if other := build(t, module(t, hello), "v1.2.4", LinuxAMD64); bytes.Equal(first, other) {
		t.Error("another version gave the same binary")
	}
}

func TestDumpDepStaysOutOfOtherBuilds(t *testing.T) {
	o := Options{Dir: module(t, hello), Package: "./functions/hello", Out: filepath.Join(t.TempDir(), "hello"), Version: "dev", Target: LinuxAMD64}
	dump := o
	dump.DumpDep, dump.Out = true, o.Out+"-dump"
	for _, step := range []struct {
		name   string
		o      Options
		silent bool
	}{{"first", o, true}, {"linker dump", dump, false}, {"nothing to do", o, true}} {
		out, err := Build(t.Context(), step.o)
		if err != nil {
			t.Fatal(err)
		}
		if (len(out) == 0) != step.silent {
			t.Errorf("%s: %d bytes printed", step.name, len(out))
		}
	}
}

func TestBuildSaysWhatTheCompilerSays(t *testing.T) {
	_, err := Build(t.Context(), Options{Dir: module(t, "package main\n\nfunc main() { nothing() }\n"), Package: "./functions/hello", Out: filepath.Join(t.TempDir(), "x"), Target: Host})
	if err == nil || !strings.Contains(err.Error(), "undefined: nothing") {
		t.Errorf("Build: %v, want the compiler's message", err)
	}
}

func TestFunctions(t *testing.T) {
	got, err := Functions(module(t, hello))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"hello"}, got); diff != "" {
		t.Errorf("Functions (-want +got):\n%s", diff)
	}
	if got, err := Functions(t.TempDir()); err != nil || len(got) != 0 {
		t.Errorf("Functions of an empty directory: %q, %v", got, err)
	}
}

func TestRoot(t *testing.T) {
	dir := module(t, hello)
	got, err := Root(t.Context(), filepath.Join(dir, "functions", "hello"))
	if err != nil {
		t.Fatal(err)
	}
	if want, err := filepath.EvalSymlinks(dir); err != nil || got != want && got != dir {
		t.Errorf("Root: %s, want %s (%v)", got, dir, err)
	}
	if got, err := Root(t.Context(), t.TempDir()); err == nil {
		t.Errorf("Root outside a module: %s, want an error", got)
	}
}

// The Makefile builds for this machine without this package, so that its recipe can be read and copied; both must agree.
func TestMakefileBuildsTheSame(t *testing.T) {
	_, self, _, _ := runtime.Caller(0)
	makefile, err := os.ReadFile(filepath.Join(filepath.Dir(self), "..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`go build -trimpath -buildvcs=false -tags ` + Tags + `$(if $(TAGS),$(comma)$(TAGS)) -ldflags "-s -w $(STAMP)"`,
		`STAMP := ` + strings.TrimPrefix(Options{Version: "$(VERSION)"}.ldflags(), "-s -w "),
		`CGO_ENABLED := 0`,
	} {
		if !strings.Contains(string(makefile), want) {
			t.Errorf("the Makefile does not say %q", want)
		}
	}
}
