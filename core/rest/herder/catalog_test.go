package herder_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/rest"
	"github.com/connectless/connectless/core/transform"
)

// none are settings without keys.
type none struct{}

func (none) Define(*config.Def) {}

// probe are the settings of the sink that the recorded worker ran.
type probe struct {
	log, mode string
	secret    config.Password
}

func (p *probe) Define(d *config.Def) {
	d.String(&p.log, "log", "", "File to write to.", config.Required(), config.Rank(config.High))
	d.String(&p.mode, "mode", "ok", "What to do with records.", config.OneOf("ok", "retry", "fail", "report"), config.Rank(config.Low))
	d.Password(&p.secret, "secret", "", "A secret.", config.NoDefault(), config.Rank(config.Low))
}

// fileSource are the settings of Kafka's FileStreamSourceConnector.
type fileSource struct {
	file, topic string
	batch       int
}

func (s *fileSource) Define(d *config.Def) {
	d.String(&s.file, "file", "", "File to read.", config.NoDefault(), config.Rank(config.High))
	d.String(&s.topic, "topic", "", "Topic to write to.", config.Required(), config.NonEmpty(), config.Rank(config.High))
	d.Int(&s.batch, "batch.size", 2000, "Lines of a poll.", config.Rank(config.Low))
}

// recordedCatalog is what the recorded worker had: its connectors as far as their settings matter, and of our own
// transforms and converters those that it lists.
func recordedCatalog(t testing.TB) *config.Catalog {
	t.Helper()
	settings := map[string]func() config.Definer{
		"x.ProbeSink": func() config.Definer { return &probe{} },
		"org.apache.kafka.connect.file.FileStreamSourceConnector": func() config.Definer { return &fileSource{} },
	}
	known := append(transform.Plugins(), convert.Plugins()...)
	c := &config.Catalog{}
	for _, p := range recordedPlugins(t) {
		one := func() config.Definer { return none{} }
		if f := settings[p.Class]; f != nil {
			one = f
		}
		if p.Type == "sink" || p.Type == "source" {
			c.Connectors = append(c.Connectors, config.Connector{
				Classes: []string{p.Class}, Kind: p.Type, Version: p.Version, Config: func(string) config.Definer { return one() },
			})
			continue
		}
		kind := config.PluginKind(p.Type)
		i := slices.IndexFunc(known, func(k config.Plugin) bool { return k.Kind == kind && k.Class == p.Class })
		if i < 0 {
			c.Plugins = append(c.Plugins, config.Plugin{Kind: kind, Class: p.Class, Config: one})
			continue
		}
		c.Plugins = append(c.Plugins, known[i])
	}
	return c
}

func recordedPlugins(t testing.TB) []rest.Plugin {
	t.Helper()
	for _, c := range recording(t) {
		if c.Path == "/connector-plugins?connectorsOnly=false" {
			var plugins []rest.Plugin
			if err := json.Unmarshal(c.JSON, &plugins); err != nil {
				t.Fatal(err)
			}
			return plugins
		}
	}
	t.Fatal("the recording has no list of plug-ins")
	return nil
}

// A call is one of the calls of testdata/connect-rest-capture.json, made to a worker of Apache Kafka 3.9.0.
type call struct {
	Method, Path, Note string
	Request            json.RawMessage
	Status             int
	ContentType        *string `json:"content_type"`
	Location           *string
	JSON               json.RawMessage
}

func recording(t testing.TB) []call {
	t.Helper()
	text, err := os.ReadFile("testdata/connect-rest-capture.json")
	if err != nil {
		t.Fatal(err)
	}
	var calls []call
	if err := json.Unmarshal(text, &calls); err != nil {
		t.Fatal(err)
	}
	return calls
}
