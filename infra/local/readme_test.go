package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// block is a fenced block of the README.
type block struct {
	language, text string
	before         string // the paragraph before it
}

func readmeBlocks(t *testing.T) []block {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	var open *block
	before, ended := "", false
	for line := range strings.Lines(string(b)) {
		fence, ok := strings.CutPrefix(line, "```")
		switch {
		case ok && open == nil:
			open = &block{language: strings.TrimSpace(fence), before: before}
		case ok:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.text += line
		case strings.TrimSpace(line) == "":
			ended = true
		case ended:
			before, ended = line, false
		default:
			before += line
		}
	}
	if open != nil {
		t.Fatal("a fenced block is not closed")
	}
	return blocks
}

// session plays the README's user: a directory, the commands in their order, and what the last one printed.
type session struct {
	t       *testing.T
	dir     string
	printed string
	local   *process // the running connectless local
	env     []string // exported by the commands
}

var (
	savedAs   = regexp.MustCompile("Save it as\\s+`([^`]+)`")
	exported  = regexp.MustCompile(`^export (TF_CLI_CONFIG_FILE)="\$PWD/([^"]*)"$`)
	makeLine  = regexp.MustCompile(`^(?:KEEP=1 )?make ([a-z-]+)`)
	curlLine  = regexp.MustCompile(`^curl (?:-X ([A-Z]+) )?(\S+)(?: -d '([^']*)')?$`)
	inlineURL = regexp.MustCompile("`(http://127.0.0.1:[^`]+)`")
)

// TestReadme does what the README says, block by block: connector files are saved and judged, commands are run and print
// what stands below them, the Go example is the one that is built and run here.
func TestReadme(t *testing.T) {
	s := &session{t: t, dir: t.TempDir()}
	seen := map[string]int{}
	for _, b := range readmeBlocks(t) {
		seen[b.language]++
		switch b.language {
		case "": // a picture
		case "json", "hcl":
			s.save(b)
		case "sh":
			s.shell(b.text)
		case "output":
			if diff := cmp.Diff(b.text, s.printed); diff != "" {
				t.Errorf("output (-README +got):\n%s", diff)
			}
		case "go":
			s.example(b.text)
		default:
			t.Errorf("nobody tests a block of %q", b.language)
		}
	}
	for _, language := range []string{"json", "hcl", "sh", "output", "go"} {
		if seen[language] == 0 {
			t.Errorf("the README has no block of %q", language)
		}
	}
	s.deliver()
}

func (s *session) save(b block) {
	s.t.Helper()
	name := savedAs.FindStringSubmatch(b.before)
	if name == nil {
		s.t.Fatalf("the paragraph before a block of %s does not say what to save it as: %q", b.language, b.before)
	}
	text := b.text
	if s.local != nil {
		text = s.address(text)
	}
	if err := os.WriteFile(filepath.Join(s.dir, name[1]), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// shell runs a block, a command at a time. What would build, run for ever or need a fixed port is done by other means.
func (s *session) shell(text string) {
	s.t.Helper()
	text = strings.ReplaceAll(strings.ReplaceAll(text, "|\n", "| "), "\\\n", " ")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "   #")
		line = strings.TrimSpace(line)
		switch {
		case makeLine.MatchString(line):
			s.target(makeLine.FindStringSubmatch(line)[1])
		case line == `export PATH="$PWD/out/bin:$PATH"`: // run has it
		case exported.MatchString(line):
			m := exported.FindStringSubmatch(line)
			s.env = append(s.env, m[1]+"="+filepath.Join(s.dir, m[2]))
		case line == "terraform apply":
			s.apply()
		case strings.HasPrefix(line, "connectless local "):
			s.startLocal(strings.Fields(line)[2:])
		case curlLine.MatchString(line):
			m := curlLine.FindStringSubmatch(line)
			s.curl(m[1], m[2], m[3])
		default:
			s.run(line)
		}
	}
}

