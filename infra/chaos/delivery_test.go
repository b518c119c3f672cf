package chaos

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	quotedTest  = regexp.MustCompile("`(Test\\w+)`")
	declaration = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// Every promise in docs/delivery.md names the tests that show it, each after the directory it is in, and they exist.
func TestPromisesAreTested(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "docs/delivery.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]map[string]bool{} // by directory
	in := func(dir string) map[string]bool {
		if tests[dir] != nil {
			return tests[dir]
		}
		tests[dir] = map[string]bool{}
		files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declaration.FindAllSubmatch(source, -1) {
				tests[dir][string(m[1])] = true
			}
		}
		return tests[dir]
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "|\n "), " | ")
		if !strings.HasPrefix(line, "| ") || cells[len(cells)-1] == "Tests" {
			continue
		}
		rows++
		named := 0
		for group := range strings.SplitSeq(cells[len(cells)-1], ", ") {
			dir, _, _ := strings.Cut(group, " ")
			for _, m := range quotedTest.FindAllStringSubmatch(group, -1) {
				named++
				if !in(dir)[m[1]] {
					t.Errorf("%s: there is no %s in %s", cells[0], m[1], dir)
				}
			}
		}
		if named == 0 {
			t.Errorf("%s: no test is named", cells[0])
		}
	}
	if rows < 12 {
		t.Errorf("only %d rows were read", rows)
	}
}
