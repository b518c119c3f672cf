package herder

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/rest"
)

// The numbers among the settings of Kafka 3.9's clients (https://kafka.apache.org/39/documentation/#configuration).
var (
	intKeys = []string{
		"auto.commit.interval.ms", "batch.size", "compression.gzip.level", "compression.lz4.level", "compression.zstd.level",
		"default.api.timeout.ms", "delivery.timeout.ms", "fetch.max.bytes", "fetch.max.wait.ms", "fetch.min.bytes",
		"heartbeat.interval.ms", "max.in.flight.requests.per.connection", "max.partition.fetch.bytes", "max.poll.interval.ms",
		"max.poll.records", "max.request.size", "metrics.num.samples", "receive.buffer.bytes", "request.timeout.ms", "retries",
		"send.buffer.bytes", "session.timeout.ms", "transaction.timeout.ms",
	}
	longKeys = []string{
		"buffer.memory", "connections.max.idle.ms", "linger.ms", "max.block.ms", "metadata.max.age.ms", "metadata.max.idle.ms",
		"metrics.sample.window.ms", "reconnect.backoff.max.ms", "reconnect.backoff.ms", "retry.backoff.max.ms",
		"retry.backoff.ms", "socket.connection.setup.timeout.max.ms", "socket.connection.setup.timeout.ms",
	}
)

// clientNumbers checks that numbers among a connector's overrides of client settings are numbers. Kafka does it by making
// the client's configuration, which is why the answer is not that about settings of a connector.
func clientNumbers(props map[string]string) *rest.Error {
	for _, name := range slices.Sorted(maps.Keys(props)) {
		role, key, found := strings.Cut(name, ".override.")
		if !found || !slices.Contains([]string{"consumer", "producer", "admin"}, role) || config.HasReference(props[name]) {
			continue
		}
		kind, bits := "", 0
		switch {
		case slices.Contains(intKeys, key):
			kind, bits = "INT", 32
		case slices.Contains(longKeys, key):
			kind, bits = "LONG", 64
		default:
			continue
		}
		value := strings.TrimSpace(props[name])
		if _, err := strconv.ParseInt(value, 10, bits); err != nil {
			return rest.Errorf(http.StatusInternalServerError, "Invalid value %s for configuration %s: Not a number of type %s", value, key, kind)
		}
	}
	return nil
}