// target checks that make has a target. The tests build for themselves, as make build does.
func (s *session) target(name string) {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(string(b), "\n"+name+":") {
		s.t.Errorf("make has no target %s", name)
	}
}

func (s *session) run(line string) {
	s.t.Helper()
	line = strings.ReplaceAll(line, "$PWD/out/bin", filepath.Join(built, "bin"))
	cmd := exec.CommandContext(s.t.Context(), "sh", "-euc", line)
	cmd.Dir = s.dir
	cmd.Env = append(append(os.Environ(), s.env...), "PATH="+filepath.Join(built, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	s.printed = string(out)
}

// apply applies main.tf. A machine without Terraform does what the provider would do, as far as the connector is concerned;
// that the provider takes the block is tested beside it.
func (s *session) apply() {
	s.t.Helper()
	if _, err := exec.LookPath("terraform"); err == nil {
		s.run("CHECKPOINT_DISABLE=1 terraform apply -auto-approve -input=false -no-color")
		if want := "Apply complete! Resources: 1 added"; !strings.Contains(s.printed, want) {
			s.t.Errorf("terraform apply did not say %q but\n%s", want, s.printed)
		}
		return
	}
	b, err := os.ReadFile(filepath.Join(s.dir, "orders.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.local.http("POST", s.local.at.REST+"/connectors", string(b))
}

func (s *session) startLocal(args []string) {
	s.t.Helper()
	for i, a := range args {
		if !strings.HasPrefix(a, "-") {
			args[i] = filepath.Join(s.dir, a)
		}
	}
	s.local = start(s.t, append(args, "--functions", functionsDir(), "--batch-window", "0s")...)
}

func (s *session) curl(method, url, body string) {
	s.t.Helper()
	if method == "" {
		method = "GET"
	}
	s.printed = s.local.http(method, s.address(url), body)
}

// address is a URL of the README, which has the default ports, at the free port that is in its place here.
func (s *session) address(url string) string {
	url = strings.ReplaceAll(url, "http://127.0.0.1:8081", s.local.at.Cosmos)
	return strings.ReplaceAll(url, "http://127.0.0.1:8083", s.local.at.REST)
}

// deliver produces the record of the preview, and looks where the README says that one can look.
func (s *session) deliver() {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.local.produce("orders", `{"id":"o-1","customer":"c-7","created":1517966773840}`)
	s.local.wait("delivery", func() bool { n, _ := s.local.invocations(); return n == 1 })
	all := ""
	for _, m := range inlineURL.FindAllStringSubmatch(string(b), -1) {
		all += s.local.http("GET", s.address(m[1]), "")
	}
	for _, want := range []string{`"id":"o-1","customer":"c-7","created":"2018-02-07"`, `"state":"RUNNING"`} {
		if !strings.Contains(all, want) {
			s.t.Errorf("%s is nowhere:\n%s", want, all)
		}
	}
	s.local.stop()
}

// example compares with the program that is built for the tests, and runs that.
func (s *session) example(text string) {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "infra", "local", "demo", "examplesink", "main.go"))
	if err != nil {
		s.t.Fatal(err)
	}
	_, source, _ := strings.Cut(string(b), "package main")
	if diff := cmp.Diff("package main"+source, text); diff != "" {
		s.t.Errorf("the example (-file +README):\n%s", diff)
	}
	dir := s.t.TempDir()
	file := write(s.t, "files.json", `{"name": "files", "connector.class": "files-sink", "topics": "t", "files.dir": "`+dir+`"}`)
	p := start(s.t, "--functions", functionsDir(), "--connector", file, "--batch-window", "0s")
	p.produce("t", `{"n":0}`)
	p.wait("a file", func() bool {
		got, err := os.ReadFile(filepath.Join(dir, "t-0-0.json"))
		return err == nil && string(got) == `{"n":0}`
	})
	p.stop()
}
