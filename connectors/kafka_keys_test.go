package connectors

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/transform"
)

// kafkaKey is a key as a class of Apache Kafka 3.9.0 or Confluent's AvroConverter 7.8.0 declares it.
type kafkaKey struct {
	Name     string
	Type     config.Type
	Default  string
	Required bool
}

// A role is where a class stands in a configuration, and so what its keys are called there.
type role struct {
	worker bool
	prefix string
	base   map[string]string // beside which the key is set
	keys   []config.Key      // what is declared for the place
}

// TestEveryKeyOfKafka sets each key of each class that Kafka has to something that is not its default. What becomes of it is
// in testdata/kafka-keys.txt, so that a change shows in review: it works, or it is refused, or a warning says why it has no
// effect. Nothing is ignored without a word.
func TestEveryKeyOfKafka(t *testing.T) {
	text, err := os.ReadFile("testdata/kafka-configdefs.json")
	if err != nil {
		t.Fatal(err)
	}
	var classes map[string][]kafkaKey
	if err := json.Unmarshal(text, &classes); err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(classes))
	for class := range classes {
		names = append(names, class)
	}
	slices.Sort(names)

	catalog := &config.Catalog{Plugins: append(transform.Plugins(), convert.Plugins()...)}
	for _, d := range All() {
		catalog.Connectors = append(catalog.Connectors, d.Declaration())
	}
	catalog.Connectors = append(catalog.Connectors, config.Connector{
		Name: "any-source", Kind: "source", Config: func(string) config.Definer { return nothing{} },
	})
	var b strings.Builder
	b.WriteString("# What becomes of each key of Kafka Connect's classes when it is set. Written by make generate.\n")
	for _, class := range names {
		b.WriteString("\n" + class + "\n")
		r, err := place(catalog, class)
		if err != nil {
			fmt.Fprintf(&b, "  refused: %s\n", err)
			continue
		}
		for _, k := range classes[class] {
			fate := fateOf(catalog, r, k)
			if strings.HasPrefix(fate, "ignored") {
				t.Errorf("%s: %s: %s", class, k.Name, fate)
			}
			fmt.Fprintf(&b, "  %s: %s\n", k.Name, fate)
		}
	}

	const golden = "testdata/kafka-keys.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s is not what happens: run go generate ./connectors\n%s", golden, diff)
	}
}

type nothing struct{}

func (nothing) Define(*config.Def) {}

