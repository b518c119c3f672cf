package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/connectless/connectless/scripts/gobuild"
)

// built is where the binaries are, laid out as make build does it; root is the module's directory.
var built, root string

func TestMain(m *testing.M) {
	code, err := withBinaries(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withBinaries(tests func() int) (code int, err error) {
	ctx := context.Background()
	if root, err = gobuild.Root(ctx, "."); err != nil {
		return 0, err
	}
	if built, err = os.MkdirTemp("", "connectless-test-"); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(built)) }()
	for pkg, out := range map[string]string{
		"./infra/local":           "bin/connectless",
		"./terraform-provider":    "bin/terraform-provider-connectless",
		"./functions/cosmos-sink": "functions/cosmos-sink/bootstrap",
	} {
		if _, err := gobuild.Build(ctx, gobuild.Options{Dir: root, Package: pkg, Out: filepath.Join(built, out), Version: "test"}); err != nil {
			return 0, err
		}
	}
	return tests(), nil
}

// flags are those of a small demo that writes to dir and keeps its temporary files in temp.
func flags(t *testing.T, more ...string) (args []string, out, temp string) {
	t.Helper()
	out, temp = filepath.Join(t.TempDir(), "out"), t.TempDir()
	t.Setenv("TMPDIR", temp)
	here := filepath.Join(root, "infra", "local", "demo")
	args = []string{
		"--command", filepath.Join(built, "bin", "connectless"), "--functions", filepath.Join(built, "functions"),
		"--connector", filepath.Join(here, "earthquakes.json"), "--data", filepath.Join(here, "earthquakes.jsonl"), "--out", out,
	}
	return append(args, more...), out, temp
}

func lines[T any](t *testing.T, dir, name string) []T {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		var l T
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, l)
	}
	return all
}

func isEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("%s is left in the temporary directory", e.Name())
	}
}

// TestDemo runs a small demo twice and computes the table's rows again from the files, as a stranger would.
func TestDemo(t *testing.T) {
	args, out, temp := flags(t, "--limit", "70", "--rate", "0")
	for range 2 {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
			t.Fatalf("exit %d\n%s%s", code, stdout.String(), stderr.String())
		}
		produced := lines[producedLine](t, out, "produced.jsonl")
		documents := lines[document](t, out, "documents.jsonl")
		letters := lines[letterLine](t, out, "deadletters.jsonl")
		var latencies []float64
		outcomes := map[string]int{}
		for _, l := range produced {
			outcomes[l.Outcome]++
			if l.Outcome != "dead letter" {
				latencies = append(latencies, l.LatencyMS)
			}
			if l.RequestID == "" || l.DeliveredAt.Before(l.ProducedAt) {
				t.Errorf("%s: delivered by %q at %s, produced at %s", l.Key, l.RequestID, l.DeliveredAt, l.ProducedAt)
			}
		}
		slices.Sort(latencies)
		table := stdout.String()
		for _, want := range []string{
			fmt.Sprintf("produced                   %d records: 70 events, 10 updates of them, 2 with odd ids, 9 broken\n", len(produced)),
			fmt.Sprintf("documents in Cosmos DB     %d, partition key /net, read back with azcosmos\n", len(documents)),
			fmt.Sprintf("replaced by a later update %d, the last one won for every id: yes\n", outcomes["replaced"]),
			fmt.Sprintf("dead letters               %d\n", len(letters)),
			fmt.Sprintf("p50 %d ms, p99 %d ms", int(latencies[(len(latencies)+1)/2-1]), int(latencies[(len(latencies)*99+99)/100-1])),
			fmt.Sprintf("invocations                %d, 0 of them failed", len(lines[json.RawMessage](t, out, "invocations.jsonl"))),
		} {
			if !strings.Contains(table, want) {
				t.Errorf("the table does not say %q:\n%s", want, table)
			}
		}
		if len(produced) != 91 || len(documents) != 72 || outcomes["document"] != 72 || outcomes["replaced"] != 10 || outcomes["dead letter"] != 9 {
			t.Errorf("%d produced, %d documents, outcomes %v", len(produced), len(documents), outcomes)
		}
		stages := map[string]int{}
		for _, l := range letters {
			stages[l.Headers["__connect.errors.stage"]]++
		}
		if stages["VALUE_CONVERTER"] != 3 || stages["TRANSFORMATION"] != 2 || stages["TASK_PUT"] != 4 {
			t.Errorf("dead letters by stage: %v", stages)
		}
		isEmpty(t, temp)
	}
}

