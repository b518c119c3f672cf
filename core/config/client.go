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
		named(commonClientKeys, key) != nil
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

// overrides judges the overrides of client settings: whether the policy allows them, what type they have, and whether the
// client that they are for is one that takes them.
func (j *judgement) overrides(settings *WorkerSettings) {
	p, err := findPolicy(settings.OverridePolicy)
	if err != nil {
		p = policies[0] // the worker's key is wrong, and has been reported
	}
	for _, role := range clientRoles {
		l := &layer{prefix: role.overridePrefix(), open: true}
		props := j.connector.below(l.prefix)
		for _, key := range sortedKeys(props) {
			f := overridden(role, key, props[key])
			if !p.allow(key, settings.OverrideAllowlist) {
				f.errs = append(f.errs, fmt.Sprintf("The '%s' policy does not allow '%s' to be overridden in the connector configuration.", p.name, key))
			}
			if findClientKey(role, key) == nil {
				names := clientKeyNames(role)
				j.problem(Problem{Key: f.name, Severity: Warning, Message: fmt.Sprintf("%s: Kafka's %s has no key %s%s", f.name, role, key, didYouMean(l.prefix, nearest(key, "", names)))})
			}
			l.findings = append(l.findings, f)
		}
		j.add(l)
	}
}

// overridden judges one override by itself.
func overridden(role ClientRole, key string, c cell) finding {
	k := findClientKey(role, key)
	if k == nil {
		k = &clientKey{name: key, typ: TypeString} // of an interceptor, perhaps, that this client would hand it to
	}
	f := k.judge(c, role.overridePrefix())
	f.null, f.value = false, trim(f.cell.text) // shown as it was given
	return f
}
