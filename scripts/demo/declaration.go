package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/connectless/connectless/infra/local/events"
)

// declaration is the connector as a Terraform resource: a copy of infra/local/demo/main.tf, its state, and the Terraform or
// OpenTofu that works on it.
type declaration struct {
	terraform, dir, config string
	rest                   string
	stdout                 io.Writer
}

// wrongKey is a misspelled key of the connector.
const wrongKey = "azure.cosmos.sink.write.stratgy"

// declare prepares a declaration in a directory of its own below temp, so that nothing is left where the sources are.
func declare(o *options, temp string, at *events.Addresses, stdout io.Writer) (*declaration, error) {
	d := &declaration{terraform: o.terraform, dir: filepath.Join(temp, "terraform"), rest: at.REST, stdout: stdout}
	d.config = filepath.Join(d.dir, "cli.tfrc")
	if err := os.Mkdir(d.dir, 0o755); err != nil {
		return nil, fullDisk(temp, err)
	}
	for name, from := range map[string]string{"main.tf": o.declaration, "earthquakes.json": o.connector} {
		b, err := os.ReadFile(from)
		if err != nil {
			return nil, fmt.Errorf("declaration: %w", err)
		}
		if err := os.WriteFile(filepath.Join(d.dir, name), b, 0o644); err != nil {
			return nil, fullDisk(d.dir, err)
		}
	}
	provider, err := filepath.Abs(o.provider)
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	if _, err := os.Stat(provider); err != nil {
		return nil, fmt.Errorf("provider: %w (make build makes it)", err)
	}
	// The provider that was just built, in the place of one of a registry: no terraform init is needed.
	text := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"connectless/connectless\" = %q\n  }\n  direct {}\n}\n", filepath.Dir(provider))
	if err := os.WriteFile(d.config, []byte(text), 0o644); err != nil {
		return nil, fullDisk(d.dir, err)
	}
	return d, nil
}

// create makes the connector, and shows that there is nothing left to do then and that a wrong key does not get further
// than a plan.
func (d *declaration) create(ctx context.Context) error {
	version, err := d.run(ctx, "version")
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(version, "\n")
	fmt.Fprintf(d.stdout, "Declaring the connector with %s, as infra/local/demo/main.tf does:\n\n", first)
	for _, s := range []step{
		{command: "apply", says: "1 added, 0 changed, 0 destroyed", show: applied},
		{command: "apply", comment: "again", says: "No changes.", show: regexp.MustCompile(`^No changes\.`)},
		{command: "plan", variable: `extra={"` + wrongKey + `"="ItemAppend"}`, comment: "a misspelled key", fails: true,
			says: wrongKey + " is not a key of cosmos-sink", show: regexp.MustCompile(`^Error: |^"?azure\.`)},
	} {
		text, err := d.do(ctx, s)
		if err != nil {
			return err
		}
		fmt.Fprint(d.stdout, text)
	}
	fmt.Fprintln(d.stdout)
	return nil
}

var applied = regexp.MustCompile(`^Apply complete!`)

// change changes a key of a transform, in place, and returns what is to be shown of it.
func (d *declaration) change(ctx context.Context) (string, error) {
	return d.do(ctx, step{command: "apply", variable: "revision=2", comment: "while records flow", says: "0 added, 1 changed, 0 destroyed",
		show: regexp.MustCompile(`^ *# .*in-place|^ *~ "transforms|` + applied.String())})
}

// destroy removes the connector and checks that it is gone.
func (d *declaration) destroy(ctx context.Context) error {
	text, err := d.do(ctx, step{command: "destroy", variable: "revision=2", says: "1 destroyed", show: regexp.MustCompile(`^Destroy complete!`)})
	if err != nil {
		return err
	}
	fmt.Fprint(d.stdout, text)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.rest+"/connectors/earthquakes", nil)
	if err != nil {
		return fmt.Errorf("look for the connector: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("look for the connector: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		return fmt.Errorf("the connector is still there after it was destroyed: GET %s answers %s", req.URL, resp.Status)
	}
	return nil
}

