package config_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

func effective(t *testing.T, worker, connector map[string]string) *config.Effective {
	t.Helper()
	v, err := catalog.Load(context.Background(), worker, connector)
	if err != nil {
		t.Fatal(err)
	}
	return v.Effective
}

func TestConvertersNeverMix(t *testing.T) {
	w := worker("value.converter.schemas.enable", "false", "header.converter", stringConverter)
	e := effective(t, w, cosmos("key.converter", jsonConverter, "value.converter.decimal.format", "NUMERIC"))
	got := []config.Use{e.Key, e.Value, e.Header}
	want := []config.Use{
		{Class: jsonConverter, Config: config.Properties{"converter.type": "key"}},
		{Class: jsonConverter, Config: config.Properties{"converter.type": "value", "schemas.enable": "false"}, FromWorker: true},
		{Class: stringConverter, Config: config.Properties{"converter.type": "header"}, FromWorker: true},
	}
	for i := range got {
		if got[i].Plugin == nil || got[i].Plugin.Class != got[i].Class {
			t.Errorf("%s has the plugin %v", got[i].Class, got[i].Plugin)
		}
		got[i].Plugin = nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("converters (-want +got):\n%s", diff)
	}
	if e := effective(t, worker(), cosmos()); e.Header.Class != simpleHeader {
		t.Errorf("the header converter is %q by default", e.Header.Class)
	}
}

func TestTransformsKeepTheirOrder(t *testing.T) {
	e := effective(t, worker(), cosmos("transforms", "z,a", "transforms.z.type", "Filter", "transforms.z.predicate", "p", "transforms.z.negate", "TRUE",
		"transforms.a.type", insertField, "transforms.a.static.field", "f", "transforms.a.static.value", " v ",
		"predicates", "p", "predicates.p.type", hasHeaderKey, "predicates.p.name", "h"))
	for i := range e.Transforms {
		e.Transforms[i].Plugin = nil
	}
	want := []config.Use{
		{Alias: "z", Class: filter, Config: config.Properties{}, Predicate: "p", Negate: true},
		{Alias: "a", Class: insertField, Config: config.Properties{"static.field": "f", "static.value": " v "}},
	}
	if diff := cmp.Diff(want, e.Transforms); diff != "" {
		t.Errorf("transforms (-want +got):\n%s", diff)
	}
	if p := e.Predicates[0]; p.Alias != "p" || p.Class != hasHeaderKey || p.Config["name"] != "h" {
		t.Errorf("predicate %+v", p)
	}
}

func TestFrameworkSettings(t *testing.T) {
	e := effective(t, worker(), cosmos("topics", " a , b ", "errors.tolerance", "all", "errors.deadletterqueue.topic.name", "dlq", "tasks.max", "3"))
	want := config.SinkSettings{
		CommonSettings: config.CommonSettings{
			Name: "orders", Class: "cosmos-sink", TasksMax: 3, TasksMaxEnforce: true, ActionReload: "restart",
			Errors: config.ErrorSettings{RetryDelayMax: 60000, Tolerance: "all"},
		},
		Topics: []string{"a", "b"}, DeadLetterTopic: "dlq", DeadLetterReplication: 3,
	}
	if diff := cmp.Diff(&want, e.Sink); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if e.Common() != &e.Sink.CommonSettings || e.Source != nil {
		t.Error("a sink has the settings of a sink")
	}
	if e := effective(t, worker(), map[string]string{"name": "s", "connector.class": "probe-source"}); e.Source.TransactionBoundary != "poll" || e.Common().Name != "s" {
		t.Errorf("source settings %+v", e.Source)
	}
}

