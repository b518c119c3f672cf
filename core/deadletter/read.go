package deadletter

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/trigger"
)

// Stored is a dead letter as it lies in a bucket or a queue.
type Stored struct {
	At string // the object's key, or the message's id
	trigger.Message
}

// Read calls each with the letters of a target, in the order of their keys for S3, in none for SQS. It removes nothing:
// messages of a queue are hidden from others until it returns, ten minutes at most, and each counts as received once more,
// which a redrive policy may act upon. An error of each ends it. What one reader of a queue reads, no other sees.
//
// A FIFO queue with more letters than it gives out is a *[MoreError], after each was called with those that it did give.
func Read(ctx context.Context, t config.DeadLetterTarget, each func(*Stored) error) error {
	s, err := Open(t)
	if err != nil {
		return err
	}
	switch s := s.(type) {
	case *queue:
		return s.read(ctx, each)
	case *bucket:
		return s.read(ctx, each)
	}
	return fmt.Errorf("deadletter: %T cannot be read", s)
}

// MoreError says that a FIFO queue was not read to its end: of a message group, which is a partition here, it gives out no
// more until those that were received are deleted
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html).
type MoreError struct{ Read, There int }

func (e *MoreError) Error() string {
	return fmt.Sprintf("deadletter: the queue has %d messages and gave out %d: of a partition, a FIFO queue gives out no more until those are deleted", e.There, e.Read)
}

// decode reads what encode writes.
func decode(body []byte, at string) (*Stored, error) {
	var l letter
	err := json.Unmarshal(body, &l)
	if err == nil && l.Topic == "" {
		err = errors.New("it has no topic")
	}
	if err != nil {
		return nil, fmt.Errorf("deadletter: %s is no dead letter: %w", at, err)
	}
	s := &Stored{At: at, Message: trigger.Message{
		Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, Timestamp: trigger.NoTimestamp, Key: l.Key, Value: l.Value,
	}}
	if l.Timestamp != nil {
		s.Timestamp = *l.Timestamp
	}
	for _, h := range l.Headers {
		s.Headers = append(s.Headers, trigger.Header{Key: h.Key, Value: h.Value})
	}
	return s, nil
}

// listing is a page of https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html.
type listing struct {
	Contents []struct{ Key string }
	Next     string `xml:"NextContinuationToken"`
}

// read reads the objects below the prefix.
func (b *bucket) read(ctx context.Context, each func(*Stored) error) error {
	query := url.Values{"list-type": {"2"}}
	if b.at.Prefix != "" {
		query.Set("prefix", b.at.Prefix+"/")
	}
	for {
		// Signatures want %20 where forms have a plus sign.
		a, err := b.request(ctx, http.MethodGet, "", strings.ReplaceAll(query.Encode(), "+", "%20"), nil, nil)
		if err != nil {
			return err
		}
		var page listing
		if err := xml.Unmarshal(a.body, &page); err != nil {
			return fmt.Errorf("%s: S3 gave a listing that is not readable: %w", b.target, err)
		}
		for keys := page.Contents; len(keys) > 0; keys = keys[min(inFlight, len(keys)):] {
			if err := b.readSome(ctx, keys[:min(inFlight, len(keys))], each); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		query.Set("continuation-token", page.Next)
	}
}

// readSome reads objects at the same time and hands them on in order.
func (b *bucket) readSome(ctx context.Context, keys []struct{ Key string }, each func(*Stored) error) error {
	bodies, errs := make([][]byte, len(keys)), make([]error, len(keys))
	var wg sync.WaitGroup
	for i, k := range keys {
		wg.Go(func() {
			a, err := b.request(ctx, http.MethodGet, k.Key, "", nil, nil)
			if err == nil {
				bodies[i] = a.body
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for i, k := range keys {
		if errs[i] != nil {
			return fmt.Errorf("%w (object %s)", errs[i], k.Key)
		}
		l, err := decode(bodies[i], "s3://"+b.at.Bucket+"/"+k.Key)
		if err != nil {
			return err
		}
		if err := each(l); err != nil {
			return err
		}
	}
	return nil
}

const (
	hidden     = 10 * time.Minute // how long messages that were read are kept from others, if nothing gives them back
	listen     = 2 * time.Second  // long polling asks all of SQS's servers, so that an empty answer means something
	releasing  = 10 * time.Second
	emptyToEnd = 2 // empty answers in a row that end a queue
)

// received is a message of https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html.
type received struct{ MessageId, ReceiptHandle, Body string }

// read receives messages until there are none, and gives them back.
func (q *queue) read(ctx context.Context, each func(*Stored) error) (err error) {
	handles := map[string]string{} // by message
	defer func() { err = errors.Join(err, q.release(ctx, handles)) }()
	for empty := 0; empty < emptyToEnd; {
		a, err := q.call(ctx, "ReceiveMessage", map[string]any{
			"QueueUrl": q.at.Queue, "MaxNumberOfMessages": mostEntries,
			"VisibilityTimeout": int(hidden.Seconds()), "WaitTimeSeconds": int(listen.Seconds()),
		}, 0)
		if err != nil {
			return err
		}
		var got struct{ Messages []received }
		if err := json.Unmarshal(a.body, &got); err != nil {
			return fmt.Errorf("%s: SQS gave an answer that is not JSON: %w", q.target, err)
		}
		if empty++; len(got.Messages) > 0 {
			empty = 0
		}
		for _, m := range got.Messages {
			_, again := handles[m.MessageId] // it was hidden for long enough
			if handles[m.MessageId] = m.ReceiptHandle; again {
				continue
			}
			l, err := decode([]byte(m.Body), "message "+m.MessageId)
			if err != nil {
				return err
			}
			if err := each(l); err != nil {
				return err
			}
		}
	}
	if q.at.FIFO() {
		return q.complete(ctx, len(handles))
	}
	return nil
}

// complete is a *MoreError if there are more messages than were read.
func (q *queue) complete(ctx context.Context, read int) error {
	names := []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"}
	a, err := q.call(ctx, "GetQueueAttributes", map[string]any{"QueueUrl": q.at.Queue, "AttributeNames": names}, 0)
	if err != nil {
		return err
	}
	var got struct{ Attributes map[string]string }
	if err := json.Unmarshal(a.body, &got); err != nil {
		return fmt.Errorf("%s: SQS gave an answer that is not JSON: %w", q.target, err)
	}
	there := 0
	for _, name := range names {
		n, err := strconv.Atoi(got.Attributes[name])
		if err != nil {
			return fmt.Errorf("%s: SQS does not say how many messages there are: %w", q.target, err)
		}
		there += n
	}
	if there > read {
		return &MoreError{Read: read, There: there}
	}
	return nil
}

// release makes messages visible again, also when the context has ended.
func (q *queue) release(ctx context.Context, handles map[string]string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releasing)
	defer cancel()
	type change struct {
		ID      string `json:"Id"`
		Handle  string `json:"ReceiptHandle"`
		Timeout int    `json:"VisibilityTimeout"`
	}
	var some []change
	flush := func() error {
		if len(some) == 0 {
			return nil
		}
		_, err := q.call(ctx, "ChangeMessageVisibilityBatch", map[string]any{"QueueUrl": q.at.Queue, "Entries": some}, 0)
		some = some[:0]
		if err != nil {
			return connect.Retriable(fmt.Errorf("messages stay hidden for up to %v: %w", hidden, err))
		}
		return nil
	}
	for _, handle := range handles {
		if some = append(some, change{ID: fmt.Sprint(len(some)), Handle: handle}); len(some) == mostEntries {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
