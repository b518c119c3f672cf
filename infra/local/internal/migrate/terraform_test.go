package migrate_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/connectless/connectless/connectors"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/infra/local/internal/migrate"
)

func certificate(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func newJudge() *migrate.Judge {
	return &migrate.Judge{Catalog: function.Catalog(connectors.All()...), Worker: map[string]string{
		"bootstrap.servers": "b:1", "key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
	}}
}

// cosmos is a connector's configuration without a fault.
func cosmos(more map[string]string) map[string]string {
	props := map[string]string{
		"connector.class": "CosmosSinkConnector", "topics": "a", "azure.cosmos.account.endpoint": "https://x", "azure.cosmos.account.key": "${env:KEY}",
		"azure.cosmos.sink.database.name": "d", "azure.cosmos.sink.containers.topicMap": "a#c",
	}
	for k, v := range more {
		props[k] = v
	}
	return props
}

func file(t testing.TB, r *migrate.Result, name string) string {
	t.Helper()
	for _, f := range r.Files {
		if f.Name == name {
			return string(f.Text)
		}
	}
	t.Fatalf("there is no %s", name)
	return ""
}

const wantOrders = `# Connector orders, from cluster.
resource "connectless_connector" "orders" {
  name  = "orders"
  state = "PAUSED"

  config = {
    "azure.cosmos.account.endpoint"         = "https://x"
    "azure.cosmos.sink.containers.topicMap" = "a#c"
    "azure.cosmos.sink.database.name"       = "$${env:DB} %%{x} \"q\"\\\n"
    "connector.class"                       = "CosmosSinkConnector"
    "topics"                                = "a"
  }

  config_wo = {
    "azure.cosmos.account.key" = var.orders_azure_cosmos_account_key
  }
  config_wo_version = 1

  connect_rest {}
}
`

const wantVariables = `variable "orders_azure_cosmos_account_key" {
  type        = string
  description = "azure.cosmos.account.key of connector orders. Raise config_wo_version when it changes."
  sensitive   = true
  ephemeral   = true
}
`

const wantImports = `# The connectors exist: terraform apply takes them over. These blocks may be removed after that.

import {
  to = connectless_connector.orders
  id = "orders"
}
`

const wantProvider = `terraform {
  required_version = ">= 1.11"

  required_providers {
    connectless = {
      source = "connectless/connectless"
    }
  }
}

# User name and password, or a token, come from CONNECTLESS_CONNECT_USERNAME, CONNECTLESS_CONNECT_PASSWORD and
# CONNECTLESS_CONNECT_TOKEN.
provider "connectless" {
  worker = {
    "key.converter" = "x"
  }

  connect_rest {
    url = "http://c:8083"
  }
}
`

func TestTerraform(t *testing.T) {
	c := migrate.Connector{Name: "orders", From: "cluster", State: "PAUSED", Exists: true, Config: cosmos(map[string]string{
		"azure.cosmos.account.key": "c2VjcmV0", "azure.cosmos.sink.database.name": "${env:DB} %{x} \"q\"\\\n"})}
	r, err := newJudge().Terraform([]migrate.Connector{c}, migrate.Options{Target: "connect_rest", URL: "http://c:8083",
		Worker: map[string]string{"key.converter": "x", "sasl.jaas.config": "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"orders.tf": wantOrders, "variables.tf": wantVariables, "imports.tf": wantImports, "provider.tf": wantProvider} {
		if diff := cmp.Diff(want, file(t, r, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	roundTrip(t, r, []migrate.Connector{c})
	formatted(t, r)
}

// formatted checks with terraform fmt, where there is one, that it has nothing to change.
func formatted(t *testing.T, r *migrate.Result) {
	t.Helper()
	bin, err := exec.LookPath("terraform")
	if err != nil {
		return // roundTrip has asked the library that terraform fmt is made of
	}
	dir := t.TempDir()
	var files []migrate.File
	for _, f := range r.Files {
		files = append(files, migrate.File{Name: filepath.Join(dir, f.Name), Text: f.Text})
	}
	if err := migrate.Write(files, false); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), bin, "fmt", "-check", "-diff", dir).CombinedOutput(); err != nil {
		t.Errorf("terraform fmt: %v\n%s", err, out)
	}
}

// roundTrip reads what was written as Terraform does: it is formatted, and what config says is what the connectors say,
// but for what config_wo has.
func roundTrip(t testing.TB, r *migrate.Result, connectors []migrate.Connector) {
	t.Helper()
	want, got := map[string]map[string]string{}, map[string]map[string]string{}
	for _, c := range connectors {
		want[c.Name] = c.Config
	}
	for _, f := range r.Files {
		if formatted := hclwrite.Format(f.Text); !bytes.Equal(formatted, f.Text) {
			t.Errorf("%s is not formatted (-want +got):\n%s", f.Name, cmp.Diff(string(formatted), string(f.Text)))
		}
		parsed, diags := hclsyntax.ParseConfig(f.Text, f.Name, hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%s: %v\n%s", f.Name, diags, f.Text)
		}
		for _, b := range parsed.Body.(*hclsyntax.Body).Blocks {
			if b.Type != "resource" {
				continue
			}
			name, diags := b.Body.Attributes["name"].Expr.Value(nil)
			if diags.HasErrors() {
				t.Fatalf("%s: %v", f.Name, diags)
			}
			props := map[string]string{}
			config, diags := b.Body.Attributes["config"].Expr.Value(nil)
			if diags.HasErrors() {
				t.Fatalf("%s: %v", f.Name, diags)
			}
			for key, value := range config.AsValueMap() {
				props[key] = value.AsString()
			}
			if wo := b.Body.Attributes["config_wo"]; wo != nil {
				for _, item := range wo.Expr.(*hclsyntax.ObjectConsExpr).Items {
					key, diags := item.KeyExpr.Value(nil)
					if diags.HasErrors() || len(item.ValueExpr.Variables()) != 1 {
						t.Fatalf("%s: config_wo has more than variables: %v", f.Name, diags)
					}
					props[key.AsString()] = want[name.AsString()][key.AsString()]
				}
			}
			got[name.AsString()] = props
		}
	}
	// Terraform has no other strings than normalized ones of valid UTF-8; everything else has to be the same.
	for name, props := range want {
		for key, value := range props {
			if strings.ToValidUTF8(value, "") == value && isASCII(name+key+value) && got[name][key] != value {
				t.Errorf("%s: %s is %q, want %q", name, key, got[name][key], value)
			}
		}
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

func TestSecretsStay(t *testing.T) {
	const secret = "hunter22"
	c := migrate.Connector{Name: "a", Config: map[string]string{
		"connector.class": "io.example.JdbcSink", "topics": "t",
		"connection.url":      "jdbc:postgresql://user:" + secret + "@db/x",
		"other.url":           "jdbc:sqlserver://db;user=u;password=" + secret + ";ssl=true",
		"connection.password": secret, "masked": "********",
		"producer.override.sasl.jaas.config": `PlainLoginModule required username="${env:U}" password="` + secret + `";`,
		"consumer.override.sasl.jaas.config": `PlainLoginModule required username="u" password="${env:P}";`,
		"tasks.max":                          secret,
		"safe.url":                           "https://db/x?tokenizer=a", "ref.password": "${file:/x:y}",
	}}
	r, err := newJudge().Terraform([]migrate.Connector{c}, migrate.Options{Target: "connect_rest"})
	if err != nil {
		t.Fatal(err)
	}
	all := r.Report
	for _, f := range r.Files {
		all += string(f.Text)
	}
	all = strings.ReplaceAll(all, `"tasks.max"                          = "hunter22"`, "")
	if i := strings.Index(all, secret); i >= 0 {
		t.Errorf("a secret is written down: …%s", all[max(0, i-80):])
	}
	text := file(t, r, "a.tf")
	for _, key := range []string{"connection.url", "other.url", "connection.password", "masked", "producer.override.sasl.jaas.config"} {
		if !strings.Contains(text, `"`+key+`" `) || !strings.Contains(text, "= var.a_"+strings.ReplaceAll(key, ".", "_")+"\n") {
			t.Errorf("%s is no variable:\n%s", key, text)
		}
	}
	for _, kept := range []string{`"ref.password"`, `$${file:/x:y}`, `password=\"$${env:P}\"`, `"https://db/x?tokenizer=a"`} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is not in config:\n%s", kept, text)
		}
	}
}

func TestReport(t *testing.T) {
	judge := newJudge()
	judge.Worker["plugin.path"] = "/p"
	r, err := judge.Terraform([]migrate.Connector{
		{Name: "jdbc", From: "f", Config: map[string]string{"connector.class": "io.example.JdbcSource", "transforms": "m", "transforms.m.type": "io.example.Missing"}},
		{Name: "good", From: "f", Config: cosmos(nil)},
		{Name: "bad", From: "f", Lost: []migrate.Lost{{What: "spec.x", Why: "why"}}, Config: cosmos(map[string]string{
			"azure.cosmos.acount.key": "eA==", "unheard.of": "x", "connector.plugin.version": "1", "key.converter.schemas.enable": "true",
			"predicates": "p", "predicates.p.type": "io.example.P", "value.converter": "io.example.C"})},
	}, migrate.Options{Target: "connect_rest"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"worker\n  warning: plugin.path has no effect: connectors are compiled into their function: there is no path to look for plugins.\n",
		"good (CosmosSinkConnector), from f\n  every key carries over\n",
		"jdbc (io.example.JdbcSource), from f\n  error: connector.class: there is no implementation of io.example.JdbcSource here",
		"error: transforms.m.type: Invalid value io.example.Missing for configuration transforms.m.type: Class io.example.Missing could not be found.\n",
		`error: azure.cosmos.acount.key is not a key of cosmos-sink: did you mean "azure.cosmos.account.key"?`,
		"warning: unheard.of is not a key of cosmos-sink\n",
		"warning: connector.plugin.version has no effect: a function has one version of every plugin",
		"warning: key.converter.schemas.enable has no effect: the connector does not set key.converter",
		"error: predicates.p.type: Invalid value io.example.P",
		"error: value.converter: Invalid value io.example.C",
		"note: spec.x: why\n",
		"3 connectors, 5 errors, 4 warnings\n",
	} {
		if !strings.Contains(r.Report, want) {
			t.Errorf("the report does not say %q:\n%s", want, r.Report)
		}
	}
	if text := file(t, r, "bad.tf"); !strings.Contains(text, "# When it becomes a function:\n") || !strings.Contains(text, "# - warning: unheard.of is not a key of cosmos-sink\n") {
		t.Errorf("it does not stand beside the resource:\n%s", text)
	}
	again, err := judge.Terraform([]migrate.Connector{{Name: "x", From: "1"}, {Name: "x", From: "2"}}, migrate.Options{})
	if err == nil || again != nil || !strings.Contains(err.Error(), "two connectors named x: in 1 and in 2") {
		t.Errorf("twice the same name: %v", err)
	}
}

func TestLabels(t *testing.T) {
	var cs []migrate.Connector
	for _, name := range []string{"provider", "my orders", "my.orders", "My_Orders", "1st", "-x", "ü"} {
		cs = append(cs, migrate.Connector{Name: name, Config: map[string]string{"p.secret": "x", "p-secret": "y"}})
	}
	r, err := newJudge().Terraform(cs, migrate.Options{Target: "connect_rest"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	seen := map[string]bool{}
	for _, f := range r.Files {
		names = append(names, f.Name)
		if lower := strings.ToLower(f.Name); seen[lower] {
			t.Errorf("%s is written twice on a file system without letter case", f.Name)
		} else {
			seen[lower] = true
		}
	}
	want := []string{"provider.tf", "_-x.tf", "_1st.tf", "My_Orders.tf", "my_orders_2.tf", "my_orders_3.tf", "provider_2.tf", "_.tf", "variables.tf"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	roundTrip(t, r, cs)
	formatted(t, r)
	one, err := newJudge().Terraform(cs, migrate.Options{Target: "connect_rest", OneFile: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(one.Files) != 3 {
		t.Errorf("%d files, want provider, connectors and variables", len(one.Files))
	}
	roundTrip(t, one, cs)
	formatted(t, one)
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	one, two := filepath.Join(dir, "one.tf"), filepath.Join(dir, "two.tf")
	if err := migrate.Write([]migrate.File{{Name: two, Text: []byte("mine")}}, false); err != nil {
		t.Fatal(err)
	}
	both := []migrate.File{{Name: one, Text: []byte("1")}, {Name: two, Text: []byte("2")}}
	if err := migrate.Write(both, false); err == nil || !strings.Contains(err.Error(), two+" already") || strings.Contains(err.Error(), one) {
		t.Errorf("error %v, want one that names %s", err, two)
	}
	if _, err := os.Stat(one); !errors.Is(err, fs.ErrNotExist) {
		t.Error("half of the files were written")
	}
	if b, err := os.ReadFile(two); err != nil || string(b) != "mine" {
		t.Errorf("the file is %q now: %v", b, err)
	}
	if err := migrate.Write(both, true); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(two); err != nil || string(b) != "2" {
		t.Errorf("the file is %q after an overwrite: %v", b, err)
	}
}
