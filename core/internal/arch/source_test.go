package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/scripts/gobuild"
)

var (
	unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)
	catchAll   = regexp.MustCompile(`^(.*utils?|common|helpers?|misc)$`)
)

// complaints lists what a Go file contains and should not. inFunction says that the file is linked into a function.
func complaints(name string, src []byte, inFunction bool) []string {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	complain := func(pos token.Pos, text string) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(pos), text))
	}
	if catchAll.MatchString(file.Name.Name) {
		complain(file.Name.Pos(), "package "+file.Name.Name+" says nothing about its content: name what it is for")
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if unfinished.MatchString(c.Text) {
				complain(c.Pos(), "unfinished work is done or left out, not noted in the code")
			}
		}
	}
	test := strings.HasSuffix(name, "_test.go")
	if inFunction && !test {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				complain(f.Pos(), "init runs in every cold start of every function and hides who uses what: make it an explicit call or a package variable")
			}
		}
	}
	if test {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			switch {
			case !ok:
				return true
			case calls(call, "synctest", "Test"):
				return false // sleeping costs nothing there: time is virtual
			case calls(call, "time", "Sleep"):
				complain(call.Pos(), "a test that sleeps is slow or flaky: use testing/synctest, a channel, or poll with a deadline")
			}
			return true
		})
	}
	return found
}

func calls(call *ast.CallExpr, pkg, function string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg && sel.Sel.Name == function
}

func TestSources(t *testing.T) {
	g := load(t)
	shipped := map[string]bool{}
	for _, name := range g.own() {
		if matches(name, []string{"./functions/*"}) {
			for dep := range g.closure(name) {
				shipped[dep] = true
			}
		}
		if g[name].doc == "" {
			t.Errorf("%s has no package comment: a paragraph in doc.go says what it is for and what it does not do", name)
		}
	}
	root, err := gobuild.Root(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "testdata") || rel == "out" {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, c := range complaints(rel, src, shipped["./"+filepath.ToSlash(filepath.Dir(rel))]) {
			t.Error(c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Errorf("no Go file below %s", root)
	}
}

func TestComplaints(t *testing.T) {
	const sleepy = "package x\n\nimport (\n\t\"testing\"\n\t\"testing/synctest\"\n\t\"time\"\n)\n\n"
	for _, tc := range []struct {
		name, file, src string
		inFunction      bool
		want            []string // beginnings
	}{
		{"clean", "x.go", "// Package x is.\npackage x\n\nfunc f() {}\n", true, nil},
		{"init in a function", "x.go", "package x\n\nfunc init() {}\n", true, []string{"x.go:3:1: init runs"}},
		{"init elsewhere", "x.go", "package x\n\nfunc init() {}\n", false, nil},
		{"a method named init", "x.go", "package x\n\ntype t int\n\nfunc (t) init() {}\n", true, nil},
		{"util", "x.go", "package strutil\n", false, []string{"x.go:1:9: package strutil says nothing"}},
		{"unfinished", "x.go", "package x // TODO: y\n\n/* FIXME */\n", false, []string{"x.go:1:11: unfinished", "x.go:3:1: unfinished"}},
		{"the word in a string", "x.go", "package x\n\nconst c = \"TODO\"\n", false, nil},
		{"sleep in a test", "x_test.go", sleepy + "func f() { time.Sleep(1) }\n", false, []string{"x_test.go:9:12: a test that sleeps"}},
		{"sleep in virtual time", "x_test.go", sleepy + "func f(t *testing.T) { synctest.Test(t, func(*testing.T) { time.Sleep(1) }) }\n", false, nil},
		{"sleep in the product", "x.go", "package x\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n", false, nil},
		{"not Go", "x.go", "pakage x\n", false, []string{"x.go:1:1: expected 'package'"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := complaints(tc.file, []byte(tc.src), tc.inFunction)
			if len(got) != len(tc.want) {
				t.Fatalf("complaints (-want +got):\n%s", cmp.Diff(tc.want, got))
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("complaint %q does not begin with %q", got[i], want)
				}
			}
		})
	}
}
