package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest/workertest"
)

const cosmosKey = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA=="

// cosmos is HCL of a connector into Cosmos DB, with further lines of config and of the resource.
func cosmos(config, rest string) string {
	return `resource "connectless_connector" "orders" {
		name = "orders"
		config = {
			"connector.class"                         = "cosmos-sink"
			topics                                    = "orders"
			"azure.cosmos.account.endpoint"           = "https://shop.documents.azure.com:443/"
			"azure.cosmos.account.key"                = "$${env:COSMOS_KEY}"
			"azure.cosmos.sink.database.name"         = "shop"
			"azure.cosmos.sink.containers.topicMap"   = "orders#orders"
			` + config + `
		}
		connect_rest {}
		` + rest + `
	}`
}

// begins checks diagnostics by how their lines begin.
func begins(t *testing.T, got diags, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d diagnostics, want %d:\n%v", len(got), len(want), got)
		return
	}
	for i, d := range got {
		if line := (diags{d}).String(); !strings.HasPrefix(line, want[i]) {
			t.Errorf("diagnostic %q does not begin with %q", line, want[i])
		}
	}
}

// TestPlanOnLocalCloud judges keys of connectors, transforms, predicates and converters on the path of each.
func TestPlanOnLocalCloud(t *testing.T) {
	cloud := newLocalCloud(t)
	for _, tc := range []struct {
		name, config, rest string
		want               []string
	}{
		{"right", "", "", nil},
		{"a connector's key", `"azure.cosmos.sink.maxRetryCount" = "many"`, "", []string{
			`error config["azure.cosmos.sink.maxRetryCount"]: Connector configuration: azure.cosmos.sink.maxRetryCount: Invalid value many for configuration azure.cosmos.sink.maxRetryCount: Not a number of type INT`,
		}},
		{"nearly a connector's key", `"azure.cosmos.sink.maxRetryCnt" = 3`, "", []string{
			`error config["azure.cosmos.sink.maxRetryCnt"]: Connector configuration: azure.cosmos.sink.maxRetryCnt: azure.cosmos.sink.maxRetryCnt is not a key of cosmos-sink: did you mean "azure.cosmos.sink.maxRetryCount"?`,
		}},
		{"a framework's key", `"tasks.max" = 0`, "", []string{
			`error config["tasks.max"]: Connector configuration: tasks.max: Invalid value 0 for configuration tasks.max: Value must be at least 1`,
		}},
		{"a transform's class", `transforms = "t"
			"transforms.t.type" = "org.apache.kafka.connect.transforms.InsertFeld$Value"`, "", []string{
			`error config["transforms.t.type"]: Connector configuration: transforms.t.type: Invalid value org.apache.kafka.connect.transforms.InsertFeld$Value for configuration transforms.t.type: Class org.apache.kafka.connect.transforms.InsertFeld$Value could not be found. Did you mean "org.apache.kafka.connect.transforms.InsertField$Value"?`,
		}},
		{"a transform's option", `transforms = "t"
			"transforms.t.type" = "org.apache.kafka.connect.transforms.MaskField$Value"
			"transforms.t.fields" = ""`, "", []string{`error config["transforms.t.fields"]`}},
		{"a missing key", `transforms = "t"
			"transforms.t.type" = "org.apache.kafka.connect.transforms.RegexRouter"
			"transforms.t.regex" = "a"`, "", []string{
			`error config["transforms.t.replacement"]: Connector configuration: transforms.t.replacement: Missing required configuration "transforms.t.replacement"`,
		}},
		{"a predicate", `predicates = "p"
			"predicates.p.type" = "HasHeaderKy"`, "", []string{`error config["predicates.p.type"]`}},
		{"a converter's option", `"value.converter" = "JsonConverter"
			"value.converter.schemas.enable" = "yes"`, "", []string{`error config["value.converter.schemas.enable"]`}},
		{"a converter's option that has no effect", `"value.converter.schemas.enable" = false`, "", []string{`warning config["value.converter.schemas.enable"]`}},
		{"a key nobody knows", `"flush.size" = 3`, "", []string{`warning config["flush.size"]: Connector configuration: flush.size: flush.size is not a key of cosmos-sink`}},
		{"two names", `name = "bestellungen"`, "", []string{`error config["name"]: Two names`}},
		{"the name twice", `name = "orders"`, "", nil},
		{"null is missing", `"tasks.max" = null`, "", nil},
		{"a secret in clear", `"consumer.override.sasl.jaas.config" = "x"
			"consumer.override.sasl.mechanism" = "PLAIN"`, "", []string{`warning config["consumer.override.sasl.jaas.config"]: A secret in clear`}},
		{"write-only keys are judged too, and not shown", "", `config_wo = { "azure.cosmos.sink.maxRetryCount" = "hush-hush" }
			config_wo_version = 1`, []string{
			`error config_wo["azure.cosmos.sink.maxRetryCount"]: Connector configuration: azure.cosmos.sink.maxRetryCount: Invalid value [hidden] for`,
		}},
		{"given twice", "", `config_wo = { topics = "a" }
			config_wo_version = 1`, []string{`error config_wo["topics"]: Given twice`}},
		{"write-only without a version", "", `config_wo = { "azure.cosmos.application.name" = "a" }`, []string{`error config_wo: `}},
		{"a class that nobody can see", "", `config_wo = { name = "a" }
			config_wo_version = 1`, []string{`error config_wo["name"]: Not a secret`}},
		{"another state", "", `state = "FAILED"`, []string{`error state: Invalid Attribute Value Match`}},
		{"a worker's key", "", `worker = { "value.converter" = "XmlConverter" }`, []string{
			`error worker["value.converter"]: Worker map: value.converter: Invalid value XmlConverter`,
		}},
		{"a timeout", "", `timeouts {
				create = "soon"
			}`, []string{`error timeouts.create`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begins(t, cloud.terraform(t, "").plan(cosmos(tc.config, tc.rest)).diags, tc.want...)
		})
	}
	t.Run("a key of the provider's worker map that shows in a connector", func(t *testing.T) {
		tf := cloud.terraform(t, `worker = {
			"key.converter" = "Strng"
			"group.id" = "connect"
		}`)
		begins(t, tf.plan(cosmos("", "")).diags, `error worker: The provider's worker map: key.converter: Invalid value Strng`)
	})
	t.Run("no class", func(t *testing.T) {
		p := cloud.terraform(t, "").plan(`resource "connectless_connector" "c" {
			name = " c"
			config = { "connector.class" = null }
		}`)
		begins(t, p.diags, `error connect_rest: There is no target`, `error config["connector.class"]: There is no connector class`,
			`error name: Invalid Attribute Value Match: Attribute name must not be empty, begin or end with white space`)
	})
	t.Run("a class that nobody has", func(t *testing.T) {
		p := cloud.terraform(t, "").plan(strings.Replace(cosmos("", ""), `"cosmos-sink"`, `"com.azure.cosmos.kafka.connect.CosmosSnkConnector"`, 1))
		if len(p.diags) == 0 || !strings.Contains(p.diags.String(), `error config["connector.class"]: Unknown connector class`) || !strings.Contains(p.diags.String(), `did you mean "CosmosSinkConnector"?`) {
			t.Errorf("%v", p.diags)
		}
	})
}

