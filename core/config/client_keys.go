package config

import (
	"slices"
	"strings"
)

// A clientKey is a setting of Kafka's clients.
type clientKey struct {
	name    string
	typ     Type
	idle    string   // why it is without effect here; "" when it has one
	builtIn []string // of a CLASS without effect: what these do is done here too
	refused string   // why it is an error: without it, a client would be less than its configuration says
	choices []string // of a STRING
	fold    bool     // letter case of a choice does not count
}

// declare binds the key to nothing: its type is what is wanted.
func (k *clientKey) declare(d *Def) {
	opts := []Option{NoDefault()}
	switch {
	case k.fold:
		opts = append(opts, OneOfFold(k.choices...))
	case k.choices != nil:
		opts = append(opts, OneOf(k.choices...))
	}
	if k.idle != "" {
		opts = append(opts, NoEffect(k.idle+"."))
	}
	if k.refused != "" {
		opts = append(opts, Check(func(raw string) error {
			if raw == "" {
				return nil
			}
			return says("not supported: %s", k.refused)
		}))
	}
	switch k.typ {
	case TypeBoolean:
		d.Bool(new(bool), k.name, false, "", opts...)
	case TypeInt:
		d.Int(new(int), k.name, 0, "", opts...)
	case TypeShort:
		d.Short(new(int16), k.name, 0, "", opts...)
	case TypeLong:
		d.Long(new(int64), k.name, 0, "", opts...)
	case TypeDouble:
		d.Double(new(float64), k.name, 0, "", opts...)
	case TypeList:
		d.List(new([]string), k.name, "", "", opts...)
	case TypeClass:
		d.Class(new(string), k.name, "", "", opts...)
	case TypePassword:
		d.Password(new(Password), k.name, "", "", opts...)
	default:
		d.String(new(string), k.name, "", "", opts...)
	}
}

// judge judges a value of the key, which stands under a prefix.
func (k clientKey) judge(c cell, prefix string) finding {
	if slices.Contains(k.builtIn, trim(c.text)) {
		k.idle = ""
	}
	var d Def
	k.declare(&d)
	e := d.entries[0]
	e.Secret = e.Secret || soundsSecret(k.name)
	return e.judge(cells{k.name: c}, prefix)
}

// TLS declares the ssl.* keys of a Kafka client for another client, which has them below a prefix: "schema.registry." for
// schema.registry.ssl.truststore.location. They are bound to p with prefix and "ssl." cut off.
func (d *Def) TLS(p *map[string]string, prefix string, opts ...Option) {
	d.Prefix(p, prefix+"ssl.", "The ssl.* keys of a Kafka client (stores, certificates, names), for this one.", opts...)
	for _, k := range securityKeys {
		if !strings.HasPrefix(k.name, "ssl.") {
			continue
		}
		doc := k.name + " of a Kafka client, for this one."
		k.name = prefix + k.name
		k.declare(d)
		e := d.entries[len(d.entries)-1]
		e.Doc = doc
		for _, o := range opts {
			o(e)
		}
	}
}

// ClientKeys are the settings of Kafka's clients of one kind, with their types. Those that have no effect here say why:
// the others are what core/kafka takes for producers and administrative clients, and what a trigger is made with for
// consumers.
func ClientKeys(role ClientRole) []Key {
	var d Def
	for _, k := range clientKeys(role) {
		k.declare(&d)
	}
	keys := make([]Key, len(d.entries))
	for i := range d.entries {
		keys[i] = d.entries[i].Key
	}
	return keys
}

// clientKeys are the keys of a kind of client.
func clientKeys(role ClientRole) []clientKey {
	keys := slices.Concat(clientKeyGroups(role)...)
	for i := range keys {
		keys[i] = keys[i].as(role)
	}
	return keys
}

func clientKeyGroups(role ClientRole) [][]clientKey {
	groups := [][]clientKey{commonClientKeys, javaClientKeys, securityKeys}
	switch role {
	case ConsumerClient:
		return append(groups, consumerKeys)
	case ProducerClient:
		return append(groups, producerKeys)
	}
	return groups
}

// as is the key of a kind of client. A consumer is the trigger's: of what all clients have, it takes where the brokers are.
func (k clientKey) as(role ClientRole) clientKey {
	if role == ConsumerClient && k.idle == "" && k.name != "bootstrap.servers" && named(commonClientKeys, k.name) != nil {
		k.idle = ofTrigger
	}
	return k
}

func named(keys []clientKey, name string) *clientKey {
	if i := slices.IndexFunc(keys, func(k clientKey) bool { return k.name == name }); i >= 0 {
		return &keys[i]
	}
	return nil
}

func findClientKey(role ClientRole, name string) *clientKey {
	for _, group := range clientKeyGroups(role) {
		if k := named(group, name); k != nil {
			found := k.as(role)
			return &found
		}
	}
	return nil
}

