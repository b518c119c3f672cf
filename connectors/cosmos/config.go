package cosmos

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// Generation says which Java connector's keys a configuration is written in.
type Generation uint8

const (
	V2 Generation = iota // azure.cosmos.*
	V1                   // connect.cosmos.*
)

// SinkConfig is the sink's settings, whichever keys they were written in.
type SinkConfig struct {
	Generation Generation

	// Endpoint is the account's URL, http or https.
	Endpoint string
	// Key is the account's primary or secondary key, base64.
	Key config.Password
	// PreferredRegions are tried in order for a region of the account that takes writes; empty: the account's endpoint.
	PreferredRegions []string
	// ApplicationName is appended to the User-Agent.
	ApplicationName string

	Database string
	// Containers maps a topic to the container its records go to. Several topics may share a container.
	Containers map[string]string
	Write      WriteStrategy
	ID         IDStrategy
	// Batches allows transactional batches; without them each record is a request of its own.
	Batches bool
	// MaxRetries is how often a transient failure is tried again; throttling does not count, it is waited out.
	MaxRetries int

	// ToleranceAll says that the connector's own tolerance key asks to drop records that cannot be written.
	ToleranceAll bool
}

// WriteStrategy is what a record does to its document.
type WriteStrategy string

const (
	Overwrite WriteStrategy = "ItemOverwrite" // create or replace
	Append    WriteStrategy = "ItemAppend"    // create unless it exists
	Delete    WriteStrategy = "ItemDelete"    // delete by the id and partition key in the value
)

// Define implements [config.Definer].
func (c *SinkConfig) Define(d *config.Def) {
	if c.Generation == V1 {
		c.defineV1(d)
		return
	}
	c.defineV2(d)
}

const (
	groupAccount = "Account"
	groupSink    = "Sink"
	groupID      = "Document id"
	groupIgnored = "Accepted without effect"
)

func (c *SinkConfig) defineV2(d *config.Def) {
	const (
		keyAuth  = "azure.cosmos.auth.type"
		keyKey   = "azure.cosmos.account.key"
		strategy = "azure.cosmos.sink.id.strategy"
	)
	account, sink := config.Group(groupAccount), config.Group(groupSink)
	d.String(&c.Endpoint, "azure.cosmos.account.endpoint", "", "URL of the account.", config.Required(), config.Rank(config.High), account,
		config.Example("https://orders.documents.azure.com:443/"), config.Check(checkEndpoint))
	d.Password(&c.Key, keyKey, "", "Primary or secondary key of the account.", config.Rank(config.High), account, config.Example("${env:COSMOS_KEY}"), config.Check(checkKey))
	var auth string
	d.String(&auth, keyAuth, "MasterKey", "How to authenticate. Only MasterKey for now.", account, config.Check(checkAuth))
	d.List(&c.PreferredRegions, "azure.cosmos.preferredRegionList", "", "Regions to write to, in order of preference, if the account takes writes there. Without it documents go to the account's endpoint.",
		config.Rank(config.Low), account, config.Example("West Europe, North Europe"), config.Check(func(string) error {
			c.PreferredRegions = unbracket(c.PreferredRegions)
			return nil
		}))
	d.String(&c.ApplicationName, "azure.cosmos.application.name", "", "Appended to the User-Agent of requests.", config.Rank(config.Low), account, config.Check(checkASCII))

	d.String(&c.Database, "azure.cosmos.sink.database.name", "", "Database to write to. It must exist.", config.Required(), config.Rank(config.High), sink, config.Check(checkName))
	c.topicMap(d, keyTopicMap)
	c.writeStrategy(d, "azure.cosmos.sink.write.strategy")
	d.Bool(&c.Batches, "azure.cosmos.sink.bulk.enabled", true, "Write documents of one partition key value together, up to 100 in a transactional batch. With false every record is a request of its own.", sink)
	d.Int(&c.MaxRetries, "azure.cosmos.sink.maxRetryCount", 10, "How often a transient failure (408, 410, 449, 500, 503, a lost connection) is tried again. Throttling (429) does not count: it is waited out as long as the invocation lasts.",
		sink, config.AtLeast(0))
	var level string
	d.String(&level, keyTolerance, "None", "None or All. All drops records that can never be written only together with errors.tolerance=all, which also writes them to the dead letter queue if there is one.",
		sink, config.OneOfFold("None", "All"), config.Check(func(raw string) error {
			c.ToleranceAll = strings.EqualFold(raw, "All")
			return nil
		}))
	c.idStrategy(d, strategy)

	ignore := ignored{d}
	ignore.string("azure.cosmos.account.environment", "Azure", "Only Entra ID authentication needs it.")
	ignore.string("azure.cosmos.account.tenantId", "", "Only Entra ID authentication needs it.")
	ignore.string("azure.cosmos.auth.aad.clientId", "", "Only Entra ID authentication needs it.")
	ignore.password("azure.cosmos.auth.aad.clientSecret", "Only Entra ID authentication needs it.")
	ignore.string("azure.cosmos.auth.aad.authEndpointOverride", "", "Only Entra ID authentication needs it.")
	ignore.bool("azure.cosmos.mode.gateway", false, "Requests always go through the gateway (HTTPS); direct mode is for clients that live long.")
	ignore.int("azure.cosmos.sink.bulk.maxConcurrentCosmosPartitions", -1, "The sink bounds the requests in flight itself.")
	ignore.int("azure.cosmos.sink.bulk.initialBatchSize", 1, "A batch takes what the invocation brought, up to the service's limits.")
	ignore.string("azure.cosmos.sink.write.patch.operationType.default", "Set", "Only ItemPatch needs it.")
	ignore.string("azure.cosmos.sink.write.patch.property.configs", "", "Only ItemPatch needs it.")
	ignore.string("azure.cosmos.sink.write.patch.filter", "", "Only ItemPatch needs it.")
	defineThroughputControl(d)

	d.Rule(func() (string, error) {
		if c.Key == "" {
			return keyKey, fmt.Errorf("%s is missing: with %s = MasterKey the sink needs the account's key", keyKey, keyAuth)
		}
		return "", nil
	}, keyAuth, keyKey)
}

