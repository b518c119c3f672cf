package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// groups looks at the consumer groups: one for a connector with one topic, one for each of several, because event source
// mappings must not share one.
func (k *examination) groups(admin *kadm.Client, topics []*topic) {
	base := k.e.Consumer["group.id"]
	if len(topics) <= 1 {
		for _, t := range topics {
			k.group(admin, base, t.Topic, "")
		}
		if len(topics) == 0 { // who uses it is worth knowing in any case
			k.members(admin, base, k.e.Sink.Topics)
		}
		return
	}
	var names []string
	for _, t := range topics {
		names = append(names, t.Topic)
	}
	k.members(admin, base, names) // that of Kafka Connect
	for _, t := range topics {
		k.group(admin, base+"."+t.Topic, t.Topic, base)
	}
}

// group looks at the group of a mapping: its members, and where it will begin. before is the group whose offsets the
// connector had when it ran on Kafka Connect, "" if it is this one.
func (k *examination) group(admin *kadm.Client, name, topic, before string) {
	if !k.members(admin, name, []string{topic}) {
		return
	}
	subject := "consumer group " + name
	committed, ok := k.committed(admin, name, topic)
	if !ok {
		return
	}
	if len(committed) > 0 {
		k.position(admin, subject, topic, committed)
		return
	}
	if before != "" {
		if earlier, ok := k.committed(admin, before, topic); ok && len(earlier) > 0 {
			k.warn(subject, fmt.Sprintf("Copy them: kafka-consumer-groups.sh --reset-offsets --group %s --topic %s --from-file, with the offsets of %s.", name, topic, before),
				"it has no offsets, and %s has some for %s: without them the connector begins anew", before, topic)
			return
		}
	}
	begins := "the earliest record"
	if k.e.Consumer["auto.offset.reset"] == "latest" {
		begins = "what comes next"
	}
	k.good(subject, "nobody uses it, and it has no offsets: %s begins with %s", topic, begins)
}

// members says who is in a group; ok is false when it cannot be used.
func (k *examination) members(admin *kadm.Client, name string, topics []string) (ok bool) {
	subject := "consumer group " + name
	ctx, cancel := k.step()
	defer cancel()
	groups, err := admin.DescribeGroups(kadm.WithAuthorizedOps(ctx), name)
	if err != nil {
		k.failed(subject, err)
		return false
	}
	g := groups[name]
	switch {
	case errors.Is(g.Err, kerr.GroupIDNotFound) || g.Err == nil && g.State == "Dead":
		return k.newProtocol(admin, subject, name)
	case g.Err != nil:
		k.failed(subject, g.Err)
		return false
	case !may(g.AuthorizedOperations, kadm.OpRead):
		k.bad(subject, "Grant Read on it.", "the credentials may not use it")
		return false
	case g.ProtocolType != "" && g.ProtocolType != "consumer":
		k.bad(subject, "Name another group with consumer.override.group.id.", "it is no group of consumers but one of %s: the name is taken", g.ProtocolType)
		return false
	case len(g.Members) == 0:
		return true
	}
	var who []string
	others := map[string]bool{}
	connects := false
	for _, m := range g.Members {
		who = append(who, fmt.Sprintf("%s at %s", cmp.Or(m.ClientID, m.MemberID), strings.TrimPrefix(m.ClientHost, "/")))
		connects = connects || strings.HasPrefix(m.ClientID, "connector-consumer-")
		if joined, ok := m.Join.AsConsumer(); ok {
			for _, t := range joined.Topics {
				if !slices.Contains(topics, t) {
					others[t] = true
				}
			}
		}
	}
	slices.Sort(who)
	list := strings.Join(slices.Compact(who), ", ")
	switch {
	case len(others) > 0:
		k.bad(subject, "Name another group with consumer.override.group.id, or stop the other consumer.", "others use it, for %s: %s", strings.Join(slices.Sorted(maps.Keys(others)), ", "), list)
		return false
	case connects:
		k.bad(subject, "Stop the connector there first: PUT /connectors/<name>/stop keeps its offsets.", "Kafka Connect runs the connector: %s", list)
		return false
	}
	k.warn(subject, "If they are not this connector's own, they take its records: stop them, or name another group with consumer.override.group.id.",
		"it has %s now: %s", number(len(g.Members), "member"), list)
	return true
}

// newProtocol looks for a group that the classic protocol does not know (KIP-848).
func (k *examination) newProtocol(admin *kadm.Client, subject, name string) (ok bool) {
	ctx, cancel := k.step()
	defer cancel()
	groups, err := admin.DescribeConsumerGroups(ctx, name)
	if g, found := groups[name]; err == nil && found && g.Err == nil && len(g.Members) > 0 {
		k.bad(subject, "Name another group with consumer.override.group.id, or stop the other consumer.",
			"consumers with another protocol (group.protocol=consumer) use it: %s", number(len(g.Members), "member"))
		return false
	}
	return true // brokers before Kafka 3.7 know no such groups
}

// committed are the offsets of a topic by partition.
func (k *examination) committed(admin *kadm.Client, name, topic string) (map[int32]int64, bool) {
	ctx, cancel := k.step()
	defer cancel()
	responses, err := admin.FetchOffsets(ctx, name)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		k.failed("consumer group "+name, err)
		return nil, false
	}
	at := map[int32]int64{}
	for partition, o := range responses[topic] {
		if o.Err == nil && o.At >= 0 {
			at[partition] = o.At
		}
	}
	return at, true
}

// position compares where a group is with what the topic has.
func (k *examination) position(admin *kadm.Client, subject, topic string, committed map[int32]int64) {
	ctx, cancel := k.step()
	defer cancel()
	starts, err := admin.ListStartOffsets(ctx, topic)
	if err != nil {
		k.failed(subject, err)
		return
	}
	ends, err := admin.ListEndOffsets(ctx, topic)
	if err != nil {
		k.failed(subject, err)
		return
	}
	lag := int64(0)
	for _, p := range slices.Sorted(maps.Keys(committed)) {
		start, ok1 := starts.Lookup(topic, p)
		end, ok2 := ends.Lookup(topic, p)
		at := committed[p]
		switch {
		case !ok1 || !ok2 || start.Err != nil || end.Err != nil || at > end.Offset:
			k.warn(subject, "Reset its offsets if the topic was created anew.", "it is at %s-%d@%d, which the topic does not have", topic, p, at)
		case at < start.Offset:
			k.warn(subject, "They are lost; keep records longer (retention.ms) than the connector may stand still.", "it is at %s-%d@%d, and the topic begins at %d: records in between were deleted before they were read", topic, p, at, start.Offset)
		default:
			lag += end.Offset - at
		}
	}
	k.good(subject, "it continues where it is in %s, %s behind", topic, number(int(lag), "record"))
}