// TestTerraform runs a small demo through the Terraform, and the OpenTofu, that this machine has. What of it has to do with
// the provider is tested without either beside the provider.
func TestTerraform(t *testing.T) {
	for _, name := range []string{"terraform", "tofu"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Logf("there is no %s here", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Setenv("TF_CLI_CONFIG_FILE", "/nowhere") // not the demo's business
			args, out, temp := flags(t, "--limit", "70", "--rate", "0", "--terraform", path,
				"--provider", filepath.Join(built, "bin", "terraform-provider-connectless"),
				"--declaration", filepath.Join(root, "infra", "local", "demo", "main.tf"))
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
				t.Fatalf("exit %d\n%s%s", code, stdout.String(), stderr.String())
			}
			rest := stdout.String()
			for _, want := range []string{
				"$ " + name + " apply\n    Apply complete! Resources: 1 added, 0 changed, 0 destroyed.\n",
				"$ " + name + " apply   # again\n    No changes. Your infrastructure matches the configuration.\n",
				"    Error: Connector configuration: azure.cosmos.sink.write.stratgy\n",
				`"azure.cosmos.sink.write.strategy"?`,
				"    # connectless_connector.earthquakes will be updated in-place\n    ~ \"transforms.origin.static.value\" = \"1\" -> \"2\"\n    Apply complete! Resources: 0 added, 1 changed, 0 destroyed.\n",
				"nothing lost: yes\n",
				"    Destroy complete! Resources: 1 destroyed.\n",
				"adds up                    72 documents + 10 replaced + 9 dead letters = 91 of 91 produced\n",
			} {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("it does not say, where it should, %q:\n%s", want, stdout.String())
				}
				rest = after
			}
			revisions := map[string]int{}
			for _, d := range lines[document](t, out, "documents.jsonl") {
				revisions[d.Revision]++
			}
			if len(revisions) != 2 || revisions["1"] == 0 || revisions["2"] == 0 {
				t.Errorf("documents by revision: %v", revisions)
			}
			isEmpty(t, temp)
			nobodyRuns(t, temp)
		})
	}
}

// TestRevisions breaks the order of two revisions.
func TestRevisions(t *testing.T) {
	wrote := func(revision string, partition int32, offset int64) *document {
		return &document{Revision: revision, Partition: partition, Offset: offset}
	}
	for _, tc := range []struct {
		name      string
		documents []*document
		wrong     string // "" for nothing
	}{
		{"one after the other", []*document{wrote("1", 0, 3), wrote("2", 0, 4), wrote("1", 1, 9), wrote("2", 1, 10)}, ""},
		{"a partition of each", []*document{wrote("1", 0, 3), wrote("2", 1, 0)}, ""},
		{"the first one went on", []*document{wrote("2", 0, 4), wrote("1", 0, 5)}, "partition 0: revision 1 wrote offset 5 after revision 2 had written 4"},
		{"nothing by the second", []*document{wrote("1", 0, 3)}, "want some of 1 and some of 2"},
		{"something by neither", []*document{wrote("1", 0, 3), wrote("2", 0, 4), wrote("", 0, 5)}, "want some of 1 and some of 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, wrong := (&result{documents: tc.documents}).revisions()
			if got := strings.Join(wrong, "\n"); !strings.Contains(got, tc.wrong) || tc.wrong == "" && got != "" {
				t.Errorf("%q, want %q", got, tc.wrong)
			}
		})
	}
}

// TestDeclarationRefuses is about what keeps Terraform from being used.
func TestDeclarationRefuses(t *testing.T) {
	main := filepath.Join(root, "infra", "local", "demo", "main.tf")
	provider := filepath.Join(built, "bin", "terraform-provider-connectless")
	for _, tc := range []struct {
		name string
		args []string
		says string
	}{
		{"no provider", []string{"--terraform", "terraform", "--provider", "none/provider", "--declaration", main}, "make build"},
		{"no declaration", []string{"--terraform", "terraform", "--provider", provider, "--declaration", "none.tf"}, "none.tf"},
		{"no such binary", []string{"--terraform", "/nowhere/terraform", "--provider", provider, "--declaration", main}, "/nowhere/terraform"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args, _, temp := flags(t, tc.args...)
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), args, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), tc.says) {
				t.Errorf("exit %d, want 1 and %q:\n%s%s", code, tc.says, stdout.String(), stderr.String())
			}
			isEmpty(t, temp)
			nobodyRuns(t, temp)
		})
	}
}

