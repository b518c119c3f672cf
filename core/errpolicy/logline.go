package errpolicy

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/connectless/connectless/core/trigger"
)

// LogFailure writes the line that errors.log.enable asks for, with the text Kafka Connect's own has; the record's
// coordinates only with errors.log.include.messages. Keys and values are never logged.
func (p *Policy) LogFailure(ctx context.Context, log *slog.Logger, m *trigger.Message, f *Failure) {
	if !p.Log {
		return
	}
	text := fmt.Sprintf("Error encountered in task %s-%d. Executing stage '%s' with class '%s'", p.Connector, p.Task, f.Stage, f.Class)
	if p.LogMessages {
		text += fmt.Sprintf(", where consumed record is {topic='%s', partition=%d, offset=%d", m.Topic, m.Partition, m.Offset)
		if m.TimestampType != trigger.NoTimestampType {
			text += fmt.Sprintf(", timestamp=%d, timestampType=%s", m.Timestamp, m.TimestampType)
		}
		text += "}"
	}
	class, message := Exception(f.Err)
	log.LogAttrs(ctx, slog.LevelError, text+".", slog.String("exception", class), slog.String("error", message))
}
