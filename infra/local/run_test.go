package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		code int
		says string // on standard output for 0, on standard error otherwise
	}{
		{"nothing", nil, 2, "Usage: connectless <command>"},
		{"help", []string{"help"}, 0, "Usage: connectless <command>"},
		{"a command that does not exist", []string{"deploy"}, 2, `unknown command "deploy"`},
		{"version", []string{"version"}, 0, "connectless " + version},
		{"version of something", []string{"version", "x"}, 2, `unexpected argument "x"`},
		{"help of local", []string{"local", "--help"}, 0, "--bootstrap-servers"},
		{"help of validate", []string{"validate", "--help"}, 0, "--worker-config"},
		{"help of preview", []string{"preview", "-h"}, 0, "--connector file"},
		{"an unknown flag", []string{"local", "--port", "1"}, 2, "flag provided but not defined: -port; see connectless local --help"},
		{"a file without its flag", []string{"local", "a.json"}, 2, `unexpected argument "a.json"; a connector file is given with --connector`},
		{"an address without a port", []string{"local", "--rest-addr", "localhost"}, 2, `--rest-addr: "localhost" is not host:port`},
		{"no Kafka", []string{"local", "--kafka-addr", ""}, 2, "--kafka-addr is empty and there are no --bootstrap-servers"},
		{"no partition", local("--partitions", "0"), 2, "--partitions: 0 is less than 1"},
		{"too little memory", local("--memory", "64"), 2, "--memory: 64 is outside 128 to 10240"},
		{"too long", local("--timeout", "16m"), 2, "--timeout: 16m0s is outside 1s to 15m"},
		{"too many", local("--batch-size", "10001"), 2, "--batch-size: 10001 is outside 1 to 10000"},
		{"too slow", local("--batch-window", "6m"), 2, "--batch-window: 6m0s is outside 0s to 5m"},
		{"reporting on demand", local("--report-items"), 2, "--report-items needs --provisioned"},
		{"a format", local("--log-format", "xml"), 2, `--log-format: "xml" is not text or json`},
		{"validate nothing", []string{"validate"}, 2, "no file to judge"},
		{"preview nothing", []string{"preview"}, 2, "no --connector"},
		{"preview too much", []string{"preview", "--connector", "a", "b"}, 2, `unexpected argument "b"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := runs(t.Context(), "", tc.args...)
			text := got.stderr
			if tc.code == 0 {
				text = got.out
			}
			if got.code != tc.code || !strings.Contains(text, tc.says) {
				t.Errorf("exit %d, want %d and %q; it said\n%s%s", got.code, tc.code, tc.says, got.out, got.stderr)
			}
		})
	}
}

// TestLocalRefuses is about what is found before anything runs, or leaves nothing running.
func TestLocalRefuses(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	at := busy.Addr().String()
	wrongKey := write(t, "wrong.json", `{"name": "x", "connector.class": "cosmos-sink", "topics": "t", "azure.cosmos.account.endpont": "http://x",
		"azure.cosmos.account.key": "eA==", "azure.cosmos.sink.database.name": "d", "azure.cosmos.sink.containers.topicMap": "t#c"}`)
	unset := write(t, "unset.json", `{"name": "x", "connector.class": "files-sink", "topics": "t", "files.dir": "${env:CONNECTLESS_TEST_UNSET}"}`)
	noClass := write(t, "class.json", `{"name": "x", "connector.class": "com.azure.cosmos.kafka.connect.CosmosSinkConector", "topics": "t"}`)
	t.Setenv("CONNECTLESS_TEST_KEY", "no key")
	refused := write(t, "refused.json", `{"name": "x", "connector.class": "cosmos-sink", "topics": "t", "azure.cosmos.account.endpoint": "http://x",
		"azure.cosmos.account.key": "${env:CONNECTLESS_TEST_KEY}", "azure.cosmos.sink.database.name": "d", "azure.cosmos.sink.containers.topicMap": "t#c"}`)
	noTopic := write(t, "regex.json", `{"name": "x", "connector.class": "files-sink", "topics.regex": "nothing.*", "files.dir": "/"}`)
	pipes := []string{"--functions", functionsDir()}

	for _, tc := range []struct {
		name string
		args []string
		says []string
	}{
		{"busy Kafka", []string{"--kafka-addr", at}, []string{"Kafka cannot listen on " + at + ": the port is in use by another program; choose another with --kafka-addr\n"}},
		{"busy Cosmos DB", []string{"--cosmos-addr", at}, []string{"the embedded Cosmos DB cannot listen on " + at + ": the port is in use by another program; choose another with --cosmos-addr\n"}},
		{"busy REST", []string{"--rest-addr", at}, []string{"the REST API cannot listen on " + at + ": the port is in use by another program; choose another with --rest-addr\n"}},
		{"no functions", []string{"--functions", filepath.Join(built, "none"), "--connector", demoFile()}, []string{"there is no directory", "make build", "--functions"}},
		{"no function of it", []string{"--functions", t.TempDir(), "--connector", demoFile()}, []string{"there is no function binary of cosmos-sink in", "it has none at all"}},
		{"wrong key", append(pipes, "--connector", wrongKey), []string{`did you mean "azure.cosmos.account.endpoint"?`, "2 errors, 0 warnings"}},
		{"unknown class", append(pipes, "--connector", noClass), []string{"CosmosSinkConector", `did you mean "com.azure.cosmos.kafka.connect.CosmosSinkConnector"?`}},
		{"unset variable", append(pipes, "--connector", unset), []string{"${env:CONNECTLESS_TEST_UNSET}", "is not set"}},
		{"a function that refuses", append(pipes, "--connector", refused), []string{"connectless: x: the function does not start: config: Invalid value [hidden] for configuration azure.cosmos.account.key: an account key is base64; this value is not\n"}},
		{"no topic", append(pipes, "--connector", noTopic), []string{"no topic matches topics.regex = nothing.*"}},
		{"twice", append(pipes, "--connector", demoFile(), "--connector", demoFile()), []string{"a connector with the name earthquakes is given twice"}},
		{"no file", append(pipes, "--connector", "none.json"), []string{"none.json"}},
		{"not JSON", append(pipes, "--connector", write(t, "x.json", "{")), []string{"x.json", "unexpected EOF"}},
		{"no worker file", append(pipes, "--worker-config", "none.properties", "--connector", demoFile()), []string{"none.properties"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := runs(t.Context(), "", local(tc.args...)...)
			if got.code != 1 || got.out != "" {
				t.Errorf("exit %d, want 1; it printed\n%s", got.code, got.out)
			}
			for _, s := range tc.says {
				if !strings.Contains(got.stderr, s) {
					t.Errorf("it did not say %q but\n%s", s, got.stderr)
				}
			}
		})
	}
}

func TestValidate(t *testing.T) {
	good := write(t, "good.json", `{"name": "x", "connector.class": "files-sink", "topics": "t", "files.dir": "/"}`)
	bad := write(t, "bad.json", `{"name": "x", "connector.class": "files-sink", "topics": "t", "tasks.max": "many", "fils.dir": "/"}`)
	worker := write(t, "worker.properties", "bootstrap.servers=broker:9092\nvalue.convertr=x\n")
	for _, tc := range []struct {
		name string
		args []string
		code int
		out  string
	}{
		{"good", []string{good}, 0, good + ": 0 errors, 0 warnings\n"},
		{"the demo's", []string{demoFile()}, 0, demoFile() + ": 0 errors, 0 warnings\n"},
		{"bad, and a flag after the file", []string{good, bad, "--strict"}, 1, good + ": 0 errors, 0 warnings\n" +
			bad + ": error: [tasks.max] Invalid value many for configuration tasks.max: Not a number of type INT\n" +
			bad + ": error: [files.dir] Missing required configuration \"files.dir\" which has no default value.\n" +
			bad + ": error: [fils.dir] fils.dir is not a key of files-sink: did you mean \"files.dir\"?\n" +
			bad + ": 3 errors, 0 warnings\n"},
		{"a worker map", []string{"--worker-config", worker, good}, 0,
			good + ": warning: [worker: value.convertr] value.convertr is not a key of a worker: did you mean \"value.converter\"?\n" +
				good + ": 0 errors, 1 warnings\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := runs(t.Context(), "", append([]string{"validate", "--functions", functionsDir()}, tc.args...)...)
			if got.code != tc.code || got.out != tc.out {
				t.Errorf("exit %d, want %d; it said\n%s%swant\n%s", got.code, tc.code, got.out, got.stderr, tc.out)
			}
		})
	}
}

func TestPreview(t *testing.T) {
	got := runs(t.Context(), "[1]\n", "preview", "--functions", functionsDir(), "--connector", demoFile())
	want := `{"at":"earthquakes-0@0","dead_letter":{"stage":"TRANSFORMATION","class":"org.apache.kafka.connect.transforms.Flatten$Value",`
	if got.code != 0 || !strings.HasPrefix(got.out, want) || got.stderr != "" {
		t.Errorf("exit %d, it printed\n%s%swant\n%s", got.code, got.out, got.stderr, want)
	}
	bad := write(t, "bad.json", `{"name": "x", "connector.class": "files-sink", "topics": "t"}`)
	got = runs(t.Context(), "[1]\n", "preview", "--functions", functionsDir(), "--connector", bad)
	if got.code != 1 || !strings.Contains(got.stderr, "files.dir") {
		t.Errorf("a wrong configuration: exit %d, it said\n%s", got.code, got.stderr)
	}
}
