package eventsource

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/connectless/connectless/core/host"
)

type nowhere struct{}

func (nowhere) Invoke(context.Context, []byte) (host.Response, error) { return host.Response{}, nil }
func (nowhere) Send(context.Context, *Failure) error                  { return nil }

type slow struct{ nowhere }

func (slow) Timeout() time.Duration { return 15 * time.Minute }

func TestConfigErrors(t *testing.T) {
	provisioned := func(c *Config) { c.Provisioned = &Provisioned{} }
	tests := []struct {
		want   string // empty: valid
		change func(*Config)
	}{
		{"", func(*Config) {}},
		{"", provisioned},
		{"no function", func(c *Config) { c.Function = nil }},
		{"timeout 15m0s is more than the 14m0s", func(c *Config) { c.Function = slow{} }},
		{"no brokers", func(c *Config) { c.Brokers = nil }},
		{"no topic", func(c *Config) { c.Topic = "" }},
		{"no consumer group", func(c *Config) { c.ConsumerGroup = "" }},
		{"batch size -1 is outside 1 to 10000", func(c *Config) { c.BatchSize = -1 }},
		{"batch size 10001 is outside", func(c *Config) { c.BatchSize = 10001 }},
		{"", func(c *Config) { c.BatchSize = 10000 }},
		{"window 5m1s is outside", func(c *Config) { c.MaximumBatchingWindow = new(301 * time.Second) }},
		{"", func(c *Config) { c.MaximumBatchingWindow = new(300 * time.Second) }},
		{`position "EARLIEST" is not`, func(c *Config) { c.StartingPosition = "EARLIEST" }},
		{"AT_TIMESTAMP needs a", func(c *Config) { c.StartingPosition = AtTimestamp }},
		{"needs AT_TIMESTAMP, not LATEST", func(c *Config) { c.StartingPosition, c.StartingPositionTimestamp = Latest, eventTime }},
		{"is in the future", func(c *Config) {
			c.StartingPosition, c.StartingPositionTimestamp = AtTimestamp, time.Now().Add(time.Hour)
		}},

		{"ReportBatchItemFailures needs provisioned mode", func(c *Config) { c.ReportBatchItemFailures = true }},
		{"MaximumRetryAttempts needs provisioned mode", func(c *Config) { c.MaximumRetryAttempts = new(0) }},
		{"MaximumRecordAge needs provisioned mode", func(c *Config) { c.MaximumRecordAge = time.Hour }},
		{"BisectBatchOnFunctionError needs provisioned mode", func(c *Config) { c.BisectBatchOnFunctionError = true }},
		{"a Kafka on-failure destination needs provisioned mode", func(c *Config) { c.OnFailureTopic = "dlq" }},
		{"", func(c *Config) { c.OnFailure = nowhere{} }},
		{"", func(c *Config) { c.MaximumRetryAttempts, c.MaximumRecordAge = new(-1), -1 }},
		{"", func(c *Config) {
			provisioned(c)
			c.ReportBatchItemFailures, c.MaximumRetryAttempts, c.MaximumRecordAge, c.BisectBatchOnFunctionError, c.OnFailureTopic = true, new(3), time.Hour, true, "dlq"
		}},
		{"Lanes is for on-demand mode", func(c *Config) { provisioned(c); c.Lanes = 2 }},
		{"attempts 10001 is outside", func(c *Config) { provisioned(c); c.MaximumRetryAttempts = new(10001) }},
		{"age 30s is outside", func(c *Config) { provisioned(c); c.MaximumRecordAge = 30 * time.Second }},
		{"minimum pollers 201", func(c *Config) { c.Provisioned = &Provisioned{MinimumPollers: 201, MaximumPollers: 300} }},
		{"maximum pollers 2001", func(c *Config) { c.Provisioned = &Provisioned{MaximumPollers: 2001} }},
		{"minimum pollers 5 is more than maximum pollers 2", func(c *Config) { c.Provisioned = &Provisioned{MinimumPollers: 5, MaximumPollers: 2} }},
		{"one on-failure destination, not two", func(c *Config) { provisioned(c); c.OnFailure, c.OnFailureTopic = nowhere{}, "dlq" }},
		{"on-failure topic is the source topic", func(c *Config) { provisioned(c); c.OnFailureTopic = "t" }},
	}
	for _, tc := range tests {
		c := Config{Function: nowhere{}, Brokers: []string{"b:9092"}, Topic: "t", ConsumerGroup: "g"}
		tc.change(&c)
		_, err := c.withDefaults()
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("error %v, want %q", err, tc.want)
		}
	}
}

func TestLaneLimit(t *testing.T) {
	tests := []struct {
		config     Config
		partitions int
		want       int
	}{
		{Config{}, 12, 12},
		{Config{Lanes: 1}, 12, 1},
		{Config{Lanes: 20}, 12, 12},
		{Config{Provisioned: &Provisioned{MaximumPollers: 1}}, 12, 5},
		{Config{Provisioned: &Provisioned{MaximumPollers: 1}}, 3, 3},
		{Config{Provisioned: &Provisioned{MaximumPollers: 200}}, 12, 12},
	}
	for _, tc := range tests {
		if got := tc.config.laneLimit(tc.partitions); got != tc.want {
			t.Errorf("%+v with %d partitions: %d lanes, want %d", tc.config, tc.partitions, got, tc.want)
		}
	}
}
