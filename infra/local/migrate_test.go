package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMigrateUsage(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		says string
	}{
		{"nothing", nil, "nothing to read: give --connect or files"},
		{"only without a cluster", []string{"--only", "a", "a.json"}, "--only needs --connect"},
		{"half a certificate", []string{"--connect", "http://x", "--client-key", "k"}, "--client-certificate and --client-key go together"},
		{"a target that is not there", []string{"--target", "cloud", "a.json"}, `the provider has no target "cloud"; it has connect_rest`},
		{"no time", []string{"--connect", "http://x", "--timeout", "0s"}, "--timeout: 0s is not positive"},
		{"nothing to overwrite", []string{"--force", "a.json"}, "--force needs --out or --report"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := runs(t.Context(), "", append([]string{"migrate"}, tc.args...)...); got.code != 2 || !strings.Contains(got.stderr, tc.says) {
				t.Errorf("exit %d, want 2 and %q; it said\n%s", got.code, tc.says, got.stderr)
			}
		})
	}
}

// TestMigrate takes the connectors of a cluster into a directory, twice.
func TestMigrate(t *testing.T) {
	const key = "c2VjcmV0LWtleQ=="
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "reader" || password != "pass" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error_code":401,"message":"who are you?"}`))
			return
		}
		_, _ = w.Write([]byte(`{"orders":{"status":{"connector":{"state":"PAUSED"}},"info":{"config":{"name":"orders","connector.class":"CosmosSinkConnector","topics":"orders",
			"azure.cosmos.account.endpoint":"http://x","azure.cosmos.account.key":"` + key + `","azure.cosmos.sink.database.name":"d","azure.cosmos.sink.containers.topicMap":"orders#c",
			"unheard.of":"x"}}}}`))
	}))
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "terraform")
	args := []string{"migrate", "--connect", server.URL + "/", "--out", dir}

	if got := runs(t.Context(), "", args...); got.code != 1 || !strings.Contains(got.stderr, "401 Unauthorized who are you?") {
		t.Errorf("without a login: exit %d, it said\n%s", got.code, got.stderr)
	}
	t.Setenv("CONNECTLESS_CONNECT_USERNAME", "reader")
	t.Setenv("CONNECTLESS_CONNECT_PASSWORD", "pass")
	got := runs(t.Context(), "", args...)
	if got.code != 0 || got.out != "provider.tf\norders.tf\nvariables.tf\nimports.tf\n" || !strings.HasSuffix(got.stderr, "1 connectors, 0 errors, 1 warnings\n") {
		t.Fatalf("exit %d, it printed\n%s%s", got.code, got.out, got.stderr)
	}
	resource, err := os.ReadFile(filepath.Join(dir, "orders.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`state = "PAUSED"`, "# - warning: unheard.of is not a key of cosmos-sink\n", `"azure.cosmos.account.key" = var.orders_azure_cosmos_account_key`} {
		if !strings.Contains(string(resource), want) {
			t.Errorf("orders.tf does not say %q:\n%s", want, resource)
		}
	}
	if strings.Contains(string(resource)+got.stderr, key) {
		t.Error("the key is written down")
	}
	if got := runs(t.Context(), "", args...); got.code != 1 || !strings.Contains(got.stderr, "orders.tf") || !strings.Contains(got.stderr, "overwrite with --force") {
		t.Errorf("a second time: exit %d, it said\n%s", got.code, got.stderr)
	}
	report := filepath.Join(dir, "report.txt")
	if got := runs(t.Context(), "", append(args, "--force", "--report", report)...); got.code != 0 || got.stderr != "" {
		t.Errorf("with --force: exit %d, it said\n%s", got.code, got.stderr)
	}
	if b, err := os.ReadFile(report); err != nil || !strings.Contains(string(b), "secret: azure.cosmos.account.key is var.orders_azure_cosmos_account_key\n") {
		t.Errorf("the report is %q: %v", b, err)
	}
}

// TestMigrateFiles prints the demo's connector with its worker, and refuses what it cannot read.
func TestMigrateFiles(t *testing.T) {
	worker := write(t, "worker.properties", "bootstrap.servers=b:1\nkey.converter=org.apache.kafka.connect.storage.StringConverter\nvalue.converter=org.apache.kafka.connect.json.JsonConverter\n")
	got := runs(t.Context(), "", "migrate", demoFile(), "--worker-config", worker)
	for _, want := range []string{`resource "connectless_connector" "earthquakes" {`, `"bootstrap.servers" = "b:1"`, `"$${env:COSMOS_KEY}"`, "# url comes from CONNECTLESS_CONNECT_URL.\n"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("it did not print %q:\n%s", want, got.out)
		}
	}
	if got.code != 0 || !strings.Contains(got.stderr, "every key carries over\n1 connectors, 0 errors, 0 warnings\n") {
		t.Errorf("exit %d, it said\n%s", got.code, got.stderr)
	}
	for _, tc := range []struct {
		name string
		args []string
		says string
	}{
		{"no file", []string{"none.json"}, "none.json"},
		{"no worker file", []string{demoFile(), "--worker-config", "none.properties"}, "none.properties"},
		{"no functions", []string{demoFile(), "--functions", "none"}, "there is no directory none"},
		{"no certificates", []string{"--connect", "http://127.0.0.1:1", "--ca-certificates", "none.pem"}, "--ca-certificates: open none.pem"},
		{"nobody there", []string{"--connect", "http://127.0.0.1:1"}, "connection refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := runs(t.Context(), "", append([]string{"migrate"}, tc.args...)...); got.code != 1 || got.out != "" || !strings.Contains(got.stderr, tc.says) {
				t.Errorf("exit %d, want 1 and %q; it printed\n%s%s", got.code, tc.says, got.out, got.stderr)
			}
		})
	}
}
