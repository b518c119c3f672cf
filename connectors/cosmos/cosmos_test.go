package cosmos

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

const secret = "c2VjcmV0" // base64

func v2(changes ...string) map[string]string {
	return with(map[string]string{
		"azure.cosmos.account.endpoint":         "https://orders.documents.azure.com:443/",
		"azure.cosmos.account.key":              secret,
		"azure.cosmos.sink.database.name":       "shop",
		"azure.cosmos.sink.containers.topicMap": "orders#c",
	}, changes)
}

func v1(changes ...string) map[string]string {
	return with(map[string]string{
		"connect.cosmos.connection.endpoint": "https://orders.documents.azure.com:443/",
		"connect.cosmos.master.key":          secret,
		"connect.cosmos.databasename":        "shop",
		"connect.cosmos.containers.topicmap": "orders#c",
	}, changes)
}

func with(props map[string]string, changes []string) map[string]string {
	props = maps.Clone(props)
	for _, c := range changes {
		k, v, ok := strings.Cut(c, "=")
		if !ok {
			delete(props, k)
			continue
		}
		props[k] = v
	}
	return props
}

func parse(class string, props map[string]string) (*SinkConfig, config.Problems) {
	c := Sink.Config(class).(*SinkConfig)
	return c, config.Parse(props, c)
}

func TestNames(t *testing.T) {
	for name, want := range map[string]Generation{
		"cosmos-sink": V2, SinkClass: V2, "CosmosSinkConnector": V2, "CosmosSink": V2,
		SinkClassV1: V1, "CosmosDBSinkConnector": V1, "CosmosDBSink": V1,
	} {
		if !Sink.Is(name) {
			t.Errorf("%s is not known", name)
		}
		if got := Sink.Config(name).(*SinkConfig).Generation; got != want {
			t.Errorf("%s has the keys of generation %d", name, got)
		}
	}
	if Sink.Is("com.azure.cosmos.kafka.connect.CosmosSourceConnector") {
		t.Error("the source is not the sink")
	}
}