func clientKeyNames(role ClientRole) []string {
	var names []string
	for _, group := range clientKeyGroups(role) {
		for i := range group {
			names = append(names, group[i].name)
		}
	}
	return names
}

// Why keys of clients have no effect. The knobs of triggers are those of Lambda's event source mappings and of the Kafka
// extension's host.json (https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html,
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-kafka#hostjson-settings).
const (
	ofTrigger   = "the trigger reads the topic, with a client of its own that does not take this setting"
	batchKnob   = "the trigger decides how many records a batch has: the knob is batch_size of a Lambda event source mapping, extensions.kafka.maxBatchSize of Azure Functions"
	windowKnob  = "the trigger decides how long a batch may fill: the knob is maximum_batching_window_in_seconds of a Lambda event source mapping, extensions.kafka.subscriberIntervalInSeconds of Azure Functions"
	fetchKnob   = "the trigger decides how much it fetches: a Lambda batch ends at 6 MB, the knob of Azure Functions is extensions.kafka.fetchMaxBytes"
	partKnob    = "the trigger decides how much it fetches: a Lambda batch ends at 6 MB, the knob of Azure Functions is extensions.kafka.maxPartitionFetchBytes"
	sessionKnob = "the trigger is the member of the consumer group: Lambda has no knob for it, that of Azure Functions is extensions.kafka.sessionTimeoutMs"
	pollKnob    = "the trigger waits for the function: the knob is the function's timeout, and extensions.kafka.maxPollIntervalMs of Azure Functions"
	ofGroup     = "the trigger is the member of the consumer group and decides how partitions are shared out: the knob is the number of pollers (provisioned_poller_config) of a Lambda event source mapping, the instances of Azure Functions"
	commits     = "the trigger commits positions when the function has answered"
	converters  = "the connector's converters decide what bytes mean"
	noTransact  = "the engine decides what is written in a transaction"
	atOnce      = "a batch is written at once, and waits for nothing but the deadline of its invocation"
	byKey       = "records are partitioned by key as by Java's default partitioner, and without a key to one partition a batch"
	oneLevel    = "batches are compressed at the codec's default level"
	sockets     = "the operating system sizes the buffers of connections"
	oneBackoff  = "retry.backoff.ms and retry.backoff.max.ms pace every kind of try"
	tokenTime   = "a token is fetched within the deadline of the request that needs it"
	tokenFresh  = "a token is replaced when a fifth of its life is left"
	opaqueToken = "tokens are not looked into"
	noKerberos  = "Kerberos (GSSAPI) is not supported"
	safeSuites  = "TLS 1.2 and 1.3 with the cipher suites that Go considers safe are used"
)