// place finds where a class stands. The error is for a connector that we do not have.
func place(catalog *config.Catalog, class string) (role, error) {
	sink := map[string]string{"name": "n", "connector.class": "FileStreamSink", "topics": "t"}
	with := func(more ...string) map[string]string {
		m := map[string]string{}
		for k, v := range sink {
			m[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	switch {
	case strings.HasSuffix(class, "StandaloneConfig"), class == "DistributedConfig":
		return role{worker: true, base: sink, keys: append(config.Keys(&config.WorkerSettings{}), config.ClientKeys(config.AdminClient)...)}, nil
	case class == "SourceConnectorConfig":
		return role{base: map[string]string{"name": "n", "connector.class": "any-source"}, keys: config.Keys(&config.SourceSettings{})}, nil
	case class == "SinkConnectorConfig", class == "ConnectorConfig":
		return role{base: sink, keys: config.Keys(&config.SinkSettings{})}, nil
	case strings.HasPrefix(class, "KafkaAvro"), strings.HasSuffix(class, "SerDeConfig"), class == "AvroDataConfig":
		class = convert.AvroConverter
	case strings.HasSuffix(class, "Connector"):
		c, err := catalog.Connector(class)
		if err != nil {
			return role{}, fmt.Errorf("there is no such connector") //nolint:err113 // a line of the golden file
		}
		_, own := c.Keys(class)
		return role{base: sink, keys: own}, nil
	}
	for _, kind := range []config.PluginKind{config.TransformPlugin, config.PredicatePlugin, config.ConverterPlugin, config.HeaderConverterPlugin} {
		p, err := catalog.Plugin(kind, class)
		if err != nil {
			continue
		}
		r := role{keys: config.Keys(p.Config())}
		switch kind {
		case config.TransformPlugin:
			r.prefix, r.base = "transforms.x.", with("transforms", "x", "transforms.x.type", p.Class)
		case config.PredicatePlugin:
			r.prefix, r.base = "predicates.x.", with("predicates", "x", "predicates.x.type", p.Class)
		case config.ConverterPlugin:
			r.prefix, r.base = "value.converter.", with("value.converter", p.Class)
			if class == convert.AvroConverter {
				r.base["value.converter.schema.registry.url"] = "http://registry"
			}
		default:
			r.prefix, r.base = "header.converter.", with("header.converter", p.Class)
		}
		return r, nil
	}
	return role{}, fmt.Errorf("there is no such class") //nolint:err113 // a line of the golden file
}

// fateOf sets a key and says what becomes of it.
func fateOf(catalog *config.Catalog, r role, k kafkaKey) string {
	worker := map[string]string{"exactly.once.source.support": "enabled", "bootstrap.servers": "b:9092", "key.converter": convert.StringConverter, "value.converter": convert.StringConverter}
	name, props := r.prefix+k.Name, map[string]string{}
	for key, value := range r.base {
		props[key] = value
	}
	switch {
	case r.worker:
		worker[name] = sample(k)
	case name == "topics.regex":
		delete(props, "topics")
		fallthrough
	case name != "connector.class" || props[name] != "any-source":
		props[name] = sample(k)
	}
	for _, p := range catalog.Judge(worker, props, config.Options{Strict: true}).Problems {
		if p.Key != name || p.Worker != r.worker {
			continue
		}
		_, why, _ := strings.Cut(p.Message, name)
		why = strings.TrimSuffix(strings.TrimLeft(why, ": "), ".")
		switch {
		case strings.Contains(why, "is not a key of"):
			return "ignored: " + why
		case p.Severity == config.Warning:
			return "warned: " + strings.TrimPrefix(why, "has no effect: ")
		}
		return "refused: " + why
	}
	for i := range r.keys {
		if d := &r.keys[i]; d.Name == k.Name && d.NoEffect == "" || d.Prefix && d.Name != "" && strings.HasPrefix(k.Name, d.Name) {
			return "works"
		}
	}
	return "ignored: nobody declares it"
}

// samples are values of keys that take few.
var samples = map[string]string{
	"auto.register.schemas": "false", "basic.auth.credentials.source": "SASL_INHERIT", "bearer.auth.credentials.source": "STATIC_TOKEN",
	"config.action.reload": "none", "connector.class": "FileStreamSinkConnector", "connector.client.config.override.policy": "None",
	"converter.encoding": "US-ASCII", "converter.type": "value", "decimal.format": "NUMERIC", "errors.tolerance": "all",
	"exactly.once.source.support": "enabled", "exactly.once.support": "required", "field.syntax.version": "V2",
	"header.converter": convert.StringConverter, "key.converter": convert.JSONConverter, "key.subject.name.strategy": "RecordNameStrategy",
	"operation": "copy", "renames": "a:b", "security.protocol": "SSL", "spec": "a:int8", "ssl.enabled.protocols": "TLSv1.3",
	"ssl.keystore.type": "PEM", "ssl.truststore.type": "PEM", "schema.registry.ssl.keystore.type": "PEM", "schema.registry.ssl.truststore.type": "PEM",
	"target.type": "Date", "topics.regex": "t.*", "transaction.boundary": "interval", "unix.precision": "seconds",
	"value.converter": convert.JSONConverter, "value.subject.name.strategy": "RecordNameStrategy",
}

// sample is a value that is right for a key and not its default.
func sample(k kafkaKey) string {
	if v, ok := samples[k.Name]; ok {
		return v
	}
	switch k.Type {
	case config.TypeBoolean:
		return fmt.Sprint(k.Default != "true")
	case config.TypeInt, config.TypeLong, config.TypeShort:
		if k.Default == "7" {
			return "8"
		}
		return "7"
	case config.TypeDouble:
		return "0.7"
	}
	return "x"
}
