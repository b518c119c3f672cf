package herder_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/rest"
	"github.com/connectless/connectless/core/rest/herder"
)

// own is a catalog as ours are: connectors have a short name, and maybe several Java classes or none.
func own() *config.Catalog {
	return &config.Catalog{Connectors: []config.Connector{
		{Name: "probe-sink", Classes: []string{"x.ProbeSinkConnector", "x.old.ProbeSinkConnector"}, Kind: "sink", Version: "1", Prefixes: []string{"probe."}, Config: func(string) config.Definer { return &probe{} }},
		{Name: "ours-feed", Kind: "feed", Version: "1", Config: func(string) config.Definer { return none{} }},
	}}
}

// Our connectors are listed by the names that users paste, and found by all they have.
func TestOwnConnectors(t *testing.T) {
	worker := map[string]string{"bootstrap.servers": "b:9092", "key.converter": "x.C", "value.converter": "x.C", "header.converter": "x.C"}
	catalog := own()
	for _, kind := range []config.PluginKind{config.ConverterPlugin, config.HeaderConverterPlugin} {
		catalog.Plugins = append(catalog.Plugins, config.Plugin{Kind: kind, Class: "x.C", Config: func() config.Definer { return none{} }})
	}
	_, api := serve(t, herder.Options{Catalog: catalog, Worker: worker, Runner: newRunner(t)})
	want := `[{"class":"x.ProbeSinkConnector","type":"sink","version":"1"},{"class":"x.old.ProbeSinkConnector","type":"sink","version":"1"},{"class":"ours-feed","type":"source","version":"1"}]`
	for _, query := range []string{"", "?connectorsOnly=true"} {
		if got := api.want(200, "GET", "/connector-plugins"+query, ""); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
	for _, name := range []string{"probe-sink", "x.ProbeSinkConnector", "x.old.ProbeSinkConnector", "ProbeSinkConnector", "ProbeSink"} {
		api.want(200, "GET", "/connector-plugins/"+name+"/config", "")
		api.want(200, "PUT", "/connector-plugins/"+name+"/config/validate", `{"connector.class": "x.ProbeSinkConnector"}`)
	}
	api.want(200, "PUT", "/connector-plugins/x.ProbeSinkConnector/config/validate", `{"connector.class": "probe-sink"}`)
	api.want(400, "PUT", "/connector-plugins/ours-feed/config/validate", `{"connector.class": "probe-sink"}`)
	api.want(400, "PUT", "/connector-plugins/Connector/config/validate", `{"connector.class": "ours-feed"}`)
	if got := api.want(500, "PUT", "/connector-plugins/nosuch/config/validate", `{"connector.class": "no.nosuch"}`); !strings.Contains(got, "org.apache.kafka.connect.errors.ConnectException: Failed to find any class") {
		t.Errorf("unknown class: %s", got)
	}
	if got := api.want(500, "PUT", "/connector-plugins/probe-sink/config/validate", `{"connector.class": "probe-sink", "consumer.override.fetch.max.bytes": "3000000000"}`); !strings.Contains(got, "ConfigException: Invalid value 3000000000 for configuration fetch.max.bytes: Not a number of type INT") {
		t.Errorf("wrong number: %s", got)
	}
	api.want(200, "PUT", "/connector-plugins/probe-sink/config/validate", `{"connector.class": "probe-sink", "consumer.override.fetch.max.bytes": "${env:MAX}", "consumer.override.metadata.max.age.ms": "3000000000"}`)

	api.want(201, "PUT", "/connectors/c/config", `{"connector.class": "probe-sink", "topics": "t", "log": "l", "tasks.max": "2"}`)
	var tasks map[string]map[string]string
	if err := json.Unmarshal([]byte(api.want(200, "GET", "/connectors/c/tasks-config", "")), &tasks); err != nil {
		t.Fatal(err)
	}
	if got := tasks["c-1"]["task.class"]; len(tasks) != 2 || got != "x.ProbeSinkTask" {
		t.Errorf("tasks %v", tasks)
	}
	// A misspelled key is no error of Kafka's validate call, but the connector would not start.
	if got := api.want(400, "PUT", "/connectors/c/config", `{"connector.class": "probe-sink", "topics": "t", "log": "l", "value.converter": "x.D"}`); !strings.Contains(got, "contains the following 1 error(s):\\nInvalid value x.D for configuration value.converter") {
		t.Errorf("unknown converter: %s", got)
	}
}

// Passwords are in the answers that show a configuration, because a tool that reads one and writes it back must not change
// it, and nowhere else: not in errors, not in the log.
func TestSecrets(t *testing.T) {
	const secret = "hush-hush"
	var log strings.Builder
	r := newRunner(t)
	h := open(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
	defer closeHerder(t, h)
	api := &client{t, rest.Handler(h, slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))}
	config := sink("secret", secret)
	for _, d := range []struct {
		code               int
		method, path, body string
		shows              bool
	}{
		{201, "PUT", "/connectors/c/config", config, true},
		{409, "POST", "/connectors", `{"name": "c", "config": ` + config + `}`, false},
		{200, "GET", "/connectors/c/config", "", true},
		{200, "GET", "/connectors/c/status", "", false},
		{400, "POST", "/connectors", `{"name": "d", "config": {"topics": "t", "secret": "` + secret + `"}}`, false},
		{400, "POST", "/connectors", `{"name": "d", "config": ` + sink("secret", secret, "tasks.max", "0") + `}`, false},
		{500, "POST", "/connectors", `{"name": "d", "config": ` + sink("secret", secret, "connector.class", "x.Other") + `}`, false},
		{500, "POST", "/connectors", `{"name": "d", "config": {"secret": "` + secret + `"`, false},
		{200, "PUT", "/connector-plugins/ProbeSink/config/validate", config, false},
		{200, "PATCH", "/connectors/c/config", `{"secret": "${env:HUSH}"}`, false},
		{200, "GET", "/connectors/c/config?secret=" + secret, "", false},
	} {
		got := api.want(d.code, d.method, d.path, d.body)
		if strings.Contains(got, secret) != d.shows {
			t.Errorf("%s %s: want the secret shown: %t: %s", d.method, d.path, d.shows, got)
		}
	}
	if got := api.want(200, "GET", "/connectors/c/config", ""); !strings.Contains(got, `"secret":"${env:HUSH}"`) {
		t.Errorf("the reference was not left alone: %s", got)
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("the log shows the secret:\n%s", &log)
	}
	if !strings.Contains(log.String(), `"path":"/connectors/c/config"`) {
		t.Errorf("the log has no requests:\n%s", &log)
	}
}

func TestTopicTracking(t *testing.T) {
	for _, tc := range []struct {
		setting     string
		read, reset int
	}{
		{"topic.tracking.enable", 403, 403},
		{"topic.tracking.allow.reset", 200, 403},
	} {
		t.Run(tc.setting, func(t *testing.T) {
			_, api := serve(t, herder.Options{Catalog: own(), Worker: map[string]string{tc.setting: "false"}, Runner: newRunner(t)})
			api.want(tc.read, "GET", "/connectors/c/topics", "")
			api.want(tc.reset, "PUT", "/connectors/c/topics/reset", "")
		})
	}
}

// A level that is set over REST is what a logger obeys.
func TestLevels(t *testing.T) {
	levels := herder.NewLevels("a.b.c")
	var out strings.Builder
	next := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug - 4, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	log := slog.New(levels.Filter("a.b", next)).With("k", "v").WithGroup("g")
	_, api := serve(t, herder.Options{Catalog: own(), Levels: levels, Runner: newRunner(t)})
	say := func() { log.Debug("debug"); log.Info("info"); log.Error("error") }
	say()
	for _, d := range []struct{ logger, level, changed string }{
		{"a", "debug", `["a","a.b","a.b.c"]`},
		{"a.b.c", "ERROR", `["a.b.c"]`},
		{"ab", "OFF", `["ab"]`},
		{"root", "OFF", `["a","a.b","a.b.c","ab","root"]`},
		{"a", "WARN", `["a","a.b","a.b.c"]`},
	} {
		if got := api.want(200, "PUT", "/admin/loggers/"+d.logger, `{"level": "`+d.level+`"}`); got != d.changed {
			t.Errorf("%s at %s changed %s, want %s", d.logger, d.level, got, d.changed)
		}
		out.WriteString(d.logger + "=" + d.level + "\n")
		say()
	}
	want := `level=INFO msg=info k=v
level=ERROR msg=error k=v
a=debug
level=DEBUG msg=debug k=v
level=INFO msg=info k=v
level=ERROR msg=error k=v
a.b.c=ERROR
level=DEBUG msg=debug k=v
level=INFO msg=info k=v
level=ERROR msg=error k=v
ab=OFF
level=DEBUG msg=debug k=v
level=INFO msg=info k=v
level=ERROR msg=error k=v
root=OFF
a=WARN
level=ERROR msg=error k=v
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	api.want(404, "GET", "/admin/loggers/a.b.d", "")
	api.want(204, "PUT", "/admin/loggers/a.b.d?scope=cluster", `{"level": "INFO"}`)
	api.want(200, "GET", "/admin/loggers/a.b.d", "")
}
