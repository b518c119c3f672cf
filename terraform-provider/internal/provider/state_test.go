package provider_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest/workertest"
)

const secret = "hush-hush-secret"

// withSecret is HCL of a connector with a write-only key.
func withSecret(value, version, config, rest string) string {
	return connector(config, `
		config_wo = { secret = "`+value+`" }
		config_wo_version = `+version+`
		`+rest)
}

func TestDrift(t *testing.T) {
	t.Run("configuration", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		hcl := connector(`mode = "retry"`, "")
		tf.up(hcl)
		w.Edit("c1", map[string]string{"mode": "report", "extra": "1"})
		p := tf.plan(hcl)
		begins(t, p.diags)
		if p.action != "update" || text(tf.state, "config", "mode") != "report" || text(tf.state, "config", "extra") != "1" || text(p.planned, "config", "extra") != "(missing)" {
			t.Errorf("%s %#v", p.action, tf.state.GetAttr("config"))
		}
		tf.noErrors(tf.apply(p))
		if got := w.Config("c1"); got["mode"] != "retry" || got["extra"] != "" {
			t.Errorf("config %v", got)
		}
	})
	t.Run("a key that is null", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		hcl := connector("mode = null", "")
		tf.up(hcl)
		if p := tf.plan(hcl); p.action != "none" {
			t.Errorf("planned again: %s", p.action)
		}
		w.Edit("c1", map[string]string{"mode": "retry"})
		if p := tf.up(hcl); p.action != "update" || w.Config("c1")["mode"] != "" {
			t.Errorf("%s, mode %s", p.action, w.Config("c1")["mode"])
		}
	})
	t.Run("a secret that somebody added", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		tf.up(connector("", ""))
		w.Edit("c1", map[string]string{"secret": secret})
		if p := tf.plan(connector("", "")); p.action != "update" || text(tf.state, "config", "secret") != "[hidden]" {
			t.Errorf("%s %s", p.action, text(tf.state, "config", "secret"))
		}
		tf.noSecret(secret)
	})
	t.Run("state", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		tf.up(connector("", ""))
		other := onWorker(t, w)
		other.noErrors(other.adopt("c1"))
		other.up(connector("", `state = "PAUSED"`))
		if p := tf.plan(connector("", "")); p.action != "update" || text(tf.state, "state") != "PAUSED" {
			t.Errorf("%s %s", p.action, text(tf.state, "state"))
		}
	})
	t.Run("deleted", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		tf.up(connector("", ""))
		w.Remove("c1")
		if p := tf.up(connector("", "")); p.action != "create" || w.Config("c1") == nil {
			t.Errorf("%s", p.action)
		}
	})
	t.Run("deleted between plan and apply", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		tf.up(connector("", ""))
		p := tf.plan(connector(`mode = "retry"`, ""))
		w.Remove("c1")
		begins(t, tf.apply(p), `error name: The connector is gone`)
		tf.noErrors(tf.destroy())
	})
	t.Run("a worker that knows no stop", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		tf.up(connector("", ""))
		p := tf.plan(connector("", `state = "STOPPED"`))
		w.Refuse(1, "PUT", "/connectors/c1/stop", http.StatusNotFound, "HTTP 404 Not Found")
		begins(t, tf.apply(p), `error config: Kafka Connect refused the connector: connectrest: PUT /connectors/c1/stop: 404`)
	})
	t.Run("an update that changes nothing there", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		tf.up(connector("", ""))
		w.Edit("c1", map[string]string{"mode": "retry"})
		calls(w)
		starts := w.Starts("c1")
		p := tf.planOnly(connector(`mode = "retry"`, "")) // the state was not refreshed
		tf.noErrors(p.diags)
		tf.noErrors(tf.apply(p))
		if wantCalls(t, w, ""); w.Starts("c1") != starts {
			t.Error("the connector was started again")
		}
	})
}