func TestBothGenerationsFillOneStruct(t *testing.T) {
	id := IDStrategy{From: FromValue, Path: Path{{Name: "id"}}}
	base := SinkConfig{
		Endpoint: "https://orders.documents.azure.com:443/", Key: secret, Database: "shop", Containers: map[string]string{"orders": "c"},
		Write: Overwrite, ID: id, Batches: true, MaxRetries: 10,
	}
	tests := []struct {
		name   string
		class  string
		props  map[string]string
		change func(*SinkConfig)
	}{
		{"defaults", SinkClass, v2(), func(*SinkConfig) {}},
		{"defaults of V1", SinkClassV1, v1(), func(c *SinkConfig) { c.Generation = V1 }},
		{"everything", SinkClass, v2("azure.cosmos.sink.containers.topicMap= orders#c , returns#c,x#d", "azure.cosmos.preferredRegionList=[West Europe, North Europe]",
			"azure.cosmos.application.name=app", "azure.cosmos.sink.write.strategy=itemappend", "azure.cosmos.sink.bulk.enabled=false", "azure.cosmos.sink.maxRetryCount=0",
			"azure.cosmos.sink.errors.tolerance.level=all", "azure.cosmos.sink.id.strategy=KafkaMetadataStrategy", "azure.cosmos.sink.id.strategy.delimiter=_"),
			func(c *SinkConfig) {
				c.Containers = map[string]string{"orders": "c", "returns": "c", "x": "d"}
				c.PreferredRegions = []string{"West Europe", "North Europe"}
				c.ApplicationName, c.Write, c.Batches, c.MaxRetries, c.ToleranceAll = "app", Append, false, 0, true
				c.ID = IDStrategy{From: FromTemplate, Template: []TemplatePart{{Variable: Topic}, {Text: "_"}, {Variable: Partition}, {Text: "_"}, {Variable: Offset}}}
			}},
		{"delete", SinkClass, v2("azure.cosmos.sink.write.strategy=ItemDelete"), func(c *SinkConfig) { c.Write = Delete }},
		{"full key by class of V1", SinkClassV1, v1("id.strategy=com.azure.cosmos.kafka.connect.sink.id.strategy.FullKeyStrategy"),
			func(c *SinkConfig) {
				c.Generation, c.ID = V1, IDStrategy{From: FromTemplate, Template: []TemplatePart{{Variable: Key}}}
			}},
		{"template of V1", SinkClassV1, v1("id.strategy=TemplateStrategy", "id.strategy.template=a${key}${no}${"),
			func(c *SinkConfig) {
				c.Generation, c.ID = V1, IDStrategy{From: FromTemplate, Template: []TemplatePart{{Text: "a"}, {Variable: Key}, {Text: "${no}${"}}}
			}},
		{"in key, short name", SinkClass, v2("azure.cosmos.sink.id.strategy=ProvidedInKey", "azure.cosmos.sink.id.strategy.jsonPath=$['a b'][0].c"),
			func(c *SinkConfig) {
				c.ID = IDStrategy{From: FromKey, Path: Path{{Name: "a b"}, {Array: true}, {Name: "c"}}}
			}},
		{"harmless keys", SinkClass, v2("azure.cosmos.mode.gateway=true", "azure.cosmos.sink.bulk.maxConcurrentCosmosPartitions=5", "azure.cosmos.sink.bulk.initialBatchSize=7",
			"azure.cosmos.account.tenantId=t", "azure.cosmos.throughputControl.enabled=false", "azure.cosmos.throughputControl.group.name=g"), func(*SinkConfig) {}},
		{"harmless keys of V1", SinkClassV1, v1("connect.cosmos.sink.bulk.compression.enabled=false", "connect.cosmos.connection.gateway.enabled=true"), func(c *SinkConfig) { c.Generation = V1 }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			want := base
			tc.change(&want)
			got, problems := parse(tc.class, tc.props)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if d := cmp.Diff(&want, got); d != "" {
				t.Error(d)
			}
			if unknown := config.Undeclared(tc.props, got); len(unknown) > 0 {
				t.Errorf("unknown keys: %q", unknown)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		class  string
		props  map[string]string
		key    string
		reason string
	}{
		{SinkClass, v2("azure.cosmos.account.endpoint"), "azure.cosmos.account.endpoint", "Missing required"},
		{SinkClass, v2("azure.cosmos.account.endpoint=orders.documents.azure.com"), "azure.cosmos.account.endpoint", "must be the URL"},
		{SinkClass, v2("azure.cosmos.account.endpoint=https://a.b/dbs/x"), "azure.cosmos.account.endpoint", "without user, path or query"},
		{SinkClass, v2("azure.cosmos.account.key"), "azure.cosmos.account.key", "needs the account's key"},
		{SinkClass, v2("azure.cosmos.account.key=not base64!"), "azure.cosmos.account.key", "base64"},
		{SinkClass, v2("azure.cosmos.auth.type=ServicePrincipal"), "azure.cosmos.auth.type", "not supported yet: use MasterKey"},
		{SinkClass, v2("azure.cosmos.auth.type=other"), "azure.cosmos.auth.type", "must be MasterKey"},
		{SinkClass, v2("azure.cosmos.sink.database.name"), "azure.cosmos.sink.database.name", "Missing required"},
		{SinkClass, v2("azure.cosmos.sink.database.name=a/b"), "azure.cosmos.sink.database.name", "must not contain"},
		{SinkClass, v2("azure.cosmos.sink.containers.topicMap=orders"), "azure.cosmos.sink.containers.topicMap", `"orders" is not topic#container`},
		{SinkClass, v2("azure.cosmos.sink.containers.topicMap="), "azure.cosmos.sink.containers.topicMap", "at least one topic"},
		{SinkClass, v2("azure.cosmos.sink.containers.topicMap=a#b,a#c"), "azure.cosmos.sink.containers.topicMap", "both"},
		{SinkClass, v2("azure.cosmos.sink.containers.topicMap=a#b#c"), "azure.cosmos.sink.containers.topicMap", "must not contain"},
		{SinkClass, v2("azure.cosmos.sink.write.strategy=ItemPatch"), "azure.cosmos.sink.write.strategy", "ItemPatch is not supported yet"},
		{SinkClass, v2("azure.cosmos.sink.write.strategy=ItemDeleteIfNotModified"), "azure.cosmos.sink.write.strategy", "ItemDeleteIfNotModified is not supported yet"},
		{SinkClass, v2("azure.cosmos.sink.write.strategy=ItemOverwriteIfNotModified"), "azure.cosmos.sink.write.strategy", "ItemOverwriteIfNotModified is not supported yet"},
		{SinkClass, v2("azure.cosmos.sink.write.strategy=Upsert"), "azure.cosmos.sink.write.strategy", "must be one of"},
		{SinkClass, v2("azure.cosmos.sink.maxRetryCount=-1"), "azure.cosmos.sink.maxRetryCount", "at least 0"},
		{SinkClass, v2("azure.cosmos.sink.errors.tolerance.level=some"), "azure.cosmos.sink.errors.tolerance.level", "must be one of"},
		{SinkClass, v2("azure.cosmos.throughputControl.enabled=true"), "azure.cosmos.throughputControl.enabled", "not supported"},
		{SinkClass, v2("azure.cosmos.sink.id.strategy=Nice"), "azure.cosmos.sink.id.strategy", "must be one of"},
		{SinkClass, v2("azure.cosmos.sink.id.strategy=TemplateStrategy"), "azure.cosmos.sink.id.strategy.template", "needs a template"},
		{SinkClass, v2("azure.cosmos.sink.id.strategy.jsonPath=$..id"), "azure.cosmos.sink.id.strategy.jsonPath", "one place"},
		{SinkClass, v2("azure.cosmos.application.name=ä"), "azure.cosmos.application.name", "ASCII"},
		{SinkClassV1, v1("connect.cosmos.master.key"), "connect.cosmos.master.key", "Missing required"},
		{SinkClassV1, v1("connect.cosmos.master.key="), "connect.cosmos.master.key", "non-empty"},
		{SinkClassV1, v1("connect.cosmos.containers.topicmap=x"), "connect.cosmos.containers.topicmap", "not topic#container"},
		{SinkClassV1, v1("id.strategy=com.example.Mine"), "id.strategy", "must be one of"},
		{SinkClassV1, v1("id.strategy.jsonPath=id"), "id.strategy.jsonPath", "starts with $"},
	}
	for _, tc := range tests {
		_, problems := parse(tc.class, tc.props)
		if len(problems) != 1 || problems[0].Key != tc.key || problems[0].Severity != config.Error || !strings.Contains(problems[0].Message, tc.reason) || !strings.Contains(problems[0].Message, tc.key) {
			t.Errorf("%s, %q: %v", tc.key, tc.reason, problems)
		}
		if strings.Contains(fmt.Sprint(problems), "not base64!") {
			t.Error("a problem shows the key")
		}
	}
}

func TestAgainstTheFramework(t *testing.T) {
	c, _ := parse(SinkClass, v2("azure.cosmos.sink.errors.tolerance.level=All"))
	tests := []struct {
		name string
		s    config.SinkSettings
		want []string
	}{
		{"fine", config.SinkSettings{Topics: []string{"orders"}, CommonSettings: config.CommonSettings{Errors: config.ErrorSettings{Tolerance: "all"}}}, nil},
		{"topic without container", config.SinkSettings{Topics: []string{"orders", "x"}, CommonSettings: config.CommonSettings{Errors: config.ErrorSettings{Tolerance: "all"}}},
			[]string{"error azure.cosmos.sink.containers.topicMap"}},
		{"may be routed", config.SinkSettings{Topics: []string{"x"}, CommonSettings: config.CommonSettings{Transforms: []string{"route"}, Errors: config.ErrorSettings{Tolerance: "all"}}},
			[]string{"warning azure.cosmos.sink.containers.topicMap"}},
		{"tolerance", config.SinkSettings{Topics: []string{"orders"}}, []string{"warning azure.cosmos.sink.errors.tolerance.level"}},
	}
	for _, tc := range tests {
		var got []string
		for _, p := range c.CheckSink(&tc.s) {
			got = append(got, p.Severity.String()+" "+p.Key)
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

func TestTheKeyIsNeverShown(t *testing.T) {
	c, _ := parse(SinkClass, v2())
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "config", c, "key", c.Key)
	for _, shown := range []string{fmt.Sprint(*c), fmt.Sprintf("%+v %#v %q", *c, *c, c.Key), string(asJSON), log.String()} {
		if strings.Contains(shown, secret) {
			t.Errorf("the key is in %s", shown)
		}
	}
	for _, k := range config.Keys(&SinkConfig{}) {
		if low := strings.ToLower(k.Name); (strings.HasSuffix(low, ".key") || strings.HasSuffix(low, "secret")) != k.Secret {
			t.Errorf("%s: secret %v", k.Name, k.Secret)
		}
	}
}

func TestParsePath(t *testing.T) {
	for text, want := range map[string]string{
		"$": "$", " $.id ": "$.id", "$.a.b": "$.a.b", "$['a.b']": "$['a.b']", `$["a"]["b"]`: "$.a.b", "$.a[0][-1].b": "$.a[0][-1].b", "$['it''s']": "",
		`$['it\'s']`: `$['it\'s']`, "": "", "id": "", "$id": "", "$.": "", "$.a.": "", "$..a": "", "$.*": "", "$[*]": "", "$.a[?(@.b)]": "", "$[0,1]": "", "$['a','b']": "",
		"$[1:2]": "", "$.length()": "", "$[": "", "$['a": "", "$['a'": "", "$['']": "", "$.a b": "", `$.'a'`: "",
	} {
		p, err := ParsePath(text)
		if (err != nil) != (want == "") || err == nil && p.String() != want {
			t.Errorf("%q: %s, %v; want %q", text, p, err, want)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"$", "$.a['b'][0]", `$["\""]`, "$..*", "$[-9]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		again, err := ParsePath(p.String())
		if err != nil || cmp.Diff(p, again) != "" {
			t.Errorf("%q is %s, which is %s, %v", s, p, again, err)
		}
	})
}
