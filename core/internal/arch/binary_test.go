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

// maxBinary is the ceiling of a function's size, in bytes: what is unzipped and paged in is part of every cold start.
const maxBinary = 16_000_000

var update = flag.Bool("update", false, "write functions/*/deps.txt instead of comparing")

// TestBinaries builds every function as it ships and prints its size (go test -v).
func TestBinaries(t *testing.T) {
	root, functions := shipped(t)
	for _, name := range functions {
		t.Run(name, func(t *testing.T) {
			size, kept := build(t, root, "./functions/"+name)
			t.Logf("%s: %.2f MB", name, float64(size)/1e6)
			if size > maxBinary {
				t.Errorf("%s has %d bytes, the ceiling is %d: see functions/%s/deps.txt for what is linked", name, size, maxBinary, name)
			}
			for _, k := range kept {
				t.Errorf("%s: %s, so the linker keeps every exported method of every type: megabytes in each binary", name, k)
			}
		})
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
func build(t *testing.T, root, pkg string) (int64, []string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bootstrap")
	links, err := gobuild.Build(t.Context(), gobuild.Options{Dir: root, Package: pkg, Out: out, Version: "dev", Target: gobuild.LinuxAMD64, DumpDep: true})
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
			golden := filepath.Join(root, "functions", name, "deps.txt")
			got := linkedPackages(g, "./functions/"+name)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v: make generate writes it", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("functions/%s/deps.txt is not what is linked; make generate writes it, then commit it (-file +linked):\n%s", name, diff)
			}
		})
	}
}

// linkedPackages lists the modules that a package links, each with its packages below it. The standard library is left
// out, because it changes with the Go release, and so are versions, because go.mod has them.
func linkedPackages(g graph, name string) string {
	byModule := map[string][]string{}
	for dep := range g.closure(name) {
		switch p := g[dep]; {
		case strings.HasPrefix(dep, "./"):
			byModule[module] = append(byModule[module], dep)
		case p != nil && p.linked != "":
			byModule[p.linked] = append(byModule[p.linked], dep)
		}
	}
	var b strings.Builder
	b.WriteString("# What this function links besides the standard library. Written by make generate.\n")
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
	want := `# What this function links besides the standard library. Written by make generate.
example.com/m
  example.com/m/a
  example.com/m/b
github.com/connectless/connectless
  ./core/function
  ./functions/x
`
	if diff := cmp.Diff(want, linkedPackages(g, "./functions/x")); diff != "" {
		t.Errorf("linkedPackages (-want +got):\n%s", diff)
	}
}
