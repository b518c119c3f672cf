package doctor

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// overhead is what a dead letter has beside the record: headers, with a trace of the error.
const overhead = 4 << 10

// letters looks at the dead letter topic, with the credentials that write to it.
func (k *examination) letters(consumer *kadm.Client, sources []*topic) {
	s := k.e.Sink
	name := s.DeadLetterTopic
	if s.DeadLetterTarget != "" { // the function looks at it
		return
	}
	if name == "" {
		if s.Errors.Tolerance == "all" {
			k.warn("dead letters", "Set errors.deadletterqueue.topic.name to keep them.", "errors.tolerance is all and there is no dead letter topic: records that cannot be delivered are dropped")
		}
		return
	}
	producer := k.connect("producer", k.e.Producer)
	if producer == nil {
		return
	}
	defer hangUp(producer)
	details, err := k.ask(producer, name)
	if err != nil {
		k.failed("topic "+name, err)
		return
	}
	request := k.request()
	t := k.topic(producer, details[name], fmt.Sprintf("create it: kafka-topics.sh --create --topic %s --partitions 1 --replication-factor %d --config max.message.bytes=%d (it is never created while records flow)",
		name, min(max(int(s.DeadLetterReplication), 1), max(k.brokers, 1)), request+12))
	if t == nil {
		return
	}
	subject := "dead letter topic " + name
	if !may(t.AuthorizedOperations, kadm.OpWrite) {
		k.bad(subject, "Grant Write on it to the producer's principal.", "the credentials may not write to it")
		return
	}
	k.durable(subject, t)
	k.roomy(subject, t, request, sources)
	if strings.Contains(t.settings["cleanup.policy"], "compact") {
		k.bad(subject, "Set cleanup.policy=delete.", "it is compacted: letters with the same key replace each other, and those without a key are refused")
	}
	if !s.DeadLetterHeaders {
		k.warn(subject, "Set errors.deadletterqueue.context.headers.enable=true.", "letters will not say where they come from and what went wrong, so that tools cannot fold or explain them")
	}
	k.good(subject, "it exists, with %s", number(len(t.Partitions), "partition"))
}

// request is the largest batch that the producer of dead letters sends.
func (k *examination) request() int {
	if n, err := strconv.Atoi(strings.TrimSpace(k.e.Producer["max.request.size"])); err == nil {
		return n
	}
	return 1 << 20 // Kafka's default
}

// durable checks the replicas.
func (k *examination) durable(subject string, t *topic) {
	have, want := t.replicas(), int(k.e.Sink.DeadLetterReplication)
	if have < want && have < k.brokers {
		k.warn(subject, "Add replicas, or lower errors.deadletterqueue.topic.replication.factor.", "it has %s, and errors.deadletterqueue.topic.replication.factor asks for %d", number(have, "replica"), want)
	}
	if needs := t.number("min.insync.replicas"); needs > have {
		k.bad(subject, "Lower min.insync.replicas, or add replicas.", "min.insync.replicas is %d and it has %s: no letter can be written", needs, number(have, "replica"))
	}
}

// roomy checks that a letter fits where the record did.
func (k *examination) roomy(subject string, t *topic, request int, sources []*topic) {
	takes := t.number("max.message.bytes")
	if takes == 0 {
		return
	}
	if takes < request {
		k.warn(subject, fmt.Sprintf("Raise its max.message.bytes to %d, or lower producer.override.max.request.size.", request+12),
			"it takes batches of up to %d bytes, and the producer sends up to %d (max.request.size)", takes, request)
	}
	for _, source := range sources {
		if most := source.number("max.message.bytes"); most > min(takes, request)+overhead {
			k.warn(subject, fmt.Sprintf("Raise max.message.bytes of it, and producer.override.max.request.size, to %d.", most+overhead),
				"records of %s may have %d bytes, and a letter at most %d: a larger record that cannot be delivered would hold its partition", source.Topic, most, min(takes, request))
		}
	}
}
