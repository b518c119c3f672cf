package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/rest"
)

// marked is the configuration of a connector that writes each record to a file of its own in dir and adds a mark to it.
func marked(dir, mark string, more ...string) string {
	config := map[string]string{
		"connector.class": "files-sink", "topics": "t", "tasks.max": "2", "files.dir": dir,
		"transforms": "mark", "transforms.mark.type": "org.apache.kafka.connect.transforms.InsertField$Value",
		"transforms.mark.static.field": "mark", "transforms.mark.static.value": mark,
	}
	for i := 0; i < len(more); i += 2 {
		config[more[i]] = more[i+1]
	}
	text, _ := json.Marshal(config) // a map of strings always has a JSON form
	return string(text)
}

// call makes a request of the REST API, wants this status, and returns the body.
func (p *process) call(code int, method, path, body string) string {
	p.t.Helper()
	got, text := p.request(method, p.at.REST+path, body)
	if got != code {
		p.t.Fatalf("%s %s: %d, want %d: %s", method, path, got, code, text)
	}
	return text
}

// states are the state of a connector and those of its tasks.
func (p *process) states(name string) string {
	p.t.Helper()
	s := p.status(name)
	states := []string{string(s.Connector.State)}
	for _, task := range s.Tasks {
		states = append(states, string(task.State))
	}
	return strings.Join(states, " ")
}

func (p *process) status(name string) (s rest.Status) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.call(200, "GET", "/connectors/"+name+"/status", "")), &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *process) reach(name, states string) {
	p.t.Helper()
	p.wait(name+" to be "+states, func() bool { return p.states(name) == states })
}

// written is what is in a directory, by file.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name()] = string(b)
	}
	return all
}

// TestREST is a session as one has it with curl: from the making of a connector to its end.
func TestREST(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "--functions", functionsDir(), "--batch-window", "0s", "--partitions", "1")
	files := func(want map[string]string) {
		t.Helper()
		p.wait(fmt.Sprintf("%d files", len(want)), func() bool { return cmp.Equal(want, written(t, dir)) })
	}
	const c = "/connectors/c"
	if got := p.call(200, "GET", "/connectors", ""); got != "[]" {
		t.Errorf("connectors at the start: %s", got)
	}
	if got := p.call(200, "GET", "/", ""); !strings.Contains(got, `"version":"3.9.0"`) || !strings.Contains(got, `"kafka_cluster_id":"connectless-local"`) {
		t.Errorf("the worker says that it is %s", got)
	}
	if got := p.call(400, "POST", "/connectors", `{"name": "c", "config": `+marked(dir, "1", "transforms.mark.type", "Nothing")+`}`); !strings.Contains(got, "Nothing") {
		t.Errorf("a wrong configuration: %s", got)
	}
	p.call(201, "POST", "/connectors", `{"name": "c", "config": `+marked(dir, "1")+`}`)
	p.reach("c", "RUNNING RUNNING RUNNING")
	p.produce("t", `{"n":0}`)
	files(map[string]string{"t-0-0.json": `{"n":0,"mark":"1"}`})
	if got := p.call(200, "GET", c+"/topics", ""); got != `{"c":{"topics":["t"]}}` {
		t.Errorf("topics: %s", got)
	}

	p.call(202, "PUT", c+"/pause", "")
	p.reach("c", "PAUSED PAUSED PAUSED")
	p.produce("t", `{"n":1}`)
	p.call(200, "PUT", c+"/config", marked(dir, "2")) // while it does not read
	p.reach("c", "PAUSED PAUSED PAUSED")
	p.call(202, "PUT", c+"/resume", "")
	p.reach("c", "RUNNING RUNNING RUNNING")
	files(map[string]string{"t-0-0.json": `{"n":0,"mark":"1"}`, "t-0-1.json": `{"n":1,"mark":"2"}`})

	offsets := func(want int) string {
		return fmt.Sprintf(`{"offsets":[{"partition":{"kafka_partition":0,"kafka_topic":"t"},"offset":{"kafka_offset":%d}}]}`, want)
	}
	p.wait("the commit", func() bool { return p.call(200, "GET", c+"/offsets", "") == offsets(2) })
	p.call(400, "PATCH", c+"/offsets", offsets(1)) // not while it runs
	p.call(204, "PUT", c+"/stop", "")
	p.reach("c", "STOPPED")
	if children := childrenOf(t, p.cmd.Process.Pid); len(children) > 0 {
		t.Errorf("a stopped connector has %d processes", len(children))
	}
	p.call(200, "PATCH", c+"/offsets", offsets(1))
	p.call(500, "PATCH", c+"/offsets", `{"offsets":[{"partition":{"kafka_partition":7,"kafka_topic":"t"},"offset":{"kafka_offset":0}}]}`)
	if got := p.call(200, "GET", c+"/offsets", ""); got != offsets(1) {
		t.Errorf("offsets after a change: %s", got)
	}
	p.call(200, "PUT", c+"/config", marked(dir, "3"))
	p.call(202, "PUT", c+"/resume", "")
	files(map[string]string{"t-0-0.json": `{"n":0,"mark":"1"}`, "t-0-1.json": `{"n":1,"mark":"3"}`})

	p.call(204, "PUT", c+"/stop", "")
	p.reach("c", "STOPPED")
	p.call(200, "DELETE", c+"/offsets", "")
	if got := p.call(200, "GET", c+"/offsets", ""); got != `{"offsets":[]}` {
		t.Errorf("offsets after a reset: %s", got)
	}
	p.call(202, "PUT", c+"/resume", "")
	files(map[string]string{"t-0-0.json": `{"n":0,"mark":"3"}`, "t-0-1.json": `{"n":1,"mark":"3"}`})

	before := childrenOf(t, p.cmd.Process.Pid)
	p.call(202, "POST", c+"/restart?includeTasks=true", "")
	p.reach("c", "RUNNING RUNNING RUNNING")
	p.call(204, "POST", c+"/tasks/1/restart", "")
	p.reach("c", "RUNNING RUNNING RUNNING")
	for _, pid := range childrenOf(t, p.cmd.Process.Pid) {
		for _, old := range before {
			if pid == old {
				t.Errorf("process %d outlived a restart", pid)
			}
		}
	}
	p.produce("t", `{"n":2}`)
	files(map[string]string{"t-0-0.json": `{"n":0,"mark":"3"}`, "t-0-1.json": `{"n":1,"mark":"3"}`, "t-0-2.json": `{"n":2,"mark":"3"}`})

	p.call(204, "DELETE", c, "")
	p.call(404, "GET", c+"/status", "")
	if children := childrenOf(t, p.cmd.Process.Pid); len(children) > 0 {
		t.Errorf("a deleted connector has %d processes", len(children))
	}
	p.stop()
}

