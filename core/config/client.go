package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// below says whether key is under a prefix that is written with a star at its end.
func below(key, starred string) bool {
	prefix, ok := strings.CutSuffix(starred, "*")
	return ok && strings.HasPrefix(key, prefix)
}

// ClientRole is a use of Kafka by a connector.
type ClientRole string

const (
	ConsumerClient ClientRole = "consumer"
	ProducerClient ClientRole = "producer"
	AdminClient    ClientRole = "admin"
)

var clientRoles = []ClientRole{ConsumerClient, ProducerClient, AdminClient}

func (r ClientRole) prefix() string         { return string(r) + "." }
func (r ClientRole) overridePrefix() string { return string(r) + ".override." }

// A policy says which client keys a connector may override.
type policy struct {
	name  string
	allow func(key string, allowlist []string) bool
}

var policies = []policy{
	{"All", func(string, []string) bool { return true }},
	{"None", func(string, []string) bool { return false }},
	{"Principal", func(key string, _ []string) bool {
		return key == "sasl.jaas.config" || key == "sasl.mechanism" || key == "security.protocol"
	}},
	{"Allowlist", func(key string, allowlist []string) bool { return slices.Contains(allowlist, key) }},
}

func findPolicy(name string) (policy, error) {
	for _, p := range policies {
		class := "org.apache.kafka.connect.connector.policy." + p.name + "ConnectorClientConfigOverridePolicy"
		if name == p.name || ClassMatches(name, class, "ConnectorClientConfigOverridePolicy") {
			return p, nil
		}
	}
	return policy{}, said("String must be one of: All, None, Principal, Allowlist")
}

// clientDefaults are the settings with which Kafka Connect makes a connector's clients (Worker.java), below those of the
// worker.
func clientDefaults(role ClientRole, kind, connector string, task int) map[string]string {
	id := connector + "-" + strconv.Itoa(task)
	switch role {
	case ConsumerClient:
		return map[string]string{
			"group.id":           "connect-" + connector,
			"client.id":          "connector-consumer-" + id,
			"enable.auto.commit": "false",
			"auto.offset.reset":  "earliest",
		}
	case ProducerClient:
		client := "connector-producer-" + id
		if kind == "sink" {
			client = "connector-dlq-producer-" + id
		}
		return map[string]string{
			"client.id":                             client,
			"acks":                                  "all",
			"enable.idempotence":                    "false",
			"max.in.flight.requests.per.connection": "1",
			"max.block.ms":                          "9223372036854775807",
			"delivery.timeout.ms":                   "2147483647",
		}
	}
	return map[string]string{"client.id": "connector-adminclient-" + id}
}

// clientWide says whether a key of a worker's top level belongs to its Kafka clients.
func clientWide(key string) bool {
	return strings.HasPrefix(key, "security.") || strings.HasPrefix(key, "sasl.") || strings.HasPrefix(key, "ssl.") ||
		slices.Contains(commonClientKeys, key)
}

// composeClient puts a client's settings together: Connect's defaults, the worker's bootstrap servers and, with the
// same servers, its security, the worker's keys for this kind of client, the connector's overrides. Later ones win.
//
// Java gives a worker's own security only to the administrative clients. Consumers and producers that use the worker's
// servers without repeating it under their prefix cannot connect there, so giving it to them changes no configuration
// that works.
func composeClient(role ClientRole, kind, name string, task int, worker, connector cells) cells {
	own, overrides := worker.below(role.prefix()), connector.below(role.overridePrefix())
	client := plain(clientDefaults(role, kind, name, task))
	const servers = "bootstrap.servers"
	_, elsewhere := own[servers]
	if _, ok := overrides[servers]; ok {
		elsewhere = true
	}
	for k, c := range worker {
		if k == servers || clientWide(k) && !elsewhere && (k != "client.id" || role == AdminClient) {
			client[k] = c
		}
	}
	for k, c := range own {
		client[k] = c
	}
	for k, c := range overrides {
		client[k] = c
	}
	return client
}

