package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/connectless/connectless/infra/local/internal/connector"
)

// defaultWorker is the worker map of connectors that run here, under what --worker-config says: text keys and plain JSON
// values, which is how most topics are read.
var defaultWorker = map[string]string{
	"key.converter":                  "org.apache.kafka.connect.storage.StringConverter",
	"value.converter":                "org.apache.kafka.connect.json.JsonConverter",
	"value.converter.schemas.enable": "false",
}

// embeddedServers stands for the embedded Kafka in a worker map until its address is known.
const embeddedServers = "127.0.0.1:9092"

// localWorker reads a worker file and adds the defaults. A converter of the file brings its own options. With embedded,
// the addresses and logins of the file, which are those of another cluster, are left out; dropped names them.
func localWorker(file string, embedded bool) (worker map[string]string, dropped []string, err error) {
	worker, err = connector.ReadWorker(file)
	if err != nil {
		return nil, nil, err
	}
	if embedded {
		for _, key := range slices.Sorted(maps.Keys(worker)) {
			if ofCluster(key) {
				delete(worker, key)
				dropped = append(dropped, key)
			}
		}
		worker["bootstrap.servers"] = embeddedServers
	}
	for _, side := range []string{"key.converter", "value.converter"} {
		if worker[side] != "" {
			continue
		}
		for key, value := range defaultWorker {
			if key == side || strings.HasPrefix(key, side+".") {
				worker[key] = value
			}
		}
	}
	return worker, dropped, nil
}

// ofCluster says whether a worker's key is about how its own Kafka cluster is reached.
func ofCluster(key string) bool {
	for _, role := range []string{"consumer.", "producer.", "admin."} {
		key = strings.TrimPrefix(key, role)
	}
	if key == "bootstrap.servers" {
		return true
	}
	for _, prefix := range []string{"security.", "sasl.", "ssl."} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// droppedNotice says what of a worker file does not count.
func droppedNotice(file string, dropped []string) string {
	return fmt.Sprintf("the embedded Kafka is used, so %s of %s have no effect (--bootstrap-servers uses another cluster)", strings.Join(dropped, ", "), file)
}
