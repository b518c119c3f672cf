package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/infra/local/events"
)

func quakeValue(id string, mag float64) string {
	return fmt.Sprintf(`{"id":%q,"properties":{"mag":%g,"time":1517966773840,"updated":1517966773840,"net":"us"}}`, id, mag)
}

// TestLocal takes records into the embedded Cosmos DB, stops everything as Ctrl-C does, and starts it again on the same
// data.
func TestLocal(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	args := []string{"--functions", functionsDir(), "--connector", demoFile(), "--data-dir", data, "--batch-window", "50ms"}

	p := start(t, args...)
	p.container("demo", "quakes", "/net")
	p.produce("earthquakes", quakeValue("a", 1), quakeValue("b", 2), "{broken", quakeValue("a", 3))
	p.wait("delivery", func() bool { n, _ := p.invocations(); return n == 4 })
	if diff := cmp.Diff(map[string]float64{"a": 3, "b": 2}, p.documents("demo", "quakes")); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	var status struct {
		Connector struct{ State string }
		Tasks     []struct{ State string }
	}
	if err := json.Unmarshal([]byte(p.http("GET", p.at.REST+"/connectors/earthquakes/status", "")), &status); err != nil {
		t.Fatal(err)
	}
	if status.Connector.State != "RUNNING" || len(status.Tasks) != 3 || status.Tasks[0].State != "RUNNING" {
		t.Errorf("status: %+v", status)
	}
	if got := runs(t.Context(), "", local(args...)...); got.code != 1 || !strings.Contains(got.stderr, "the data directory "+data+" is in use by another connectless local") {
		t.Errorf("a second one on the same data: exit %d, it said %s", got.code, got.stderr)
	}
	p.stop()

	p = start(t, args...)
	p.produce("earthquakes", quakeValue("c", 4))
	p.wait("delivery after a restart", func() bool { n, _ := p.invocations(); return n >= 1 })
	n, ranges := p.invocations()
	if diff := cmp.Diff([]events.Range{{Partition: 0, First: 4, Last: 4, Records: 1}}, ranges); diff != "" || n != 1 {
		t.Errorf("invocations after a restart (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]float64{"a": 3, "b": 2, "c": 4}, p.documents("demo", "quakes")); diff != "" {
		t.Errorf("documents after a restart (-want +got):\n%s", diff)
	}
	p.stop()
}

// TestLocalRetries starts without the container, which shows, and goes on when it is there.
func TestLocalRetries(t *testing.T) {
	p := start(t, "--functions", functionsDir(), "--connector", demoFile(), "--batch-window", "0s")
	p.produce("earthquakes", quakeValue("a", 1))
	trace := func() string {
		var status struct {
			Tasks []struct{ Trace string }
		}
		if err := json.Unmarshal([]byte(p.http("GET", p.at.REST+"/connectors/earthquakes/status", "")), &status); err != nil {
			t.Fatal(err)
		}
		return status.Tasks[0].Trace
	}
	p.wait("a trace", func() bool { return strings.Contains(trace(), "demo") })
	p.container("demo", "quakes", "/net")
	p.wait("delivery", func() bool { n, _ := p.invocations(); return n == 1 })
	p.wait("a status without a trace", func() bool { return trace() == "" })
	p.stop()
}

// TestLocalProvisioned has the function report what failed: what is good of the batch does not come again.
func TestLocalProvisioned(t *testing.T) {
	dir := t.TempDir()
	file := write(t, "files.json", fmt.Sprintf(`{"name": "files", "connector.class": "files-sink", "topics": "a,b", "files.dir": %q}`, dir))
	p := start(t, "--functions", functionsDir(), "--connector", file, "--provisioned", "--report-items", "--timeout", "2s", "--batch-window", "50ms", "--partitions", "1")
	blocked := filepath.Join(dir, "a-0-1.json")
	if err := os.Mkdir(blocked, 0o755); err != nil { // the second record of topic a cannot be written
		t.Fatal(err)
	}
	p.produce("a", `{"n":0}`, `{"n":1}`)
	p.produce("b", `{"n":2}`)
	p.wait("the failure", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, inv := range p.calls {
			if inv.Failed["a-0"] == 1 {
				return true
			}
		}
		return false
	})
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a-0-0.json": `{"n":0}`, "a-0-1.json": `{"n":1}`, "b-0-0.json": `{"n":2}`} {
		p.wait(name, func() bool {
			got, err := os.ReadFile(filepath.Join(dir, name))
			return err == nil && string(got) == want
		})
	}
	p.stop()
}

// TestLocalCluster uses the Kafka of another process, which has no connector itself, and topics by a pattern.
func TestLocalCluster(t *testing.T) {
	kafka := start(t)
	kafka.produce("q-1", `{"n":1}`)
	kafka.produce("q-2", `{"n":2}`)
	kafka.produce("other", `{"n":3}`)
	dir := t.TempDir()
	t.Setenv("CONNECTLESS_TEST_DIR", dir)
	file := write(t, "files.json", `{"name": "files", "connector.class": "files-sink", "topics.regex": "q-.*", "files.dir": "${env:CONNECTLESS_TEST_DIR}"}`)
	p := start(t, "--functions", functionsDir(), "--connector", file, "--bootstrap-servers", kafka.at.Kafka, "--batch-window", "0s")
	if p.at.Kafka != kafka.at.Kafka {
		t.Errorf("it says that Kafka is at %s, not at %s", p.at.Kafka, kafka.at.Kafka)
	}
	p.wait("delivery", func() bool { n, _ := p.invocations(); return n == 2 })
	p.stop()
	kafka.stop()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, "q-1-0-0.json"), filepath.Join(dir, "q-2-0-0.json")}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestLocalText is what a person sees.
func TestLocalText(t *testing.T) {
	cmd := exec.Command(filepath.Join(built, "bin", "connectless"), local("--functions", functionsDir(), "--connector", demoFile())...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timeout := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer timeout.Stop()
	var text strings.Builder
	buf := make([]byte, 1024)
	for interrupted := false; ; {
		n, err := stdout.Read(buf)
		text.Write(buf[:n])
		if !interrupted && strings.Contains(text.String(), "Ready; Ctrl-C stops.") {
			interrupted = true
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"earthquakes: cosmos-sink reads earthquakes as connect-earthquakes\n", "Kafka          127.0.0.1:", "Cosmos DB      http://127.0.0.1:", "Connect REST   http://127.0.0.1:", "stopped\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it does not say %q but\n%s", want, text.String())
		}
	}
}
