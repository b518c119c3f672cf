package config

import "strings"

// WorkerSettings are the keys of a Kafka Connect worker that mean something without a worker: defaults for every
// connector. Keys of Kafka clients among them (security.*, sasl.*, ssl.*, timeouts) go to the clients as they are, see
// [Effective].
type WorkerSettings struct {
	BootstrapServers   []string
	SecurityProtocol   string
	KeyConverter       string
	ValueConverter     string
	HeaderConverter    string
	ConfigProviders    []string
	OverridePolicy     string
	OverrideAllowlist  []string
	TopicCreation      bool
	OffsetsTopic       string
	OffsetsPartitions  int
	OffsetsReplication int16
	ExactlyOnceSource  string
	ClientID           string
}

// Define declares the keys.
func (w *WorkerSettings) Define(d *Def) {
	d.List(&w.BootstrapServers, "bootstrap.servers", "", "Addresses of Kafka brokers, host:port. There is no default: a function never guesses its cluster.",
		NoDefault(), Rank(High), Example("broker-1:9092,broker-2:9092"))
	d.String(&w.SecurityProtocol, "security.protocol", "PLAINTEXT", "How brokers are spoken to. Kafka clients of a connector use it, and the sasl.* and ssl.* keys, too, unless the client has its own bootstrap.servers.",
		OneOfFold("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"))
	d.Class(&w.KeyConverter, "key.converter", "", "Converter of record keys for connectors that set none. Options: key.converter.*.",
		NoDefault(), Rank(High), Example("org.apache.kafka.connect.storage.StringConverter"))
	d.Class(&w.ValueConverter, "value.converter", "", "Converter of record values for connectors that set none. Options: value.converter.*.",
		NoDefault(), Rank(High), Example("org.apache.kafka.connect.json.JsonConverter"))
	d.Class(&w.HeaderConverter, "header.converter", simpleHeaderConverter, "Converter of header values for connectors that set none. Options: header.converter.*.",
		Rank(Low))
	d.List(&w.ConfigProviders, providersKey, "", "Names of config providers; config.providers.<name>.class and .param.* configure each. env, file, dir, secretsmanager and keyvault need no declaration.",
		Rank(Low))
	d.String(&w.OverridePolicy, overridePolicyKey, "All", "Which consumer.override.*, producer.override.* and admin.override.* keys connectors may set: All, None, Principal or Allowlist.",
		Check(func(raw string) error {
			_, err := findPolicy(raw)
			return err
		}))
	d.List(&w.OverrideAllowlist, overrideAllowlistKey, "", "The client keys that the policy Allowlist allows.", Rank(Low))
	d.Bool(&w.TopicCreation, "topic.creation.enable", true, "Whether topics of sources that set topic.creation.* are created at deployment.", Rank(Low))
	d.String(&w.OffsetsTopic, "offset.storage.topic", "", "Topic for the offsets of sources. Its records are those that Kafka Connect writes and reads.",
		NoDefault(), Rank(High))
	d.Int(&w.OffsetsPartitions, "offset.storage.partitions", 25, "Partitions of that topic when it is created; -1 for the broker's default.",
		Rank(Low), Check(countOrBroker))
	d.Short(&w.OffsetsReplication, "offset.storage.replication.factor", 3, "Replication factor of that topic when it is created; -1 for the broker's default.",
		Rank(Low), Check(countOrBroker))
	d.String(&w.ExactlyOnceSource, "exactly.once.source.support", "disabled", "Whether sources may write records and offsets in one transaction.",
		OneOfFold("DISABLED", "PREPARING", "ENABLED"), Rank(High))
	d.String(&w.ClientID, "client.id", "", "Goes to administrative clients.", Rank(Low))
}

const (
	simpleHeaderConverter = "org.apache.kafka.connect.storage.SimpleHeaderConverter"
	overridePolicyKey     = "connector.client.config.override.policy"
	overrideAllowlistKey  = "connector.client.config.override.allowlist"
)

