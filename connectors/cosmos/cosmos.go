package cosmos

import (
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

// The Java classes whose configuration is understood.
const (
	// SinkClass is of azure-cosmos-kafka-connect 2.x, part of the Azure SDK for Java.
	SinkClass = "com.azure.cosmos.kafka.connect.CosmosSinkConnector"
	// SinkClassV1 is of kafka-connect-cosmosdb 1.x.
	SinkClassV1 = "com.azure.cosmos.kafka.connect.sink.CosmosDBSinkConnector"
)

// Sink is the definition of the sink. The short name takes the keys of the current generation.
var Sink = connect.Definition{
	Name:     "cosmos-sink",
	Classes:  []string{SinkClass, SinkClassV1},
	Kind:     connect.SinkKind,
	Version:  "0.1.0",
	Doc:      "Writes records as documents into Azure Cosmos DB for NoSQL: upsert, create or delete.",
	Prefixes: []string{"azure.cosmos.", "connect.cosmos.", "id.strategy"},
	Config: func(class string) config.Definer {
		if config.ClassMatches(class, SinkClassV1, "Connector") {
			return &SinkConfig{Generation: V1}
		}
		return &SinkConfig{Generation: V2}
	},
}
