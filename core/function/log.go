package function

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/task"
	"github.com/connectless/connectless/core/trigger"
)

// logInvocation writes the one line that says what an invocation did. With embed it is also a CloudWatch metric record
// in the Embedded Metric Format, which CloudWatch reads out of a function's log: the same numbers, no second line.
func logInvocation(ctx context.Context, log *slog.Logger, embed bool, connector string, now time.Time, r trigger.Result, s *task.Stats) {
	attrs := make([]slog.Attr, 0, 18)
	attrs = append(attrs,
		slog.String("connector", connector),
		slog.Int("read", s.Read),
		slog.Int("written", s.Written),
		slog.Int("repeated", s.Repeated),
		slog.Int("filtered", s.Filtered),
		slog.Int("dead_lettered", s.DeadLettered),
		slog.Int("dropped", s.Dropped),
		slog.Int("failed", s.Failed),
		slog.Int("retried", s.Retried),
		slog.Int64("lag_ms", s.Lag(now).Milliseconds()),
		slog.Float64("duration_ms", float64(s.Duration.Microseconds())/1000),
		slog.Int("batch_bytes", s.Bytes),
	)
	level := slog.LevelInfo
	if r.Err != nil {
		level = slog.LevelError
		class, _ := errpolicy.Exception(r.Err)
		attrs = append(attrs, slog.String("exception", class), slog.String("error", r.Err.Error()))
		if len(r.Failed) > 0 {
			attrs = append(attrs, slog.String("from", r.Failed[0].String()), slog.Int("partitions_failed", len(r.Failed)))
		}
	}
	if embed {
		attrs = append(attrs, slog.Any("_aws", metricDirective(now.UnixMilli())))
	}
	log.LogAttrs(ctx, level, "invocation", attrs...)
}

// metricDirective is the "_aws" member of a metric record: which members of the line are metrics, and when they were
// measured, in milliseconds (Amazon CloudWatch user guide, "Embedded metric format specification").
type metricDirective int64

func (at metricDirective) MarshalJSON() ([]byte, error) {
	return append(append([]byte(`{"Timestamp":`), strconv.FormatInt(int64(at), 10)...), metricDefinitions...), nil
}

const metricDefinitions = `,"CloudWatchMetrics":[{"Namespace":"Connectless","Dimensions":[["connector"]],"Metrics":[` +
	`{"Name":"read","Unit":"Count"},{"Name":"written","Unit":"Count"},{"Name":"repeated","Unit":"Count"},{"Name":"filtered","Unit":"Count"},` +
	`{"Name":"dead_lettered","Unit":"Count"},{"Name":"dropped","Unit":"Count"},{"Name":"failed","Unit":"Count"},{"Name":"retried","Unit":"Count"},` +
	`{"Name":"lag_ms","Unit":"Milliseconds"},{"Name":"duration_ms","Unit":"Milliseconds"},{"Name":"batch_bytes","Unit":"Bytes"}]}]}`
