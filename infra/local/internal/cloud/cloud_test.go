package cloud

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

func TestDiskError(t *testing.T) {
	full := diskError("d", fmt.Errorf("mkdir: %w", syscall.ENOSPC))
	if want := "cannot write to d: the disk is full; free some space or choose another directory with --data-dir"; full.Error() != want {
		t.Errorf("full disk: %q, want %q", full, want)
	}
	other := errors.New("x")
	if got := diskError("d", other); got != other {
		t.Errorf("another error became %v", got)
	}
}

// TestEnvironment checks that a function gets the variables that are referred to, and no others.
func TestEnvironment(t *testing.T) {
	c := &Cloud{cosmos: cosmostest.NewServer(t, cosmostest.Options{})}
	deployment := func(env map[string]string, names ...string) Deployment {
		return Deployment{Connector: &connector.Connector{Environment: names}, Env: env}
	}
	for _, tc := range []struct {
		name string
		d    Deployment
		want map[string]string
	}{
		{"none", deployment(nil), map[string]string{}},
		{"the embedded Cosmos DB", deployment(nil, "COSMOS_ENDPOINT", "COSMOS_KEY"), map[string]string{"COSMOS_ENDPOINT": c.CosmosEndpoint(), "COSMOS_KEY": cosmostest.Key}},
		{"the user's own account", deployment(map[string]string{"COSMOS_KEY": "k"}, "COSMOS_KEY"), map[string]string{"COSMOS_KEY": "k"}},
		{"another variable", deployment(map[string]string{"X": "x"}, "X"), map[string]string{"X": "x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, c.environment(tc.d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