// TestRESTChange changes a setting of a transform again and again while records flow. Each is written, in the order of
// marks, by the configuration of its time.
func TestRESTChange(t *testing.T) {
	const changes, each = 4, 60
	dir := t.TempDir()
	p := start(t, "--functions", functionsDir(), "--batch-window", "10ms", "--batch-size", "5", "--partitions", "1")
	p.call(201, "PUT", "/connectors/c/config", marked(dir, "0"))
	for mark := 1; mark <= changes; mark++ {
		p.produce("t", numbered(each)...)
		p.call(200, "PUT", "/connectors/c/config", marked(dir, fmt.Sprint(mark)))
	}
	p.reach("c", "RUNNING RUNNING RUNNING")
	p.produce("t", numbered(each)...)
	p.wait("everything", func() bool { return len(written(t, dir)) == (changes+1)*each })
	all, last, seen := written(t, dir), "", map[string]bool{}
	for offset := range (changes + 1) * each {
		_, mark, _ := strings.Cut(all[fmt.Sprintf("t-0-%d.json", offset)], `"mark":`)
		if mark < last {
			t.Errorf("offset %d has mark %s after mark %s", offset, mark, last)
		}
		last, seen[mark] = mark, true
	}
	if want := fmt.Sprintf(`"%d"}`, changes); last != want || len(seen) < 2 {
		t.Errorf("the last mark is %s, want %s; there are %d", last, want, len(seen))
	}
	p.stop()
}

func numbered(n int) []string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf(`{"n":%d}`, i)
	}
	return values
}

