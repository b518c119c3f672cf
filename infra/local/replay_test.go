package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// source is why the calls about the recorded worker's file source have other answers.
const source = "there are only sinks here"

// plugins is why a list of plug-ins or of their keys is another.
const plugins = "the plug-ins are others; core/rest/herder compares this with the recorded ones"

// differs lists the calls whose answers by connectless local are others than those of the recorded worker, on purpose. The
// second is the status, where that differs too.
var differs = map[int]struct {
	reason string
	status int
}{
	0:   {"the commit and the cluster are our own", 0},
	9:   {plugins, 0},
	27:  {"a broker answers that a group that never committed has no offsets; the recorded worker's was an emulation, which fails", 200},
	42:  {"the class of the tasks is another", 0},
	83:  {plugins, 0},
	84:  {plugins, 0},
	85:  {plugins, 0},
	86:  {plugins, 0},
	91:  {plugins, 0},
	92:  {plugins, 0},
	99:  {"there are loggers of connectors that run here", 0},
	108: {source, 500},
	109: {source, 404},
	110: {source, 404},
	111: {source, 404},
	112: {source, 404},
	113: {source, 404},
	114: {source, 404},
	115: {source, 404},
	116: {source, 404},
}

// An answer is what is compared of one.
type answer struct {
	Status                int
	ContentType, Location string
	Body                  any
}

// TestReplay makes the calls that were made to a worker of Apache Kafka 3.9.0 to connectless local, with a connector of a
// function in the place of the recorded one. core/rest/herder compares the bodies that are about that connector's keys.
func TestReplay(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "core", "rest", "herder", "testdata", "connect-rest-capture.json"))
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "--functions", functionsDir(), "--batch-window", "0s", "--partitions", "1")
	p.produce("rt", "a", "b") // what the recorded worker's topic had
	text = []byte(strings.NewReplacer(
		"x.ProbeSink", "files-sink", "ProbeSink", "files-sink", `"log"`, `"files.dir"`, `\"log\"`, `\"files.dir\"`,
		`"probe.log"`, strconv.Quote(t.TempDir()), "127.0.0.1:18084", strings.TrimPrefix(p.at.REST, "http://"),
	).Replace(string(text)))
	var calls []struct {
		Method, Path, Note string
		Request            json.RawMessage
		Status             int
		ContentType        string `json:"content_type"`
		Location           string
		JSON               json.RawMessage
	}
	if err := json.Unmarshal(text, &calls); err != nil {
		t.Fatal(err)
	}
	for i, c := range calls {
		switch i {
		case 53: // the recorded connector had its second task when this call came
			p.reach("c1", "RUNNING RUNNING RUNNING")
		case 80: // and had read
			p.wait("the topic", func() bool { return p.call(200, "GET", c.Path, "") == `{"c1":{"topics":["rt"]}}` })
		}
		var quoted string
		var body bytes.Buffer
		switch {
		case string(c.Request) == "null":
		case json.Unmarshal(c.Request, &quoted) == nil: // a body that is no JSON is recorded as text
			body.WriteString(quoted)
		default:
			if err := json.Compact(&body, c.Request); err != nil {
				t.Fatal(err)
			}
		}
		want := answer{c.Status, c.ContentType, c.Location, plain(t, c.JSON)}
		got := p.answer(c.Method, c.Path, body.String())
		other, known := differs[i]
		if known && other.status != 0 {
			want.Status = other.status
		}
		diff := cmp.Diff(want, got)
		name := fmt.Sprintf("%d %s %s %s", i, c.Method, c.Path, c.Note)
		switch {
		case got.Status != want.Status || diff != "" && !known:
			t.Errorf("%s (-recorded +ours):\n%s", name, diff)
		case diff == "" && known:
			t.Errorf("%s: as recorded, but listed as different: %s", name, other.reason)
		}
	}
}

func (p *process) answer(method, path, body string) answer {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.at.REST+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Location"), plain(p.t, text)}
}

// column is where in its body a client had put what is wrong: with spaces and a directory that are not the recorded ones.
var column = regexp.MustCompile(`line: 1, column: \d+\] \(through`)

// plain is a body without documentation, times and columns.
func plain(t *testing.T, text []byte) any {
	t.Helper()
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return normal(v)
}

func normal(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
	case map[string]any:
		delete(v, "documentation")
		for key := range v {
			v[key] = normal(v[key])
		}
		if v["last_modified"] != nil {
			v["last_modified"] = "a time"
		}
	case string:
		return column.ReplaceAllString(v, "line: 1, column: N] (through")
	}
	return v
}