func TestWriteOnly(t *testing.T) {
	w := workertest.New()
	tf := onWorker(t, w)
	p := tf.up(withSecret(secret, "1", "", ""))
	begins(t, p.diags)
	if w.Config("c1")["secret"] != secret {
		t.Error("the secret was not written")
	}
	if text(tf.state, "config", "secret") != "(missing)" || text(tf.state, "config_wo") != "(null)" || text(tf.state, "effective_config", "secret") != "[hidden]" {
		t.Errorf("state %#v", tf.state)
	}
	if p := tf.plan(withSecret(secret, "1", "", "")); p.action != "none" {
		t.Errorf("planned again: %s", p.action)
	}
	calls(w)

	t.Run("another change writes it too", func(t *testing.T) {
		tf.up(withSecret(secret, "1", `mode = "retry"`, ""))
		if w.Config("c1")["secret"] != secret {
			t.Error("the secret is gone")
		}
	})
	t.Run("another value without another version", func(t *testing.T) {
		p := tf.plan(withSecret("hush-another", "1", `mode = "retry"`, ""))
		begins(t, p.diags, `warning config_wo["secret"]: A write-only value changed`)
		if p.action != "none" {
			t.Errorf("planned %s", p.action)
		}
	})
	t.Run("another version", func(t *testing.T) {
		begins(t, tf.up(withSecret("hush-another", "2", `mode = "retry"`, "")).diags)
		if w.Config("c1")["secret"] != "hush-another" {
			t.Error("the secret was not written")
		}
	})
	t.Run("somebody changes it", func(t *testing.T) {
		w.Edit("c1", map[string]string{"secret": "hush-somebody"})
		p := tf.up(withSecret("hush-another", "2", `mode = "retry"`, ""))
		begins(t, p.diags, `warning config_wo: Write-only values were changed: Somebody changed secret.`)
		if p.action != "update" || w.Config("c1")["secret"] != "hush-another" {
			t.Errorf("%s, secret %s", p.action, w.Config("c1")["secret"])
		}
		if p := tf.plan(withSecret("hush-another", "2", `mode = "retry"`, "")); p.action != "none" || len(p.diags) > 0 {
			t.Errorf("planned again: %s %v", p.action, p.diags)
		}
	})
	t.Run("it becomes an ordinary key", func(t *testing.T) {
		tf.up(connector(`secret = "$${env:SECRET}"`, ""))
		if got := text(tf.state, "config", "secret"); got != "${env:SECRET}" {
			t.Errorf("secret is %s", got)
		}
		if p := tf.plan(connector(`secret = "$${env:SECRET}"`, "")); p.action != "none" || len(p.diags) > 0 {
			t.Errorf("planned again: %s %v", p.action, p.diags)
		}
	})
	tf.noErrors(tf.destroy())
	tf.noSecret(secret, "hush-another", "hush-somebody")
}

func TestFailedConnectors(t *testing.T) {
	w := workertest.New()
	tf := onWorker(t, w)
	p := tf.plan(withSecret(secret, "1", `mode = "fail"`, ""))
	begins(t, p.diags)
	begins(t, tf.apply(p), "error status: The connector failed: Connector c1 is there, and failed:\ntask 0 on 127.0.0.1:18084: org.apache.kafka.connect.errors.ConnectException: mode is fail, secret is [hidden]")
	if tf.state.IsNull() || text(tf.state, "state") != "RUNNING" || text(tf.state, "status", "state") != "RUNNING" {
		t.Errorf("state %#v", tf.state)
	}
	p = tf.plan(withSecret(secret, "1", `mode = "fail"`, ""))
	begins(t, p.diags, "warning status: The connector failed: Connector c1 does not run.")
	if p.action != "none" {
		t.Errorf("planned %s", p.action)
	}
	calls(w)
	w.Polls = 1
	p = tf.plan(withSecret(secret, "1", "", ""))
	begins(t, p.diags, "warning status: The connector failed")
	begins(t, tf.apply(p))
	wantCalls(t, w, "PUT /connectors/c1/config, POST /connectors/c1/restart?includeTasks=true&onlyFailed=true")
	if got := text(tf.state, "status", "tasks"); strings.Contains(got, "FAILED") {
		t.Errorf("tasks %s", got)
	}
	tf.noSecret(secret)
}

