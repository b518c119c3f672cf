package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// onPath is a terraform or tofu on the PATH that can use the provider, "" if there is none.
func onPath(ctx context.Context) string {
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil && usable(ctx, path) {
			return path
		}
	}
	return ""
}

// usable says whether a binary is Terraform or OpenTofu from 1.11 on, the first that know write-only attributes, which the
// provider has.
func usable(ctx context.Context, path string) bool {
	cmd := exec.CommandContext(ctx, path, "version", "-json")
	// What a configuration file of the user's says does not matter here, and a missing one would be complained of.
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	out, err := cmd.Output()
	if err != nil {
		return false
	}
	var v struct {
		Version string `json:"terraform_version"` // of OpenTofu too
	}
	if json.Unmarshal(out, &v) != nil {
		return false
	}
	var major, minor int
	if _, err := fmt.Sscanf(v.Version, "%d.%d.", &major, &minor); err != nil {
		return false
	}
	return major > 1 || major == 1 && minor >= 11
}
