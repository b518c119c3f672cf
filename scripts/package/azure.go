package main

import _ "embed"

// host.json makes the trigger deliver at least once: by default the Kafka extension stores offsets of failed batches.
// commitOnFailure needs extension 4.3, which bundle 4.37 carries. These settings hold for the whole function app, which is
// why a package has one function.
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-kafka#hostjson-settings
//
//go:embed azure/host.json
var hostJSON []byte

// function.json is the Kafka trigger with app settings in place of values: KAFKA_BROKERS, KAFKA_TOPIC,
// KAFKA_CONSUMER_GROUP (connect-<connector>), KAFKA_USERNAME, KAFKA_PASSWORD. dataType binary hands over the exact bytes;
// the retry policy repeats a failed batch for ever, so that nothing is skipped.
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-kafka-trigger
//
//go:embed azure/function.json
var functionJSON []byte

// azureFiles is the content of a package for the custom handler of Azure Functions: host.json starts handler, and the host
// calls it at the path of the directory that holds function.json.
// https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers
func azureFiles(name string, binary, config []byte) []file {
	return withConfig([]file{
		{"handler", 0o755, binary},
		{"host.json", 0o644, hostJSON},
		{name + "/function.json", 0o644, functionJSON},
	}, config)
}
