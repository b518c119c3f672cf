package eventsource

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/host"
)

// Config describes a mapping. The names are those of AWS's CreateEventSourceMapping where it has one. Function,
// Brokers, Topic and ConsumerGroup are required; of them and the source only what "updatable" says can change in Update.
type Config struct {
	Function    host.Invoker // updatable; one that has a Timeout method is held to the 14 minutes of Kafka mappings
	FunctionARN string       // appears in on-failure records; updatable

	Brokers       []string  // host:port, also the event's bootstrapServers
	ClientOptions []kgo.Opt // TLS, SASL, a dialer; updatable
	// EventSourceARN makes this a mapping of an MSK cluster with that ARN. Empty is a self-managed cluster.
	EventSourceARN string
	Topic          string
	ConsumerGroup  string

	// StartingPosition says where partitions begin for which the group has no committed offset. If it has some for other
	// partitions of the topic, these are new ones and begin at their start.
	StartingPosition          StartingPosition
	StartingPositionTimestamp time.Time // with AtTimestamp; not in the future

	// All below is updatable.

	Disabled              bool           // created, or to be, without reading
	BatchSize             int            // records at most, 1 to 10000, default 100
	MaximumBatchingWindow *time.Duration // how long a batch gathers, 0 to 300 s; nil is 500 ms
	Lanes                 int            // on-demand mode only; default one per partition. See the package comment

	// Provisioned makes this a mapping in provisioned mode.
	Provisioned *Provisioned

	// The next five need provisioned mode.

	// ReportBatchItemFailures makes the response's batchItemFailures count. Without it any response is success.
	ReportBatchItemFailures bool
	// MaximumRetryAttempts is how often a batch is tried again, 0 to 10000. Nil or -1 is for ever, or ten times if there is
	// an on-failure destination.
	MaximumRetryAttempts *int
	// MaximumRecordAge drops records that are older, 60 s to 7 days. Zero or -1 keeps them.
	MaximumRecordAge time.Duration
	// BisectBatchOnFunctionError halves a batch that fails, or whose report delivers nothing. It does not count as a retry.
	BisectBatchOnFunctionError bool
	// OnFailureTopic is the destination kafka://topic: a topic of the same cluster, not the source topic. It receives one
	// message per record, with the record's key. A message is about 4/3 of its record; one that the topic does not take
	// stops the lane until max.message.bytes is raised.
	OnFailureTopic string

	// OnFailure is a destination of any other kind (SQS, SNS, S3). Mappings of both modes may have one; an on-demand one
	// sends it what expired or does not fit in an event.
	OnFailure Destination

	RetryBackoff host.Backoff // delay before the same batch is tried again; default 200 ms to 30 s
	// BeforeInvocation and OnInvocation are called before and after each invocation, from several goroutines. They must not
	// block for long.
	BeforeInvocation func()
	OnInvocation     func(Invocation)
	Logger           *slog.Logger // problems and their end; default slog.Default()
}

// Provisioned is AWS's ProvisionedPollerConfig.
type Provisioned struct {
	MinimumPollers int // 1 to 200, default 1; has no effect on one machine
	MaximumPollers int // 1 to 2000, default 200; more than there are partitions are not used
}

// StartingPosition is where a new consumer group begins.
type StartingPosition string

// The positions of AWS. The zero value is TrimHorizon.
const (
	TrimHorizon StartingPosition = "TRIM_HORIZON" // the oldest record
	Latest      StartingPosition = "LATEST"       // the first record after the mapping was started
	AtTimestamp StartingPosition = "AT_TIMESTAMP" // the first record of StartingPositionTimestamp or later
)

const (
	defaultBatchSize   = 100
	defaultWindow      = 500 * time.Millisecond
	maxWindow          = 300 * time.Second
	maxTimeout         = 14 * time.Minute
	lanesPerPoller     = 5
	retriesWithFailure = 10
)