// TestUnknownValues leaves out what is not known yet, and judges it when it is applied.
func TestUnknownValues(t *testing.T) {
	cloud := newLocalCloud(t)
	tf := cloud.terraform(t, "")
	text1 := cosmos(`"tasks.max" = var.tasks
		"azure.cosmos.sink.database.name" = var.database
		transforms = var.transforms
		"transforms.t.nonsense" = 1`, "")
	for _, name := range []string{"tasks", "database", "transforms"} {
		tf.vars[name] = cty.UnknownVal(cty.String)
	}
	p := tf.plan(text1)
	begins(t, p.diags)
	if got := text(p.planned, "effective_config"); got != "(unknown)" {
		t.Errorf("effective_config is %s", got)
	}
	p = tf.plan(cosmos(`"tasks.max" = var.tasks
		"errors.tolerance" = "some"`, ""))
	begins(t, p.diags, `error config["errors.tolerance"]`)

	// the values come while it is applied
	p = tf.plan(cosmos(`"tasks.max" = var.tasks`, ""))
	tf.vars["tasks"] = cty.StringVal("0")
	p.config = tf.connector(cosmos(`"tasks.max" = var.tasks`, ""))
	p.planned = withKey(p.planned, "tasks.max", "0")
	begins(t, tf.apply(p), `error config["tasks.max"]`)
	tf.vars["tasks"] = cty.StringVal("2")
	p.config = tf.connector(cosmos(`"tasks.max" = var.tasks`, ""))
	p.planned = withKey(p.planned, "tasks.max", "2")
	begins(t, tf.apply(p))
	if got := text(tf.state, "effective_config", "tasks.max"); got != "2" {
		t.Errorf("effective tasks.max is %s", got)
	}

	t.Run("the whole configuration", func(t *testing.T) {
		tf := cloud.terraform(t, "")
		tf.vars["all"] = cty.UnknownVal(cty.Map(cty.String))
		begins(t, tf.plan(`resource "connectless_connector" "c" {
			name = "c"
			config = var.all
			connect_rest {}
		}`).diags)
	})
	t.Run("the cluster", func(t *testing.T) {
		tf := newTerraform(t)
		tf.vars["url"] = cty.UnknownVal(cty.String)
		tf.noErrors(tf.configure(`provider "connectless" {
			connect_rest {
				url = var.url
			}
		}`))
		begins(t, tf.plan(cosmos("", "")).diags)
		begins(t, tf.plan(cosmos(`"tasks.max" = 0`, "")).diags, `warning config["tasks.max"]`)
		begins(t, tf.adopt("orders"), `error connect_rest: The Kafka Connect cluster is not known yet`)
	})
}

