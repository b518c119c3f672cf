package config

import "testing"

func TestNearest(t *testing.T) {
	const own = "azure.cosmos."
	keys := []string{
		"azure.cosmos.account.endpoint", "azure.cosmos.account.key", "azure.cosmos.auth.type", "azure.cosmos.mode.gateway",
		"azure.cosmos.preferredRegionList", "azure.cosmos.application.name",
		"azure.cosmos.sink.database.name", "azure.cosmos.sink.containers.topicMap", "azure.cosmos.sink.write.strategy",
		"azure.cosmos.sink.bulk.enabled", "azure.cosmos.sink.id.strategy", "azure.cosmos.sink.maxRetryCount",
	}
	for name, want := range map[string]string{
		// typing errors
		"azure.cosmos.acount.key":              "azure.cosmos.account.key",
		"azure.cosmos.account.kye":             "azure.cosmos.account.key",
		"azure.cosmos.sink.databse.nmae":       "azure.cosmos.sink.database.name",
		"azure.cosmos.sink.write.stratgey":     "azure.cosmos.sink.write.strategy",
		"azure.cosmos.sink.container.topicMap": "azure.cosmos.sink.containers.topicMap",
		// letters, dots, cases
		"azure.cosmos.applicationName":          "azure.cosmos.application.name",
		"azure.cosmos.sink.max.retry.count":     "azure.cosmos.sink.maxRetryCount",
		"azure.cosmos.sink.containers.topicmap": "azure.cosmos.sink.containers.topicMap",
		"azure.cosmos.preferred_region_list":    "azure.cosmos.preferredRegionList",
		// segments too few, too many, out of place
		"azure.cosmos.write.strategy":        "azure.cosmos.sink.write.strategy",
		"azure.cosmos.database.name":         "azure.cosmos.sink.database.name",
		"azure.cosmos.sink.account.endpoint": "azure.cosmos.account.endpoint",
		"azure.cosmos.sink.strategy.write":   "azure.cosmos.sink.write.strategy",
		"azure.cosmos.bulk.enabled":          "azure.cosmos.sink.bulk.enabled",
		// keys that nobody mistook
		"azure.cosmos.throughput.bucket":     "",
		"azure.cosmos.sink.bulk.size":        "",
		"azure.cosmos.account.environment":   "",
		"azure.cosmos.sink.errors.tolerance": "",
		"azure.cosmos.source.database.name":  "",
		"azure.cosmos.x":                     "",
		"azure.cosmos.":                      "",
	} {
		if got := nearest(name, own, keys); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestNearestFrameworkKey(t *testing.T) {
	keys := names(define(&SinkSettings{}).entries, "")
	for name, want := range map[string]string{
		"topic": "topics", "task.max": "tasks.max", "tasks.maximum": "", "errors.deadletterqueue.topic": deadLetterTopic,
		"error.tolerance": "errors.tolerance", "converter.value": "value.converter", "Name": "name", "file": "", "mode": "", "nam": "",
		"errors.dead.letter.queue.topic.name": deadLetterTopic, "errors.deadletterqueue.name": deadLetterTopic, "connection.url": "",
	} {
		if got := nearest(name, "", keys); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := edits(tc.a, tc.b); got != tc.want {
			t.Errorf("edits(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
		if got := edits(tc.b, tc.a); got != tc.want {
			t.Errorf("edits(%q, %q) = %d, want %d", tc.b, tc.a, got, tc.want)
		}
	}
}

func TestNearestClass(t *testing.T) {
	known := []string{"cosmos-sink", "com.azure.cosmos.kafka.connect.CosmosSinkConnector", "org.apache.kafka.connect.transforms.Cast$Key", "org.apache.kafka.connect.transforms.Cast$Value"}
	for name, want := range map[string]string{
		"cosmos.sink": "cosmos-sink", "cosmossink": "cosmos-sink", "com.microsoft.CosmosSinkConnector": known[1],
		"CosmosSinkConector": known[1], "org.apache.kafka.connect.transform.Cast$Value": known[3], "Cast$Vlaue": known[3],
		"io.confluent.connect.jdbc.JdbcSinkConnector": "", "": "",
	} {
		if got := nearestClass(name, known); got != want {
			t.Errorf("nearestClass(%q) = %q, want %q", name, got, want)
		}
	}
}
