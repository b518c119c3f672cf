package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/kafka"
)

// stepTime is how long one question to the cluster may take.
const stepTime = 10 * time.Second

// Kafka looks at the Kafka side of a sink. e is its effective configuration with references resolved.
func Kafka(ctx context.Context, e *config.Effective) []connect.Finding {
	k := &examination{ctx: ctx, e: e}
	consumer := k.connect("consumer", e.Consumer)
	if consumer == nil {
		return k.findings
	}
	defer hangUp(consumer)
	topics := k.topics(consumer)
	k.letters(consumer, topics)
	k.groups(consumer, topics)
	return k.findings
}

type examination struct {
	ctx context.Context
	e   *config.Effective
	findings
	brokers int
}

// step bounds one question.
func (k *examination) step() (context.Context, context.CancelFunc) {
	return context.WithTimeout(k.ctx, stepTime)
}

// connect makes a client and asks every broker whether it is there; nil when nothing can be asked.
func (k *examination) connect(role string, props config.Properties) *kadm.Client {
	subject := "Kafka " + role
	var c kafka.Client
	if err := config.Parse(props, &c).Err(); err != nil {
		k.bad(subject, "Set it in the worker's properties.", "%v", err)
		return nil
	}
	opts, err := c.Options()
	if err != nil {
		k.failed(subject, err)
		return nil
	}
	client, err := kgo.NewClient(append(opts, kgo.RequestRetries(1), kgo.RetryTimeout(stepTime), kgo.RequestTimeoutOverhead(stepTime), kgo.DialTimeout(stepTime))...)
	if err != nil {
		k.failed(subject, err)
		return nil
	}
	admin := kadm.NewClient(client)
	if k.reach(subject, admin) {
		return admin
	}
	hangUp(admin)
	return nil
}

// await asks and does not wait longer than ctx: the client does, while a new connection is silent.
func await[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		v, err := ask(ctx)
		answers <- answer{v, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("no answer: %w", context.Cause(ctx))
	}
}

// hangUp closes a client without waiting for a broker that does not answer.
func hangUp(admin *kadm.Client) { go admin.Close() }

// reach asks the cluster for its brokers, and each of those for an answer: a connector talks to all of them.
func (k *examination) reach(subject string, admin *kadm.Client) bool {
	ctx, cancel := k.step()
	defer cancel()
	m, err := await(ctx, admin.BrokerMetadata)
	if err != nil {
		k.failed(subject, err)
		return false
	}
	k.brokers = len(m.Brokers)
	answers, err := await(ctx, admin.ApiVersions)
	if err != nil {
		k.failed(subject, err)
		return false
	}
	reached := 0
	for _, b := range m.Brokers {
		if a, ok := answers[b.NodeID]; ok && a.Err == nil {
			reached++
			continue
		}
		err := error(context.DeadlineExceeded)
		if a, ok := answers[b.NodeID]; ok {
			err = a.Err
		}
		k.bad(fmt.Sprintf("broker %d", b.NodeID), "The cluster names this address (advertised.listeners); it has to be reachable from here too. "+remedy(err),
			"%s:%d does not answer: %v", b.Host, b.Port, err)
	}
	if reached > 0 {
		k.good(subject, "%s, let in by %s", number(reached, "broker")+" reached", strings.ToUpper(cmp.Or(k.protocol(subject), "PLAINTEXT")))
	}
	return reached > 0
}

func (k *examination) protocol(subject string) string {
	if strings.HasSuffix(subject, "producer") {
		return k.e.Producer["security.protocol"]
	}
	return k.e.Consumer["security.protocol"]
}

// topic is a topic that exists.
type topic struct {
	kadm.TopicDetail
	settings map[string]string // nil when they cannot be read
}

// number of a setting; 0 if it is not known.
func (t *topic) number(key string) int {
	n, _ := strconv.Atoi(t.settings[key]) // what a broker says of a number is one
	return n
}

func (t *topic) replicas() int {
	fewest := 0
	for i, p := range t.Partitions.Sorted() {
		if i == 0 || len(p.Replicas) < fewest {
			fewest = len(p.Replicas)
		}
	}
	return fewest
}

