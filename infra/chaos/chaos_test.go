package chaos

import (
	"flag"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
)

var (
	seeds = flag.Int("seeds", 200, "how many seeds TestChaos runs")
	seed0 = flag.Uint64("seed0", 1, "the first of them")
	story = flag.Bool("story", false, "print what functions and mapping log, every invocation and every write")
)

// Nothing that a seed can think of breaks a promise about delivery. A seed that fails is run again by
// go test ./infra/chaos -run TestChaos -seeds 1 -seed0 <seed> -story, or make chaos SEEDS=1 SEED0=<seed>.
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
	var out *Outcome
	synctest.Test(t, func(t *testing.T) {
		var log io.Writer
		if *story {
			log = t.Output()
		}
		o, err := Run(t.Context(), p, dir, log)
		out = o
		if err != nil {
			t.Error(err)
		} else {
			for _, v := range o.Violations {
				t.Errorf("violated: %v", v)
			}
			t.Log(o)
		}
		if t.Failed() {
			t.Log(p)
		}
	})
	return out
}