func (c *SinkConfig) defineV1(d *config.Def) {
	account, sink := config.Group(groupAccount), config.Group(groupSink)
	d.String(&c.Endpoint, "connect.cosmos.connection.endpoint", "", "URL of the account.", config.Required(), config.Rank(config.High), account,
		config.Example("https://orders.documents.azure.com:443/"), config.Check(checkEndpoint))
	d.Password(&c.Key, "connect.cosmos.master.key", "", "Primary or secondary key of the account.", config.Required(), config.Rank(config.High), account,
		config.Example("${env:COSMOS_KEY}"), config.NonEmpty(), config.Check(checkKey))
	d.String(&c.Database, "connect.cosmos.databasename", "", "Database to write to. It must exist.", config.Required(), config.Rank(config.High), sink, config.Check(checkName))
	c.topicMap(d, keyTopicMapV1)
	d.Bool(&c.Batches, "connect.cosmos.sink.bulk.enabled", true, "Write documents of one partition key value together, up to 100 in a transactional batch. With false every record is a request of its own.", sink)
	d.Int(&c.MaxRetries, "connect.cosmos.sink.maxRetryCount", 10, "How often a transient failure (408, 410, 449, 500, 503, a lost connection) is tried again. Throttling (429) does not count: it is waited out as long as the invocation lasts.",
		sink, config.AtLeast(0))
	c.Write = Overwrite
	c.idStrategy(d, "id.strategy")

	ignore := ignored{d}
	ignore.bool("connect.cosmos.sink.bulk.compression.enabled", true, "Every update is written, in order; none is dropped in favour of another of its batch.")
	ignore.bool("connect.cosmos.connection.gateway.enabled", false, "Requests always go through the gateway (HTTPS); direct mode is for clients that live long.")
	ignore.bool("connect.cosmos.connection.sharing.enabled", false, "All sinks of one process share their connections anyway.")
	ignore.string("connect.cosmos.provider.name", "", "Internal to the Java connector.")
}

