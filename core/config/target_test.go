package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

func TestParseDeadLetterTarget(t *testing.T) {
	for in, want := range map[string]config.DeadLetterTarget{
		"":                      {},
		"s3://dead":             {Bucket: "dead"},
		"s3://dead.letters/":    {Bucket: "dead.letters"},
		"s3://dead/team/orders": {Bucket: "dead", Prefix: "team/orders"},
		"https://sqs.eu-west-1.amazonaws.com/123456789012/dead":         {Queue: "https://sqs.eu-west-1.amazonaws.com/123456789012/dead", Region: "eu-west-1"},
		"arn:aws:sqs:eu-west-1:123456789012:dead.fifo":                  {Queue: "https://sqs.eu-west-1.amazonaws.com/123456789012/dead.fifo", Region: "eu-west-1"},
		"arn:aws-cn:sqs:cn-north-1:123456789012:dead":                   {Queue: "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/dead", Region: "cn-north-1"},
		"arn:aws-us-gov:sqs:us-gov-west-1:123456789012:dead":            {Queue: "https://sqs.us-gov-west-1.amazonaws.com/123456789012/dead", Region: "us-gov-west-1"},
		"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/dead":     {Queue: "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/dead", Region: "cn-north-1"},
		"https://sqs.us-east-1.amazonaws.com/123456789012/orders_dead-": {Queue: "https://sqs.us-east-1.amazonaws.com/123456789012/orders_dead-", Region: "us-east-1"},
	} {
		got, err := config.ParseDeadLetterTarget(in)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", in, err, diff)
		}
	}
	for _, in := range []string{
		"dead", "s3:/dead", "s3://", "s3://De", "s3://dead/a b", "http://sqs.eu-west-1.amazonaws.com/123456789012/dead", "https://sqs.eu-west-1.amazonaws.com/dead",
		"https://sqs.evil.com/123456789012/dead", "https://sqs.eu-west-1.amazonaws.com.evil.com/123456789012/dead", "arn:aws:sns:eu-west-1:123456789012:dead", "arn:aws:sqs:eu-west-1:1:dead",
	} {
		if got, err := config.ParseDeadLetterTarget(in); err == nil {
			t.Errorf("%s was taken for %+v", in, got)
		}
	}
}
