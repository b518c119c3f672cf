package config_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connectless/connectless/core/config"
)

func problems(ps config.Problems) []string {
	var lines []string
	for _, p := range ps {
		where := p.Key
		if p.Worker {
			where = "worker " + where
		}
		lines = append(lines, fmt.Sprintf("%s: %s: %s", where, p.Severity, p.Message))
	}
	return lines
}

func TestJudge(t *testing.T) {
	for _, tc := range []struct {
		name              string
		worker, connector map[string]string
		options           config.Options
		want              []string
	}{
		{"nothing wrong", worker(), cosmos(), config.Options{}, nil},

		// The connector's own keys.
		{"missing required", worker(), cosmos("azure.cosmos.sink.database.name", "-"), config.Options{}, []string{
			`azure.cosmos.sink.database.name: error: Missing required configuration "azure.cosmos.sink.database.name" which has no default value.`}},
		{"wrong type", worker(), cosmos("azure.cosmos.sink.maxRetryCount", "ten", "tasks.max", "2.5", "errors.log.enable", "yes"), config.Options{}, []string{
			`tasks.max: error: Invalid value 2.5 for configuration tasks.max: Not a number of type INT`,
			`errors.log.enable: error: Invalid value yes for configuration errors.log.enable: Expected value to be either true or false`,
			`azure.cosmos.sink.maxRetryCount: error: Invalid value ten for configuration azure.cosmos.sink.maxRetryCount: Not a number of type INT`}},
		{"near an own key", worker(), cosmos("azure.cosmos.write.strategy", "ItemAppend"), config.Options{}, []string{
			`azure.cosmos.write.strategy: error: azure.cosmos.write.strategy is not a key of cosmos-sink: did you mean "azure.cosmos.sink.write.strategy"?`}},
		{"far from every own key", worker(), cosmos("azure.cosmos.throughput.bucket", "3"), config.Options{}, []string{
			`azure.cosmos.throughput.bucket: warning: azure.cosmos.throughput.bucket is not a key of cosmos-sink`}},
		{"below a declared prefix", worker(), cosmos("azure.cosmos.sink.id.strategy.template", "${topic}-${offset}"), config.Options{}, nil},
		{"a rule blames a key", worker(), cosmos("azure.cosmos.account.key", "-"), config.Options{}, []string{
			`azure.cosmos.account.key: error: azure.cosmos.account.key is needed to sign in`}},

		// Keys that nobody declares.
		{"unknown", worker(), cosmos("confluent.license", "x"), config.Options{}, []string{
			`confluent.license: warning: confluent.license is not a key of cosmos-sink`}},
		{"unknown, strict", worker(), cosmos("confluent.license", "x"), config.Options{Strict: true}, []string{
			`confluent.license: error: confluent.license is not a key of cosmos-sink`}},
		{"near a framework key", worker(), cosmos("errors.tolerence", "all"), config.Options{}, []string{
			`errors.tolerence: warning: errors.tolerence is not a key of cosmos-sink: did you mean "errors.tolerance"?`}},
		{"of the worker map", worker(), cosmos("offset.flush.interval.ms", "1", "config.providers", "x", "ssl.truststore.type", "PEM"), config.Options{}, []string{
			`config.providers: warning: config.providers has no effect here: it is a key of the worker map.`,
			`offset.flush.interval.ms: warning: offset.flush.interval.ms has no effect here: it is a key of the worker map.`,
			`ssl.truststore.type: warning: ssl.truststore.type has no effect here: it is a key of the worker map.`}},
		{"of sources", worker(), cosmos("exactly.once.support", "required"), config.Options{}, []string{
			`exactly.once.support: warning: exactly.once.support has no effect: only a source has it.`}},
		{"a plugin's version", worker(), cosmos("connector.plugin.version", "[1,)"), config.Options{Strict: true}, []string{
			`connector.plugin.version: warning: connector.plugin.version has no effect: a function has one version of every plugin, the one it was built with.`}},
		{"reload", worker(), cosmos("config.action.reload", "restart"), config.Options{}, []string{
			`config.action.reload: warning: config.action.reload=restart has no effect on a function that runs: it reads its secrets when it starts, so a new version is taken at the next start.`}},

		// Classes.
		{"no class", worker(), cosmos("connector.class", "-"), config.Options{}, []string{
			`connector.class: error: Missing required configuration "connector.class" which has no default value.`}},
		{"unknown class", worker(), cosmos("connector.class", "com.azure.cosmos.CosmosSinkConector"), config.Options{}, []string{
			`connector.class: error: Failed to find any class that implements Connector and which name matches com.azure.cosmos.CosmosSinkConector, available connectors are: probe-sink (x.ProbeSink), cosmos-sink (com.azure.cosmos.kafka.connect.CosmosSinkConnector), probe-source (x.ProbeSourceConnector): did you mean "com.azure.cosmos.kafka.connect.CosmosSinkConnector"?`}},
		{"an alias", worker(), cosmos("connector.class", "CosmosSink"), config.Options{}, nil},
		{"unknown converter", worker(), cosmos("value.converter", "io.confluent.connect.json.JsonConverter"), config.Options{}, []string{
			`value.converter: error: Invalid value io.confluent.connect.json.JsonConverter for configuration value.converter: Class io.confluent.connect.json.JsonConverter could not be found. Did you mean "org.apache.kafka.connect.json.JsonConverter"? Known: org.apache.kafka.connect.json.JsonConverter, org.apache.kafka.connect.storage.StringConverter`}},
		{"no converter anywhere", worker("value.converter", "-"), cosmos(), config.Options{}, []string{
			`worker value.converter: error: Missing required configuration "value.converter": neither the connector nor the worker map says how to read values.`}},
		{"unknown converter of the worker", worker("key.converter", "Nope"), cosmos(), config.Options{}, []string{
			`worker key.converter: error: Invalid value Nope for configuration key.converter: Class Nope could not be found. Known: org.apache.kafka.connect.json.JsonConverter, org.apache.kafka.connect.storage.StringConverter`}},

		// Converters: class and options never mix.
		{"options without a class", worker(), cosmos("value.converter.schemas.enable", "false"), config.Options{}, []string{
			`value.converter.schemas.enable: warning: value.converter.schemas.enable has no effect: the connector does not set value.converter, so the converter's class and all its options come from the worker map.`}},
		{"a wrong option", worker(), cosmos("value.converter", "JsonConverter", "value.converter.schemas.enable", "no"), config.Options{}, []string{
			`value.converter.schemas.enable: error: Invalid value no for configuration value.converter.schemas.enable: Expected value to be either true or false`}},
		{"a wrong option of the worker's", worker("value.converter.schemas.enable", "no"), cosmos(), config.Options{}, []string{
			`worker value.converter.schemas.enable: error: Invalid value no for configuration value.converter.schemas.enable: Expected value to be either true or false`}},
		{"an option of another converter", worker(), cosmos("value.converter", stringConverter, "value.converter.schemas.enable", "false"), config.Options{}, []string{
			`value.converter.schemas.enable: warning: value.converter.schemas.enable is not a key of org.apache.kafka.connect.storage.StringConverter`}},
		{"near an option", worker(), cosmos("value.converter", jsonConverter, "value.converter.schema.enable", "false"), config.Options{}, []string{
			`value.converter.schema.enable: warning: value.converter.schema.enable is not a key of org.apache.kafka.connect.json.JsonConverter: did you mean "value.converter.schemas.enable"?`}},

		// Transforms and predicates.
		{"a chain", worker(), cosmos("transforms", "cast, drop", "transforms.cast.type", castValue, "transforms.cast.spec", "a:int8",
			"transforms.drop.type", filter, "transforms.drop.predicate", "marked", "transforms.drop.negate", "true",
			"predicates", "marked", "predicates.marked.type", hasHeaderKey, "predicates.marked.name", "x"), config.Options{Strict: true}, nil},
		{"no type", worker(), cosmos("transforms", "a", "transforms.a.spec", "a:int8"), config.Options{}, []string{
			`transforms.a.type: error: Missing required configuration "transforms.a.type" which has no default value.`}},
		{"an empty type", worker(), cosmos("transforms", "a", "transforms.a.type", ""), config.Options{}, []string{
			`transforms.a.type: error: Invalid value  for configuration transforms.a.type: Class  could not be found. Known: org.apache.kafka.connect.transforms.Cast$Value, org.apache.kafka.connect.transforms.Filter, org.apache.kafka.connect.transforms.InsertField$Value`}},
		{"a near type", worker(), cosmos("transforms", "a", "transforms.a.type", "org.apache.kafka.connect.transforms.Cast$Vlaue"), config.Options{}, []string{
			`transforms.a.type: error: Invalid value org.apache.kafka.connect.transforms.Cast$Vlaue for configuration transforms.a.type: Class org.apache.kafka.connect.transforms.Cast$Vlaue could not be found. Did you mean "org.apache.kafka.connect.transforms.Cast$Value"? Known: org.apache.kafka.connect.transforms.Cast$Value, org.apache.kafka.connect.transforms.Filter, org.apache.kafka.connect.transforms.InsertField$Value`}},
		{"a near key of a transform", worker(), cosmos("transforms", "a", "transforms.a.type", castValue, "transforms.a.spec", "a:int8", "transforms.a.replace.null.with.defaults", "false"), config.Options{}, []string{
			`transforms.a.replace.null.with.defaults: warning: transforms.a.replace.null.with.defaults is not a key of org.apache.kafka.connect.transforms.Cast$Value: did you mean "transforms.a.replace.null.with.default"?`}},
		{"an alias that is not listed", worker(), cosmos("transforms", "mask", "transforms.mask.type", filter, "transforms.maks.field", "x"), config.Options{}, []string{
			`transforms.maks.field: warning: transforms.maks.field has no effect: transforms does not list "maks": did you mean "mask"?`}},
		{"an unknown predicate", worker(), cosmos("transforms", "a", "transforms.a.type", filter, "transforms.a.predicate", "market",
			"predicates", "marked", "predicates.marked.type", hasHeaderKey, "predicates.marked.name", "x"), config.Options{}, []string{
			`transforms.a.predicate: error: Invalid value market for configuration transforms.a.predicate: predicates does not list it: did you mean "marked"?`}},
		{"a predicate's key", worker(), cosmos("predicates", "p", "predicates.p.type", hasHeaderKey, "predicates.p.name", ""), config.Options{}, []string{
			`predicates.p.name: error: Invalid value  for configuration predicates.p.name: String must be non-empty`}},

		// Topics.
		{"the dead letter topic is read", worker(), cosmos("topics", "-", "topics.regex", "or.*", "errors.deadletterqueue.topic.name", "orders-dlq"), config.Options{}, []string{
			`errors.deadletterqueue.topic.name: error: The DLQ topic 'orders-dlq' may not be included in the regex matching the list of topics ('topics.regex=or.*') consumed by the connector`}},
		{"the whole name has to match", worker(), cosmos("topics", "-", "topics.regex", "orders", "errors.deadletterqueue.topic.name", "orders-dlq"), config.Options{}, nil},
		{"a regular expression of Java's", worker(), cosmos("topics", "-", "topics.regex", "(?!x).*"), config.Options{}, []string{
			"topics.regex: error: Invalid value (?!x).* for configuration topics.regex: Invalid regex: invalid or unsupported Perl syntax: `(?!` (look-around, back references and possessive quantifiers are not supported)"}},
		{"an intersection, which Go reads as characters", worker(), cosmos("topics", "-", "topics.regex", "t-[a-z&&[^b]]+"), config.Options{}, []string{
			"topics.regex: error: Invalid value t-[a-z&&[^b]]+ for configuration topics.regex: Invalid regex: [a-z&&[^b]]+ means something else in Java and is not supported"}},
		{"a class in a class", worker(), cosmos("topics", "-", "topics.regex", "[[:alpha:]]+"), config.Options{}, []string{
			"topics.regex: error: Invalid value [[:alpha:]]+ for configuration topics.regex: Invalid regex: [[:alpha:]]+ means something else in Java and is not supported"}},
		{"the flag U", worker(), cosmos("topics", "-", "topics.regex", "(?iU)a.*"), config.Options{}, []string{
			"topics.regex: error: Invalid value (?iU)a.* for configuration topics.regex: Invalid regex: (?iU means something else in Java and is not supported"}},
		{"what is the same in both", worker(), cosmos("topics", "-", "topics.regex", `(?i:U)(?<U>[]&\[a-z]+)[^]]\[&&\Q[[\E(U)`), config.Options{}, nil},
		{"a name with a newline", worker(), cosmos("name", "a\nb"), config.Options{}, []string{
			"name: error: Invalid value a\nb for configuration name: String may not contain control sequences but had the following ASCII chars: 10"}},

		// Kafka clients.
		{"overrides", worker(), cosmos("consumer.override.auto.offset.reset", "latest", "producer.override.linger.ms", "5", "admin.override.request.timeout.ms", "9"), config.Options{Strict: true}, nil},
		{"overrides of the wrong type", worker("producer.linger.ms", "soon"), cosmos("consumer.override.max.poll.records", "many", "producer.override.linger.ms", "99999999999999999999",
			"producer.override.acks", "most", "producer.override.enable.idempotence", "yes", "admin.override.security.protocol", "TLS", "consumer.override.security.protocol", "ssl"), config.Options{}, []string{
			`worker producer.linger.ms: error: Invalid value soon for configuration producer.linger.ms: Not a number of type LONG`,
			`consumer.override.max.poll.records: error: Invalid value many for configuration consumer.override.max.poll.records: Not a number of type INT`,
			`producer.override.acks: error: Invalid value most for configuration producer.override.acks: String must be one of: all, -1, 0, 1`,
			`producer.override.enable.idempotence: error: Invalid value yes for configuration producer.override.enable.idempotence: Expected value to be either true or false`,
			`producer.override.linger.ms: error: Invalid value 99999999999999999999 for configuration producer.override.linger.ms: Not a number of type LONG`,
			`admin.override.security.protocol: error: Invalid value TLS for configuration admin.override.security.protocol: String must be one of (case insensitive): PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL`}},
		{"overrides that a trigger does not take", worker("consumer.fetch.min.bytes", "100"), cosmos("consumer.override.max.poll.records", "10", "consumer.override.request.timeout.ms", "9", "producer.override.batch.size", "1"), config.Options{Strict: true}, []string{
			`worker consumer.fetch.min.bytes: warning: consumer.fetch.min.bytes has no effect: the trigger decides how long a batch may fill: the knob is maximum_batching_window_in_seconds of a Lambda event source mapping, extensions.kafka.subscriberIntervalInSeconds of Azure Functions.`,
			`consumer.override.max.poll.records: warning: consumer.override.max.poll.records has no effect: the trigger decides how many records a batch has: the knob is batch_size of a Lambda event source mapping, extensions.kafka.maxBatchSize of Azure Functions.`,
			`consumer.override.request.timeout.ms: warning: consumer.override.request.timeout.ms has no effect: the trigger reads the topic, with a client of its own that does not take this setting.`,
			`producer.override.batch.size: warning: producer.override.batch.size has no effect: a batch is as large as max.request.size lets it be.`}},
		{"an override that is not known yet", worker(), cosmos("producer.override.linger.ms", "${env:LINGER}"), config.Options{}, nil},
		{"overrides are forbidden", worker("connector.client.config.override.policy", "None"), cosmos("consumer.override.max.poll.records", "10"), config.Options{}, []string{
			`consumer.override.max.poll.records: error: The 'None' policy does not allow 'max.poll.records' to be overridden in the connector configuration.`}},
		{"some are", worker("connector.client.config.override.policy", "org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy"),
			cosmos("producer.override.sasl.jaas.config", "x", "producer.override.acks", "1"), config.Options{}, []string{
				`producer.override.acks: error: The 'Principal' policy does not allow 'acks' to be overridden in the connector configuration.`}},
		{"a list is allowed", worker("connector.client.config.override.policy", "Allowlist", "connector.client.config.override.allowlist", "acks, linger.ms"),
			cosmos("producer.override.acks", "1", "producer.override.retries", "1"), config.Options{}, []string{
				`producer.override.retries: error: The 'Allowlist' policy does not allow 'retries' to be overridden in the connector configuration.`}},
		{"no such policy", worker("connector.client.config.override.policy", "Most"), cosmos("producer.override.acks", "1"), config.Options{}, []string{
			`worker connector.client.config.override.policy: error: Invalid value Most for configuration connector.client.config.override.policy: String must be one of: All, None, Principal, Allowlist`}},
		{"no such client key", worker("consumer.max.poll.recrods", "1"), cosmos("consumer.override.auto.ofset.reset", "latest"), config.Options{}, []string{
			`worker consumer.max.poll.recrods: warning: consumer.max.poll.recrods is not a key of a worker: did you mean "consumer.max.poll.records"?`,
			`consumer.override.auto.ofset.reset: warning: consumer.override.auto.ofset.reset: Kafka's consumer has no key auto.ofset.reset: did you mean "consumer.override.auto.offset.reset"?`}},
		{"dead letters to two places", worker(), cosmos("errors.deadletterqueue.topic.name", "dlq", "errors.deadletterqueue.target", "s3://dead/a"), config.Options{}, []string{
			`errors.deadletterqueue.target: error: errors.deadletterqueue.target and errors.deadletterqueue.topic.name exclude each other: dead letters go to one place.`}},
		{"dead letters to a queue, without a cluster", worker("bootstrap.servers", "-"), cosmos("errors.deadletterqueue.target", "arn:aws:sqs:eu-west-1:123456789012:dead"), config.Options{}, nil},
		{"dead letters without a cluster", worker("bootstrap.servers", "-"), cosmos("errors.deadletterqueue.topic.name", "dlq"), config.Options{}, []string{
			`worker bootstrap.servers: error: Missing required configuration "bootstrap.servers" in the worker map: the connector needs it to write dead letters.`}},
		{"dead letters with a cluster of their own", worker("bootstrap.servers", "-"), cosmos("errors.deadletterqueue.topic.name", "dlq", "producer.override.bootstrap.servers", "k:9092"), config.Options{}, nil},
		{"Kerberos by default", worker("security.protocol", "SASL_SSL"), cosmos(), config.Options{}, []string{
			`worker sasl.mechanism: error: sasl.mechanism: GSSAPI (Kerberos), which is also the default, is not supported: set another mechanism, such as SCRAM-SHA-512, PLAIN, OAUTHBEARER or AWS_MSK_IAM.`}},

		// The worker map.
		{"no worker", worker("listeners", "http://:8083", "group.id", "connect", "config.storage.replication.factor", "1", "plugin.path", "/opt"), cosmos(), config.Options{Strict: true}, []string{
			`worker config.storage.replication.factor: warning: config.storage.replication.factor has no effect: a connector's configuration is part of its deployment: there is no config topic.`,
			`worker group.id: warning: group.id has no effect: there is no group of workers; a sink's consumer group is connect-<name>.`,
			`worker listeners: warning: listeners has no effect: there is no worker whose REST API could listen.`,
			`worker plugin.path: warning: plugin.path has no effect: connectors are compiled into their function: there is no path to look for plugins.`}},
		{"a registry in the wrong place", worker("schema.registry.url", "http://r"), cosmos(), config.Options{}, []string{
			`worker schema.registry.url: warning: schema.registry.url has no effect: Kafka Connect reads a converter's registry from the converter's options: set key.converter.schema.registry.url and value.converter.schema.registry.url.`}},
		{"less secure than meant", worker("ssl.engine.factory.class", "x.Engine"), cosmos(), config.Options{}, []string{
			`worker ssl.engine.factory.class: error: Invalid value x.Engine for configuration ssl.engine.factory.class: not supported: it names code of a Java virtual machine`}},
		{"a near worker key", worker("bootstrap.server", "k:9092"), cosmos(), config.Options{}, []string{
			`worker bootstrap.server: warning: bootstrap.server is not a key of a worker: did you mean "bootstrap.servers"?`}},

		// Sources.
		{"a source", worker(), map[string]string{"name": "s", "connector.class": "probe-source"}, config.Options{}, nil},
		{"a source without a cluster", worker("bootstrap.servers", "-"), map[string]string{"name": "s", "connector.class": "probe-source"}, config.Options{}, []string{
			`worker bootstrap.servers: error: Missing required configuration "bootstrap.servers" in the worker map: the connector needs it to write its records.`}},
		{"topics of a source", worker(), map[string]string{"name": "s", "connector.class": "probe-source", "topics": "x"}, config.Options{}, []string{
			`topics: warning: topics has no effect: only a sink has it.`}},
		{"topic creation", worker(), map[string]string{"name": "s", "connector.class": "probe-source", "topic.creation.groups": "logs",
			"topic.creation.default.replication.factor": "0", "topic.creation.logs.exclude": "a, (", "topic.creation.logs.cleanup.policy": "compact"}, config.Options{}, []string{
			`topic.creation.default.replication.factor: error: Invalid value 0 for configuration topic.creation.default.replication.factor: Value must be a positive number, or -1 to use the broker's default`,
			`topic.creation.default.partitions: error: Missing required configuration "topic.creation.default.partitions" which has no default value.`,
			`topic.creation.logs.include: error: Missing required configuration "topic.creation.logs.include" which has no default value.`,
			"topic.creation.logs.exclude: error: Invalid value [a, (] for configuration topic.creation.logs.exclude: Invalid regex: missing closing ): `(` (look-around, back references and possessive quantifiers are not supported)"}},
		{"topics that the worker does not create", worker("topic.creation.enable", "false"), map[string]string{"name": "s", "connector.class": "probe-source",
			"topic.creation.default.replication.factor": "-1", "topic.creation.default.partitions": "1"}, config.Options{}, []string{
			`topic.creation.groups: warning: topic.creation.* has no effect: topic.creation.enable of the worker map is false.`}},
		{"a group that is not listed", worker(), map[string]string{"name": "s", "connector.class": "probe-source", "topic.creation.groups": "logs", "topic.creation.logs.include": "l.*",
			"topic.creation.default.replication.factor": "-1", "topic.creation.default.partitions": "1", "topic.creation.log.partitions": "3"}, config.Options{}, []string{
			`topic.creation.log.partitions: warning: topic.creation.log.partitions has no effect: topic.creation.groups does not list "log"`}},
		{"transactions", worker(), map[string]string{"name": "s", "connector.class": "probe-source", "transaction.boundary": "INTERVAL"}, config.Options{}, []string{
			`transaction.boundary: warning: transaction.boundary=interval has no effect: every poll is a transaction.`}},
		{"transactions that the worker does not have", worker(), map[string]string{"name": "s", "connector.class": "probe-source", "exactly.once.support": "required"}, config.Options{}, []string{
			`exactly.once.support: error: This worker does not have exactly-once source support enabled.`}},
		{"transactions that the worker has", worker("exactly.once.source.support", "ENABLED"), map[string]string{"name": "s", "connector.class": "probe-source", "exactly.once.support": "required"}, config.Options{}, nil},
		{"a connector's transactions", worker(), map[string]string{"name": "s", "connector.class": "probe-source", "transaction.boundary": "connector"}, config.Options{}, []string{
			`transaction.boundary: error: transaction.boundary=connector is not supported: no connector here defines transactions of its own.`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := problems(catalog.Judge(tc.worker, tc.connector, tc.options).Problems)
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func unknownKeys(keys ...string) func(string) bool {
	return func(key string) bool {
		for _, k := range keys {
			if k == key {
				return true
			}
		}
		return false
	}
}

// TestJudgeWhatIsKnown is a Terraform plan: some values come later, and must neither be judged nor hide the rest.
func TestJudgeWhatIsKnown(t *testing.T) {
	for _, tc := range []struct {
		name      string
		connector map[string]string
		unknown   []string
		want      []string
	}{
		{"a required key", cosmos("azure.cosmos.sink.database.name", ""), []string{"azure.cosmos.sink.database.name"}, nil},
		{"a number", cosmos("tasks.max", ""), []string{"tasks.max"}, nil},
		{"what a rule needs", cosmos("topics", "", "topics.regex", "x"), []string{"topics"}, nil},
		{"what another rule needs", cosmos("topics", "a", "topics.regex", "", "errors.deadletterqueue.topic.name", "a"), []string{"topics.regex"}, []string{
			`errors.deadletterqueue.topic.name: error: The DLQ topic 'a' may not be included in the list of topics ('topics=[a]') consumed by the connector`}},
		{"the class", cosmos("connector.class", ""), []string{"connector.class"}, nil},
		{"the chain", cosmos("transforms", "", "transforms.a.type", "x"), []string{"transforms"}, nil},
		{"a transform's type", cosmos("transforms", "a", "transforms.a.type", "", "transforms.a.what", "x"), []string{"transforms.a.type"}, nil},
		{"a converter", cosmos("value.converter", "", "value.converter.what", "x"), []string{"value.converter"}, nil},
		{"a reference", cosmos("azure.cosmos.account.key", "${env:KEY}", "azure.cosmos.sink.maxRetryCount", "${file:/a:b}"), nil, nil},
		{"a reference to nowhere", cosmos("azure.cosmos.account.key", "${vault:a/b:key}"), nil, []string{
			`azure.cosmos.account.key: error: azure.cosmos.account.key: ${vault:a/b:key} names the config provider "vault", which does not exist here: declare it in config.providers of the worker map, or use one of dir, env, file, keyvault, secretsmanager`}},
		{"the rest is judged", cosmos("azure.cosmos.account.endpoint", "", "azure.cosmos.sink.maxRetryCount", "-1"), []string{"azure.cosmos.account.endpoint"}, []string{
			`azure.cosmos.sink.maxRetryCount: error: Invalid value -1 for configuration azure.cosmos.sink.maxRetryCount: Value must be at least 0`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := catalog.Judge(worker(), tc.connector, config.Options{Unknown: unknownKeys(tc.unknown...)})
			if diff := cmp.Diff(tc.want, problems(v.Problems), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	w := worker("bootstrap.servers", "", "value.converter", "")
	v := catalog.Judge(w, cosmos("errors.deadletterqueue.topic.name", "dlq"), config.Options{UnknownWorker: unknownKeys("bootstrap.servers", "value.converter")})
	if len(v.Problems) > 0 {
		t.Errorf("an unknown worker map: %v", v.Problems)
	}
}

type remarks struct {
	topics map[string]string
	key    config.Password
	quiet  bool
}

func (r *remarks) Define(d *config.Def) {
	d.Password(&r.key, "r.key", "", "")
	d.Bool(&r.quiet, "r.quiet", false, "", config.NoEffect("nobody shouts"))
	d.Prefix(&r.topics, "r.topic.", "")
}

func (r *remarks) Warnings() config.Problems {
	return config.Problems{{Key: "r.key", Severity: config.Warning, Message: "r.key is " + string(r.key)}}
}

func (r *remarks) CheckSink(s *config.SinkSettings) config.Problems {
	var ps config.Problems
	for _, topic := range s.Topics {
		if r.topics[topic] == "" {
			ps = append(ps, config.Problem{Key: "topics", Message: "r.topic." + topic + " is missing"})
		}
	}
	return ps
}

func TestSettingsHaveASay(t *testing.T) {
	c := &config.Catalog{
		Connectors: []config.Connector{{Name: "r", Kind: "sink", Config: func(string) config.Definer { return &remarks{} }}},
		Plugins:    catalog.Plugins,
	}
	props := map[string]string{"name": "n", "connector.class": "r", "topics": "a,b", "r.topic.a": "x", "r.key": "secret-key", "r.quiet": "true"}
	v := c.Judge(worker(), props, config.Options{})
	want := []string{
		"r.quiet: warning: r.quiet has no effect: nobody shouts",
		"r.key: warning: r.key is [hidden]",
		"topics: error: r.topic.b is missing",
	}
	if diff := cmp.Diff(want, problems(v.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if n := v.Infos().ErrorCount; n != 1 {
		t.Errorf("the validate answer counts %d errors, want 1", n)
	}
	props["r.quiet"] = "false"
	v = c.Judge(worker(), props, config.Options{Unknown: unknownKeys("topics")})
	if diff := cmp.Diff(want[1:2], problems(v.Problems)); diff != "" {
		t.Errorf("without the topics (-want +got):\n%s", diff)
	}
}

func TestErrNamesEachMistakeOnce(t *testing.T) {
	v := catalog.Judge(worker(), cosmos("topics.regex", "x", "tasks.max", "0", "what", "x"), config.Options{})
	err := v.Problems.Err()
	if err == nil || strings.Count(err.Error(), "mutually exclusive") != 1 || !strings.Contains(err.Error(), "2 errors") || strings.Contains(err.Error(), "what") {
		t.Errorf("err = %v", err)
	}
	if err := catalog.Judge(worker(), cosmos("what", "x"), config.Options{}).Problems.Err(); err != nil {
		t.Errorf("a warning stops the connector: %v", err)
	}
}

// FuzzJudge wants the same verdict twice, whatever it is given.
func FuzzJudge(f *testing.F) {
	for _, seed := range []string{
		`{"name":"n","connector.class":"cosmos-sink","topics":"a","transforms":"a,a,","transforms.a.type":"Filter","transforms.a.negate":true}`,
		`{"connector.class":"probe-source","topic.creation.groups":"a","topic.creation.a.include":"(","transaction.boundary":"CONNECTOR"}`,
		`{"connector.class":"x.ProbeSink","predicates":"p","predicates.p.type":"HasHeaderKey","value.converter":"","consumer.override.":"x"}`,
		`{"connector.class":"cosmos-sink","transforms":".","transforms..type":"x","azure.cosmos.":"${env:X}","key.converter.":""}`,
	} {
		f.Add([]byte(seed), []byte(`{"value.converter":"JsonConverter","config.providers":"a,,b","consumer.":"x"}`))
	}
	f.Fuzz(func(t *testing.T, c, w []byte) {
		connector, err := config.ReadConnector(bytes.NewReader(c))
		if err != nil {
			return
		}
		worker, err := config.ReadConnector(bytes.NewReader(w))
		if err != nil {
			return
		}
		first, second := catalog.Judge(worker, connector, config.Options{}), catalog.Judge(worker, connector, config.Options{})
		if diff := cmp.Diff(first.Problems, second.Problems); diff != "" {
			t.Errorf("problems (-first +second):\n%s", diff)
		}
		if diff := cmp.Diff(first.Lines(), second.Lines()); diff != "" {
			t.Errorf("lines (-first +second):\n%s", diff)
		}
		if diff := cmp.Diff(first.Infos(), second.Infos()); diff != "" {
			t.Errorf("validate answer (-first +second):\n%s", diff)
		}
	})
}
