package deadletter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

// What SendMessageBatch takes:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html.
const (
	mostEntries = 10
	mostBytes   = 1 << 20 // of a message, and of all messages of a request
)

// queue sends each letter as a message. It is a connect.Sink and a connect.Prober.
type queue struct {
	client
	at config.DeadLetterTarget
}

func newQueue(t config.DeadLetterTarget) *queue {
	return &queue{newClient("sqs", "SQS", t.String()), t}
}

// entry is a message of a request.
type entry struct {
	ID      string `json:"Id"` // the letter's index in the batch
	Body    string `json:"MessageBody"`
	Group   string `json:"MessageGroupId,omitempty"`
	Deduped string `json:"MessageDeduplicationId,omitempty"`
}

// Put sends the letters in their order.
func (q *queue) Put(ctx context.Context, batch []*connect.Record) error {
	var failed connect.BatchError
	var entries []entry
	size := 0
	var fatal error // refuses all that follow
	flush := func() {
		if fatal == nil && len(entries) > 0 {
			fatal = q.sendBatch(ctx, entries, &failed)
		}
		for _, e := range entries {
			failed.Fail(e.index(), fatal)
		}
		entries, size = entries[:0], 0
	}
	for i, r := range batch {
		body, err := encode(r)
		if err == nil && len(body) > mostBytes {
			err = connect.DataError(fmt.Errorf("%s: the dead letter has %d bytes, and SQS takes %d: use errors.deadletterqueue.target=s3://bucket/prefix", q.target, len(body), mostBytes))
		}
		if err != nil {
			failed.Fail(i, err)
			continue
		}
		if len(entries) == mostEntries || size+len(body) > mostBytes {
			flush()
		}
		e := entry{ID: strconv.Itoa(i), Body: string(body)}
		if q.at.FIFO() {
			// The same letter has the same text. Both are hashes because a topic's name may be longer than an identifier.
			e.Group = hash(r.Origin.Topic + "/" + strconv.Itoa(int(r.Origin.Partition)))
			e.Deduped = hash(e.Body)
		}
		entries, size = append(entries, e), size+len(body)
	}
	flush()
	return failed.ErrOrNil()
}

func (e *entry) index() int {
	i, _ := strconv.Atoi(e.ID) // we wrote it
	return i
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// sendBatch sends one request. It notes in failed what is wrong with messages; an error that the whole request met is noted
// too, and returned when it is fatal.
func (q *queue) sendBatch(ctx context.Context, entries []entry, failed *connect.BatchError) error {
	a, err := q.call(ctx, "SendMessageBatch", map[string]any{"QueueUrl": q.at.Queue, "Entries": entries}, len(entries))
	var result struct {
		Successful []struct{ Id string }
		Failed     []struct {
			Id, Code    string
			SenderFault bool
		}
	}
	if err == nil {
		if err = json.Unmarshal(a.body, &result); err != nil {
			err = connect.Retriable(fmt.Errorf("%s: SQS gave an answer that is not JSON: %w", q.target, err))
		}
	}
	if connect.Classify(err) == connect.ClassFatal {
		return err
	}
	for _, e := range entries {
		ofEntry := err
		if err == nil && !slices.ContainsFunc(result.Successful, func(s struct{ Id string }) bool { return s.Id == e.ID }) {
			ofEntry = connect.Retriable(fmt.Errorf("%s: SQS did not confirm the message", q.target))
			for _, f := range result.Failed {
				if f.Id != e.ID {
					continue
				}
				status := http.StatusInternalServerError
				if f.SenderFault {
					status = http.StatusBadRequest
				}
				ofEntry = q.refused(f.Code, status)
			}
		}
		failed.Fail(e.index(), ofEntry)
	}
	return nil
}

// call calls an action by the JSON protocol
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html).
func (q *queue) call(ctx context.Context, action string, in any, of int) (*answer, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, connect.DataError(fmt.Errorf("%s: %w", q.target, err))
	}
	url := q.endpoint + "/"
	if q.endpoint == "" {
		host, _, _ := strings.Cut(strings.TrimPrefix(q.at.Queue, "https://"), "/")
		url = "https://" + host + "/"
	}
	headers := map[string]string{"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS." + action}
	return q.send(ctx, http.MethodPost, url, q.at.Region, headers, body, of, jsonCode)
}

// jsonCode reads "com.amazonaws.sqs#QueueDoesNotExist".
func jsonCode(a *answer) string {
	var e struct {
		Type string `json:"__type"`
	}
	if json.Unmarshal(a.body, &e) != nil {
		return ""
	}
	return e.Type[strings.LastIndexByte(e.Type, '#')+1:]
}

// Probe looks whether the queue is there.
func (q *queue) Probe(ctx context.Context) []connect.Finding {
	_, err := q.call(ctx, "GetQueueAttributes", map[string]any{"QueueUrl": q.at.Queue, "AttributeNames": []string{"QueueArn"}}, 0)
	return q.probed(err, "The queue must exist; allow the function's role sqs:SendMessage on it, and sqs:GetQueueAttributes for this check.")
}