// TestFailedByItself is about a connector whose tasks run and which failed.
func TestFailedByItself(t *testing.T) {
	w := workertest.New()
	tf := onWorker(t, w)
	tf.up(connector("", ""))
	w.Fail("c1", "no such table")
	p := tf.plan(connector("", ""))
	begins(t, p.diags, "warning status: The connector failed: Connector c1 does not run. Change its configuration, or restart_trigger, to start it again.\nconnector on 127.0.0.1:18084: no such table")
	if p.action != "none" || text(tf.state, "state") != "RUNNING" || text(tf.state, "status", "state") != "FAILED" || text(tf.state, "status", "trace") != "no such table" {
		t.Errorf("%s %#v", p.action, tf.state)
	}
	other := onWorker(t, w)
	begins(t, other.adopt("c1"), "warning status: The connector failed")
	if got := text(other.state, "state"); got != "RUNNING" {
		t.Errorf("imported state %s", got)
	}
	calls(w)
	p = tf.plan(connector("", `restart_trigger = "2"`))
	begins(t, tf.apply(p))
	wantCalls(t, w, "POST /connectors/c1/restart?includeTasks=true&onlyFailed=false")
	if got := text(tf.state, "status", "state"); got != "RUNNING" {
		t.Errorf("it is %s", got)
	}
}

// TestHiddenValues is about a server that shows no secrets.
func TestHiddenValues(t *testing.T) {
	w := workertest.New()
	tf := newTerraform(t)
	tf.vars["url"] = cty.StringVal(serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		rw.WriteHeader(rec.Code)
		_, _ = rw.Write(bytes.ReplaceAll(rec.Body.Bytes(), []byte(secret), []byte("[hidden]")))
	})))
	tf.noErrors(tf.configure(`provider "connectless" {
		connect_rest {
			url = var.url
		}
	}`))
	for _, hcl := range []string{connector(`secret = "`+secret+`"`, ""), withSecret(secret, "1", "", "")} {
		tf.noErrors(tf.apply(tf.planOnly(hcl)))
		if p := tf.plan(hcl); p.action != "none" {
			t.Errorf("planned again: %s", p.action)
		}
	}
}

func TestRefusedApply(t *testing.T) {
	t.Run("the name is taken", func(t *testing.T) {
		w := workertest.New()
		onWorker(t, w).up(connector("", ""))
		tf := onWorker(t, w)
		p := tf.plan(connector(`mode = "retry"`, ""))
		begins(t, tf.apply(p), `error name: The name is taken: There is a connector "c1" already`)
		if !tf.state.IsNull() || w.Config("c1")["mode"] != "" {
			t.Error("somebody else's connector was taken over")
		}
	})
	t.Run("invalid, as the cluster says first at apply", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		w.Refuse(1, "PUT", "/connector-plugins", http.StatusForbidden, "not now")
		p := tf.plan(connector(`mode = "zz"`, ""))
		begins(t, p.diags, `warning config: The cluster did not judge`)
		begins(t, tf.apply(p), `error config["mode"]: Connector configuration: mode: Invalid value zz`)
		p = tf.plan(connector("", ""))
		w.Refuse(1, "POST", "/connectors", http.StatusInternalServerError, "no room for "+secret)
		p.config = tf.connector(withSecret(secret, "1", "", ""))
		begins(t, tf.apply(p), `error config: Kafka Connect refused the connector: connectrest: POST /connectors: 500: no room for [hidden]`)
		w.Refuse(1, "POST", "/connectors", http.StatusBadRequest, "Connector configuration is invalid")
		begins(t, tf.apply(p), `error config: Kafka Connect refused the connector`)
	})
	t.Run("invalid, as the cluster has found out since", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		p := tf.plan(connector("", ""))
		w.Catalog.Connectors[0].Config = func(string) config.Definer { return &strict{} }
		begins(t, tf.apply(p), `error config["approved.by"]: Connector configuration: approved.by: Missing required configuration`)
	})
	t.Run("too slow", func(t *testing.T) {
		w := workertest.New()
		w.Polls = 1000
		tf := onWorker(t, w)
		p := tf.plan(connector("", `timeouts {
			create = "100ms"
		}`))
		tf.noErrors(p.diags)
		begins(t, tf.apply(p), `error status: The connector is not RUNNING: connectrest: connector c1 is RUNNING with no task, not RUNNING`)
		if text(tf.state, "name") != "c1" {
			t.Error("what was created is not in the state")
		}
	})
	t.Run("the connection is refused", func(t *testing.T) {
		w := workertest.New()
		server := httptest.NewServer(w)
		defer server.Close()
		t.Setenv("CONNECTLESS_CONNECT_URL", server.URL)
		tf := newTerraform(t)
		tf.noErrors(tf.configure(`provider "connectless" {}`))
		hcl := connector("", `timeouts {
			create = "10ms"
			update = "10ms"
		}`)
		p := tf.plan(hcl)
		server.Close()
		begins(t, tf.apply(p), `error connect_rest: Kafka Connect does not answer: connectrest: `+server.URL+` does not answer: dial tcp`)
		again := newTerraform(t)
		again.noErrors(again.configure(`provider "connectless" {}`))
		begins(t, again.plan(hcl).diags, `warning connect_rest: Kafka Connect was not asked`)
	})
	t.Run("nobody answers", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		const hasty = `timeouts {
			create = "10ms"
			read   = "10ms"
			update = "10ms"
			delete = "10ms"
		}`
		p := tf.plan(connector("", hasty))
		w.Refuse(1, "", "/", http.StatusServiceUnavailable, "starting")
		begins(t, tf.apply(p), `error config: Kafka Connect refused the connector: connectrest: GET /connectors/c1: 503: starting (gave up`)
		tf.up(connector("", ""))
		tf.up(connector("", hasty))
		w.Refuse(1, "", "/", http.StatusServiceUnavailable, "starting")
		begins(t, tf.refresh(), `error connect_rest: The connector cannot be read`)
		w.Refuse(1, "", "/", http.StatusServiceUnavailable, "starting")
		begins(t, tf.destroy(), `error name: The connector was not deleted`)
	})
}

