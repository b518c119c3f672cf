// Command file-sink is the function that runs the file sink.
package main

import (
	"github.com/connectless/connectless/connectors/file"
	"github.com/connectless/connectless/connectors/file/filesink"
	"github.com/connectless/connectless/core/function"
)

func main() { function.Sink(file.Sink, filesink.Open) }
