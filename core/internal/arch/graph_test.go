package arch

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/connectless/connectless/scripts/gobuild"
)

const module = "github.com/connectless/connectless"

// A graph is packages by name. Packages of this module are named by their directory, "./core/data", all others by their
// import path.
type graph map[string]*pkg

type pkg struct {
	name        string
	ident       string // what its package clause says
	doc         string // first sentence of its documentation
	imports     []string
	testImports []string // of its test files only
	linked      string   // module it belongs to; empty for the standard library and this module
}

// load asks the go command for every package of the module and all that they import, for the machine and with the tags
// that functions ship with, and those of config providers.
func load(t *testing.T, stores ...string) graph {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", gobuild.JoinTags(stores...),
		"-json=ImportPath,Name,Doc,Imports,TestImports,XTestImports,Module", module+"/...")
	cmd.Env = append(cmd.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	g := graph{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Name, Doc              string
			Imports, TestImports, XTestImports []string
			Module                             *struct{ Path string }
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return g
		} else if err != nil {
			t.Fatal(err)
		}
		node := &pkg{name: local(p.ImportPath), ident: p.Name, doc: p.Doc, imports: locals(p.Imports), testImports: locals(append(p.TestImports, p.XTestImports...))}
		if p.Module != nil && p.Module.Path != module {
			node.linked = p.Module.Path
		}
		g[node.name] = node
	}
}

func local(importPath string) string {
	if rest, ok := strings.CutPrefix(importPath, module+"/"); ok {
		return "./" + rest
	}
	return importPath
}

func locals(importPaths []string) []string {
	names := make([]string, len(importPaths))
	for i, p := range importPaths {
		names[i] = local(p)
	}
	return names
}

// own returns the names of the module's packages, sorted.
func (g graph) own() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(g)), func(name string) bool { return !strings.HasPrefix(name, "./") })
}

// closure maps each package that name links, itself included, to the one that first imports it.
func (g graph) closure(name string) map[string]string {
	via := map[string]string{name: ""}
	for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
		p := g[queue[0]]
		if p == nil {
			continue
		}
		for _, dep := range p.imports {
			if _, seen := via[dep]; !seen {
				via[dep] = p.name
				queue = append(queue, dep)
			}
		}
	}
	return via
}

// chain spells how a closure's start came to link dep: "./functions/x > ./core/function > net/rpc".
func chain(via map[string]string, dep string) string {
	names := []string{dep}
	for from := via[dep]; from != ""; from = via[from] {
		names = append(names, from)
	}
	slices.Reverse(names)
	return strings.Join(names, " > ")
}

// matches says whether a package is in one of the patterns: "std" is the standard library, "x/..." is x and all below it,
// and * stands for one path element, or a part of one.
func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if pattern == "std" {
			first, _, _ := strings.Cut(name, "/")
			return !strings.Contains(first, ".")
		}
		prefix, below := strings.CutSuffix(pattern, "/...")
		if !below {
			ok, err := path.Match(pattern, name)
			return ok && err == nil
		}
		elements := strings.Split(name, "/")
		depth := strings.Count(prefix, "/") + 1
		if prefix == "." { // "./..." is the module
			return elements[0] == "."
		}
		if len(elements) < depth {
			return false
		}
		ok, err := path.Match(prefix, strings.Join(elements[:depth], "/"))
		return ok && err == nil
	})
}
