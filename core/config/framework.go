package config

import (
	"regexp"
	"slices"
	"strings"
)

// Groups of the framework's keys.
const (
	groupCommon      = "Common"
	groupTransforms  = "Transforms"
	groupPredicates  = "Predicates"
	groupErrors      = "Error Handling"
	groupCreation    = "Topic Creation"
	groupExactlyOnce = "Exactly Once Support"
	groupOffsets     = "offsets.topic"
)

// CommonSettings are the keys of every connector (ConnectorConfig of Kafka Connect 3.9).
type CommonSettings struct {
	Name            string
	Class           string
	TasksMax        int
	TasksMaxEnforce bool
	KeyConverter    string // "": the worker's
	ValueConverter  string
	HeaderConverter string
	Transforms      []string
	Predicates      []string
	ActionReload    string
	Errors          ErrorSettings
}

// ErrorSettings are the keys of the error policy that every connector has.
type ErrorSettings struct {
	RetryTimeout    int64 // milliseconds; 0: no retry, -1: without end
	RetryDelayMax   int64 // milliseconds
	Tolerance       string
	LogEnable       bool
	LogWithMessages bool
}

// Define declares the keys in Kafka's order.
func (c *CommonSettings) Define(d *Def) {
	d.String(&c.Name, "name", "", "Name of the connector. It has to be unique, and names the consumer group of a sink.",
		Required(), NoControls(), Rank(High), Group(groupCommon), Form("Connector name", MediumWidth, 1))
	d.String(&c.Class, "connector.class", "", "The connector: its short name or a Java class name, with or without the package.",
		Required(), Rank(High), Group(groupCommon), Form("Connector class", LongWidth, 2))
	d.Int(&c.TasksMax, "tasks.max", 1, "How many tasks may run at a time, where the platform lets it be limited.",
		AtLeast(1), Rank(High), Group(groupCommon), Form("Tasks max", ShortWidth, 3))
	d.Bool(&c.TasksMaxEnforce, "tasks.max.enforce", true, "Whether more tasks than tasks.max are refused.",
		NoEffect("connectors here have no static tasks, so there are never too many."), Rank(Low), Group(groupCommon), Form("Enforce tasks max", ShortWidth, 4))
	d.Class(&c.KeyConverter, "key.converter", "", "Converter of record keys. When it is not set, class and options of the worker map apply.",
		NoDefault(), Rank(Low), Group(groupCommon), Form("Key converter class", ShortWidth, 5))
	d.Class(&c.ValueConverter, "value.converter", "", "Converter of record values. When it is not set, class and options of the worker map apply.",
		NoDefault(), Rank(Low), Group(groupCommon), Form("Value converter class", ShortWidth, 6))
	d.Class(&c.HeaderConverter, "header.converter", "", "Converter of header values. When it is not set, class and options of the worker map apply.",
		NoDefault(), Rank(Low), Group(groupCommon), Form("Header converter class", ShortWidth, 7))
	d.List(&c.Transforms, "transforms", "", "Aliases of the transforms to apply, in this order.",
		Unique("Duplicate alias provided."), Rank(Low), Group(groupTransforms), Form("Transforms", LongWidth, 8))
	d.List(&c.Predicates, "predicates", "", "Aliases of the predicates that transforms refer to.",
		Unique("Duplicate alias provided."), Rank(Low), Group(groupPredicates), Form("Predicates", LongWidth, 9))
	d.String(&c.ActionReload, "config.action.reload", "restart", "What to do when a config provider has a new value. A function reads its secrets when it starts, and only then.",
		OneOf("none", "restart"), Rank(Low), Group(groupCommon), Form("Reload Action", MediumWidth, 10))
	d.Long(&c.Errors.RetryTimeout, "errors.retry.timeout", 0, "For how many milliseconds a failed operation is tried again; 0 for not at all, -1 for ever.",
		Group(groupErrors), Form("Retry Timeout for Errors", MediumWidth, 1))
	d.Long(&c.Errors.RetryDelayMax, "errors.retry.delay.max.ms", 60000, "The longest wait between two attempts, in milliseconds.",
		Group(groupErrors), Form("Maximum Delay Between Retries for Errors", MediumWidth, 2))
	d.String(&c.Errors.Tolerance, "errors.tolerance", "none", "Whether a record that cannot be processed stops the connector (none) or is skipped and, for a sink, written to the dead letter topic (all).",
		OneOf("none", "all"), Group(groupErrors), Form("Error Tolerance", ShortWidth, 3))
	d.Bool(&c.Errors.LogEnable, "errors.log.enable", false, "Whether tolerated errors are logged too.",
		Group(groupErrors), Form("Log Errors", ShortWidth, 4))
	d.Bool(&c.Errors.LogWithMessages, "errors.log.include.messages", false, "Whether the log names the record's topic, partition, offset and timestamp.",
		Group(groupErrors), Form("Log Error Details", ShortWidth, 5))
}

// SinkSettings are the framework's keys of a sink (SinkConnectorConfig).
type SinkSettings struct {
	CommonSettings
	Topics                []string
	TopicsRegex           string
	DeadLetterTopic       string // "": no dead letters
	DeadLetterReplication int16
	DeadLetterHeaders     bool
	DeadLetterTarget      string // for [ParseDeadLetterTarget]; "" where DeadLetterTopic says it
}

const (
	deadLetterTopic  = "errors.deadletterqueue.topic.name"
	deadLetterTarget = "errors.deadletterqueue.target" // ours: Kafka knows topics only
)

