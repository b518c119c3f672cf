package herder_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/rest/herder"
)

// What was declared runs again after a restart, in its state, under the topics it had used.
func TestSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	catalog := recordedCatalog(t)
	h := open(t, herder.Options{Dir: dir, Catalog: catalog, Runner: newRunner(t)})
	api := &client{t, handler(h)}
	names := []string{"running", "paused", "stopped", "a/b c%ü", "..", strings.Repeat("long", 100)}
	for _, name := range names {
		state := "RUNNING"
		if name == "paused" || name == "stopped" {
			state = strings.ToUpper(name)
		}
		text, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		api.want(201, "POST", "/connectors", fmt.Sprintf(`{"name": %s, "config": %s, "initial_state": %q}`, text, sink("tasks.max", "2"), state))
	}
	api.want(201, "PUT", "/connectors/deleted/config", sink())
	api.want(204, "DELETE", "/connectors/deleted", "")
	api.want(202, "PUT", "/connectors/running/topics/reset", "")
	before := api.want(200, "GET", "/connectors?expand=status&expand=info", "")
	closeHerder(t, h)

	r := newRunner(t)
	h = open(t, herder.Options{Dir: dir, Catalog: catalog, Runner: r})
	defer closeHerder(t, h)
	settled(t, h)
	api = &client{t, handler(h)}
	if diff := cmp.Diff(before, api.want(200, "GET", "/connectors?expand=status&expand=info", "")); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
	if got := len(r.took()); got != len(names)-1 {
		t.Errorf("%d connectors were started, want all but the stopped one", got)
	}
	if got := api.want(200, "GET", "/connectors/paused/topics", ""); got != `{"paused":{"topics":["rt"]}}` {
		t.Errorf("topics: %s", got)
	}
}

// The configuration of a connector that is no longer there is kept, and its status says what is missing.
func TestConnectorIsGone(t *testing.T) {
	dir := t.TempDir()
	catalog := recordedCatalog(t)
	h := open(t, herder.Options{Dir: dir, Catalog: catalog, Runner: newRunner(t)})
	api := &client{t, handler(h)}
	api.want(201, "PUT", "/connectors/c/config", sink())
	closeHerder(t, h)

	catalog.Connectors = nil
	h = open(t, herder.Options{Dir: dir, Catalog: catalog, Runner: newRunner(t)})
	defer closeHerder(t, h)
	settled(t, h)
	api = &client{t, handler(h)}
	if got, want := api.states("c"), "FAILED Failed to find any class that implements Connector and which name matches x.ProbeSink"; !strings.HasPrefix(got, want) {
		t.Errorf("states %q, want %q", got, want)
	}
	api.want(200, "GET", "/connectors/c/config", "")
	api.want(204, "DELETE", "/connectors/c", "")
}

func TestOpenRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"a damaged document", `{"version": 1, "connectors": [{"na`, "connectors.json is damaged"},
		{"one of a later program", `{"version": 2}`, "has version 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "connectors.json"), []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := herder.Open(herder.Options{Dir: dir, Catalog: recordedCatalog(t), Runner: newRunner(t)})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %s", err, tc.want)
			}
		})
	}
}

// What a crash left of a write does not count and is removed.
func TestHalfWrite(t *testing.T) {
	dir := t.TempDir()
	o := herder.Options{Dir: dir, Catalog: recordedCatalog(t), Runner: newRunner(t)}
	h := open(t, o)
	(&client{t, handler(h)}).want(201, "PUT", "/connectors/c/config", sink())
	closeHerder(t, h)
	half := filepath.Join(dir, "connectors-123.tmp")
	if err := os.WriteFile(half, []byte(`{"version": 1, "connec`), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Runner = newRunner(t)
	h = open(t, o)
	defer closeHerder(t, h)
	if diff := cmp.Diff([]string{"c"}, h.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", half, err)
	}
}

// A change that cannot be kept is refused and has no effect.
func TestWriteFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := newRunner(t)
	_, api := serve(t, herder.Options{Dir: dir, Catalog: recordedCatalog(t), Runner: r})
	api.want(201, "PUT", "/connectors/c/config", sink())
	r.took()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for _, d := range [][3]string{
		{"PUT", "/connectors/c/config", sink("tasks.max", "2")},
		{"PATCH", "/connectors/c/config", `{"tasks.max": 2}`},
		{"PUT", "/connectors/d/config", sink()},
		{"PUT", "/connectors/c/stop", ""},
		{"PUT", "/connectors/c/topics/reset", ""},
		{"DELETE", "/connectors/c", ""},
	} {
		if got := api.want(500, d[0], d[1], d[2]); !strings.Contains(got, "herder: write connectors") {
			t.Errorf("%s %s: %s", d[0], d[1], got)
		}
	}
	if got, want := api.states("c"), "RUNNING, RUNNING"; got != want {
		t.Errorf("states %q, want %q", got, want)
	}
	if got := api.want(200, "GET", "/connectors", ""); got != `["c"]` {
		t.Errorf("connectors %s", got)
	}
	if got := r.took(); len(got) > 0 {
		t.Errorf("the Runner was told %q", got)
	}
}