// ask looks topics up; no names are all topics.
func (k *examination) ask(admin *kadm.Client, names ...string) (kadm.TopicDetails, error) {
	ctx, cancel := k.step()
	defer cancel()
	return admin.ListTopics(kadm.WithAuthorizedOps(ctx), names...)
}

// topics looks at what the connector reads.
func (k *examination) topics(admin *kadm.Client) []*topic {
	names := k.e.Sink.Topics
	if pattern := k.e.Sink.TopicsRegex; pattern != "" {
		if names = k.matching(admin, pattern); len(names) == 0 {
			return nil
		}
	}
	details, err := k.ask(admin, names...)
	if err != nil {
		k.failed("topics", err)
		return nil
	}
	var found []*topic
	for _, name := range names {
		if t := k.topic(admin, details[name], "create it before the connector: an event source mapping reads topics that exist"); t != nil {
			k.readable(t)
			found = append(found, t)
		}
	}
	return found
}

func (k *examination) matching(admin *kadm.Client, pattern string) []string {
	subject := "topics.regex " + pattern
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		k.bad(subject, "", "%v", err)
		return nil
	}
	all, err := k.ask(admin)
	if err != nil {
		k.failed(subject, err)
		return nil
	}
	names := slices.DeleteFunc(all.Names(), func(name string) bool { return !re.MatchString(name) })
	if len(names) == 0 {
		k.bad(subject, "Create one first, or correct the pattern.", "no topic matches")
		return nil
	}
	k.good(subject, "it matches %s", strings.Join(names, ", "))
	return names
}

// topic checks that a topic is there and whole. missing says what to do if it is not there.
func (k *examination) topic(admin *kadm.Client, d kadm.TopicDetail, missing string) *topic {
	subject := "topic " + d.Topic
	switch {
	case errors.Is(d.Err, kerr.UnknownTopicOrPartition):
		k.bad(subject, strings.ToUpper(missing[:1])+missing[1:]+".", "it does not exist, or the credentials may not see it")
		return nil
	case d.Err != nil:
		k.failed(subject, d.Err)
		return nil
	}
	for _, p := range d.Partitions.Sorted() {
		if p.Leader < 0 {
			k.bad(subject, "A broker is down: bring it back.", "partition %d has no leader", p.Partition)
		}
	}
	t := &topic{TopicDetail: d}
	ctx, cancel := k.step()
	defer cancel()
	configs, err := admin.DescribeTopicConfigs(ctx, d.Topic)
	if err == nil && len(configs) == 1 {
		err = configs[0].Err
	}
	if err != nil || len(configs) != 1 {
		k.warn(subject, "Grant DescribeConfigs on it to have them looked at.", "its settings cannot be read: %v", err)
		return t
	}
	t.settings = map[string]string{}
	for _, c := range configs[0].Configs {
		t.settings[c.Key] = c.MaybeValue()
	}
	return t
}

// largest is how many bytes of a record fit into the event that a function is called with: keys and values are base64
// in it, and there is a frame around them (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const largest = (6<<20 - 4<<10) / 4 * 3

// readable checks what is special about a topic that is read.
func (k *examination) readable(t *topic) {
	subject := "topic " + t.Topic
	if !may(t.AuthorizedOperations, kadm.OpRead) {
		k.bad(subject, "Grant Read on it.", "the credentials may not read it")
		return
	}
	if most := t.number("max.message.bytes"); most > largest {
		k.warn(subject, fmt.Sprintf("Lower max.message.bytes to %d, or give the mapping an on-failure destination.", largest),
			"it takes records of up to %d bytes, and one of more than %d does not fit into the 6 MB event of a Lambda function: it would hold its partition", most, largest)
	}
	k.good(subject, "it exists, with %s", number(len(t.Partitions), "partition"))
}

// may says whether an operation is allowed; a cluster that does not tell is taken to allow it.
func may(allowed []kadm.ACLOperation, op kadm.ACLOperation) bool {
	return len(allowed) == 0 || slices.Contains(allowed, op) || slices.Contains(allowed, kadm.OpAll)
}
