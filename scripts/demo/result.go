package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/infra/local/events"
)

// result is everything that there is at the end.
type result struct {
	records     []*record
	documents   []*document
	letters     []*letter
	invocations []*events.Invocation
}

// document is a document as Cosmos DB gives it back.
type document struct {
	ID        string `json:"id"`
	Net       string `json:"net"`
	Partition int32  `json:"kafka_partition"`
	Offset    int64  `json:"kafka_offset"`
	Revision  string `json:"revision"` // of the declaration; "" without one
	raw       json.RawMessage
}

// letter is a dead letter.
type letter struct {
	at      position // in the dead letter topic
	from    position // in the topic
	key     []byte
	value   []byte
	headers map[string]string
}

func (c *clients) collect(ctx context.Context, records []*record, invocations []*events.Invocation) (*result, error) {
	r := &result{records: records, invocations: invocations}
	var err error
	if r.documents, err = c.readDocuments(ctx); err != nil {
		return nil, err
	}
	r.letters, err = c.readLetters(ctx)
	return r, err
}

// readDocuments reads the container with the SDK.
func (c *clients) readDocuments(ctx context.Context) ([]*document, error) {
	var all []*document
	for pages := c.cosmos.NewQueryItemsPager("SELECT * FROM c", azcosmos.NewPartitionKey(), nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read container %s: %w", container, err)
		}
		for _, item := range page.Items {
			d := &document{raw: item}
			if err := json.Unmarshal(item, d); err != nil {
				return nil, fmt.Errorf("read container %s: %w", container, err)
			}
			all = append(all, d)
		}
	}
	return all, nil
}

// readLetters reads the dead letter topic from its start to where it ends now.
func (c *clients) readLetters(ctx context.Context) ([]*letter, error) {
	ends, err := c.admin.ListEndOffsets(ctx, deadLetters)
	if err != nil {
		return nil, fmt.Errorf("end of topic %s: %w", deadLetters, err)
	}
	left := int64(0)
	offsets := map[int32]kgo.Offset{}
	for p, o := range ends[deadLetters] {
		left += o.Offset
		offsets[p] = kgo.NewOffset().AtStart()
	}
	c.kafka.AddConsumePartitions(map[string]map[int32]kgo.Offset{deadLetters: offsets})
	var all []*letter
	for left > 0 {
		fetched := c.kafka.PollFetches(ctx)
		if err := fetched.Err(); err != nil {
			return nil, fmt.Errorf("read topic %s: %w", deadLetters, err)
		}
		for k := range fetched.RecordsAll() {
			l := &letter{at: position{k.Partition, k.Offset}, key: k.Key, value: k.Value, headers: map[string]string{}}
			for _, h := range k.Headers {
				l.headers[h.Key] = string(h.Value)
			}
			partition, err := strconv.ParseInt(l.headers["__connect.errors.partition"], 10, 32)
			if err != nil {
				return nil, fmt.Errorf("dead letter %d: header __connect.errors.partition: %w", k.Offset, err)
			}
			l.from.partition = int32(partition)
			if l.from.offset, err = strconv.ParseInt(l.headers["__connect.errors.offset"], 10, 64); err != nil {
				return nil, fmt.Errorf("dead letter %d: header __connect.errors.offset: %w", k.Offset, err)
			}
			all = append(all, l)
			left--
		}
	}
	return all, nil
}

// reason is why a record is a dead letter: the stage that refused it and what it said, without what differs by record.
func (l *letter) reason() string {
	message := l.headers["__connect.errors.exception.message"]
	if first, _, more := strings.Cut(message, "\n"); more {
		message = first
	}
	message = strings.TrimRight(message, ": ")
	if runes := []rune(message); len(runes) > 100 {
		message = string(runes[:100]) + "..."
	}
	return l.headers["__connect.errors.stage"] + ": " + message
}

// delivery is the invocation that dealt with a record: the first one that held it and succeeded.
type delivery struct {
	invocation *events.Invocation
	latency    time.Duration // from the call of the producer to the end of the invocation
}

// deliveries finds the delivery of every record that has one.
func (r *result) deliveries() map[*record]delivery {
	at := map[position]*record{}
	for _, rec := range r.records {
		at[rec.placed] = rec
	}
	found := map[*record]delivery{}
	for _, inv := range r.invocations {
		if inv.Error != "" {
			continue
		}
		for _, p := range inv.Partitions {
			for offset := p.First; offset <= p.Last; offset++ {
				rec := at[position{p.Partition, offset}]
				if _, known := found[rec]; rec != nil && !known {
					found[rec] = delivery{inv, inv.End.Sub(rec.at)}
				}
			}
		}
	}
	return found
}

// missing says what does not add up: every good record must be a document or have been replaced by a later one of its
// id, the document must be that of the last one, every broken record must be a dead letter with its own bytes, and
// there must be nothing else.
func (r *result) missing() []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }

	last := map[string]*record{}
	bad := map[position]*record{}
	for _, rec := range r.records {
		if rec.kind == broken {
			bad[rec.placed] = rec
		} else {
			last[rec.id] = rec
		}
	}
	for _, d := range r.documents {
		rec := last[d.ID]
		switch {
		case rec == nil:
			say("document %q: nothing like it was produced", d.ID)
		case rec.placed != position{d.Partition, d.Offset}:
			say("document %q: is of offset %d of partition %d, the last record of that id is offset %d of partition %d", d.ID, d.Offset, d.Partition, rec.placed.offset, rec.placed.partition)
		}
		delete(last, d.ID)
	}
	for id, rec := range last {
		say("document %q is missing: offset %d of partition %d", id, rec.placed.offset, rec.placed.partition)
	}
	lettered := map[position]bool{}
	for _, l := range r.letters {
		rec := bad[l.from]
		switch {
		case rec == nil:
			say("dead letter %d: offset %d of partition %d was no broken record: %s", l.at.offset, l.from.offset, l.from.partition, l.reason())
		case string(l.value) != string(rec.value) || (l.value == nil) != (rec.value == nil) || string(l.key) != rec.key:
			say("dead letter %d: has not the bytes of offset %d of partition %d", l.at.offset, l.from.offset, l.from.partition)
		}
		lettered[l.from] = true
	}
	for at, rec := range bad {
		if !lettered[at] {
			say("dead letter is missing: %s, offset %d of partition %d", rec.what, at.offset, at.partition)
		}
	}
	return found
}