// Define declares the keys in Kafka's order, and behind them our own.
func (s *SinkSettings) Define(d *Def) {
	s.CommonSettings.Define(d)
	d.List(&s.Topics, "topics", "", "Topics to read.",
		Rank(High), Group(groupCommon), Form("Topics", LongWidth, 4), Example("orders,payments"))
	d.String(&s.TopicsRegex, "topics.regex", "", "A regular expression that topics to read match as a whole. Instead of topics.",
		Regex(), Rank(High), Group(groupCommon), Form("Topics regex", LongWidth, 4))
	d.String(&s.DeadLetterTopic, deadLetterTopic, "", "Topic for records that cannot be delivered, as they were consumed. Empty for none.",
		Group(groupErrors), Form("Dead Letter Queue Topic Name", MediumWidth, 6))
	d.Short(&s.DeadLetterReplication, "errors.deadletterqueue.topic.replication.factor", 3, "Replication factor of the dead letter topic when it is created.",
		Group(groupErrors), Form("Dead Letter Queue Topic Replication Factor", MediumWidth, 7))
	d.Bool(&s.DeadLetterHeaders, "errors.deadletterqueue.context.headers.enable", false, "Whether dead letters say in headers (__connect.errors.*) where they come from and what went wrong.",
		Group(groupErrors), Form("Enable Error Context Headers", MediumWidth, 8))
	d.String(&s.DeadLetterTarget, deadLetterTarget, "", "Where dead letters go instead of to a topic, for a function on AWS without a way to the brokers: s3://bucket/prefix, or the URL or ARN of an SQS queue. Empty for none.",
		Check(func(raw string) error { _, err := ParseDeadLetterTarget(raw); return err }),
		Group(groupErrors), Form("Dead Letter Target", LongWidth, 9), Example("s3://my-dead-letters/orders"), Ours())

	d.Rule(func() (string, error) {
		if s.DeadLetterTarget == "" || s.DeadLetterTopic == "" {
			return "", nil
		}
		return deadLetterTarget, says("%s and %s exclude each other: dead letters go to one place.", deadLetterTarget, deadLetterTopic)
	}, deadLetterTarget, deadLetterTopic)
	for _, key := range []string{"topics", "topics.regex"} { // Kafka blames both
		d.Rule(func() (string, error) { return key, s.oneOfTopics() }, "topics", "topics.regex")
	}
	d.Rule(func() (string, error) {
		if s.DeadLetterTopic == "" || !slices.Contains(s.Topics, s.DeadLetterTopic) {
			return "", nil
		}
		return deadLetterTopic, says("The DLQ topic '%s' may not be included in the list of topics ('topics=[%s]') consumed by the connector",
			s.DeadLetterTopic, strings.Join(s.Topics, ", "))
	}, deadLetterTopic, "topics")
	d.Rule(func() (string, error) {
		if s.DeadLetterTopic == "" || s.TopicsRegex == "" || !matchesWhole(s.TopicsRegex, s.DeadLetterTopic) {
			return "", nil
		}
		return deadLetterTopic, says("The DLQ topic '%s' may not be included in the regex matching the list of topics ('topics.regex=%s') consumed by the connector",
			s.DeadLetterTopic, s.TopicsRegex)
	}, deadLetterTopic, "topics.regex")
}

func (s *SinkSettings) oneOfTopics() error {
	switch {
	case len(s.Topics) > 0 && s.TopicsRegex != "":
		return said("topics and topics.regex are mutually exclusive options, but both are set.")
	case len(s.Topics) == 0 && s.TopicsRegex == "":
		return said("Must configure one of topics or topics.regex")
	}
	return nil
}

func matchesWhole(expr, text string) bool {
	re, err := regexp.Compile(`\A(?:` + expr + `)\z`)
	return err == nil && re.MatchString(text)
}

// SourceSettings are the framework's keys of a source (SourceConnectorConfig), which a feed has too.
type SourceSettings struct {
	CommonSettings
	TopicCreationGroups []string
	ExactlyOnce         string
	TransactionBoundary string
	TransactionInterval int64 // milliseconds; 0: not set
	OffsetsTopic        string
}

// Define declares the keys in Kafka's order.
func (s *SourceSettings) Define(d *Def) {
	s.CommonSettings.Define(d)
	d.List(&s.TopicCreationGroups, "topic.creation.groups", "", "Groups of topics with settings of their own, in the order in which they are matched; what matches none is in the group default.",
		Unique("Duplicate alias provided."), Rank(Low), Group(groupCreation), Form("Topic Creation Groups", LongWidth, 1))
	d.String(&s.ExactlyOnce, "exactly.once.support", "requested", "Whether the connector is refused when it cannot deliver exactly once (required).",
		OneOfFold("required", "requested"), Group(groupExactlyOnce), Form("Exactly once support", ShortWidth, 1))
	d.String(&s.TransactionBoundary, "transaction.boundary", "poll", "Where transactions begin and end when the connector delivers exactly once.",
		OneOfFold("interval", "poll", "connector"), Group(groupExactlyOnce), Form("Transaction Boundary", ShortWidth, 2))
	d.Long(&s.TransactionInterval, "transaction.boundary.interval.ms", 0, "Time between commits for transaction.boundary=interval, in milliseconds.",
		NoDefault(), AtLeast(0), Rank(Low), Group(groupExactlyOnce), Form("Transaction boundary interval", ShortWidth, 3))
	d.String(&s.OffsetsTopic, "offsets.storage.topic", "", "Topic for this connector's offsets instead of the worker map's offset.storage.topic.",
		NoDefault(), NonEmpty(), Rank(Low), Group(groupOffsets), Form("Offsets topic", LongWidth, 1))
}