// compose puts the Kafka clients' settings together.
func (j *judgement) compose(e *Effective, name string) {
	kind := j.v.Connector.Kind
	j.clients = map[ClientRole]cells{}
	for _, role := range clientRoles {
		j.clients[role] = composeClient(role, kind, name, j.o.Task, j.worker, j.connector)
	}
	e.Consumer = Properties(j.clients[ConsumerClient].texts())
	e.Producer = Properties(j.clients[ProducerClient].texts())
	e.Admin = Properties(j.clients[AdminClient].texts())

	if e.Sink != nil {
		j.signIn(ConsumerClient)
	}
	if e.Sink != nil && e.Sink.DeadLetterTopic == "" {
		return
	}
	j.signIn(ProducerClient)
	if c := j.clients[ProducerClient]["bootstrap.servers"]; !c.held && trim(c.text) == "" {
		why := "to write its records"
		if e.Sink != nil {
			why = "to write dead letters"
		}
		j.problem(Problem{Key: "bootstrap.servers", Worker: true, Message: `Missing required configuration "bootstrap.servers" in the worker map: the connector needs it ` + why + "."})
	}
}

// signIn refuses Kerberos, which is what Java's clients use for SASL when they are told nothing else.
func (j *judgement) signIn(role ClientRole) {
	const key = "sasl.mechanism"
	client := j.clients[role]
	protocol, mechanism := client["security.protocol"], client[key]
	if protocol.held || mechanism.held || !strings.HasPrefix(strings.ToUpper(trim(protocol.text)), "SASL_") {
		return
	}
	name := trim(mechanism.text)
	if name != "" && name != "GSSAPI" {
		return
	}
	p := Problem{Key: key, Worker: true}
	if _, ok := j.connector[role.overridePrefix()+key]; ok {
		p.Key, p.Worker = role.overridePrefix()+key, false
	} else if _, ok := j.worker[role.prefix()+key]; ok {
		p.Key = role.prefix() + key
	}
	p.Message = fmt.Sprintf("%s: GSSAPI (Kerberos), which is also the default, is not supported: set another mechanism, such as SCRAM-SHA-512, PLAIN, OAUTHBEARER or AWS_MSK_IAM.", p.Key)
	if !slices.Contains(j.v.Problems, p) {
		j.problem(p)
	}
}

// overrides reports the overrides that the policy forbids, and client keys that no Kafka client has.
func (j *judgement) overrides(settings *WorkerSettings) {
	p, err := findPolicy(settings.OverridePolicy)
	if err != nil {
		p = policies[0] // the worker's key is wrong, and has been reported
	}
	for _, role := range clientRoles {
		l := &layer{prefix: role.overridePrefix(), open: true}
		props := j.connector.below(l.prefix)
		known := clientKeys(role)
		for _, key := range sortedKeys(props) {
			c := props[key]
			c.secret = c.secret || soundsSecret(key)
			f := finding{key: Key{Name: l.prefix + key, Type: TypeString, Importance: Medium, Label: key, Width: NoWidth, Order: -1, Secret: soundsSecret(key)}, cell: c, given: true, value: trim(c.text)}
			if !p.allow(key, settings.OverrideAllowlist) {
				f.errs = append(f.errs, fmt.Sprintf("The '%s' policy does not allow '%s' to be overridden in the connector configuration.", p.name, key))
			}
			if !slices.Contains(known, key) {
				j.problem(Problem{Key: f.key.Name, Severity: Warning, Message: fmt.Sprintf("%s: Kafka's %s has no key %s%s", f.key.Name, role, key, didYouMean(l.prefix, nearest(key, "", known)))})
			}
			l.findings = append(l.findings, f)
		}
		j.add(l)
	}
}

func clientKeys(role ClientRole) []string {
	switch role {
	case ConsumerClient:
		return slices.Concat(commonClientKeys, javaClientKeys, securityKeys, consumerKeys)
	case ProducerClient:
		return slices.Concat(commonClientKeys, javaClientKeys, securityKeys, producerKeys)
	}
	return slices.Concat(commonClientKeys, javaClientKeys, securityKeys)
}