func (c *SinkConfig) topicMap(d *config.Def, key string) {
	var raw string
	d.String(&raw, key, "", "Which container each topic goes to: topic#container, separated by commas. Several topics may go to one container. Containers must exist.",
		config.Required(), config.Rank(config.High), config.Group(groupSink), config.Example("orders#orders, returns#orders"),
		config.Check(func(raw string) (err error) {
			c.Containers, err = parseTopicMap(raw)
			return err
		}))
}

func (c *SinkConfig) writeStrategy(d *config.Def, key string) {
	var raw string
	d.String(&raw, key, string(Overwrite), "What a record does: ItemOverwrite creates or replaces its document, ItemAppend creates it unless it exists, ItemDelete deletes it.",
		config.Group(groupSink), config.Check(func(raw string) error {
			for _, s := range []WriteStrategy{Overwrite, Append, Delete} {
				if strings.EqualFold(raw, string(s)) {
					c.Write = s
					return nil
				}
			}
			for _, s := range []string{"ItemPatch", "ItemDeleteIfNotModified", "ItemOverwriteIfNotModified"} {
				if strings.EqualFold(raw, s) {
					return fmt.Errorf("the write strategy %s is not supported yet; supported are %s, %s and %s", s, Overwrite, Append, Delete)
				}
			}
			return fmt.Errorf("must be one of: %s, %s, %s", Overwrite, Append, Delete)
		}))
}

// CheckSink implements [config.SinkChecker]: every topic needs a container, and tolerance is the framework's to give.
func (c *SinkConfig) CheckSink(s *config.SinkSettings) config.Problems {
	var ps config.Problems
	for _, topic := range s.Topics {
		if _, ok := c.Containers[topic]; ok {
			continue
		}
		p := config.Problem{Key: c.topicMapKey(), Message: fmt.Sprintf("%s has no container for topic %s: add %s#<container>.", c.topicMapKey(), topic, topic)}
		if len(s.Transforms) > 0 { // one of them may route its records to a topic that has one
			p.Severity = config.Warning
		}
		ps = append(ps, p)
	}
	if c.ToleranceAll && s.Errors.Tolerance != "all" {
		ps = append(ps, config.Problem{Key: keyTolerance, Severity: config.Warning,
			Message: keyTolerance + " = All drops no record by itself: set errors.tolerance = all, and a dead letter queue that keeps what cannot be written."})
	}
	return ps
}

const (
	keyTopicMap   = "azure.cosmos.sink.containers.topicMap"
	keyTopicMapV1 = "connect.cosmos.containers.topicmap"
	keyTolerance  = "azure.cosmos.sink.errors.tolerance.level"
)

func (c *SinkConfig) topicMapKey() string {
	if c.Generation == V1 {
		return keyTopicMapV1
	}
	return keyTopicMap
}

// ignored declares keys that are known and harmless.
type ignored struct{ *config.Def }

func (d ignored) string(name, def, why string) {
	var v string
	d.String(&v, name, def, "Accepted, no effect. "+why, config.Rank(config.Low), config.Group(groupIgnored))
}

func (d ignored) password(name, why string) {
	var v config.Password
	d.Password(&v, name, "", "Accepted, no effect. "+why, config.Rank(config.Low), config.Group(groupIgnored))
}

func (d ignored) bool(name string, def bool, why string) {
	var v bool
	d.Bool(&v, name, def, "Accepted, no effect. "+why, config.Rank(config.Low), config.Group(groupIgnored))
}

func (d ignored) int(name string, def int, why string) {
	var v int
	d.Int(&v, name, def, "Accepted, no effect. "+why, config.Rank(config.Low), config.Group(groupIgnored))
}

func (d ignored) double(name string, def float64, why string) {
	var v float64
	d.Double(&v, name, def, "Accepted, no effect. "+why, config.Rank(config.Low), config.Group(groupIgnored))
}

