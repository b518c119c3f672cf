package convert

import "github.com/connectless/connectless/core/config"

// Java class names of the converters.
const (
	JSONConverter         = "org.apache.kafka.connect.json.JsonConverter"
	StringConverter       = "org.apache.kafka.connect.storage.StringConverter"
	SimpleHeaderConverter = "org.apache.kafka.connect.storage.SimpleHeaderConverter"
	ByteArrayConverter    = "org.apache.kafka.connect.converters.ByteArrayConverter"
	BooleanConverter      = "org.apache.kafka.connect.converters.BooleanConverter"
	ShortConverter        = "org.apache.kafka.connect.converters.ShortConverter"
	IntegerConverter      = "org.apache.kafka.connect.converters.IntegerConverter"
	LongConverter         = "org.apache.kafka.connect.converters.LongConverter"
	FloatConverter        = "org.apache.kafka.connect.converters.FloatConverter"
	DoubleConverter       = "org.apache.kafka.connect.converters.DoubleConverter"
)

// Plugins returns every converter and header converter declared here. All but AvroConverter and SimpleHeaderConverter are
// both.
func Plugins() []config.Plugin {
	var all []config.Plugin
	for _, c := range []struct {
		class, doc string
		settings   func() config.Definer
	}{
		{JSONConverter, "JSON text, with the schema beside the payload in an envelope or, with schemas.enable=false, plain.", func() config.Definer { return new(JSON) }},
		{StringConverter, "Text in a character encoding; anything that is not a string is written as Java's toString has it.", func() config.Definer { return new(Text) }},
		{ByteArrayConverter, "Bytes as they are.", plain},
		{BooleanConverter, "A boolean in one byte, 0 or 1.", plain},
		{ShortConverter, "A 16-bit integer, big-endian.", plain},
		{IntegerConverter, "A 32-bit integer, big-endian.", plain},
		{LongConverter, "A 64-bit integer, big-endian.", plain},
		{FloatConverter, "A 32-bit IEEE 754 number, big-endian.", plain},
		{DoubleConverter, "A 64-bit IEEE 754 number, big-endian.", plain},
	} {
		for _, kind := range []config.PluginKind{config.ConverterPlugin, config.HeaderConverterPlugin} {
			all = append(all, config.Plugin{Kind: kind, Class: c.class, Doc: c.doc, Config: c.settings})
		}
	}
	all = append(all, config.Plugin{Kind: config.ConverterPlugin, Class: AvroConverter,
		Doc: "Avro, with its schema in a schema registry (Confluent's wire format).", Config: func() config.Definer { return new(Avro) }})
	return append(all, config.Plugin{Kind: config.HeaderConverterPlugin, Class: SimpleHeaderConverter,
		Doc: "Text whose type is found by what it looks like: a number, a date, a list; for headers only.", Config: func() config.Definer { return none{} }})
}

func plain() config.Definer { return new(Plain) }

type none struct{}

func (none) Define(*config.Def) {}
