// Command cosmos-sink is the function that runs the Azure Cosmos DB sink.
package main

import (
	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/connectors/cosmos/cosmossink"
	"github.com/connectless/connectless/core/function"
)

func main() { function.Sink(cosmos.Sink, cosmossink.Open) }
