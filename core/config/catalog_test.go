package config_test

import (
	"github.com/connectless/connectless/core/config"
)

// probeSink has the settings of the sink with which Kafka's answers in testdata were recorded.
type probeSink struct {
	log, mode string
	secret    config.Password
}

func (p *probeSink) Define(d *config.Def) {
	d.String(&p.log, "log", "", "", config.Required(), config.Rank(config.High))
	d.String(&p.mode, "mode", "ok", "", config.OneOf("ok", "retry", "fail", "report"), config.Rank(config.Low))
	d.Password(&p.secret, "secret", "", "", config.NoDefault(), config.Rank(config.Low))
}

// cosmosSink resembles a real sink: keys under a prefix of its own, secrets, rules.
type cosmosSink struct {
	Endpoint, Strategy, Database string
	Key                          config.Password
	Retries                      int
	Template                     map[string]string
}

func (c *cosmosSink) Define(d *config.Def) {
	d.String(&c.Endpoint, "azure.cosmos.account.endpoint", "", "URL of the account.", config.Required(), config.Rank(config.High), config.Group("Account"))
	d.Password(&c.Key, "azure.cosmos.account.key", "", "Key of the account.", config.Group("Account"))
	d.String(&c.Strategy, "azure.cosmos.sink.write.strategy", "ItemOverwrite", "How items are written.", config.OneOf("ItemOverwrite", "ItemAppend"))
	d.String(&c.Database, "azure.cosmos.sink.database.name", "", "Database.", config.Required())
	d.Int(&c.Retries, "azure.cosmos.sink.maxRetryCount", 10, "Retries.", config.AtLeast(0))
	d.Prefix(&c.Template, "azure.cosmos.sink.id.strategy.", "Options of the strategy.")
	d.Rule(func() (string, error) {
		if c.Key == "" {
			return "azure.cosmos.account.key", errKey
		}
		return "", nil
	}, "azure.cosmos.account.key")
}

type constError string

func (e constError) Error() string { return string(e) }

const errKey = constError("azure.cosmos.account.key is needed to sign in")

type castSettings struct {
	spec     []string
	nullable bool
}

func (c *castSettings) Define(d *config.Def) {
	d.List(&c.spec, "spec", "", "", config.Required(), config.Rank(config.High))
	d.Bool(&c.nullable, "replace.null.with.default", true, "")
}

type insertFieldSettings struct {
	offset, partition, field, value, timestamp, topic string
	nullable                                          bool
}

func (i *insertFieldSettings) Define(d *config.Def) {
	d.String(&i.topic, "topic.field", "", "", config.NoDefault())
	d.String(&i.partition, "partition.field", "", "", config.NoDefault())
	d.String(&i.offset, "offset.field", "", "", config.NoDefault())
	d.String(&i.timestamp, "timestamp.field", "", "", config.NoDefault())
	d.String(&i.field, "static.field", "", "", config.NoDefault())
	d.String(&i.value, "static.value", "", "", config.NoDefault())
	d.Bool(&i.nullable, "replace.null.with.default", true, "")
}

type noSettings struct{}

func (noSettings) Define(*config.Def) {}

type stringConverterSettings struct{ kind, encoding string }

func (s *stringConverterSettings) Define(d *config.Def) {
	d.String(&s.kind, "converter.type", "", "", config.Required(), config.OneOf("key", "value", "header"), config.Rank(config.Low))
	d.String(&s.encoding, "converter.encoding", "UTF-8", "", config.Rank(config.High), config.Form("Encoding", config.MediumWidth, -1))
}

type jsonConverterSettings struct{ schemas bool }

func (j *jsonConverterSettings) Define(d *config.Def) {
	d.Bool(&j.schemas, "schemas.enable", true, "Whether values come with their schema.")
}

type predicateSettings struct{ name string }

func (p *predicateSettings) Define(d *config.Def) {
	d.String(&p.name, "name", "", "", config.Required(), config.NonEmpty())
}

const (
	stringConverter = "org.apache.kafka.connect.storage.StringConverter"
	jsonConverter   = "org.apache.kafka.connect.json.JsonConverter"
	simpleHeader    = "org.apache.kafka.connect.storage.SimpleHeaderConverter"
	castValue       = "org.apache.kafka.connect.transforms.Cast$Value"
	insertField     = "org.apache.kafka.connect.transforms.InsertField$Value"
	filter          = "org.apache.kafka.connect.transforms.Filter"
	hasHeaderKey    = "org.apache.kafka.connect.transforms.predicates.HasHeaderKey"
)

func plugin(kind config.PluginKind, class string, settings func() config.Definer) config.Plugin {
	return config.Plugin{Kind: kind, Class: class, Config: settings}
}

var catalog = &config.Catalog{
	Connectors: []config.Connector{
		{
			Name: "probe-sink", Classes: []string{"x.ProbeSink"}, Kind: "sink", Prefixes: []string{"probe."},
			Config: func(string) config.Definer { return &probeSink{} },
		},
		{
			Name: "cosmos-sink", Kind: "sink", Prefixes: []string{"azure.cosmos."},
			Classes: []string{"com.azure.cosmos.kafka.connect.CosmosSinkConnector"},
			Config:  func(string) config.Definer { return &cosmosSink{} },
		},
		{
			Name: "probe-source", Classes: []string{"x.ProbeSourceConnector"}, Kind: "source",
			Config: func(string) config.Definer { return noSettings{} },
		},
	},
	Plugins: []config.Plugin{
		plugin(config.TransformPlugin, castValue, func() config.Definer { return &castSettings{} }),
		plugin(config.TransformPlugin, insertField, func() config.Definer { return &insertFieldSettings{} }),
		plugin(config.TransformPlugin, filter, func() config.Definer { return noSettings{} }),
		plugin(config.PredicatePlugin, hasHeaderKey, func() config.Definer { return &predicateSettings{} }),
		plugin(config.ConverterPlugin, stringConverter, func() config.Definer { return &stringConverterSettings{} }),
		plugin(config.ConverterPlugin, jsonConverter, func() config.Definer { return &jsonConverterSettings{} }),
		plugin(config.HeaderConverterPlugin, simpleHeader, func() config.Definer { return noSettings{} }),
		plugin(config.HeaderConverterPlugin, stringConverter, func() config.Definer { return &stringConverterSettings{} }),
	},
}

// worker is a worker map that has nothing wrong.
func worker(pairs ...string) map[string]string {
	return with(map[string]string{
		"bootstrap.servers": "kafka:9092",
		"key.converter":     stringConverter,
		"value.converter":   jsonConverter,
	}, pairs...)
}

// cosmos is a connector that has nothing wrong.
func cosmos(pairs ...string) map[string]string {
	return with(map[string]string{
		"name":                            "orders",
		"connector.class":                 "cosmos-sink",
		"topics":                          "orders",
		"azure.cosmos.account.endpoint":   "https://a.documents.azure.com",
		"azure.cosmos.account.key":        "c2VjcmV0LWtleQ==",
		"azure.cosmos.sink.database.name": "shop",
	}, pairs...)
}

// with sets keys to values; a value "-" takes the key away.
func with(props map[string]string, pairs ...string) map[string]string {
	for i := 0; i < len(pairs); i += 2 {
		props[pairs[i]] = pairs[i+1]
		if pairs[i+1] == "-" {
			delete(props, pairs[i])
		}
	}
	return props
}