// step is one call of Terraform.
type step struct {
	command, variable, comment string
	fails                      bool
	says                       string // what its output must have
	show                       *regexp.Regexp
}

// do makes a step and returns what is to be shown of it: the command, and those lines of its output that show matches.
func (d *declaration) do(ctx context.Context, s step) (string, error) {
	args := []string{s.command, "-input=false", "-no-color", "-compact-warnings", "-var=connect_url=" + d.rest}
	shown := "$ " + filepath.Base(d.terraform) + " " + s.command
	if s.command != "plan" {
		args = append(args, "-auto-approve")
	}
	if s.variable != "" {
		args = append(args, "-var="+s.variable)
		shown += " -var '" + s.variable + "'"
	}
	if s.comment != "" {
		shown += "   # " + s.comment
	}
	out, err := d.run(ctx, args...)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && s.fails && exit.ExitCode() == 1 {
		err = nil
	} else if err == nil && s.fails {
		err = errors.New("it did not fail")
	}
	if err == nil && !strings.Contains(strings.Join(strings.Fields(out), " "), s.says) { // lines are wrapped
		err = fmt.Errorf("it did not say %q", s.says)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", shown, err, strings.TrimSpace(out))
	}
	lines := []string{shown}
	for line := range strings.Lines(out) {
		if !s.show.MatchString(line) {
			continue
		}
		line = "  " + strings.Join(strings.Fields(line), " ")
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return "  " + strings.Join(lines, "\n  ") + "\n", nil
}

// run runs Terraform and returns what it printed.
func (d *declaration) run(ctx context.Context, args ...string) (string, error) {
	// The kernel ends the child when the thread that started it does, see ownGroup.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, d.terraform, args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = d.dir, d.environ(), ownGroup()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTime
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// environ is the environment without what would make Terraform do something else.
func (d *declaration) environ() []string {
	env := []string{"TF_CLI_CONFIG_FILE=" + d.config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1"}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TF_") && !strings.HasPrefix(v, "CONNECTLESS_CONNECT_") {
			env = append(env, v)
		}
	}
	return env
}

// revisions tells which documents which revision of the declaration wrote, and what is wrong with that: in a partition
// nothing may have been written by the first one after the second had begun.
func (r *result) revisions() (text string, wrong []string) {
	count := map[string]int{}
	last, first := map[int32]int64{}, map[int32]int64{} // offset of revision 1 and 2
	for _, doc := range r.documents {
		count[doc.Revision]++
		at, known := first[doc.Partition]
		switch {
		case doc.Revision == "1":
			last[doc.Partition] = max(last[doc.Partition], doc.Offset)
		case doc.Revision == "2" && (!known || doc.Offset < at):
			first[doc.Partition] = doc.Offset
		}
	}
	if count["1"] == 0 || count["2"] == 0 || count["1"]+count["2"] != len(r.documents) {
		wrong = append(wrong, fmt.Sprintf("documents by revision: %v of %d, want some of 1 and some of 2", count, len(r.documents)))
	}
	for partition, begin := range first {
		if end, known := last[partition]; known && end > begin {
			wrong = append(wrong, fmt.Sprintf("partition %d: revision 1 wrote offset %d after revision 2 had written %d", partition, end, begin))
		}
	}
	return fmt.Sprintf("  documents of revision 1: %d, of revision 2: %d; nothing lost: %s\n", count["1"], count["2"], yesNo(len(r.missing()) == 0)), wrong
}

// howToDeclare tells how to go on with the declaration while everything runs.
func (d *declaration) howToDeclare(w io.Writer) {
	fmt.Fprintf(w, "\n  cd %s\n  export TF_CLI_CONFIG_FILE=$PWD/%s TF_VAR_connect_url=%s TF_VAR_revision=2\n  %s plan\n", d.dir, filepath.Base(d.config), d.rest, filepath.Base(d.terraform))
}
