package workertest

import (
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/transform"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
)

// The connector classes of a [New] worker.
const (
	ProbeSink        = "x.ProbeSink"
	FileStreamSource = "org.apache.kafka.connect.file.FileStreamSourceConnector"
)

// New returns a worker of Apache Kafka 3.9 with the sink that the recording was made with, one of the connectors that
// come with Kafka, and Kafka's transforms, predicates and converters. A ProbeSink with mode=fail fails.
func New() *Worker {
	w := &Worker{
		Root: connectrest.Server{Version: "3.9.0", Commit: "dd5272687e8adf9e", KafkaClusterID: "kfake"},
		ID:   "127.0.0.1:18084",
		Catalog: &config.Catalog{
			Plugins: append(transform.Plugins(), convert.Plugins()...),
			Connectors: []config.Connector{
				{Classes: []string{ProbeSink}, Kind: "sink", Version: "1.2.3", Config: func(string) config.Definer { return &probe{} }},
				{Classes: []string{FileStreamSource}, Kind: "source", Version: "3.9.0", Config: func(string) config.Definer { return &fileSource{} }},
			},
		},
		Fails: func(props map[string]string) string {
			if props["mode"] == "fail" {
				return "org.apache.kafka.connect.errors.ConnectException: mode is fail, secret is " + props["secret"] + "\n\tat x.ProbeSink$T.put(ProbeSink.java:31)"
			}
			return ""
		},
	}
	for _, c := range w.Catalog.Connectors {
		w.Plugins = append(w.Plugins, connectrest.Plugin{Class: c.Classes[0], Type: c.Kind, Version: c.Version})
	}
	for _, p := range w.Catalog.Plugins {
		w.Plugins = append(w.Plugins, connectrest.Plugin{Class: p.Class, Type: string(p.Kind), Version: "3.9.0"})
	}
	return w
}

// probe is the settings of the recording's sink.
type probe struct {
	Log, Mode string
	Secret    config.Password
}

func (p *probe) Define(d *config.Def) {
	d.String(&p.Log, "log", "", "", config.Required(), config.Rank(config.High))
	d.String(&p.Mode, "mode", "ok", "", config.OneOf("ok", "retry", "fail", "report"), config.Rank(config.Low))
	d.Password(&p.Secret, "secret", "", "", config.NoDefault(), config.Rank(config.Low))
}

type fileSource struct {
	file, topic string
	batch       int
}

func (f *fileSource) Define(d *config.Def) {
	d.String(&f.file, "file", "", "", config.NoDefault(), config.Rank(config.High))
	d.String(&f.topic, "topic", "", "", config.Required(), config.NonEmpty(), config.Rank(config.High))
	d.Int(&f.batch, "batch.size", 2000, "", config.Rank(config.Low))
}
