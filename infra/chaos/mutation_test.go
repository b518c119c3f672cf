package chaos

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The checker is worth something: each mistake that a build tag plants in the engine breaks a promise within a few
// seeds, and the promise that it should.
func TestPlantedMistakes(t *testing.T) {
	for _, tc := range []struct {
		tag    string
		seeds  string // the mistake shows only in some configurations
		breaks []Invariant
	}{
		{"mutate_commit_before_put", "5", []Invariant{PositionWaits}},
		{"mutate_dlq_not_awaited", "20", []Invariant{PositionWaits}},
		{"mutate_empty_answer_on_failure", "20", []Invariant{PositionWaits, NothingLost}},
		{"mutate_hole_in_partition", "40", []Invariant{PositionWaits}},
		{"mutate_stale_span", "20", []Invariant{OriginalBytes}},
	} {
		t.Run(tc.tag, func(t *testing.T) {
			binary := filepath.Join(t.TempDir(), "chaos.test")
			build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-tags", tc.tag, "-o", binary, ".")
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			run := exec.CommandContext(t.Context(), binary, "-test.run", "^TestChaos$", "-test.timeout", "2m", "-seed0", "1", "-seeds", tc.seeds)
			out, err := run.CombinedOutput()
			if err == nil {
				t.Fatalf("nothing was noticed within %s seeds", tc.seeds)
			}
			for _, i := range tc.breaks {
				n := bytes.Count(out, []byte("violated: "+string(i)))
				if n == 0 {
					t.Errorf("%q was not broken:\n%.4000s", i, out)
				}
				t.Logf("%q was broken %d times in %d of %s seeds", i, n, bytes.Count(out, []byte("    --- FAIL: ")), tc.seeds)
			}
			if at := bytes.Index(out, []byte("panic: ")); at >= 0 {
				t.Errorf("the run did not end: %.4000s", out[at:])
			}
		})
	}
}