// The keys of Kafka 3.9's clients (https://kafka.apache.org/39/documentation/#configuration), for suggestions.
var (
	commonClientKeys = []string{
		"bootstrap.servers", "client.dns.lookup", "client.id", "client.rack", "connections.max.idle.ms", "default.api.timeout.ms",
		"enable.metrics.push", "metadata.max.age.ms", "metadata.recovery.strategy", "metadata.recovery.rebootstrap.trigger.ms",
		"receive.buffer.bytes", "reconnect.backoff.max.ms", "reconnect.backoff.ms", "request.timeout.ms", "retries",
		"retry.backoff.max.ms", "retry.backoff.ms", "send.buffer.bytes", "socket.connection.setup.timeout.max.ms",
		"socket.connection.setup.timeout.ms",
	}
	javaClientKeys = []string{
		"auto.include.jmx.reporter", "interceptor.classes", "metric.reporters", "metrics.num.samples", "metrics.recording.level",
		"metrics.sample.window.ms",
	}
	securityKeys = []string{
		"security.protocol", "security.providers", "sasl.mechanism", "sasl.jaas.config", "sasl.client.callback.handler.class",
		"sasl.login.callback.handler.class", "sasl.login.class", "sasl.login.connect.timeout.ms", "sasl.login.read.timeout.ms",
		"sasl.login.retry.backoff.max.ms", "sasl.login.retry.backoff.ms", "sasl.login.refresh.window.factor",
		"sasl.login.refresh.window.jitter", "sasl.login.refresh.min.period.seconds", "sasl.login.refresh.buffer.seconds",
		"sasl.kerberos.service.name", "sasl.kerberos.kinit.cmd", "sasl.kerberos.min.time.before.relogin",
		"sasl.kerberos.ticket.renew.jitter", "sasl.kerberos.ticket.renew.window.factor",
		"sasl.oauthbearer.clock.skew.seconds", "sasl.oauthbearer.expected.audience", "sasl.oauthbearer.expected.issuer",
		"sasl.oauthbearer.header.urlencode", "sasl.oauthbearer.jwks.endpoint.refresh.ms",
		"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
		"sasl.oauthbearer.jwks.endpoint.url", "sasl.oauthbearer.scope.claim.name", "sasl.oauthbearer.sub.claim.name",
		"sasl.oauthbearer.token.endpoint.url",
		"ssl.cipher.suites", "ssl.enabled.protocols", "ssl.endpoint.identification.algorithm", "ssl.engine.factory.class",
		"ssl.key.password", "ssl.keymanager.algorithm", "ssl.keystore.certificate.chain", "ssl.keystore.key",
		"ssl.keystore.location", "ssl.keystore.password", "ssl.keystore.type", "ssl.protocol", "ssl.provider",
		"ssl.secure.random.implementation", "ssl.trustmanager.algorithm", "ssl.truststore.certificates",
		"ssl.truststore.location", "ssl.truststore.password", "ssl.truststore.type",
	}
	consumerKeys = []string{
		"allow.auto.create.topics", "auto.commit.interval.ms", "auto.offset.reset", "check.crcs", "enable.auto.commit",
		"exclude.internal.topics", "fetch.max.bytes", "fetch.max.wait.ms", "fetch.min.bytes", "group.id", "group.instance.id",
		"group.protocol", "group.remote.assignor", "heartbeat.interval.ms", "isolation.level", "key.deserializer",
		"max.partition.fetch.bytes", "max.poll.interval.ms", "max.poll.records", "partition.assignment.strategy",
		"session.timeout.ms", "value.deserializer",
	}
	producerKeys = []string{
		"acks", "batch.size", "buffer.memory", "compression.gzip.level", "compression.lz4.level", "compression.type",
		"compression.zstd.level", "delivery.timeout.ms", "enable.idempotence", "key.serializer", "linger.ms", "max.block.ms",
		"max.in.flight.requests.per.connection", "max.request.size", "metadata.max.idle.ms",
		"partitioner.adaptive.partitioning.enable", "partitioner.availability.timeout.ms", "partitioner.class",
		"partitioner.ignore.keys", "transaction.timeout.ms", "transactional.id", "value.serializer",
	}
)