func TestKafkaClients(t *testing.T) {
	w := worker("security.protocol", "SASL_SSL", "sasl.mechanism", "PLAIN", "sasl.jaas.config", "secret-1", "client.id", "me", "request.timeout.ms", "5",
		"consumer.max.poll.records", "10", "consumer.fetch.min.bytes", "1", "producer.acks", "1",
		"admin.bootstrap.servers", "other:9092", "group.id", "connect-cluster", "metrics.num.samples", "3")
	connector := cosmos("consumer.override.max.poll.records", "20", "producer.override.sasl.jaas.config", "secret-2", "producer.override.client.id", "mine")
	e := effective(t, w, connector)
	want := map[string]config.Properties{
		"consumer": {
			"bootstrap.servers": "kafka:9092", "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.jaas.config": "secret-1", "request.timeout.ms": "5",
			"group.id": "connect-orders", "client.id": "connector-consumer-orders-0", "auto.offset.reset": "earliest", "enable.auto.commit": "false",
			"max.poll.records": "20", "fetch.min.bytes": "1",
		},
		"producer": {
			"bootstrap.servers": "kafka:9092", "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.jaas.config": "secret-2", "request.timeout.ms": "5",
			"client.id": "mine", "acks": "1", "enable.idempotence": "false", "max.in.flight.requests.per.connection": "1",
			"max.block.ms": "9223372036854775807", "delivery.timeout.ms": "2147483647",
		},
		// A cluster of its own: the worker's security is not for it.
		"admin": {"bootstrap.servers": "other:9092", "client.id": "connector-adminclient-orders-0"},
	}
	for role, got := range map[string]config.Properties{"consumer": e.Consumer, "producer": e.Producer, "admin": e.Admin} {
		if diff := cmp.Diff(map[string]string(want[role]), map[string]string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", role, diff)
		}
	}
	v := catalog.Judge(worker("client.id", "me"), cosmos(), config.Options{Task: 2})
	if got := v.Effective.Producer["client.id"]; got != "connector-dlq-producer-orders-2" {
		t.Errorf("client.id of a sink's producer is %s", got)
	}
	if got := v.Effective.Admin["client.id"]; got != "me" {
		t.Errorf("client.id of the administrative client is %s", got)
	}
	v = catalog.Judge(worker(), map[string]string{"name": "s", "connector.class": "probe-source"}, config.Options{Task: 2})
	if got := v.Effective.Producer["client.id"]; got != "connector-producer-s-2" {
		t.Errorf("client.id of a source's producer is %s", got)
	}
}

func TestExplain(t *testing.T) {
	t.Setenv("ENDPOINT", "https://a.documents.azure.com")
	w := worker("value.converter.schemas.enable", "false", "consumer.sasl.jaas.config", "hush-1")
	c := cosmos("azure.cosmos.account.endpoint", "${env:ENDPOINT}", "transforms", "t", "transforms.t.type", filter,
		"tasks.max", "2", "my.token", "hush-2", "my.note", "hello", "consumer.override.max.poll.records", "5")
	refs := catalog.Resolve(context.Background(), w, c)
	v := catalog.Judge(w, c, config.Options{References: refs, Unknown: unknownKeys("tasks.max")})
	var b bytes.Buffer
	if err := v.Explain(&b); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var sections []string
	for _, l := range v.Lines() {
		got[l.Section+"|"+l.Key] = l.Origin + " " + l.Value
		if len(sections) == 0 || sections[len(sections)-1] != l.Section {
			sections = append(sections, l.Section)
		}
		if !strings.Contains(b.String(), l.Key) || !strings.Contains(b.String(), l.Value) {
			t.Errorf("the table lacks %v", l)
		}
	}
	for key, want := range map[string]string{
		"|azure.cosmos.account.endpoint":                 "connector ${env:ENDPOINT}",
		"|azure.cosmos.account.key":                      "connector [hidden]",
		"|azure.cosmos.sink.maxRetryCount":               "default 10",
		"|tasks.max":                                     "connector (not known yet)",
		"|errors.tolerance":                              "default none",
		"|my.token":                                      "connector [hidden]",
		"|my.note":                                       "connector hello",
		"transforms.t|transforms.t.type":                 "connector " + filter,
		"value.converter|value.converter":                "worker " + jsonConverter,
		"value.converter|value.converter.schemas.enable": "worker false",
		"header.converter|header.converter":              "default " + simpleHeader,
		"key.converter|key.converter.converter.encoding": "default UTF-8",
		"consumer|max.poll.records":                      "connector 5",
		"consumer|sasl.jaas.config":                      "worker [hidden]",
		"consumer|auto.offset.reset":                     "default earliest",
		"consumer|bootstrap.servers":                     "worker kafka:9092",
		"admin|client.id":                                "default connector-adminclient-orders-0",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	if diff := cmp.Diff([]string{"", "transforms.t", "key.converter", "value.converter", "header.converter", "consumer", "producer", "admin"}, sections); diff != "" {
		t.Errorf("sections (-want +got):\n%s\n%s", diff, b.String())
	}
	if strings.Contains(b.String(), "hush") || strings.Contains(b.String(), "c2VjcmV0") {
		t.Errorf("a secret is shown:\n%s", b.String())
	}
}
