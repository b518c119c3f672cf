package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every difference names the test that holds it, and that test exists.
func TestDifferencesAreTested(t *testing.T) {
	text, err := os.ReadFile("DIFFERENCES.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{} // "package TestName"
	for _, root := range []string{"..", "../../connectors"} {
		err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(source), -1) {
				tests[filepath.Base(filepath.Dir(path))+" "+m[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rows := 0
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Subject ") {
			continue
		}
		rows++
		if len(cells) != 5 {
			t.Errorf("%d cells, want 5: %s", len(cells), line)
			continue
		}
		pkg := ""
		named := 0
		for _, word := range strings.FieldsFunc(cells[4], func(r rune) bool { return strings.ContainsRune(" ,|", r) }) {
			name, isTest := strings.CutPrefix(word, "`")
			if !isTest {
				pkg = word
				continue
			}
			named++
			if name = strings.TrimSuffix(name, "`"); !tests[pkg+" "+name] {
				t.Errorf("%s: there is no test %s in %s", strings.TrimPrefix(cells[0], "| "), name, pkg)
			}
		}
		if named == 0 {
			t.Errorf("%s: no test is named", strings.TrimPrefix(cells[0], "| "))
		}
	}
	if rows < 30 {
		t.Errorf("only %d differences were read", rows)
	}
}