func withKey(planned cty.Value, key, value string) cty.Value {
	values := planned.AsValueMap()
	config := values["config"].AsValueMap()
	config[key] = cty.StringVal(value)
	values["config"] = cty.MapVal(config)
	return cty.ObjectVal(values)
}

// TestPlanOnCluster has the cluster judge, and adds what would not work as a function.
func TestPlanOnCluster(t *testing.T) {
	w := workertest.New()
	for _, tc := range []struct {
		name, config string
		want         []string
	}{
		{"right", "", nil},
		{"the cluster's key", `mode = "zz"`, []string{
			`error config["mode"]: Connector configuration: mode: Invalid value zz for configuration mode: String must be one of: ok, retry, fail, report`,
		}},
		{"a framework's key", `"tasks.max" = 0`, []string{`error config["tasks.max"]`}},
		{"a missing key", `log = null`, []string{`error config["log"]: Connector configuration: log: Missing required configuration "log"`}},
		{"unknown values", `mode = var.unknown`, nil},
		{"unknown values beside a wrong one", `topics = var.unknown
			"tasks.max" = 0
			log = null`, []string{`error config["tasks.max"]`, `error config["log"]`}},
		{"a key nobody knows", `"flush.size" = 3`, nil},
		{"a secret of the cluster's declaration", `secret = "open"`, []string{`warning config["secret"]: A secret in clear`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tf := onWorker(t, w)
			tf.vars["unknown"] = cty.UnknownVal(cty.String)
			begins(t, tf.plan(connector(tc.config, "")).diags, tc.want...)
		})
	}
	t.Run("a class that is not there", func(t *testing.T) {
		begins(t, onWorker(t, w).plan(cosmos("", "")).diags, `error config["connector.class"]: Unknown connector class`)
	})
	t.Run("an alias", func(t *testing.T) {
		begins(t, onWorker(t, w).plan(strings.Replace(connector("", ""), "x.ProbeSink", "ProbeSink", 1)).diags)
	})
	t.Run("a connector of ours", func(t *testing.T) {
		w := workertest.New()
		sink := w.Catalog.Connectors[0]
		sink.Classes = []string{"com.azure.cosmos.kafka.connect.CosmosSinkConnector"}
		w.Catalog.Connectors = append(w.Catalog.Connectors, sink)
		w.Plugins[0].Class = sink.Classes[0]
		p := onWorker(t, w).plan(strings.Replace(cosmos(`log = "l"
			"azure.cosmos.sink.maxRetryCnt" = 3`, ""), "cosmos-sink", sink.Classes[0], 1))
		begins(t, p.diags,
			`warning config["azure.cosmos.sink.maxRetryCnt"]: Connector configuration: azure.cosmos.sink.maxRetryCnt: This cluster's own validation decides. As a function, the connector would be refused: azure.cosmos.sink.maxRetryCnt is not a key`,
			`warning config["log"]`)
	})
	t.Run("it does not judge", func(t *testing.T) {
		w := workertest.New()
		w.Refuse(1, "PUT", "/connector-plugins", http.StatusForbidden, "no")
		begins(t, onWorker(t, w).plan(connector(`mode = "zz"`, "")).diags, `warning config: The cluster did not judge the configuration`)
	})
	t.Run("it does not answer", func(t *testing.T) {
		w := workertest.New()
		tf := onWorker(t, w)
		w.Refuse(10, "", "/", http.StatusServiceUnavailable, "starting")
		begins(t, tf.plan(cosmos(`"tasks.max" = 0`, "")).diags, `warning connect_rest: Kafka Connect was not asked`, `warning config["tasks.max"]`)
	})
	t.Run("there is none", func(t *testing.T) {
		t.Setenv("CONNECTLESS_CONNECT_URL", "")
		tf := newTerraform(t)
		tf.noErrors(tf.configure(`provider "connectless" {}`))
		begins(t, tf.plan(connector("", "")).diags, `error connect_rest: There is no Kafka Connect cluster`)
	})
}