// TestRESTTopics goes from one topic to two and back: positions go along, although mappings must not share a group.
func TestRESTTopics(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "--functions", functionsDir(), "--batch-window", "0s", "--partitions", "1")
	p.produce("t", `{"n":0}`)
	p.produce("u", `{"n":1}`)
	read := func(topics string) string {
		return marked(dir, "", "topics", topics, "consumer.override.auto.offset.reset", "earliest")
	}
	p.call(201, "PUT", "/connectors/c/config", read("t"))
	records := 0
	for _, step := range []struct {
		topics, produce string
		want            int // records delivered by then
	}{{"t", "t", 2}, {"t,u", "t", 4}, {"u", "u", 5}, {"t", "t", 6}, {"u,t", "u", 7}} {
		p.call(200, "PUT", "/connectors/c/config", read(step.topics))
		p.reach("c", "RUNNING RUNNING RUNNING")
		p.produce(step.produce, `{"n":2}`)
		p.wait("the record of "+step.topics, func() bool { records, _ = p.invocations(); return records >= step.want })
	}
	if _, ranges := p.invocations(); records != 7 {
		t.Errorf("%d records were delivered, want 7, each once: %v", records, ranges)
	}
	p.stop()
}

// TestRESTFailed looks at connectors that somebody has to do something about.
func TestRESTFailed(t *testing.T) {
	p := start(t, "--functions", functionsDir(), "--batch-window", "0s")
	p.call(201, "PUT", "/connectors/unset/config", marked("${env:CONNECTLESS_TEST_UNSET}", "1"))
	p.reach("unset", "FAILED")
	if trace := p.status("unset").Connector.Trace; !strings.Contains(trace, "CONNECTLESS_TEST_UNSET is not set") {
		t.Errorf("trace: %s", trace)
	}
	p.call(200, "PUT", "/connectors/unset/config", marked(t.TempDir(), "1"))
	p.reach("unset", "RUNNING RUNNING RUNNING")

	b, err := os.ReadFile(demoFile())
	if err != nil {
		t.Fatal(err)
	}
	p.call(201, "POST", "/connectors", strings.Replace(string(b), `"errors.tolerance": "all"`, `"errors.tolerance": "none"`, 1))
	p.container("demo", "quakes", "/net")
	p.produce("earthquakes", quakeValue("a", 1), "{broken")
	p.reach("earthquakes", "RUNNING FAILED RUNNING RUNNING")
	if trace := p.status("earthquakes").Tasks[0].Trace; !strings.HasPrefix(trace, "org.apache.kafka.connect.errors.DataException: earthquakes-0 offset 1: ") {
		t.Errorf("trace: %s", trace)
	}
	p.call(200, "PUT", "/connectors/earthquakes/config", configOf(t, b)) // which tolerates it
	p.reach("earthquakes", "RUNNING RUNNING RUNNING RUNNING")
	p.stop()
}

// configOf is the member "config" of a connector.
func configOf(t *testing.T, connector []byte) string {
	t.Helper()
	var c struct{ Config json.RawMessage }
	if err := json.Unmarshal(connector, &c); err != nil {
		t.Fatal(err)
	}
	return string(c.Config)
}

// TestRESTKept stops everything and starts it again: connectors are there as they were left, a file that has not changed
// changes nothing, and one that has is taken over.
func TestRESTKept(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	file := write(t, "given.json", `{"name": "given", "config": `+marked(dir, "file")+`}`)
	args := []string{"--functions", functionsDir(), "--data-dir", data, "--batch-window", "0s", "--partitions", "1", "--connector", file}
	p := start(t, args...)
	p.call(201, "POST", "/connectors", `{"name": "made", "config": `+marked(dir, "made", "topics", "m")+`}`)
	p.produce("m", `{"n":0}`)
	p.wait("delivery", func() bool { n, _ := p.invocations(); return n == 1 })
	p.call(202, "PUT", "/connectors/given/pause", "")
	p.reach("given", "PAUSED PAUSED PAUSED")
	p.stop()

	p = start(t, args...)
	p.reach("given", "PAUSED PAUSED PAUSED")
	p.reach("made", "RUNNING RUNNING RUNNING")
	p.produce("m", `{"n":1}`)
	p.produce("t", `{"n":2}`)
	p.wait("delivery", func() bool { n, _ := p.invocations(); return n == 1 })
	p.stop()

	if err := os.WriteFile(file, []byte(`{"name": "given", "config": `+marked(dir, "another")+`}`), 0o644); err != nil {
		t.Fatal(err)
	}
	p = start(t, args...)
	p.reach("given", "PAUSED PAUSED PAUSED")
	p.call(202, "PUT", "/connectors/given/resume", "")
	want := map[string]string{"m-0-0.json": `{"n":0,"mark":"made"}`, "m-0-1.json": `{"n":1,"mark":"made"}`, "t-0-0.json": `{"n":2,"mark":"another"}`}
	p.wait("delivery", func() bool { return cmp.Equal(want, written(t, dir)) })
	p.stop()
}
