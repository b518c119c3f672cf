package provider_test

import (
	"strings"
	"testing"

	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest/workertest"
)

// connector is HCL of a connector of the probe sink, with further lines of config and of the resource.
func connector(config, rest string) string {
	return `resource "connectless_connector" "c" {
		name = "c1"
		config = {
			"connector.class" = "x.ProbeSink"
			topics            = "rt"
			log               = "probe.log"
			` + config + `
		}
		connect_rest {}
		` + rest + `
	}`
}

func calls(w *workertest.Worker) string {
	var list []string
	for _, c := range w.Calls() {
		if !strings.HasSuffix(c.Path, "/validate") {
			list = append(list, c.String())
		}
	}
	return strings.Join(list, ", ")
}

func wantCalls(t *testing.T, w *workertest.Worker, want string) {
	t.Helper()
	if got := calls(w); got != want {
		t.Errorf("calls %s, want %s", got, want)
	}
}

func TestLife(t *testing.T) {
	w := workertest.New()
	tf := onWorker(t, w)
	p := tf.up(connector(`"tasks.max" = 2`, ""))
	if p.action != "create" || len(p.diags) > 0 {
		t.Errorf("%s %v", p.action, p.diags)
	}
	wantCalls(t, w, "POST /connectors")
	for path, want := range map[string]string{
		"type": "sink", "tasks": "2", "state": "RUNNING", "status state": "RUNNING", "config topics": "rt", "config name": "(missing)",
		"effective_config tasks.max.enforce": "true", "effective_config mode": "ok", "effective_config name": "c1",
	} {
		if got := text(tf.state, strings.Fields(path)...); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if p := tf.up(connector(`"tasks.max" = 2`, "")); p.action != "none" || len(p.diags) > 0 {
		t.Errorf("applied again: %s %v", p.action, p.diags)
	}
	if p := tf.up(connector(`"tasks.max" = 1`, `state = "PAUSED"`)); p.action != "update" || text(p.planned, "type") != "sink" {
		t.Errorf("changed: %s, type %s", p.action, text(p.planned, "type"))
	}
	wantCalls(t, w, "PUT /connectors/c1/pause, PUT /connectors/c1/config")
	if tasks, state := text(tf.state, "tasks"), text(tf.state, "status", "state"); tasks != "1" || state != "PAUSED" {
		t.Errorf("%s tasks, %s", tasks, state)
	}
	tf.up(connector(`"tasks.max" = 1`, `state = "STOPPED"`))
	wantCalls(t, w, "PUT /connectors/c1/stop")
	tf.up(connector(`"tasks.max" = 3`, ""))
	wantCalls(t, w, "PUT /connectors/c1/config, PUT /connectors/c1/resume")
	tf.up(connector(`"tasks.max" = 3`, `restart_trigger = "1"`))
	wantCalls(t, w, "POST /connectors/c1/restart?includeTasks=true&onlyFailed=false")
	if p := tf.up(strings.Replace(connector("", ""), `"c1"`, `"c2"`, 1)); p.action != "replace" || p.replace[0] != "name" {
		t.Errorf("another name: %s %v", p.action, p.replace)
	}
	wantCalls(t, w, "DELETE /connectors/c1, POST /connectors")
	tf.noErrors(tf.destroy())
	if w.Config("c2") != nil {
		t.Error("c2 is still there")
	}
	w.Remove("c2") // what is gone is deleted
}
