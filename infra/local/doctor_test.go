package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/host/broker"
)

// TestDoctor looks at a deployment that is good, and at the same one with one thing wrong at a time.
func TestDoctor(t *testing.T) {
	b, err := broker.Start(broker.Options{Topics: []broker.Topic{{Name: "orders", Partitions: 2}, {Name: "dead"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	account := cosmostest.NewServer(t, cosmostest.Options{})
	if err := account.AddContainer("shop", "orders", cosmostest.ContainerOptions{}, "/customer"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONNECTLESS_TEST_KEY", cosmostest.Key)
	t.Setenv("CONNECTLESS_TEST_WRONG_KEY", "d3Jvbmc=")
	file := func(more map[string]string) string {
		props := map[string]string{
			"name": "shop", "connector.class": "cosmos-sink", "topics": "orders",
			"azure.cosmos.account.endpoint": account.Endpoint(), "azure.cosmos.account.key": "${env:CONNECTLESS_TEST_KEY}",
			"azure.cosmos.sink.database.name": "shop", "azure.cosmos.sink.containers.topicMap": "orders#orders",
			"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "dead", "errors.deadletterqueue.context.headers.enable": "true",
		}
		for k, v := range more {
			props[k] = v
		}
		text, err := json.Marshal(props)
		if err != nil {
			t.Fatal(err)
		}
		return write(t, "shop.json", string(text))
	}
	good := []string{
		"ok       configuration: every key is good",
		"ok       Kafka consumer: 1 broker reached, let in by PLAINTEXT",
		"ok       topic orders: it exists, with 2 partitions",
		"ok       Kafka producer: 1 broker reached, let in by PLAINTEXT",
		"ok       dead letter topic dead: it exists, with 1 partition",
		"ok       consumer group connect-shop: nobody uses it, and it has no offsets: orders begins with the earliest record",
		"ok       account " + strings.TrimPrefix(strings.TrimSuffix(account.Endpoint(), "/"), "http://") + ": it answers, and the key is valid",
		"ok       database shop: it exists",
		"ok       container orders: it exists, with the partition key /customer",
	}
	for _, tc := range []struct {
		name  string
		more  map[string]string
		args  []string
		code  int
		wrong []string // lines beside the good ones, or parts of them
		lost  int      // good lines that are not there, from the end
	}{
		{"good", nil, nil, 0, nil, 0},
		{"a wrong key", map[string]string{"azure.cosmos.account.key": "${env:CONNECTLESS_TEST_WRONG_KEY}"}, nil, 1, []string{"401 Unauthorized", "check the account key"}, 3},
		{"no container", map[string]string{"azure.cosmos.sink.containers.topicMap": "orders#returns"}, nil, 1, []string{`container "returns" does not exist`}, 1},
		{"no function", nil, []string{"--functions", t.TempDir()}, 0, []string{"warning  function cosmos-sink: what it writes to was not looked at: there is no function binary of cosmos-sink"}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args := append([]string{"doctor", "--functions", functionsDir(), "--bootstrap-servers", b.Addr(), "--config", file(tc.more)}, tc.args...)
			got := runs(t.Context(), "", args...)
			want := good[:len(good)-tc.lost]
			if got.code != tc.code || !strings.HasPrefix(got.out, strings.Join(want, "\n")+"\n") {
				t.Errorf("exit %d, want %d; it printed\n%s%s", got.code, tc.code, got.out, got.stderr)
			}
			for _, w := range tc.wrong {
				if !strings.Contains(got.out, w) {
					t.Errorf("it did not say %q:\n%s", w, got.out)
				}
			}
			if strings.Contains(got.out+got.stderr, cosmostest.Key) || strings.Contains(got.out+got.stderr, "d3Jvbmc=") {
				t.Error("it printed a key")
			}
			if len(tc.wrong) == 0 && got.out != strings.Join(good, "\n")+"\n" {
				t.Errorf("it printed more than it should:\n%s", got.out)
			}
		})
	}

	// A configuration that is wrong does not keep Kafka from being looked at.
	got := runs(t.Context(), "", "doctor", "--json", "--functions", functionsDir(), "--bootstrap-servers", b.Addr(),
		"--config", file(map[string]string{"azure.cosmos.account.key": "${env:CONNECTLESS_TEST_UNSET}", "errors.deadletterqueue.topic.name": "none"}))
	var said []string
	for lines := json.NewDecoder(strings.NewReader(got.out)); lines.More(); {
		var f connect.Finding
		if err := lines.Decode(&f); err != nil {
			t.Fatal(err)
		}
		said = append(said, fmt.Sprintf("%s %s", f.Level, f.Subject))
	}
	want := []string{"error configuration azure.cosmos.account.key", "ok Kafka consumer", "ok topic orders", "ok Kafka producer", "error topic none", "ok consumer group connect-shop"}
	if diff := cmp.Diff(want, said); diff != "" || got.code != 1 {
		t.Errorf("exit %d (-want +got):\n%s", got.code, diff)
	}

	ctx, stop := context.WithCancel(t.Context())
	stop()
	if got := runs(ctx, "", "doctor", "--config", file(nil), "--bootstrap-servers", b.Addr()); got.code != 1 || !strings.Contains(got.stderr, "ended before everything was looked at") {
		t.Errorf("interrupted: exit %d, it said\n%s", got.code, got.stderr)
	}
}

// TestDoctorOldFunction has functions that know no doctor, or answer what is none.
func TestDoctorOldFunction(t *testing.T) {
	for _, tc := range []struct{ name, script, says string }{
		{"old", `echo unknown command >&2; exit 2`, "it has no command doctor: build it again"},
		{"broken", `echo boom >&2; exit 1`, "exit status 1 boom"},
		{"mute", `echo hello`, "it printed no finding"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "x", "bootstrap")
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			script := "#!/bin/sh\nif [ \"$1\" = describe ]; then echo '{\"name\": \"x-sink\", \"kind\": \"sink\"}'; exit 0; fi\n" + tc.script + "\n"
			if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			got := runs(t.Context(), "", "doctor", "--functions", dir, "--bootstrap-servers", "127.0.0.1:1",
				"--config", write(t, "x.json", `{"name": "x", "connector.class": "x-sink", "topics": "t"}`))
			if got.code != 1 || !strings.Contains(got.out, "error    function x-sink: "+tc.says) || !strings.Contains(got.out, "connection refused\n         Nothing listens there") {
				t.Errorf("exit %d, it printed\n%s%s", got.code, got.out, got.stderr)
			}
		})
	}
}

func TestDoctorUsage(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nothing", nil, 2, "no --config"},
		{"too much", []string{"--config", "a", "b"}, 2, `unexpected argument "b"`},
		{"no time", []string{"--config", "a", "--timeout", "0s"}, 2, "--timeout: 0s is not positive"},
		{"no file", []string{"--config", "none.json"}, 1, "none.json"},
		{"no worker file", []string{"--config", demoFile(), "--worker-config", "none.properties"}, 1, "none.properties"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := runs(t.Context(), "", append([]string{"doctor"}, tc.args...)...); got.code != tc.code || !strings.Contains(got.stderr, tc.says) {
				t.Errorf("exit %d, want %d and %q; it said\n%s", got.code, tc.code, tc.says, got.stderr)
			}
		})
	}
}