// watched is a buffer that tells when a text has been written to it.
type watched struct {
	mu   sync.Mutex
	text strings.Builder
	want *regexp.Regexp
	seen chan []string // what want matched, once
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(b)
	if m := w.want.FindStringSubmatch(w.text.String()); m != nil {
		select {
		case w.seen <- m:
		default:
		}
	}
	return len(b), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// interrupted runs the demo until it has printed something that matches, and interrupts it. while is called before that.
func interrupted(t *testing.T, args []string, want string, while func(match []string)) (code int, stdout string) {
	t.Helper()
	w := &watched{want: regexp.MustCompile(want), seen: make(chan []string, 1)}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	done := make(chan int, 1)
	go func() { done <- run(ctx, args, w, w) }()
	select {
	case m := <-w.seen:
		while(m)
	case code := <-done:
		t.Fatalf("it ended with %d:\n%s", code, w)
	case <-time.After(time.Minute):
		t.Fatalf("it did not print %s but\n%s", want, w)
	}
	interrupt()
	select {
	case code = <-done:
	case <-time.After(time.Minute):
		t.Fatalf("it did not end:\n%s", w)
	}
	return code, w.String()
}

func TestInterrupt(t *testing.T) {
	args, _, temp := flags(t, "--rate", "20")
	code, out := interrupted(t, args, `produced +[1-9]`, func([]string) {})
	if code != 1 || !strings.Contains(out, "Stopped; nothing is left running.") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	isEmpty(t, temp)
	nobodyRuns(t, temp)
}

// TestKeep looks at what is left running, and then ends it.
func TestKeep(t *testing.T) {
	args, _, temp := flags(t, "--limit", "20", "--rate", "0", "--keep")
	var kafka string
	code, out := interrupted(t, args, `(?s)Ctrl-C stops it.*kcat -b (\S+) .*\n`, func(m []string) {
		kafka = m[1]
		c, err := net.Dial("tcp", kafka)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	})
	if code != 0 {
		t.Errorf("exit %d:\n%s", code, out)
	}
	if c, err := net.Dial("tcp", kafka); err == nil {
		c.Close()
		t.Error("Kafka still runs")
	}
	isEmpty(t, temp)
	nobodyRuns(t, temp)
}

// nobodyRuns fails when a process works below dir, where /proc tells.
func nobodyRuns(t *testing.T, dir string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if cwd, err := os.Readlink(l); err == nil && strings.HasPrefix(cwd, dir) {
			t.Errorf("process %s still runs", filepath.Base(filepath.Dir(l)))
		}
	}
}

func TestRefuses(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	at := busy.Addr().String()
	for _, tc := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"busy port", []string{"--kafka-addr", at}, 1, "demo: Kafka cannot listen on " + at + ": the port is in use by another program; choose another with --kafka-addr\n"},
		{"nothing built", []string{"--command", "none/connectless"}, 1, "make build"},
		{"no functions", []string{"--functions", "none"}, 1, "there is no directory none with function binaries"},
		{"no data", []string{"--data", "none.jsonl"}, 1, "none.jsonl"},
		{"an argument", []string{"x"}, 2, `unexpected argument "x"`},
		{"a flag", []string{"--x"}, 2, "-x"},
		{"too late", []string{"--limit", "20", "--rate", "1", "--deadline", "10ms"}, 1, "not all records were accounted for within 10ms"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args, _, temp := flags(t, tc.args...)
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), args, &stdout, &stderr); code != tc.code || !strings.Contains(stderr.String(), tc.says) {
				t.Errorf("exit %d, want %d and %q:\n%s%s", code, tc.code, tc.says, stdout.String(), stderr.String())
			}
			isEmpty(t, temp)
		})
	}
}

// TestMissing breaks a result in every way that it is checked for.
func TestMissing(t *testing.T) {
	good := func() *result {
		first := &record{kind: event, id: "a", key: "a", value: []byte("1"), placed: position{0, 0}}
		second := &record{kind: update, id: "a", key: "a", value: []byte("2"), placed: position{0, 1}}
		bad := &record{kind: broken, what: "x", key: "k", value: []byte("3"), placed: position{0, 2}}
		return &result{
			records:   []*record{first, second, bad},
			documents: []*document{{ID: "a", Partition: 0, Offset: 1}},
			letters:   []*letter{{from: position{0, 2}, key: []byte("k"), value: []byte("3"), headers: map[string]string{"__connect.errors.stage": "S"}}},
		}
	}
	if missing := good().missing(); missing != nil {
		t.Fatalf("a good result: %q", missing)
	}
	for _, tc := range []struct {
		name     string
		spoil    func(*result)
		complain string
	}{
		{"the first update won", func(r *result) { r.documents[0].Offset = 0 }, `document "a": is of offset 0`},
		{"no document", func(r *result) { r.documents = nil }, `document "a" is missing`},
		{"a strange document", func(r *result) { r.documents = append(r.documents, &document{ID: "z"}) }, `document "z": nothing like it`},
		{"no letter", func(r *result) { r.letters = nil }, "dead letter is missing: x"},
		{"a letter of a good record", func(r *result) { r.letters[0].from.offset = 0 }, "was no broken record"},
		{"a letter with other bytes", func(r *result) { r.letters[0].value = []byte("4") }, "has not the bytes"},
		{"a letter whose null became empty", func(r *result) { r.records[2].value, r.letters[0].value = nil, []byte{} }, "has not the bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := good()
			tc.spoil(r)
			if missing := r.missing(); len(missing) == 0 || !slices.ContainsFunc(missing, func(m string) bool { return strings.Contains(m, tc.complain) }) {
				t.Errorf("complaints %q, want %q", missing, tc.complain)
			}
		})
	}
}

func TestQuantile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i
	}
	for _, tc := range []struct {
		values []int
		q      float64
		want   int
	}{
		{nil, 0.5, 0}, {[]int{7}, 0.99, 7}, {hundred, 0, 1}, {hundred, 0.5, 50}, {hundred, 0.99, 99}, {hundred, 1, 100}, {[]int{3, 1, 2}, 0.5, 2},
	} {
		if got := quantile(tc.values, tc.q); got != tc.want {
			t.Errorf("quantile %s of %d values: %d, want %d", strconv.FormatFloat(tc.q, 'g', -1, 64), len(tc.values), got, tc.want)
		}
	}
}
