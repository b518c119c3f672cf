// Command coldfunc is the Cosmos sink's function with a transport that answers by itself: what the function costs without
// the network.
package main

import (
	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/connectors/cosmos/cosmossink"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/scripts/bench/discard"
)

func main() {
	function.Sink(cosmos.Sink, cosmossink.Options{Transport: discard.Transport{PartitionKey: "/status"}}.Open)
}