func TestProviderConfiguration(t *testing.T) {
	for _, tc := range []struct {
		name, lines string
		want        []string
	}{
		{"nothing", "", nil},
		{"a worker's keys", `worker = {
			"bootstrap.servrs" = "kafka:9092"
			"group.id" = "connect"
			"security.protocol" = "TLS"
		}`, []string{`error worker["security.protocol"]`, `warning worker["bootstrap.servrs"]`, `warning worker["group.id"]`}},
		{"no URL", `connect_rest {
			url = "localhost:8083"
		}`, []string{`error connect_rest: Kafka Connect cannot be called: connectrest: "localhost:8083" is not the URL`}},
		{"two ways to sign in", `connect_rest {
			url = "http://connect"
			username = "jan"
			token = "t"
		}`, []string{`error connect_rest.token`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begins(t, newTerraform(t).configure(fmt.Sprintf(`provider "connectless" { %s
			}`, "\n"+tc.lines)), tc.want...)
		})
	}
	t.Run("from the environment", func(t *testing.T) {
		var got []string
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			got = append(got, user+":"+password)
			workertest.New().ServeHTTP(w, r)
		})
		t.Setenv("CONNECTLESS_CONNECT_URL", serve(t, handler))
		t.Setenv("CONNECTLESS_CONNECT_USERNAME", "jan")
		t.Setenv("CONNECTLESS_CONNECT_PASSWORD", "from-the-environment")
		tf := newTerraform(t)
		tf.noErrors(tf.configure(`provider "connectless" {}`))
		begins(t, tf.plan(connector("", "")).diags)
		if len(got) == 0 || got[0] != "jan:from-the-environment" {
			t.Errorf("signed in as %q", got)
		}
	})
}

func TestEffectiveConfig(t *testing.T) {
	cloud := newLocalCloud(t)
	tf := cloud.terraform(t, `worker = {
		"value.converter"                = "org.apache.kafka.connect.json.JsonConverter"
		"value.converter.schemas.enable" = false
		"bootstrap.servers"              = "kafka:9092"
	}`)
	p := tf.plan(cosmos(`"azure.cosmos.application.name" = "shop"`, `
		worker = { "value.converter.schemas.enable" = true }
		config_wo = { "azure.cosmos.sink.maxRetryCount" = "7777" }
		config_wo_version = 1`))
	tf.noErrors(p.diags)
	got := map[string]string{}
	for _, key := range []string{"azure.cosmos.application.name", "azure.cosmos.sink.maxRetryCount", "azure.cosmos.account.key", "azure.cosmos.sink.write.strategy",
		"value.converter", "value.converter.schemas.enable", "key.converter", "consumer.bootstrap.servers", "consumer.group.id", "tasks.max"} {
		got[key] = text(p.planned, "effective_config", key)
	}
	want := map[string]string{
		"azure.cosmos.application.name": "shop", "azure.cosmos.sink.maxRetryCount": "[hidden]", "azure.cosmos.account.key": "${env:COSMOS_KEY}", "azure.cosmos.sink.write.strategy": "ItemOverwrite",
		"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "true", "key.converter": "(missing)",
		"consumer.bootstrap.servers": "kafka:9092", "consumer.group.id": "connect-orders", "tasks.max": "1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("effective_config (-want +got):\n%s", diff)
	}
	tf.noErrors(tf.apply(p))

	// another worker map is shown, and nothing is sent
	hcl := cosmos("", "")
	tf = cloud.terraform(t, `worker = { "bootstrap.servers" = "kafka:9092" }`)
	tf.up(strings.ReplaceAll(hcl, `"orders"`, `"other"`))
	starts := cloud.runner.started("other")
	other := cloud.terraform(t, `worker = { "bootstrap.servers" = "elsewhere:9092" }`)
	other.state, other.private = tf.state, tf.private
	p = other.up(strings.ReplaceAll(hcl, `"orders"`, `"other"`))
	if p.action != "update" || text(p.planned, "effective_config", "consumer.bootstrap.servers") != "elsewhere:9092" || text(p.planned, "type") != "sink" {
		t.Errorf("%s %v", p.action, p.diags)
	}
	if n := cloud.runner.started("other"); n != starts {
		t.Errorf("the connector was started %d times", n)
	}
}