// defineThroughputControl knows the whole group, because its members hold secrets, and refuses to switch it on: the
// limit would silently not be kept.
func defineThroughputControl(d *config.Def) {
	const prefix, why = "azure.cosmos.throughputControl.", "Only throughput control needs it."
	var enabled bool
	d.Bool(&enabled, prefix+"enabled", false, "Client-side throughput control is not supported; true is refused.", config.Rank(config.Low), config.Group(groupIgnored),
		config.Check(func(string) error {
			if enabled {
				return errors.New("throughput control is not supported: the limit would not be kept; limit the connector's concurrency instead")
			}
			return nil
		}))
	ignore := ignored{d}
	ignore.string(prefix+"account.endpoint", "", why)
	ignore.string(prefix+"account.environment", "Azure", why)
	ignore.string(prefix+"account.tenantId", "", why)
	ignore.password(prefix+"account.key", why)
	ignore.string(prefix+"auth.type", "MasterKey", why)
	ignore.string(prefix+"auth.aad.clientId", "", why)
	ignore.password(prefix+"auth.aad.clientSecret", why)
	ignore.string(prefix+"auth.aad.authEndpointOverride", "", why)
	ignore.string(prefix+"preferredRegionList", "", why)
	ignore.bool(prefix+"mode.gateway", false, why)
	ignore.string(prefix+"group.name", "", why)
	ignore.int(prefix+"targetThroughput", -1, why)
	ignore.double(prefix+"targetThroughputThreshold", -1, why)
	ignore.string(prefix+"priorityLevel", "None", why)
	ignore.string(prefix+"globalControl.database.name", "", why)
	ignore.string(prefix+"globalControl.container.name", "", why)
	ignore.int(prefix+"globalControl.renewIntervalInMS", -1, why)
	ignore.int(prefix+"globalControl.expireIntervalInMS", -1, why)
}

func checkEndpoint(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("must be the URL of an account, like https://orders.documents.azure.com:443/")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return errors.New("must be the account's URL alone, without user, path or query")
	}
	return nil
}

func checkKey(raw string) error {
	if _, err := base64.StdEncoding.DecodeString(strings.TrimSpace(raw)); err != nil {
		return errors.New("an account key is base64; this value is not")
	}
	return nil
}

func checkAuth(raw string) error {
	switch {
	case strings.EqualFold(raw, "MasterKey"):
		return nil
	case strings.EqualFold(raw, "ServicePrincipal"):
		return errors.New("authentication by Entra ID is not supported yet: use MasterKey and azure.cosmos.account.key")
	}
	return errors.New("must be MasterKey")
}

// checkName keeps to what the service allows for databases and containers.
func checkName(raw string) error {
	switch {
	case raw == "":
		return errors.New("must not be empty")
	case len(raw) > 255:
		return errors.New("names have at most 255 characters")
	case strings.ContainsAny(raw, `/\?#`):
		return errors.New(`names must not contain / \ ? #`)
	}
	return nil
}

func checkASCII(raw string) error {
	for i := range len(raw) {
		if raw[i] < 0x20 || raw[i] > 0x7E {
			return errors.New("must be printable ASCII: it goes into a request header")
		}
	}
	return nil
}

// unbracket accepts [a, b] for a, b.
func unbracket(items []string) []string {
	if len(items) == 0 {
		return nil
	}
	items[0] = strings.TrimPrefix(items[0], "[")
	last := len(items) - 1
	items[last] = strings.TrimSuffix(items[last], "]")
	out := items[:0]
	for _, s := range items {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func parseTopicMap(raw string) (map[string]string, error) {
	m := make(map[string]string)
	for _, pair := range config.SplitList(raw) {
		topic, container, ok := strings.Cut(pair, "#")
		topic, container = strings.TrimSpace(topic), strings.TrimSpace(container)
		if !ok || topic == "" || container == "" {
			return nil, fmt.Errorf("%q is not topic#container", pair)
		}
		if err := checkName(container); err != nil {
			return nil, fmt.Errorf("container %q: %w", container, err)
		}
		if old, twice := m[topic]; twice && old != container {
			return nil, fmt.Errorf("topic %q is mapped to both %q and %q", topic, old, container)
		}
		m[topic] = container
	}
	if len(m) == 0 {
		return nil, errors.New("must map at least one topic: topic#container")
	}
	return m, nil
}