// The document holds passwords, so nobody else may read it.
func TestOnlyTheOwnerReads(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // has no such permissions
	}
	dir := t.TempDir()
	_, api := serve(t, herder.Options{Dir: dir, Catalog: recordedCatalog(t), Runner: newRunner(t)})
	api.want(201, "PUT", "/connectors/c/config", sink("secret", "hush"))
	info, err := os.Stat(filepath.Join(dir, "connectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("permissions %o", got)
	}
}

const childDir = "HERDER_TEST_DIR" // set in the process that is killed

// TestKill kills a process that changes connectors as fast as it can, several times, and reads what it left: every change
// that was answered, and at most the one that was under way.
func TestKill(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		change(t, dir)
		return
	}
	dir := t.TempDir()
	counted := 0
	for round := range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKill$")
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		last := counted
		for lines.Scan() {
			if n, err := fmt.Sscanf(lines.Text(), "answered %d", &last); err == nil && n == 1 && last >= counted+20+7*round {
				break
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it answered before the signal came
			_, _ = fmt.Sscanf(lines.Text(), "answered %d", &last)
		}
		_ = cmd.Wait() // it was killed
		if last == counted {
			t.Fatal("the process changed nothing")
		}
		h := open(t, herder.Options{Dir: dir, Catalog: recordedCatalog(t), Runner: newRunner(t)})
		info, err := h.Info("c")
		if err != nil {
			t.Fatal(err)
		}
		closeHerder(t, h)
		if _, err := fmt.Sscan(info.Config["errors.retry.timeout"], &counted); err != nil {
			t.Fatal(err)
		}
		if counted != last && counted != last+1 {
			t.Errorf("round %d: change %d was answered, %d was kept", round, last, counted)
		}
	}
}

// change numbers its changes, from where it left off, for ever.
func change(t *testing.T, dir string) {
	h := open(t, herder.Options{Dir: dir, Catalog: recordedCatalog(t), Runner: newRunner(t), Patience: -1})
	api := &client{t, handler(h)}
	n := 0
	if info, err := h.Info("c"); err == nil {
		if _, err := fmt.Sscan(info.Config["errors.retry.timeout"], &n); err != nil {
			t.Fatal(err)
		}
	}
	for {
		n++
		if w := api.do("PUT", "/connectors/c/config", sink("errors.retry.timeout", fmt.Sprint(n))); w.Code >= 300 {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		fmt.Printf("answered %d\n", n)
	}
}

// A document that is damaged, whatever way, is refused in words or read; nothing that was read is lost when it is written
// again.
func FuzzStore(f *testing.F) {
	for _, text := range []string{
		``, `{`, `null`, `{"version":1}`, `{"version":2}`, `{"version":1,"connectors":[null]}`, `{"version":1,"connectors":[{}]}`,
		`{"version":1,"connectors":[{"name":"a","config":null,"state":"RUNNING"},{"name":"a","state":"x"}]}`,
		`{"version":1,"connectors":[{"name":"c","config":{"connector.class":"ProbeSink","topics":"rt"},"state":"PAUSED","generation":3,"topics":["rt"]}]}`,
	} {
		f.Add(text)
	}
	catalog := recordedCatalog(f)
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "connectors.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names := func() (string, error) {
			h, err := herder.Open(herder.Options{
				Dir: dir, Catalog: catalog, Runner: newRunner(t), Log: slog.New(slog.DiscardHandler),
				Worker: map[string]string{"bootstrap.servers": "127.0.0.1:9092", "key.converter": convert.StringConverter, "value.converter": convert.JSONConverter},
			})
			if err != nil {
				return "", err
			}
			defer closeHerder(t, h)
			api := &client{t, handler(h)}
			list := api.want(200, "GET", "/connectors", "")
			api.want(201, "POST", "/connectors", fmt.Sprintf(`{"name": "added", "config": %s, "initial_state": "STOPPED"}`, sink()))
			api.want(204, "DELETE", "/connectors/added", "")
			return list, nil
		}
		before, err := names()
		if err != nil || strings.Contains(before, `"added"`) {
			return
		}
		if after, err := names(); err != nil || before != after {
			t.Errorf("%q had %s, then %s, %v", text, before, after, err)
		}
	})
}
