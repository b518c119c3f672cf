package eventsource

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Destination receives what a mapping gave up on, in the place of an SQS queue, an SNS topic or an S3 bucket. The records
// are safe there when Send returns nil; until then the mapping repeats it and does not move on.
type Destination interface {
	Send(ctx context.Context, f *Failure) error
}

// Conditions under which records are given up.
const (
	ConditionRetries   = "RetryAttemptsExhausted"     // retry limit reached, or expired from the topic while being retried
	ConditionTooLarge  = "MaximumPayloadSizeExceeded" // one record that does not fit in an event
	ConditionAge       = "RecordAgeExceeded"          // older than MaximumRecordAge; the text is ours, AWS does not publish one
	conditionKafkaText = "RetriesExhausted"           // what a Kafka destination says for ConditionRetries
)

// Failure is an invocation record for an on-failure destination
// (https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html).
type Failure struct {
	Condition string
	Metadata  []byte // the JSON document that SQS and SNS receive
	event     []byte
	doc       failureDoc
}

// WithPayload is the JSON document that S3 receives: the metadata and the event, as a string.
func (f *Failure) WithPayload() []byte {
	doc := f.doc
	doc.Payload = string(f.event)
	return mustMarshal(doc)
}

type failureDoc struct {
	RequestContext struct {
		RequestID   string `json:"requestId"`
		FunctionARN string `json:"functionArn"`
		Condition   string `json:"condition"`
		InvokeCount int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	ResponseContext *responseContext `json:"responseContext"` // null if the function was not called
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	KafkaBatchInfo  batchInfo        `json:"KafkaBatchInfo"`
	Payload         any              `json:"payload,omitempty"`
}

type responseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError"`
}

type batchInfo struct {
	BatchSize        int                    `json:"batchSize"`
	EventSourceARN   string                 `json:"eventSourceArn,omitempty"`
	BootstrapServers string                 `json:"bootstrapServers"`
	PayloadSize      int                    `json:"payloadSize"`
	RecordsInfo      map[string]recordsInfo `json:"recordsInfo,omitempty"` // SQS, SNS, S3: by partition key
	RecordInfo       *recordInfo            `json:"recordInfo,omitempty"`  // Kafka: of the one record
}

type recordsInfo struct {
	FirstOffset    string `json:"firstRecordOffset"`
	LastOffset     string `json:"lastRecordOffset"`
	FirstTimestamp string `json:"firstRecordTimestamp"`
	LastTimestamp  string `json:"lastRecordTimestamp"`
}

type recordInfo struct {
	Offset    string `json:"offset"`
	Timestamp string `json:"timestamp"`
}

// outcome is what is known of the last invocation of the records that are given up.
type outcome struct {
	condition string
	requestID string
	attempts  int
	called    bool
}

// document fills what all kinds of destinations have in common.
func (c Config) document(o outcome, records, payload int) failureDoc {
	var d failureDoc
	d.RequestContext.RequestID = o.requestID
	d.RequestContext.FunctionARN = c.FunctionARN
	d.RequestContext.Condition = o.condition
	d.RequestContext.InvokeCount = o.attempts
	if o.called {
		d.ResponseContext = &responseContext{StatusCode: 200, ExecutedVersion: "$LATEST", FunctionError: "Unhandled"}
	}
	d.Version = "1.0"
	d.Timestamp = awsTime(time.Now())
	d.KafkaBatchInfo.BatchSize = records
	d.KafkaBatchInfo.EventSourceARN = c.EventSourceARN
	d.KafkaBatchInfo.BootstrapServers = joinBrokers(c.Brokers)
	d.KafkaBatchInfo.PayloadSize = payload
	return d
}

// failure describes a run of records of one partition.
func (c Config) failure(o outcome, s slice) *Failure {
	event := c.encodeAny(s.records)
	doc := c.document(o, len(s.records), len(event))
	first, last := s.records[0], s.records[len(s.records)-1]
	doc.KafkaBatchInfo.RecordsInfo = map[string]recordsInfo{partitionKey(c.Topic, s.part.id): {
		FirstOffset: strconv.FormatInt(first.Offset, 10), FirstTimestamp: awsTime(first.Timestamp),
		LastOffset: strconv.FormatInt(last.Offset, 10), LastTimestamp: awsTime(last.Timestamp),
	}}
	return &Failure{Condition: o.condition, Metadata: mustMarshal(doc), event: event, doc: doc}
}

// deadLetter is the message for one record in a Kafka on-failure topic
// (https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html).
func (c Config) deadLetter(o outcome, r *kgo.Record) *kgo.Record {
	if o.condition == ConditionRetries {
		o.condition = conditionKafkaText
	}
	event := c.encodeAny([]*kgo.Record{r})
	doc := c.document(o, 1, len(event))
	doc.KafkaBatchInfo.RecordInfo = &recordInfo{Offset: strconv.FormatInt(r.Offset, 10), Timestamp: awsTime(r.Timestamp)}
	doc.Payload = json.RawMessage(event)
	return &kgo.Record{Topic: c.OnFailureTopic, Key: r.Key, Value: mustMarshal(doc)}
}

// encodeAny encodes records whatever their size.
func (c Config) encodeAny(records []*kgo.Record) []byte {
	e := newEncoder(c)
	e.limit = 1 << 62
	for _, r := range records {
		e.add(r)
	}
	return e.event()
}

func awsTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// mustMarshal encodes the types of this file, which cannot fail: their only raw JSON is an event we wrote.
func mustMarshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("eventsource: " + err.Error())
	}
	return b
}
