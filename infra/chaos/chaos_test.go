package chaos

import (
	"bytes"
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
)

var (
	seeds = flag.Int("seeds", 200, "how many seeds TestChaos runs")
	seed0 = flag.Uint64("seed0", 1, "the first of them")
	trace = flag.Bool("trace", false, "print what functions and mapping of a failed seed log")
)

// Nothing that a seed can think of breaks a promise about delivery. A seed that fails is run again by
// go test ./infra/chaos -run TestChaos -seeds 1 -seed0 <seed> -trace, or make chaos SEEDS=1 SEED0=<seed>.
func TestChaos(t *testing.T) {
	for i := range *seeds {
		p := NewPlan(*seed0 + uint64(i))
		t.Run(fmt.Sprintf("seed=%d", p.Seed), func(t *testing.T) {
			t.Parallel()
			play(t, p)
		})
	}
}

// play runs a plan in virtual time.
func play(t *testing.T, p *Plan) *Outcome {
	t.Helper()
	dir := t.TempDir()
	var log bytes.Buffer
	var out *Outcome
	synctest.Test(t, func(t *testing.T) {
		o, err := Run(t.Context(), p, dir, &log)
		if err != nil {
			t.Errorf("%v\n%v", p, err)
			return
		}
		for _, v := range o.Violations {
			t.Errorf("violated: %v", v)
		}
		t.Log(o)
		out = o
	})
	if t.Failed() {
		t.Log(p)
		if *trace {
			t.Log(log.String())
		}
	}
	return out
}
