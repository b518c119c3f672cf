package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// The files that a run writes, a JSON object a line. With them every row of the table can be computed again:
//
//	produced.jsonl     a record that was produced: kind is event, update, odd or broken (what says why). producedAt
//	                   is when it was handed to the producer. outcome is document, replaced (by a later record of
//	                   its id) or dead letter; deliveredAt and requestId are of the invocation that dealt with it,
//	                   latencyMs is the difference. The p50 and p99 of the table are over latencyMs of those that
//	                   are no dead letters.
//	documents.jsonl    a document as Cosmos DB gave it back. kafka_partition and kafka_offset in it name its record.
//	deadletters.jsonl  a dead letter: its place, the place of its record (fromPartition, fromOffset), its headers, the
//	                   reason that the table groups by, and the value up to 4 KiB; a longer one has only length and
//	                   digest.
//	invocations.jsonl  an invocation, as package infra/local/events describes it.

type producedLine struct {
	Topic       string    `json:"topic"`
	Partition   int32     `json:"partition"`
	Offset      int64     `json:"offset"`
	Key         string    `json:"key"`
	ID          string    `json:"id,omitempty"` // of its document
	Kind        kind      `json:"kind"`
	What        string    `json:"what,omitempty"`
	ValueBytes  int       `json:"valueBytes"` // -1 is a tombstone
	ValueSHA256 string    `json:"valueSha256,omitempty"`
	ProducedAt  time.Time `json:"producedAt"`
	DeliveredAt time.Time `json:"deliveredAt,omitzero"`
	LatencyMS   float64   `json:"latencyMs,omitempty"`
	RequestID   string    `json:"requestId,omitempty"`
	Outcome     string    `json:"outcome"`
}

type letterLine struct {
	Offset        int64             `json:"offset"`
	Partition     int32             `json:"partition"`
	FromPartition int32             `json:"fromPartition"`
	FromOffset    int64             `json:"fromOffset"`
	Key           string            `json:"key"`
	ValueBytes    int               `json:"valueBytes"` // -1 is a tombstone
	ValueSHA256   string            `json:"valueSha256,omitempty"`
	ValueBase64   string            `json:"valueBase64,omitempty"`
	Reason        string            `json:"reason"`
	Headers       map[string]string `json:"headers"`
}

const largestValueShown = 4 << 10

func (r *result) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(
		writeLines(dir, "produced.jsonl", r.producedLines()),
		writeLines(dir, "documents.jsonl", r.documentLines()),
		writeLines(dir, "deadletters.jsonl", r.letterLines()),
		writeLines(dir, "invocations.jsonl", r.invocations),
	)
}

func (r *result) producedLines() []producedLine {
	current := map[string]position{}
	for _, d := range r.documents {
		current[d.ID] = position{d.Partition, d.Offset}
	}
	dead := map[position]bool{}
	for _, l := range r.letters {
		dead[l.from] = true
	}
	deliveries := r.deliveries()
	lines := make([]producedLine, 0, len(r.records))
	for _, rec := range r.records {
		l := producedLine{
			Topic: topic, Partition: rec.placed.partition, Offset: rec.placed.offset, Key: rec.key, ID: rec.id,
			Kind: rec.kind, What: rec.what, ProducedAt: rec.at, Outcome: "missing",
		}
		l.ValueBytes, l.ValueSHA256 = digest(rec.value)
		at, known := current[rec.id]
		switch {
		case dead[rec.placed]:
			l.Outcome = "dead letter"
		case known && at == rec.placed:
			l.Outcome = "document"
		case known:
			l.Outcome = "replaced"
		}
		if d, ok := deliveries[rec]; ok {
			l.DeliveredAt, l.LatencyMS, l.RequestID = d.invocation.End, float64(d.latency.Microseconds())/1000, d.invocation.RequestID
		}
		lines = append(lines, l)
	}
	return lines
}

func (r *result) documentLines() []json.RawMessage {
	lines := make([]json.RawMessage, len(r.documents))
	for i, d := range r.documents {
		lines[i] = d.raw
	}
	return lines
}

func (r *result) letterLines() []letterLine {
	lines := make([]letterLine, 0, len(r.letters))
	for _, l := range r.letters {
		line := letterLine{
			Partition: l.at.partition, Offset: l.at.offset, FromPartition: l.from.partition, FromOffset: l.from.offset,
			Key: string(l.key), Reason: l.reason(), Headers: l.headers,
		}
		line.ValueBytes, line.ValueSHA256 = digest(l.value)
		if len(l.value) <= largestValueShown {
			line.ValueBase64 = base64.StdEncoding.EncodeToString(l.value)
		}
		lines = append(lines, line)
	}
	return lines
}

func digest(value []byte) (length int, sum string) {
	if value == nil {
		return -1, ""
	}
	h := sha256.Sum256(value)
	return len(value), hex.EncodeToString(h[:])
}

func writeLines[T any](dir, name string, lines []T) (err error) {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, l := range lines {
		if err := e.Encode(l); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return w.Flush()
}
