package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/infra/local/events"
)

// patience is how long anything that takes real processes may take.
const patience = time.Minute

// process is connectless local as a process of its own.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	at     events.Addresses
	ended  chan struct{}
	stderr bytes.Buffer // when it has ended

	mu    sync.Mutex
	calls []*events.Invocation
}

// start starts it with a connector and waits until it is ready.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, ended: make(chan struct{})}
	p.cmd = exec.Command(filepath.Join(built, "bin", "connectless"), append(local("--log-format", "json"), args...)...)
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan events.Addresses, 1)
	go func() {
		p.read(stdout, ready)
		p.cmd.Wait() // its exit code is looked at by stop
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill() // has ended, unless the test failed
		<-p.ended
	})
	select {
	case p.at = <-ready:
	case <-p.ended:
		t.Fatalf("it ended: %s", p.stderr.String())
	case <-time.After(patience):
		t.Fatal("it was not ready in time")
	}
	return p
}

func (p *process) read(stdout io.Reader, ready chan<- events.Addresses) {
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var e events.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			p.t.Errorf("a line is no event: %s", lines.Text())
			continue
		}
		switch e.Kind {
		case events.Ready:
			ready <- *e.Addresses
		case events.Invoked:
			p.mu.Lock()
			p.calls = append(p.calls, e.Invocation)
			p.mu.Unlock()
		}
	}
}

// stop interrupts it as Ctrl-C does, and checks that it ends well and leaves no process.
func (p *process) stop() {
	p.t.Helper()
	children := childrenOf(p.t, p.cmd.Process.Pid)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("it did not stop in time")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 || p.stderr.Len() > 0 {
		p.t.Errorf("it ended with %d and said %s", code, p.stderr.String())
	}
	for _, pid := range children {
		if syscall.Kill(pid, 0) == nil {
			p.t.Errorf("process %d of a function is left", pid)
		}
	}
}

// childrenOf lists the processes that a process started, where /proc tells.
func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var children []int
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		after := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // state, parent, ...
		if len(after) > 1 && after[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, child)
		}
	}
	return children
}

// invocations are those that succeeded so far.
func (p *process) invocations() (records int, ranges []events.Range) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, inv := range p.calls {
		if inv.Error == "" {
			records += inv.Records
			ranges = append(ranges, inv.Partitions...)
		}
	}
	return records, ranges
}

// wait polls until ok.
func (p *process) wait(what string, ok func() bool) {
	p.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !ok() {
		select {
		case <-poll.C:
		case <-p.ended:
			p.t.Fatalf("it ended while waiting for %s: %s", what, p.stderr.String())
		case <-limit.C:
			p.t.Fatalf("%s did not happen in time", what)
		}
	}
}

// produce writes values with keys into one partition each.
func (p *process) produce(topic string, values ...string) {
	p.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(p.at.Kafka), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.AllowAutoTopicCreation())
	if err != nil {
		p.t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	for _, v := range values {
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte(v)}).FirstErr(); err != nil {
			p.t.Fatal(err)
		}
	}
}

// http makes a request of the local cloud and returns the body; the status must be a success.
func (p *process) http(method, url, body string) string {
	p.t.Helper()
	code, text := p.request(method, url, body)
	if code >= 300 {
		p.t.Fatalf("%s %s: %d %s", method, url, code, text)
	}
	return text
}

func (p *process) request(method, url, body string) (code int, text string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// container makes a container in the embedded Cosmos DB.
func (p *process) container(db, name, key string) {
	p.t.Helper()
	p.http("POST", p.at.Cosmos+"/dbs", fmt.Sprintf(`{"id":%q}`, db))
	p.http("POST", p.at.Cosmos+"/dbs/"+db+"/colls", fmt.Sprintf(`{"id":%q,"partitionKey":{"paths":[%q],"kind":"Hash"}}`, name, key))
}

// documents are the ids and magnitudes in a container.
func (p *process) documents(db, name string) map[string]float64 {
	p.t.Helper()
	var page struct {
		Documents []struct {
			ID  string  `json:"id"`
			Mag float64 `json:"mag"`
		}
	}
	if err := json.Unmarshal([]byte(p.http("GET", p.at.Cosmos+"/dbs/"+db+"/colls/"+name+"/docs", "")), &page); err != nil {
		p.t.Fatal(err)
	}
	found := map[string]float64{}
	for _, d := range page.Documents {
		found[d.ID] = d.Mag
	}
	return found
}
