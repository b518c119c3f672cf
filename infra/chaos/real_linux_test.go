package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/lambdahost"
	"github.com/connectless/connectless/scripts/gobuild"
)

// shipped builds the function as it ships.
func shipped(t *testing.T) string {
	t.Helper()
	root, err := gobuild.Root(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "bootstrap")
	if _, err := gobuild.Build(t.Context(), gobuild.Options{Dir: root, Package: "./functions/cosmos-sink", Out: out, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	return out
}

// processes is the shipped binary behind the Runtime API. To kill one is to send it SIGKILL.
type processes struct {
	*lambdahost.Function
	binary string
	kills  atomic.Int64
}

// realFunctions is what CloudConfig.Real wants.
func realFunctions(binary string, timeout time.Duration) func(*Cloud) (Functions, error) {
	return func(c *Cloud) (Functions, error) {
		doc, err := json.Marshal(c.document("process"))
		if err != nil {
			return nil, err
		}
		f, err := lambdahost.New(lambdahost.Config{
			Name: "orders", Path: binary, Env: map[string]string{"CONNECTLESS_CONFIG": string(doc)}, Timeout: timeout,
			CrashBackoff: host.Backoff{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond},
			Log:          func(l lambdahost.LogLine) { c.log.Debug(l.Text) },
		})
		return &processes{Function: f, binary: binary}, err
	}
}

// pids are the processes of the binary.
func (p *processes) pids() []int {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return nil
	}
	var pids []int
	for _, link := range links {
		if exe, err := os.Readlink(link); err == nil && exe == p.binary {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// KillNamed implements [Functions]: the processes have no names, so it is any.
func (p *processes) KillNamed(string) bool { return p.KillBusy(1) > 0 }

// KillBusy implements [Functions].
func (p *processes) KillBusy(most int) int {
	n := 0
	for _, pid := range p.pids() {
		if n != most && syscall.Kill(pid, syscall.SIGKILL) == nil {
			n++
		}
	}
	p.kills.Add(int64(n))
	return n
}

// KillAll implements [Functions].
func (p *processes) KillAll() int { return p.KillBusy(-1) }

// Redeploy implements [Functions]: new processes are like the old ones.
func (p *processes) Redeploy() { p.KillAll() }

// Stats implements [Functions].
func (p *processes) Stats() FleetStats {
	s := p.Function.Stats()
	return FleetStats{Invocations: int(s.Invocations), Errors: int(s.Errors), Timeouts: int(s.Timeouts), Kills: int(p.kills.Load()), Processes: int(s.ColdStarts)}
}

// Close implements [Functions].
func (p *processes) Close() {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.Function.Close(now) // what it complains of is that invocations were cut off
}

// realPlan is a plan of a few seconds, with many kills, for real processes.
func realPlan(seed uint64) *Plan {
	p := NewPlan(seed)
	p.Durable, p.Calm, p.Records, p.Pause, p.Burst = false, 5*time.Second, 300, 100*time.Millisecond, 10
	p.Timeout, p.Latency = 2*time.Second, 5*time.Millisecond
	r := draws(seed, 8)
	p.Spells, p.Events, p.Kills = nil, nil, nil
	for range 3 {
		s := p.spell(r)
		s.Odds, s.Wait = min(s.Odds, 0.5), min(s.Wait, 200*time.Millisecond)
		p.Spells = append(p.Spells, s)
	}
	for at := 300 * time.Millisecond; at < p.Calm; at += between(r, 200*time.Millisecond, time.Second) {
		p.Events = append(p.Events, Event{At: at, What: oneOf(r, KillBusy, KillBusy, KillAll, Resize, Split), N: 20})
	}
	for range 3 {
		p.Kills = append(p.Kills, Kill{Write: 1 + r.IntN(40), After: r.IntN(2) == 0})
	}
	return p
}

// The shipped binary keeps every promise while its processes get SIGKILL, one mode of mapping each.
func TestChaosRealProcesses(t *testing.T) {
	binary := shipped(t)
	seen := map[Mode]bool{}
	for seed := *seed0; len(seen) < int(modes); seed++ {
		p := realPlan(seed)
		if seen[p.Mode] {
			continue
		}
		seen[p.Mode] = true
		t.Run(fmt.Sprintf("%v,seed=%d", p.Mode, seed), func(t *testing.T) {
			var log bytes.Buffer
			o, err := p.runIn(t.Context(), CloudConfig{Real: realFunctions(binary, p.Timeout), Log: &log}, "")
			if err != nil {
				t.Fatalf("%v\n%v", err, p)
			}
			t.Log(o)
			for _, v := range o.Violations {
				t.Errorf("violated: %v", v)
			}
			if o.Fleet.Kills == 0 {
				t.Error("no process was killed")
			}
			if strings.Contains(log.String(), "panic:") {
				t.Errorf("a process panicked:\n%s", log.String())
			}
			if t.Failed() {
				t.Log(p)
				if *story {
					t.Log(log.String())
				}
			}
		})
	}
}