func TestImport(t *testing.T) {
	w := workertest.New()
	made := onWorker(t, w)
	hcl := withSecret(secret, "1", `mode = "retry"
		"consumer.override.sasl.jaas.config" = "$${file:/x:jaas}"`, `state = "PAUSED"`)
	made.up(hcl)
	tf := onWorker(t, w)
	begins(t, tf.adopt("c1"), `warning config["secret"]: A secret was not imported`)
	for path, want := range map[string]string{
		"config mode": "retry", "config secret": "(missing)", "config name": "(missing)", "state": "PAUSED", "type": "sink", "effective_config secret": "[hidden]",
		"config consumer.override.sasl.jaas.config": "${file:/x:jaas}", "config_wo_version": "(null)",
	} {
		if got := text(tf.state, strings.Fields(path)...); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	p := tf.up(hcl)
	if p.action != "update" || len(p.replace) > 0 {
		t.Errorf("planned %s", p.action)
	}
	if p := tf.plan(hcl); p.action != "none" || len(p.diags) > 0 {
		t.Errorf("planned again: %s %v", p.action, p.diags)
	}
	tf.noSecret(secret)

	gone := onWorker(t, w)
	begins(t, gone.adopt("nobody"))
	if !gone.state.IsNull() {
		t.Errorf("imported %#v", gone.state)
	}
}

// TestDeclaredPasswords hides what only the cluster's declaration calls a password.
func TestDeclaredPasswords(t *testing.T) {
	w := workertest.New()
	w.Catalog.Connectors = append(w.Catalog.Connectors, config.Connector{Classes: []string{"x.Vault"}, Kind: "source", Config: func(string) config.Definer { return &vault{} }})
	w.Plugins = append(w.Plugins, connectrest.Plugin{Class: "x.Vault", Type: "source"})
	hcl := `resource "connectless_connector" "c" {
		name   = "c1"
		config = { "connector.class" = "x.Vault" }
		config_wo = { pin = "` + secret + `" }
		config_wo_version = 1
		connect_rest {}
	}`
	made := onWorker(t, w)
	begins(t, made.up(hcl).diags)
	if text(made.state, "type") != "source" || w.Config("c1")["pin"] != secret {
		t.Errorf("%#v", made.state)
	}
	tf := onWorker(t, w)
	begins(t, tf.adopt("c1"), `warning config["pin"]: A secret was not imported`)
	w.Refuse(1, "PUT", "/connector-plugins", http.StatusForbidden, "no")
	again := onWorker(t, w)
	begins(t, again.adopt("c1"), `warning config["pin"]: A secret was not imported`)
	if got := text(again.state, "effective_config", "pin"); got != "[hidden]" {
		t.Errorf("pin is %s", got)
	}
	plain := strings.ReplaceAll(hcl, "config_wo", "# ")
	tf.up(plain)
	w.Edit("c1", map[string]string{"pin": secret})
	if p := tf.up(plain); p.action != "update" || w.Config("c1")["pin"] != "" {
		t.Errorf("%s, config %v", p.action, w.Config("c1"))
	}
	for _, tf := range []*terraform{made, tf, again} {
		tf.noSecret(secret)
	}
	begins(t, onWorker(t, w).plan(strings.Replace(plain, `"x.Vault" }`, `"x.Vault", pin = "clear" }`, 1)).diags, `warning config["pin"]: A secret in clear`)
}

type vault struct{ pin config.Password }

type strict struct{ approved string }

func (s *strict) Define(d *config.Def) {
	d.String(&s.approved, "approved.by", "", "", config.Required())
}

func (v *vault) Define(d *config.Def) { d.Password(&v.pin, "pin", "", "", config.NoDefault()) }

// TestLocalCloud is the life of a connector on the local cloud.
func TestLocalCloud(t *testing.T) {
	cloud := newLocalCloud(t)
	tf := cloud.terraform(t, "")
	hcl := strings.Replace(cosmos(`"tasks.max" = 2`, `
		config_wo = { "azure.cosmos.account.key" = "`+cosmosKey+`" }
		config_wo_version = 1`), `"azure.cosmos.account.key"                = "$${env:COSMOS_KEY}"`, "", 1)
	if p := tf.up(hcl); p.action != "create" || len(p.diags) > 0 || text(p.planned, "effective_config", "tasks.max") != "2" {
		t.Errorf("%s %v", p.action, p.diags)
	}
	if text(tf.state, "tasks") != "2" || text(tf.state, "status", "worker_id") != "127.0.0.1:8083" {
		t.Errorf("state %#v", tf.state)
	}
	if p := tf.up(hcl); p.action != "none" || len(p.diags) > 0 {
		t.Errorf("planned again: %s %v", p.action, p.diags)
	}
	changed := strings.Replace(hcl, `"tasks.max" = 2`, `transforms = "t"
		"transforms.t.type" = "org.apache.kafka.connect.transforms.RegexRouter"
		"transforms.t.regex" = "a"
		"transforms.t.replacement" = "b"`, 1)
	if p := tf.up(changed); p.action != "update" || text(p.planned, "effective_config", "transforms.t.replacement") != "b" {
		t.Errorf("%s %v", p.action, p.diags)
	}
	info, err := cloud.herder.Info("orders")
	if err != nil || info.Config["transforms.t.regex"] != "a" || info.Config["azure.cosmos.account.key"] != cosmosKey {
		t.Errorf("%v %v", info, err)
	}
	cloud.runner.fail("orders", "the account's key is wrong")
	begins(t, tf.plan(changed).diags, "warning status: The connector failed: Connector orders does not run. Change its configuration, or restart_trigger, to start it again.\ntask 0 on 127.0.0.1:8083: the account's key is wrong")
	cloud.runner.fail("orders", "")
	tf.up(strings.Replace(changed, "config_wo_version = 1", `config_wo_version = 1
		state = "STOPPED"`, 1))
	if text(tf.state, "status", "state") != "STOPPED" || text(tf.state, "tasks") != "0" {
		t.Errorf("state %#v", tf.state)
	}
	tf.noErrors(tf.destroy())
	if _, err := cloud.herder.Info("orders"); err == nil {
		t.Error("the connector is still there")
	}
	tf.noSecret(cosmosKey)
}

// TestUpgrade reads a state of every version there was.
func TestUpgrade(t *testing.T) {
	tf := newTerraform(t)
	state := []byte(`{"name":"c1","config":{"connector.class":"x.ProbeSink"},"config_wo":null,"config_wo_version":1,"worker":null,"state":"RUNNING",
		"restart_trigger":null,"type":"sink","tasks":1,"status":null,"effective_config":{},"connect_rest":{},"timeouts":null,"of_a_later_version":true}`)
	resp, err := tf.server.UpgradeResourceState(t.Context(), upgrade(state))
	if err != nil {
		t.Fatal(err)
	}
	tf.noErrors(resp.Diagnostics)
	if got := text(tf.static(resp.UpgradedState, tf.state.Type()), "config", "connector.class"); got != "x.ProbeSink" {
		t.Errorf("connector.class is %s", got)
	}
}

func TestDataSources(t *testing.T) {
	w := workertest.New()
	w.Fails = func(map[string]string) string { return "broken by " + secret }
	tf := onWorker(t, w)
	tf.apply(tf.plan(withSecret(secret, "1", `"tasks.max" = 2`, "")))
	v, ds := tf.read(`data "connectless_connector_status" "c" {
		name = "c1"
	}`)
	begins(t, ds)
	tasks := v.GetAttr("tasks")
	if text(v, "state") != "RUNNING" || text(v, "type") != "sink" || tasks.LengthInt() != 2 || text(tasks.Index(cty.NumberIntVal(1)), "trace") != "broken by [hidden]" {
		t.Errorf("%#v", v)
	}
	_, ds = tf.read(`data "connectless_connector_status" "c" {
		name = "nobody"
	}`)
	begins(t, ds, "error name: The connector cannot be read: connectrest: GET /connectors/nobody: 404: Connector nobody not found")
	for lines, plugins := range map[string]int{"": len(w.Plugins), "connectors_only = true": 2} {
		v, ds = tf.read(`data "connectless_connector_plugins" "all" {
			` + lines + `
		}`)
		begins(t, ds)
		if text(v, "version") != "3.9.0" || v.GetAttr("plugins").LengthInt() != plugins || text(v.GetAttr("plugins").Index(cty.NumberIntVal(0)), "class") != "x.ProbeSink" {
			t.Errorf("%#v", v)
		}
	}
	w.Refuse(1, "GET", "/connector-plugins", http.StatusForbidden, "no")
	_, ds = tf.read(`data "connectless_connector_plugins" "all" {}`)
	begins(t, ds, "error plugins: The plugins cannot be read")
	tf.noSecret(secret)
}

func TestFunctions(t *testing.T) {
	tf := newTerraform(t)
	eval := func(config string) cty.Value {
		t.Helper()
		return tf.connector(`resource "connectless_connector" "c" {
			name = "c"
			config = ` + config + `
		}`).GetAttr("config")
	}
	v := eval(`provider::connectless::parse_properties("# a sink\nconnector.class = cosmos-sink\ntopics=a,\\\n  b\n")`)
	if text(v, "connector.class") != "cosmos-sink" || text(v, "topics") != "a,b" {
		t.Errorf("%#v", v)
	}
	v = eval(`{ for p in provider::connectless::validate_config({
		"connector.class" = "cosmos-sink"
		"topics" = "a"
		"azure.cosmos.account.endpoint" = "https://shop.documents.azure.com:443/"
		"azure.cosmos.account.key" = "$${vault:shop:key}"
		"azure.cosmos.sink.database.name" = "shop"
		"azure.cosmos.sink.containers.topicMap" = "a#a"
		"flush.size" = "3"
		"tasks.max" = "0"
	}, { "group.id" = "connect" }) : p.key => "${p.severity} ${p.worker}: ${p.message}" }`)
	for key, want := range map[string]string{
		"tasks.max": "error false: Invalid value 0 for configuration tasks.max: Value must be at least 1", "flush.size": "warning false: flush.size is not a key", "group.id": "warning true: group.id has no effect",
	} {
		if got := text(v, key); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", key, got)
		}
	}
	if n := v.LengthInt(); n != 3 {
		t.Errorf("%d problems: %#v", n, v)
	}
	if v := eval(`{ n = length(provider::connectless::validate_config({ "connector.class" = "cosmos-sink" }, null)) }`); text(v, "n") == "0" {
		t.Error("a configuration that lacks everything is right")
	}
	resp, err := tf.server.CallFunction(t.Context(), call("parse_properties", tf.dynamic(cty.StringVal(`a=\u12`))))
	if err != nil || resp.Error == nil || resp.Error.FunctionArgument == nil || !strings.Contains(resp.Error.Text, "line 1") {
		t.Errorf("%+v %v", resp.Error, err)
	}
}