// workerExclusions are the keys of a Kafka Connect worker, and of what is often deployed with it, that have no effect
// here, each with the reason. A name that ends in a dot or a star is a prefix.
var workerExclusions = []exclusion{
	// REST
	{"listeners", noListener}, {"rest.advertised.host.name", noListener}, {"rest.advertised.port", noListener},
	{"rest.advertised.listener", noListener}, {"rest.host.name", noListener}, {"rest.port", noListener},
	{"rest.extension.classes", noListener}, {"admin.listeners", noListener}, {"admin.listeners.*", noListener}, {"listeners.*", noListener},
	{"access.control.allow.origin", noListener}, {"access.control.allow.methods", noListener},
	{"response.http.headers.config", noListener}, {"ssl.client.auth", noListener},
	// the group of workers
	{"group.id", noGroup + "; a sink's consumer group is connect-<name>"},
	{"session.timeout.ms", noGroup}, {"rebalance.timeout.ms", noGroup}, {"heartbeat.interval.ms", noGroup},
	{"worker.sync.timeout.ms", noGroup}, {"worker.unsync.backoff.ms", noGroup}, {"connect.protocol", noGroup},
	{"scheduled.rebalance.max.delay.ms", noGroup}, {"inter.worker.*", noGroup},
	// internal topics
	{"config.storage.*", "a connector's configuration is part of its deployment: there is no config topic"},
	{"status.storage.*", "a connector's status is read from its platform: there is no status topic"},
	{"offset.storage.file.filename", "positions of sources are kept in the checkpoint store, not in a worker's file"},
	{"offset.flush.interval.ms", "positions are saved at the end of every invocation"},
	{"offset.flush.timeout.ms", "positions are saved at the end of every invocation"},
	{"task.shutdown.graceful.timeout.ms", "the platform's time limit of an invocation takes its place"},
	{"topic.tracking.enable", "topics of a connector are not tracked"}, {"topic.tracking.allow.reset", "topics of a connector are not tracked"},
	// Java
	{"plugin.path", noPlugins}, {"plugin.discovery", noPlugins},
	{"metrics.context.*", noJMX},
	// Confluent Platform
	{"schema.registry.url", "Kafka Connect reads a converter's registry from the converter's options: set key.converter.schema.registry.url and value.converter.schema.registry.url"},
	{"internal.key.converter", "removed from Kafka Connect in 3.0"}, {"internal.key.converter.*", "removed from Kafka Connect in 3.0"},
	{"internal.value.converter", "removed from Kafka Connect in 3.0"}, {"internal.value.converter.*", "removed from Kafka Connect in 3.0"},
}

// connectorExclusions are framework keys of newer versions of Kafka Connect, or of its hosted versions, that have no
// effect on a connector here.
var connectorExclusions = []exclusion{
	{"connector.plugin.version", onePlugin}, {"key.converter.plugin.version", onePlugin},
	{"value.converter.plugin.version", onePlugin}, {"header.converter.plugin.version", onePlugin},
}

const (
	noListener = "there is no worker whose REST API could listen"
	noGroup    = "there is no group of workers"
	noPlugins  = "connectors are compiled into their function: there is no path to look for plugins"
	noJMX      = "there is no JVM whose metrics could be read by JMX"
	noJVM      = "it names code of a Java virtual machine"
	brokerSide = "a client does not verify tokens"
	onePlugin  = "a function has one version of every plugin, the one it was built with"
)

// An exclusion is a known key that has no effect, and why.
type exclusion struct{ key, reason string }

func excluded(table []exclusion, key string) (reason string, ok bool) {
	for _, x := range table {
		if x.key == key || below(key, x.key) {
			return x.reason, true
		}
	}
	return "", false
}

// WorkerKeys are all keys of the worker map for documentation: those that have an effect, and those of Kafka Connect's
// workers that have none, with the reason.
func WorkerKeys() []Key {
	keys := Keys(&WorkerSettings{})
	for _, p := range []struct{ name, doc string }{
		{"consumer.", "Settings of a connector's consumer."},
		{"producer.", "Settings of a connector's producer."},
		{"admin.", "Settings of a connector's administrative client."},
		{"sasl.", "How Kafka clients sign in."},
		{"ssl.", "How Kafka clients secure their connections."},
		{providersKey + ".", "Classes (.class) and parameters (.param.*) of config providers."},
	} {
		keys = append(keys, Key{Name: p.name, Type: TypeString, Doc: p.doc, Importance: Medium, Prefix: true})
	}
	for _, k := range ClientKeys(AdminClient) {
		if k.NoEffect != "" {
			k.Importance, k.Group = Low, "Without effect"
			keys = append(keys, k)
		}
	}
	for _, x := range workerExclusions {
		name, prefix := strings.CutSuffix(x.key, "*")
		keys = append(keys, Key{Name: name, Prefix: prefix, Type: TypeString, Importance: Low, Group: "Without effect", NoEffect: x.reason + "."})
	}
	return keys
}
