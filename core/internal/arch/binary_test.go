package arch

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/scripts/gobuild"
)

// maxBinary is the ceiling of a function's size, in bytes, whichever secret store it links: what is unzipped and paged in
// is part of every cold start. With all of them, which no package has unless it is asked for, it is maxEverything.
const (
	maxBinary     = 16_000_000
	maxEverything = 22_000_000
)

// variants are what functions ship as: without a secret store (make build), for Lambda, for Azure Functions, and with all.
var variants = []struct {
	name    string
	stores  []string
	ceiling int64
}{
	{"no store", nil, maxBinary},
	{gobuild.SecretsManager, []string{gobuild.SecretsManager}, maxBinary},
	{gobuild.KeyVault, []string{gobuild.KeyVault}, maxBinary},
	{"every store", gobuild.Stores, maxEverything},
}

var update = flag.Bool("update", false, "write functions/*/deps.txt and core/function/deps-*.txt instead of comparing")

// TestBinaries builds every function as it ships and prints its size (go test -v).
func TestBinaries(t *testing.T) {
	root, functions := shipped(t)
	for _, name := range functions {
		for _, v := range variants {
			t.Run(name+"/"+v.name, func(t *testing.T) {
				size, kept := build(t, root, "./functions/"+name, v.stores...)
				t.Logf("%s, %s: %.2f MB", name, v.name, float64(size)/1e6)
				if size > v.ceiling {
					t.Errorf("%s has %d bytes, the ceiling is %d: see functions/%s/deps.txt and core/function/deps-*.txt for what is linked", name, size, v.ceiling, name)
				}
				for _, k := range kept {
					t.Errorf("%s: %s, so the linker keeps every exported method of every type: megabytes in each binary", name, k)
				}
			})
		}
	}
}

// shipped returns the module's root and its functions.
func shipped(t *testing.T) (string, []string) {
	t.Helper()
	root, err := gobuild.Root(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	functions, err := gobuild.Functions(root)
	if err != nil {
		t.Fatal(err)
	}
	return root, functions
}

// build builds a package for the machine that most functions run on here, and returns the binary's size and what in it
// looks methods up by name.
func build(t *testing.T, root, pkg string, stores ...string) (int64, []string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bootstrap")
	links, err := gobuild.Build(t.Context(), gobuild.Options{Dir: root, Package: pkg, Out: out, Version: "dev", Target: gobuild.LinuxAMD64, Tags: stores, DumpDep: true})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size(), methodLookups(string(links))
}

var reflectMethod = regexp.MustCompile(`(?m)^(\S+)(?: <\w+>)* -> (\S+)(?: <\w+>)*? <ReflectMethod>`)

// methodLookups reads the linker's -dumpdep: functions that are marked ReflectMethod call reflect's Method or
// MethodByName with a name that the linker cannot know.
func methodLookups(links string) []string {
	found := map[string]bool{}
	for _, m := range reflectMethod.FindAllStringSubmatch(links, -1) {
		found[fmt.Sprintf("%s, called by %s, looks methods up by name", m[2], m[1])] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// The linker's marks are found where they must be, so that their absence in a function means something.
func TestMethodLookupsAreSeen(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module example.com/m\n\ngo 1.26\n",
		"main.go": "package main\n\nimport (\n\t\"os\"\n\t\"reflect\"\n)\n\nfunc main() { println(lookup(os.Args[0])) }\n\nfunc lookup(s string) bool { return reflect.ValueOf(os.Stdout).MethodByName(s).IsValid() }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, kept := build(t, dir, "."); len(kept) == 0 {
		t.Error("reflect.Value.MethodByName with a variable name went unseen")
	}
}

// TestLinkedPackages compares what each function links with functions/*/deps.txt, so that a new dependency shows in review.
func TestLinkedPackages(t *testing.T) {
	root, functions := shipped(t)
	if len(functions) == 0 {
		return
	}
	g := load(t)
	for _, name := range functions {
		t.Run(name, func(t *testing.T) {
			golden(t, root, "functions/"+name+"/deps.txt", "What this function links besides the standard library", linkedPackages(g, g.closure("./functions/"+name)))
		})
	}
	for _, store := range gobuild.Stores {
		t.Run(store, func(t *testing.T) {
			with := load(t, store)
			more := with.closure("./core/function")
			for dep := range g.closure("./core/function") {
				delete(more, dep)
			}
			golden(t, root, "core/function/deps-"+store+".txt", "What the build tag "+store+" adds to a function, unless its connector links it too", linkedPackages(with, more))
		})
	}
}

// golden compares a list with a file, or writes it.
func golden(t *testing.T, root, name, title, list string) {
	t.Helper()
	path, got := filepath.Join(root, name), "# "+title+". Written by make generate.\n"+list
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: make generate writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what is linked; make generate writes it, then commit it (-file +linked):\n%s", name, diff)
	}
}

// linkedPackages lists the modules of packages, each with its packages below it. The standard library is left out, because
// it changes with the Go release, and so are versions, because go.mod has them.
func linkedPackages(g graph, packages map[string]string) string {
	byModule := map[string][]string{}
	for dep := range packages {
		switch p := g[dep]; {
		case strings.HasPrefix(dep, "./"):
			byModule[module] = append(byModule[module], dep)
		case p != nil && p.linked != "":
			byModule[p.linked] = append(byModule[p.linked], dep)
		}
	}
	var b strings.Builder
	for _, m := range slices.Sorted(maps.Keys(byModule)) {
		b.WriteString(m + "\n")
		slices.Sort(byModule[m])
		for _, p := range byModule[m] {
			b.WriteString("  " + p + "\n")
		}
	}
	return b.String()
}

func TestLinkedPackagesOfAFake(t *testing.T) {
	g := fake("./functions/x: ./core/function fmt", "./core/function: example.com/m/b example.com/m/a", "example.com/m/a:", "example.com/m/b:", "./core/other: example.com/n")
	g["example.com/m/a"].linked, g["example.com/m/b"].linked = "example.com/m", "example.com/m"
	want := `example.com/m
  example.com/m/a
  example.com/m/b
github.com/connectless/connectless
  ./core/function
  ./functions/x
`
	if diff := cmp.Diff(want, linkedPackages(g, g.closure("./functions/x"))); diff != "" {
		t.Errorf("linkedPackages (-want +got):\n%s", diff)
	}
}
