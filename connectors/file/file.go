package file

import (
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

// SinkClass is the Java class whose configuration is understood; it comes with Apache Kafka.
const SinkClass = "org.apache.kafka.connect.file.FileStreamSinkConnector"

// Sink is the definition of the sink.
var Sink = connect.Definition{
	Name:    "file-sink",
	Classes: []string{SinkClass},
	Kind:    connect.SinkKind,
	Version: "0.1.0",
	Doc:     "Appends records to a file, a line each.",
	Config:  func(string) config.Definer { return &SinkConfig{} },
}

// SinkConfig is the sink's settings.
type SinkConfig struct {
	File string // "" is stdout
}

// Define declares the keys.
func (c *SinkConfig) Define(d *config.Def) {
	d.String(&c.File, "file", "", "File to append to; it is made if it does not exist, its directory is not. Without it, records go to stdout.",
		config.NoDefault(), config.Rank(config.High), config.Example("/mnt/out/orders.txt"))
}
