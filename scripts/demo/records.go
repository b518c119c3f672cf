package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// kind is what a record is for.
type kind string

const (
	event  kind = "event"  // of the data set: becomes a document
	update kind = "update" // of an event before it: replaces its document
	odd    kind = "odd"    // strange and good: becomes a document
	broken kind = "broken" // can never be a document: becomes a dead letter
)

// record is one record to produce and what became of it.
type record struct {
	kind   kind
	what   string // of odd and broken ones: what is strange
	id     string // of its document, as the sink makes it; "" for broken ones
	key    string
	value  []byte    // nil is a tombstone
	at     time.Time // when it was handed to the producer
	placed position  // where Kafka put it
}

// position is a record's place in a topic.
type position struct {
	partition int32
	offset    int64
}

// readRecords makes the records to produce, in their order, always the same: the data set, updates of every seventh
// event (the first half of them right behind it, so that both are often in one batch, the others at the end), and
// strange records spread between them.
func readRecords(file string, limit int) ([]*record, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("data set: %w", err)
	}
	defer f.Close()
	var records, late []*record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan() && (limit == 0 || n < limit); n++ {
		value := bytes.Clone(lines.Bytes())
		var q quake
		if err := json.Unmarshal(value, &q); err != nil {
			return nil, fmt.Errorf("data set: %s: line %d: %w", file, n+1, err)
		}
		records = append(records, &record{kind: event, id: q.ID, key: q.ID, value: value})
		if n%7 != 0 {
			continue
		}
		u, err := q.revised(value)
		if err != nil {
			return nil, fmt.Errorf("data set: %s: line %d: %w", file, n+1, err)
		}
		r := &record{kind: update, id: q.ID, key: q.ID, value: u}
		if n%14 == 0 {
			records = append(records, r)
		} else {
			late = append(late, r)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("data set: %w", err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("data set: %s holds no event", file)
	}
	strange := strangeRecords(records[0].value)
	for i, r := range strange {
		records = slices.Insert(records, (i+1)*len(records)/(len(strange)+1), r)
	}
	return append(records, late...), nil
}

// quake is what of a GeoJSON feature has to be known here.
type quake struct {
	ID         string `json:"id"`
	Properties struct {
		Mag     json.Number `json:"mag"`
		Updated json.Number `json:"updated"`
	} `json:"properties"`
}

// revised is the event a minute later, reviewed and a magnitude stronger.
func (q *quake) revised(value []byte) ([]byte, error) {
	mag, err := q.Properties.Mag.Float64()
	if err != nil {
		return nil, fmt.Errorf("magnitude: %w", err)
	}
	updated, err := q.Properties.Updated.Int64()
	if err != nil {
		return nil, fmt.Errorf("updated: %w", err)
	}
	for _, change := range []struct{ from, to string }{
		{`"mag":` + q.Properties.Mag.String(), fmt.Sprintf(`"mag":%.2f`, mag+1)},
		{`"updated":` + q.Properties.Updated.String(), fmt.Sprintf(`"updated":%d`, updated+60_000)},
		{`"status":"automatic"`, `"status":"reviewed"`},
	} {
		value = bytes.Replace(value, []byte(change.from), []byte(change.to), 1)
	}
	return value, nil
}

// strangeRecords are what goes wrong with topics. sample is a good value.
func strangeRecords(sample []byte) []*record {
	withID := func(id string) []byte {
		quoted, _ := json.Marshal(id) // a string always has a JSON form
		_, rest, _ := bytes.Cut(sample, []byte(","))
		return append(append([]byte(`{"id":`), append(quoted, ',')...), rest...)
	}
	_, noID, _ := bytes.Cut(sample, []byte(","))
	large := append(bytes.TrimSuffix(bytes.Clone(withID("too-large")), []byte("}")), `,"waveform":"`+strings.Repeat("~", 2<<20)+`"}`...)
	bad := func(what, key string, value []byte) *record {
		return &record{kind: broken, what: what, key: key, value: value}
	}
	good := func(what, key, id string) *record {
		return &record{kind: odd, what: what, key: key, id: id, value: withID(key)}
	}
	return []*record{
		bad("broken JSON", "broken-json", sample[:len(sample)/2]),
		bad("not JSON", "not-json", []byte("<event id='x'/>")),
		bad("not an object: text", "text", []byte(`"station offline"`)),
		good("an id with characters that ids must not have", "us/7000?test#1", "us_7000_test_1"),
		bad("not an object: array", "array", []byte(`[1,2,3]`)),
		bad("no id", "no-id", append([]byte("{"), noID...)),
		bad("an id of 1,100 characters", "long-id", withID(strings.Repeat("x", 1100))),
		good("an id with quotes and a control character", "us\"7000\",\x01\"test", "us\"7000\",\x01\"test"),
		bad("a tombstone", "tombstone", nil),
		bad("a document of more than 2 MB", "too-large", large),
		bad("broken JSON in a nested place", "nested", bytes.Replace(sample, []byte(`"type":"Point"`), []byte(`"type":Point`), 1)),
	}
}