// The keys of Kafka 3.9's clients (https://kafka.apache.org/39/documentation/#configuration), and those of later versions
// that are understood.
var (
	commonClientKeys = []clientKey{
		{name: "bootstrap.servers", typ: TypeList},
		{name: "client.dns.lookup", typ: TypeString, idle: "every address of a name is tried"},
		{name: "client.id", typ: TypeString},
		{name: "client.rack", typ: TypeString, idle: "only a consumer has it, and the trigger has its own"},
		{name: "connections.max.idle.ms", typ: TypeLong},
		{name: "default.api.timeout.ms", typ: TypeInt, idle: "the deadline of the invocation takes its place"},
		{name: "enable.metrics.push", typ: TypeBoolean, idle: "no metrics are pushed to brokers"},
		{name: "metadata.max.age.ms", typ: TypeLong},
		{name: "metadata.recovery.strategy", typ: TypeString, idle: "the client goes back to bootstrap.servers when no other broker answers"},
		{name: "metadata.recovery.rebootstrap.trigger.ms", typ: TypeLong, idle: "the client goes back to bootstrap.servers when no other broker answers"},
		{name: "receive.buffer.bytes", typ: TypeInt, idle: sockets},
		{name: "reconnect.backoff.max.ms", typ: TypeLong, idle: oneBackoff},
		{name: "reconnect.backoff.ms", typ: TypeLong, idle: oneBackoff},
		{name: "request.timeout.ms", typ: TypeInt},
		{name: "retries", typ: TypeInt, idle: "requests are tried again until the deadline, delivery.timeout.ms or that of the invocation"},
		{name: "retry.backoff.max.ms", typ: TypeLong},
		{name: "retry.backoff.ms", typ: TypeLong},
		{name: "send.buffer.bytes", typ: TypeInt, idle: sockets},
		{name: "socket.connection.setup.timeout.max.ms", typ: TypeLong, idle: "every attempt to connect has socket.connection.setup.timeout.ms"},
		{name: "socket.connection.setup.timeout.ms", typ: TypeLong},
	}
	javaClientKeys = []clientKey{
		{name: "auto.include.jmx.reporter", typ: TypeBoolean, idle: noJMX},
		{name: "interceptor.classes", typ: TypeList, idle: noJVM},
		{name: "metric.reporters", typ: TypeList, idle: noJMX},
		{name: "metrics.num.samples", typ: TypeInt, idle: noJMX},
		{name: "metrics.recording.level", typ: TypeString, idle: noJMX},
		{name: "metrics.sample.window.ms", typ: TypeLong, idle: noJMX},
	}
	securityKeys = []clientKey{
		{name: "security.protocol", typ: TypeString, choices: []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}, fold: true},
		{name: "security.providers", typ: TypeString, idle: noJVM},
		{name: "sasl.mechanism", typ: TypeString},
		{name: "sasl.jaas.config", typ: TypePassword},
		{name: "sasl.client.callback.handler.class", typ: TypeClass, idle: noJVM, builtIn: []string{"software.amazon.msk.auth.iam.IAMClientCallbackHandler"}},
		{name: "sasl.login.callback.handler.class", typ: TypeClass, idle: "tokens come from sasl.oauthbearer.token.endpoint.url", builtIn: []string{
			"org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
			"org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler",
		}},
		{name: "sasl.login.class", typ: TypeClass, idle: noJVM},
		{name: "sasl.login.connect.timeout.ms", typ: TypeInt, idle: tokenTime},
		{name: "sasl.login.read.timeout.ms", typ: TypeInt, idle: tokenTime},
		{name: "sasl.login.retry.backoff.max.ms", typ: TypeLong, idle: tokenTime},
		{name: "sasl.login.retry.backoff.ms", typ: TypeLong, idle: tokenTime},
		{name: "sasl.login.refresh.window.factor", typ: TypeDouble, idle: tokenFresh},
		{name: "sasl.login.refresh.window.jitter", typ: TypeDouble, idle: tokenFresh},
		{name: "sasl.login.refresh.min.period.seconds", typ: TypeShort, idle: tokenFresh},
		{name: "sasl.login.refresh.buffer.seconds", typ: TypeShort, idle: tokenFresh},
		{name: "sasl.kerberos.service.name", typ: TypeString, idle: noKerberos},
		{name: "sasl.kerberos.kinit.cmd", typ: TypeString, idle: noKerberos},
		{name: "sasl.kerberos.min.time.before.relogin", typ: TypeLong, idle: noKerberos},
		{name: "sasl.kerberos.ticket.renew.jitter", typ: TypeDouble, idle: noKerberos},
		{name: "sasl.kerberos.ticket.renew.window.factor", typ: TypeDouble, idle: noKerberos},
		{name: "sasl.oauthbearer.client.credentials.client.id", typ: TypeString},
		{name: "sasl.oauthbearer.client.credentials.client.secret", typ: TypePassword},
		{name: "sasl.oauthbearer.clock.skew.seconds", typ: TypeInt, idle: brokerSide},
		{name: "sasl.oauthbearer.expected.audience", typ: TypeList, idle: brokerSide},
		{name: "sasl.oauthbearer.expected.issuer", typ: TypeString, idle: brokerSide},
		{name: "sasl.oauthbearer.header.urlencode", typ: TypeBoolean},
		{name: "sasl.oauthbearer.jwks.endpoint.refresh.ms", typ: TypeLong, idle: brokerSide},
		{name: "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", typ: TypeLong, idle: brokerSide},
		{name: "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", typ: TypeLong, idle: brokerSide},
		{name: "sasl.oauthbearer.jwks.endpoint.url", typ: TypeString, idle: brokerSide},
		{name: "sasl.oauthbearer.scope", typ: TypeString},
		{name: "sasl.oauthbearer.scope.claim.name", typ: TypeString, idle: opaqueToken},
		{name: "sasl.oauthbearer.sub.claim.name", typ: TypeString, idle: opaqueToken},
		{name: "sasl.oauthbearer.token.endpoint.url", typ: TypeString},
		{name: "ssl.cipher.suites", typ: TypeList, idle: safeSuites},
		{name: "ssl.enabled.protocols", typ: TypeList},
		{name: "ssl.endpoint.identification.algorithm", typ: TypeString},
		{name: "ssl.engine.factory.class", typ: TypeClass, refused: noJVM},
		{name: "ssl.key.password", typ: TypePassword},
		{name: "ssl.keymanager.algorithm", typ: TypeString, idle: noJVM},
		{name: "ssl.keystore.certificate.chain", typ: TypePassword},
		{name: "ssl.keystore.key", typ: TypePassword},
		{name: "ssl.keystore.location", typ: TypeString},
		{name: "ssl.keystore.password", typ: TypePassword},
		{name: "ssl.keystore.type", typ: TypeString, choices: []string{"JKS", "PKCS12", "PEM"}, fold: true},
		{name: "ssl.protocol", typ: TypeString, idle: "ssl.enabled.protocols says which versions of TLS are used"},
		{name: "ssl.provider", typ: TypeString, idle: noJVM},
		{name: "ssl.secure.random.implementation", typ: TypeString, idle: noJVM},
		{name: "ssl.trustmanager.algorithm", typ: TypeString, idle: noJVM},
		{name: "ssl.truststore.certificates", typ: TypePassword},
		{name: "ssl.truststore.location", typ: TypeString},
		{name: "ssl.truststore.password", typ: TypePassword},
		{name: "ssl.truststore.type", typ: TypeString, choices: []string{"JKS", "PKCS12", "PEM"}, fold: true},
	}
	consumerKeys = []clientKey{
		{name: "allow.auto.create.topics", typ: TypeBoolean, idle: "a trigger creates no topics"},
		{name: "auto.commit.interval.ms", typ: TypeInt, idle: commits},
		{name: "auto.offset.reset", typ: TypeString, choices: []string{"latest", "earliest", "none"}},
		{name: "check.crcs", typ: TypeBoolean, idle: ofTrigger},
		{name: "enable.auto.commit", typ: TypeBoolean, idle: commits},
		{name: "exclude.internal.topics", typ: TypeBoolean, idle: ofTrigger},
		{name: "fetch.max.bytes", typ: TypeInt, idle: fetchKnob},
		{name: "fetch.max.wait.ms", typ: TypeInt, idle: windowKnob},
		{name: "fetch.min.bytes", typ: TypeInt, idle: windowKnob},
		{name: "group.id", typ: TypeString},
		{name: "group.instance.id", typ: TypeString, idle: ofGroup},
		{name: "group.protocol", typ: TypeString, idle: ofGroup},
		{name: "group.remote.assignor", typ: TypeString, idle: ofGroup},
		{name: "heartbeat.interval.ms", typ: TypeInt, idle: sessionKnob},
		{name: "isolation.level", typ: TypeString, choices: []string{"read_committed", "read_uncommitted"},
			idle: "the trigger decides whether it reads records of transactions that are open or aborted; no trigger has a knob for it"},
		{name: "key.deserializer", typ: TypeClass, idle: converters},
		{name: "max.partition.fetch.bytes", typ: TypeInt, idle: partKnob},
		{name: "max.poll.interval.ms", typ: TypeInt, idle: pollKnob},
		{name: "max.poll.records", typ: TypeInt, idle: batchKnob},
		{name: "partition.assignment.strategy", typ: TypeList, idle: ofGroup},
		{name: "session.timeout.ms", typ: TypeInt, idle: sessionKnob},
		{name: "value.deserializer", typ: TypeClass, idle: converters},
	}
	producerKeys = []clientKey{
		{name: "acks", typ: TypeString, choices: []string{"all", "-1", "0", "1"}},
		{name: "batch.size", typ: TypeInt, idle: "a batch is as large as max.request.size lets it be"},
		{name: "buffer.memory", typ: TypeLong, idle: atOnce},
		{name: "compression.gzip.level", typ: TypeInt, idle: oneLevel},
		{name: "compression.lz4.level", typ: TypeInt, idle: oneLevel},
		{name: "compression.type", typ: TypeString, choices: []string{"none", "gzip", "snappy", "lz4", "zstd"}},
		{name: "compression.zstd.level", typ: TypeInt, idle: oneLevel},
		{name: "delivery.timeout.ms", typ: TypeInt},
		{name: "enable.idempotence", typ: TypeBoolean, idle: "records are written idempotently unless acks is 0 or 1"},
		{name: "key.serializer", typ: TypeClass, idle: converters},
		{name: "linger.ms", typ: TypeLong},
		{name: "max.block.ms", typ: TypeLong, idle: atOnce},
		{name: "max.in.flight.requests.per.connection", typ: TypeInt, idle: "records of a partition keep their order in any case"},
		{name: "max.request.size", typ: TypeInt},
		{name: "metadata.max.idle.ms", typ: TypeLong, idle: "metadata.max.age.ms says how long a topic is known"},
		{name: "partitioner.adaptive.partitioning.enable", typ: TypeBoolean, idle: byKey},
		{name: "partitioner.availability.timeout.ms", typ: TypeLong, idle: byKey},
		{name: "partitioner.class", typ: TypeClass, idle: byKey},
		{name: "partitioner.ignore.keys", typ: TypeBoolean, idle: byKey},
		{name: "transaction.timeout.ms", typ: TypeInt, idle: noTransact},
		{name: "transactional.id", typ: TypeString, idle: noTransact},
		{name: "value.serializer", typ: TypeClass, idle: converters},
	}
)
