package migrate_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/infra/local/internal/migrate"
)

func save(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ignoreFrom ignores where the connectors are from.
var ignoreFrom = cmpopts.IgnoreFields(migrate.Connector{}, "From")

func TestReadFile(t *testing.T) {
	props := map[string]string{"connector.class": "X", "tasks.max": "2"}
	plain := migrate.Connector{Name: "a", Config: props}
	for _, tc := range []struct {
		name, file, text string
		want             []migrate.Connector
		err              string
	}{
		{name: "properties", file: "a.properties", text: "name=a\nconnector.class=X\ntasks.max=2\n", want: []migrate.Connector{plain}},
		{name: "properties without a name", file: "a.properties", text: "connector.class=X\n", err: "a connector has no name"},
		{name: "flat", file: "a.json", text: `{"name":"a","connector.class":"X","tasks.max":2}`, want: []migrate.Connector{plain}},
		{name: "as POSTed", file: "a.json", text: `{"name":"a","config":{"connector.class":"X","tasks.max":"2"},"initial_state":"stopped"}`,
			want: []migrate.Connector{{Name: "a", Config: props, State: "STOPPED"}}},
		{name: "as GET answers", file: "a", text: `{"name":"a","config":{"name":"a","connector.class":"X","tasks.max":"2"},"tasks":[],"type":"sink"}`, want: []migrate.Connector{plain}},
		{name: "a list", file: "a.json", text: "\ufeff" + `[{"name":"a","connector.class":"X","tasks.max":2},{"name":"b"}]`,
			want: []migrate.Connector{plain, {Name: "b", Config: map[string]string{}}}},
		{name: "a list with a nameless one", file: "a.json", text: `[{"name":"a"},{"connector.class":"X"}]`, err: "item 2: a connector has no name"},
		{name: "expanded", file: "a.json", text: `{"b":{"info":{"name":"b","config":{"name":"b"}},"status":{"connector":{"state":"FAILED"}}},
			"a":{"info":{"name":"a","config":{"name":"a","connector.class":"X","tasks.max":"2"}},"status":{"connector":{"state":"PAUSED"}}}}`,
			want: []migrate.Connector{{Name: "a", Config: props, State: "PAUSED"}, {Name: "b", Config: map[string]string{},
				Lost: []migrate.Lost{{What: "status", Why: "the connector is FAILED now, and Terraform will want it RUNNING"}}}}},
		{name: "a manifest", file: "a.json", text: `{"apiVersion":"kafka.strimzi.io/v1beta2","kind":"KafkaConnector","metadata":{"name":"a","labels":{"strimzi.io/cluster":"c"}},
			"spec":{"class":"X","tasksMax":2,"pause":true,"autoRestart":{"enabled":true},"config":{"poll.ms":500,"on":true}}}`,
			want: []migrate.Connector{{Name: "a", Config: map[string]string{"connector.class": "X", "tasks.max": "2", "poll.ms": "500", "on": "true"}, State: "PAUSED",
				Lost: []migrate.Lost{{What: "spec.autoRestart", Why: "a function is tried again by its trigger; a connector on a cluster is not restarted by Terraform, but by restart_trigger"}}}}},
		{name: "a list of manifests", file: "a.json", text: `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap"},
			{"apiVersion":"kafka.strimzi.io/v1beta2","kind":"KafkaConnector","metadata":{"name":"a"},"spec":{"class":"X","tasksMax":2,"state":"running"}}]}`,
			want: []migrate.Connector{{Name: "a", Config: props, State: "RUNNING"}}},
		{name: "no connector among manifests", file: "a.json", text: `{"apiVersion":"v1","kind":"List","items":[{"kind":"ConfigMap"}]}`, err: "there is no KafkaConnector among the manifests"},
		{name: "another manifest", file: "a.json", text: `{"apiVersion":"kafka.strimzi.io/v1beta2","kind":"KafkaTopic","metadata":{"name":"a"}}`, err: "a KafkaTopic is not a KafkaConnector"},
		{name: "a nested value in a manifest", file: "a.json", text: `{"apiVersion":"k","kind":"KafkaConnector","metadata":{"name":"a"},"spec":{"config":{"x":{"y":1}}}}`, err: `a: config: connector JSON: the value of "x" is nested`},
		{name: "YAML as it is kept", file: "a.yaml", text: yamlManifests, want: []migrate.Connector{
			{Name: "a", Config: map[string]string{"connector.class": "X", "tasks.max": "2", "poll.ms": "500", "on.error": "true", "topics": "x,y", "key": "007",
				"query": "select *\nfrom t\n"}, State: "STOPPED"},
			{Name: "b", Config: map[string]string{"connector.class": "Z"}},
		}},
		{name: "YAML as kubectl prints it", file: "a.yml", text: "apiVersion: v1\nkind: List\nitems:\n- apiVersion: k/v1\n  kind: KafkaConnector\n  metadata: {name: a}\n  spec: {class: X, tasksMax: 2}\n",
			want: []migrate.Connector{plain}},
		{name: "a connector in YAML", file: "a.yaml", text: "# no manifest\n---\nname: a\nconfig:\n  connector.class: X\n  tasks.max: 2\n", want: []migrate.Connector{plain}},
		{name: "broken YAML", file: "a.yaml", text: "kind: A\n---\nkind: B\nspec: [\n", err: "line 4"},
		{name: "a key twice in YAML", file: "a.yaml", text: "name: a\nconfig:\n  topics: x\n  topics: y\n", err: `line 4: key "topics" already set`},
		{name: "no connector in YAML", file: "a.yaml", text: "kind: ConfigMap\n---\nkind: ConfigMapList\n", err: "there is no KafkaConnector among the manifests"},
		{name: "no YAML", file: "a.yaml", text: "# nothing\n", err: "there is no KafkaConnector among the manifests"},
		{name: "not JSON", file: "a.json", text: "{", err: "not JSON: unexpected end of JSON input"},
		{name: "empty", file: "a.json", text: "", err: "not JSON"},
		{name: "nothing in a list", file: "a.json", text: "[]", err: "there is no connector in it"},
		{name: "a text", file: "a.json", text: `"a"`, err: "neither a connector nor a list of connectors"},
		{name: "a wrong initial state", file: "a.json", text: `{"name":"a","config":{},"initial_state":1}`, err: "a: initial_state"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := migrate.ReadFile(save(t, tc.file, tc.text))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || !strings.Contains(err.Error(), tc.file) {
					t.Errorf("error %v, want %q and the file", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, ignoreFrom); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// yamlManifests is a file as people keep it: a cluster and its connectors.
const yamlManifests = `# the cluster
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaConnect
metadata:
  name: cluster
---
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaConnector
metadata:
  name: a
  labels:
    strimzi.io/cluster: cluster
spec:
  class: X
  tasksMax: 2
  state: stopped
  config:
    poll.ms: 500
    on.error: yes
    topics: "x,y"
    key: "007"
    query: |
      select *
      from t
---
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaConnector
metadata: {name: b}
spec: {class: Z}
`

// worker is a Kafka Connect worker with two connectors, as old as is wanted.
func worker(old bool, authorized func(*http.Request) bool) http.Handler {
	mux := http.NewServeMux()
	answer := func(pattern, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !authorized(r) {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = w.Write([]byte(body))
		})
	}
	if old {
		answer("GET /kc/connectors", `["b","a/1"]`)
	} else {
		answer("GET /kc/connectors", `{"b":{"info":{"config":{"name":"b","k":"v"}},"status":{"connector":{"state":"RUNNING"}}},"a/1":{"info":{"config":{"name":"a/1"}},"status":{"connector":{"state":"STOPPED"}}}}`)
	}
	answer("GET /kc/connectors/{name}/config", `{"name":"b","k":"v"}`)
	answer("GET /kc/connectors/a%2F1/config", `{"name":"a/1"}`)
	answer("GET /kc/connectors/{name}/status", `{"connector":{"state":"RUNNING"}}`)
	answer("GET /kc/connectors/a%2F1/status", `{"connector":{"state":"STOPPED"}}`)
	answer("GET /other/connectors", `<html>`)
	return mux
}

func TestReadCluster(t *testing.T) {
	basic := func(r *http.Request) bool {
		user, password, ok := r.BasicAuth()
		return ok && user == "u" && password == "p"
	}
	bearer := func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer t" }
	newer, older := httptest.NewTLSServer(worker(false, basic)), httptest.NewServer(worker(true, bearer))
	defer newer.Close()
	defer older.Close()
	ca := []byte(certificate(newer))
	a, b := migrate.Connector{Name: "a/1", Config: map[string]string{}, State: "STOPPED", Exists: true}, migrate.Connector{Name: "b", Config: map[string]string{"k": "v"}, Exists: true}
	for _, tc := range []struct {
		name    string
		cluster migrate.Cluster
		only    []string
		want    []migrate.Connector
		err     string
	}{
		{name: "all", cluster: migrate.Cluster{URL: newer.URL + "/kc/", Username: "u", Password: "p", CACertificates: ca}, want: []migrate.Connector{a, b}},
		{name: "one", cluster: migrate.Cluster{URL: newer.URL + "/kc", Username: "u", Password: "p", Insecure: true}, only: []string{"b"}, want: []migrate.Connector{b}},
		{name: "before Kafka 2.3", cluster: migrate.Cluster{URL: older.URL + "/kc", Token: "t"}, want: []migrate.Connector{a, b}},
		{name: "one that is not there", cluster: migrate.Cluster{URL: older.URL + "/kc", Token: "t"}, only: []string{"c"}, err: `there is no connector "c" at ` + older.URL + "/kc; there are: a/1, b"},
		{name: "a wrong password", cluster: migrate.Cluster{URL: newer.URL + "/kc", Username: "u", Password: "secret", Insecure: true}, err: "401 Unauthorized"},
		{name: "an unknown certificate", cluster: migrate.Cluster{URL: newer.URL + "/kc", Username: "u", Password: "p"}, err: "certificate"},
		{name: "no certificate", cluster: migrate.Cluster{URL: newer.URL, CACertificates: []byte("x")}, err: "no certificate in PEM form"},
		{name: "something else", cluster: migrate.Cluster{URL: older.URL + "/other", Token: "t"}, err: "does not answer as Kafka Connect does"},
		{name: "a login in the URL", cluster: migrate.Cluster{URL: "http://u:p@h"}, err: "do not belong into the URL"},
		{name: "a query", cluster: migrate.Cluster{URL: "http://h?x=1"}, err: "more than a path"},
		{name: "no URL", cluster: migrate.Cluster{URL: "localhost:8083"}, err: "is a URL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.cluster.Read(t.Context(), tc.only)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "secret") {
					t.Errorf("error %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, ignoreFrom); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzReadYAML(f *testing.F) {
	f.Add([]byte(yamlManifests))
	f.Add([]byte("name: a\nconfig: {k: 1.50, l: ~}\n"))
	path := filepath.Join(f.TempDir(), "a.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if found, err := migrate.ReadFile(path); err == nil && len(found) == 0 {
			t.Error("neither a connector nor an error")
		}
	})
}

func FuzzReadFile(f *testing.F) {
	f.Add([]byte(`{"name":"a","config":{"k":1}}`))
	f.Add([]byte(`[{"name":"a"}]`))
	f.Add([]byte(`{"a":{"info":{"config":{"k":"v"}}}}`))
	f.Add([]byte(`{"apiVersion":"k","kind":"KafkaConnector","metadata":{"name":"a"},"spec":{"class":"X","tasksMax":1,"config":{"k":true}}}`))
	path := filepath.Join(f.TempDir(), "a.json")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := migrate.ReadFile(path)
		if err != nil {
			return
		}
		for _, c := range found {
			if c.Name == "" && !strings.Contains(string(text), `"info"`) || c.Config == nil {
				t.Errorf("a connector without a name or configuration: %+v", c)
			}
		}
		j := migrate.Judge{Catalog: &config.Catalog{}}
		if r, err := j.Terraform(found, migrate.Options{Target: "connect_rest"}); err == nil {
			roundTrip(t, r, found)
		}
	})
}
