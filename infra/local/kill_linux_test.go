package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/errpolicy"
)

// kill ends the local cloud as a machine without memory does: at once. Its functions must not outlive it.
func (p *process) kill() {
	children := childrenOf(p.t, p.cmd.Process.Pid)
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Error(err)
	}
	<-p.ended
	limit := time.After(patience)
	for _, pid := range children {
		for running(pid) {
			select {
			case <-time.After(time.Millisecond):
			case <-limit:
				p.t.Errorf("process %d of a function is left", pid)
				return
			}
		}
	}
}

// running says whether a process is there and no zombie that nobody has asked for yet.
func running(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.HasPrefix(b[bytes.LastIndexByte(b, ')')+1:], []byte(" Z"))
}

// TestLocalKilled kills the local cloud again and again, while it delivers and is produced to. What Kafka has acknowledged
// is a document or a dead letter in the end, and the last version of each document is what stays.
func TestLocalKilled(t *testing.T) {
	args := []string{"--functions", functionsDir(), "--connector", demoFile(), "--data-dir", filepath.Join(t.TempDir(), "data"), "--batch-window", "0s", "--batch-size", "7"}
	const kills, shared = 4, 5
	want := map[string]float64{} // documents of acknowledged records
	lost := map[string]bool{}    // documents whose record was not acknowledged: they may be there
	broken := map[string]bool{}  // offsets of records that are no JSON and have no dead letter yet
	n := 0
	for round := range kills {
		p := start(t, args...)
		if round == 0 {
			p.container("demo", "quakes", "/net")
		}
		client, err := kgo.NewClient(kgo.SeedBrokers(p.at.Kafka), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		if err != nil {
			t.Fatal(err)
		}
		killed := make(chan struct{})
		for i, acknowledged := 0, true; acknowledged; i++ {
			if i == 20+7*round { // some are delivered by now, some are on their way
				go func() {
					defer close(killed)
					p.kill()
					client.Close() // which waits for a broker that will not come back
				}()
			}
			n++
			id := fmt.Sprintf("own-%d", n)
			if i%3 > 0 {
				id = fmt.Sprintf("shared-%d", n%shared)
			}
			value := quakeValue(id, float64(n))
			if i%10 == 9 {
				id, value = "", "{broken"
			}
			r := &kgo.Record{Topic: "earthquakes", Value: []byte(value)}
			acknowledged = client.ProduceSync(t.Context(), r).FirstErr() == nil
			switch {
			case !acknowledged:
				lost[id] = true
			case id == "":
				broken[fmt.Sprint(r.Offset)] = true
			default:
				want[id] = float64(n)
			}
		}
		<-killed
	}

	p := start(t, args...)
	for i := range shared { // a version after those that were not acknowledged
		id := fmt.Sprintf("shared-%d", i)
		n++
		want[id] = float64(n)
		p.produce("earthquakes", quakeValue(id, float64(n)))
	}
	var wrong string
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(wrong)
		}
	})
	p.wait("every document", func() bool {
		found := p.documents("demo", "quakes")
		for id, mag := range want {
			if found[id] != mag {
				wrong = fmt.Sprintf("%s is %g, want %g", id, found[id], mag)
				return false
			}
		}
		for id := range found {
			if want[id] == 0 && !lost[id] {
				wrong = id + " was never produced"
				return false
			}
		}
		return true
	})
	letters, err := kgo.NewClient(kgo.SeedBrokers(p.at.Kafka), kgo.ConsumeTopics("earthquakes-dead-letters"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer letters.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	t.Logf("%d documents and %d dead letters over %d kills", len(want), len(broken), kills)
	for len(broken) > 0 {
		fetches := letters.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatalf("no dead letters of offsets %v: %v", broken, err)
		}
		for _, r := range fetches.Records() {
			for _, h := range r.Headers {
				if h.Key == errpolicy.HeaderOffset && string(r.Value) == "{broken" {
					delete(broken, string(h.Value))
				}
			}
		}
	}
	p.stop()
}