func (c Config) withDefaults() (Config, error) {
	c.StartingPosition = cmp.Or(c.StartingPosition, TrimHorizon)
	c.BatchSize = cmp.Or(c.BatchSize, defaultBatchSize)
	c.RetryBackoff = cmp.Or(c.RetryBackoff, host.Backoff{Min: 200 * time.Millisecond, Max: 30 * time.Second})
	if c.MaximumBatchingWindow == nil {
		c.MaximumBatchingWindow = new(defaultWindow)
	}
	if c.MaximumRetryAttempts == nil {
		c.MaximumRetryAttempts = new(-1)
	}
	if c.MaximumRecordAge < 0 {
		c.MaximumRecordAge = 0
	}
	if c.Provisioned != nil {
		c.Provisioned = &Provisioned{
			MinimumPollers: cmp.Or(c.Provisioned.MinimumPollers, 1),
			MaximumPollers: cmp.Or(c.Provisioned.MaximumPollers, 200),
		}
	}
	if c.BeforeInvocation == nil {
		c.BeforeInvocation = func() {}
	}
	if c.OnInvocation == nil {
		c.OnInvocation = func(Invocation) {}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, c.validate()
}

func (c Config) validate() error {
	check := func(bad bool, format string, args ...any) error {
		if !bad {
			return nil
		}
		return fmt.Errorf("eventsource: "+format, args...)
	}
	timeout := time.Duration(0)
	if f, ok := c.Function.(interface{ Timeout() time.Duration }); ok {
		timeout = f.Timeout()
	}
	window, retries := *c.MaximumBatchingWindow, *c.MaximumRetryAttempts
	err := errors.Join(
		check(c.Function == nil, "no function"),
		check(timeout > maxTimeout, "the function's timeout %s is more than the %s that a Kafka mapping allows", timeout, maxTimeout),
		check(len(c.Brokers) == 0, "no brokers"),
		check(c.Topic == "", "no topic"),
		check(c.ConsumerGroup == "", "no consumer group"),
		check(c.StartingPosition == AtTimestamp && c.StartingPositionTimestamp.IsZero(), "AT_TIMESTAMP needs a starting position timestamp"),
		check(c.StartingPosition != AtTimestamp && !c.StartingPositionTimestamp.IsZero(), "a starting position timestamp needs AT_TIMESTAMP, not %s", c.StartingPosition),
		check(c.StartingPositionTimestamp.After(time.Now()), "the starting position timestamp %s is in the future", c.StartingPositionTimestamp.Format(time.RFC3339)),
		check(!slices.Contains([]StartingPosition{TrimHorizon, Latest, AtTimestamp}, c.StartingPosition), "starting position %q is not TRIM_HORIZON, LATEST or AT_TIMESTAMP", c.StartingPosition),
		check(c.BatchSize < 1 || c.BatchSize > 10000, "batch size %d is outside 1 to 10000", c.BatchSize),
		check(window < 0 || window > maxWindow, "batching window %s is outside 0 to 300s", window),
		check(c.OnFailure != nil && c.OnFailureTopic != "", "a mapping has one on-failure destination, not two"),
		check(c.OnFailureTopic != "" && c.OnFailureTopic == c.Topic, "the on-failure topic is the source topic %s", c.Topic),
	)
	if c.Provisioned == nil {
		const why = "%s needs provisioned mode (Provisioned): an on-demand mapping repeats the whole batch until it succeeds or expires"
		return errors.Join(err,
			check(c.Lanes < 0, "%d lanes", c.Lanes),
			check(c.ReportBatchItemFailures, why, "ReportBatchItemFailures"),
			check(retries != -1, why, "MaximumRetryAttempts"),
			check(c.MaximumRecordAge != 0, why, "MaximumRecordAge"),
			check(c.BisectBatchOnFunctionError, why, "BisectBatchOnFunctionError"),
			check(c.OnFailureTopic != "", why, "a Kafka on-failure destination"),
		)
	}
	lo, hi := c.Provisioned.MinimumPollers, c.Provisioned.MaximumPollers
	return errors.Join(err,
		check(c.Lanes != 0, "Lanes is for on-demand mode; a provisioned mapping has MaximumPollers"),
		check(lo < 1 || lo > 200, "minimum pollers %d is outside 1 to 200", lo),
		check(hi < 1 || hi > 2000, "maximum pollers %d is outside 1 to 2000", hi),
		check(lo > hi, "minimum pollers %d is more than maximum pollers %d", lo, hi),
		check(retries < -1 || retries > 10000, "maximum retry attempts %d is outside -1 to 10000", retries),
		check(c.MaximumRecordAge != 0 && (c.MaximumRecordAge < time.Minute || c.MaximumRecordAge > 7*24*time.Hour), "maximum record age %s is outside 60s to 604800s", c.MaximumRecordAge),
	)
}

// checkUpdate refuses to change what AWS fixes at creation.
func (c Config) checkUpdate(next Config) error {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"Brokers", slices.Equal(c.Brokers, next.Brokers)},
		{"EventSourceARN", c.EventSourceARN == next.EventSourceARN},
		{"Topic", c.Topic == next.Topic},
		{"ConsumerGroup", c.ConsumerGroup == next.ConsumerGroup},
		{"StartingPosition", c.StartingPosition == next.StartingPosition},
		{"StartingPositionTimestamp", c.StartingPositionTimestamp.Equal(next.StartingPositionTimestamp)},
	} {
		if !f.same {
			return fmt.Errorf("eventsource: %s is fixed when the mapping is created", f.name)
		}
	}
	return nil
}

// retries is how often a batch may be tried again; -1 is for ever.
func (c Config) retries() int {
	if n := *c.MaximumRetryAttempts; n >= 0 || !c.hasDestination() || c.Provisioned == nil {
		return n
	}
	return retriesWithFailure
}

func (c Config) hasDestination() bool { return c.OnFailure != nil || c.OnFailureTopic != "" }

// laneLimit is how many lanes a topic of so many partitions may have.
func (c Config) laneLimit(partitions int) int {
	if c.Provisioned != nil {
		return min(partitions, lanesPerPoller*min(c.Provisioned.MaximumPollers, partitions))
	}
	return min(partitions, cmp.Or(c.Lanes, partitions))
}
