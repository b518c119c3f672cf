package config

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// DeadLetterTarget is where a function without a way to the brokers puts dead letters: a bucket of Amazon S3 or a queue of
// Amazon SQS. The zero value is none.
type DeadLetterTarget struct {
	Bucket, Prefix string // S3; the prefix has no slash at either end, and may be empty
	Queue, Region  string // SQS: the queue's URL, and the region that it names
}

// The names are those of https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html and
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html.
var (
	bucketURI = pattern(`^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9!_.*'()=/-]*))?$`)
	queueURL  = pattern(`^https://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/[0-9]{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?$`)
	queueARN  = pattern(`^arn:(aws[a-z-]*):sqs:([a-z0-9-]+):([0-9]{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)$`)
)

// pattern is an expression that is compiled when it is first needed: one that nothing needs is no part of a cold start.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// ParseDeadLetterTarget reads s3://bucket/prefix, a queue's URL or a queue's ARN. An empty text is no target.
func ParseDeadLetterTarget(s string) (DeadLetterTarget, error) {
	if s == "" {
		return DeadLetterTarget{}, nil
	}
	if m := bucketURI().FindStringSubmatch(s); m != nil {
		return DeadLetterTarget{Bucket: m[1], Prefix: strings.Trim(m[2], "/")}, nil
	}
	if m := queueURL().FindStringSubmatch(s); m != nil {
		return DeadLetterTarget{Queue: s, Region: m[1]}, nil
	}
	if m := queueARN().FindStringSubmatch(s); m != nil {
		return DeadLetterTarget{Queue: fmt.Sprintf("https://sqs.%s.amazonaws.com%s/%s/%s", m[2], chinese(m[2]), m[3], m[4]), Region: m[2]}, nil
	}
	return DeadLetterTarget{}, said("must be s3://bucket/prefix, https://sqs.<region>.amazonaws.com/<account>/<queue> or arn:aws:sqs:<region>:<account>:<queue>")
}

// chinese is what the names of hosts end with in the regions of China.
func chinese(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return ".cn"
	}
	return ""
}

// BucketHost is the host of S3 in a region.
func (DeadLetterTarget) BucketHost(region string) string {
	return "s3." + region + ".amazonaws.com" + chinese(region)
}

// FIFO says whether the queue keeps the order of its messages.
func (t DeadLetterTarget) FIFO() bool { return strings.HasSuffix(t.Queue, ".fifo") }

func (t DeadLetterTarget) String() string {
	if t.Bucket == "" {
		return t.Queue
	}
	return strings.TrimSuffix("s3://"+t.Bucket+"/"+t.Prefix, "/")
}
