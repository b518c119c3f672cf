package connector_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

const orders = `{"name": "orders", "config": {
	"connector.class": "CosmosSinkConnector", "topics": "a, b", "tasks.max": 4,
	"azure.cosmos.account.endpoint": "${vars:ENDPOINT}", "azure.cosmos.account.key": "${env:KEY}",
	"azure.cosmos.sink.database.name": "${file:/x:db}", "azure.cosmos.sink.containers.topicMap": "a#c,b#c",
	"errors.deadletterqueue.topic.name": "dead", "consumer.override.auto.offset.reset": "latest", "consumer.override.group.id": "g"}}`

func TestJudge(t *testing.T) {
	file := filepath.Join(t.TempDir(), "orders.json")
	if err := os.WriteFile(file, []byte(orders), 0o644); err != nil {
		t.Fatal(err)
	}
	worker := map[string]string{
		"bootstrap.servers": "b:1", "key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
		"config.providers": "vars", "config.providers.vars.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider", "sasl.jaas.config": "x ${env:LOGIN};",
	}
	j, err := connector.Judge(t.Context(), function.Catalog(connectors.All()...), file, worker, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Problems.Err(); err != nil {
		t.Fatal(err)
	}
	c := j.Connector
	type facts struct {
		Name, Definition, Kind, DeadLetters, Group string
		Topics, Environment                        []string
		TasksMax                                   int
		Latest                                     bool
	}
	want := facts{"orders", "cosmos-sink", "sink", "dead", "g", []string{"a", "b"}, []string{"ENDPOINT", "KEY", "LOGIN"}, 4, true}
	got := facts{c.Name, c.Definition, c.Kind, c.DeadLetterTopic, c.Group, c.Topics, c.Environment, c.TasksMax, c.Latest}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c.Config["azure.cosmos.account.key"] != "${env:KEY}" {
		t.Error("a reference was resolved")
	}
}
