package config

// PluginKind is a kind of class that a connector's configuration names besides the connector, in the words of
// GET /connector-plugins.
type PluginKind string

const (
	TransformPlugin       PluginKind = "transformation"
	PredicatePlugin       PluginKind = "predicate"
	ConverterPlugin       PluginKind = "converter"
	HeaderConverterPlugin PluginKind = "header_converter"
)

// Plugin declares a transform, predicate or converter without linking its implementation.
type Plugin struct {
	Kind PluginKind
	// Class is the full Java class name; a transform of keys or values has an entry for each of its $Key and $Value.
	Class string
	Doc   string
	// Config returns new settings to parse.
	Config func() Definer
}

// suffix is what Kafka Connect cuts off a class's simple name to make an alias of it.
func (k PluginKind) suffix() string {
	switch k {
	case TransformPlugin:
		return "Transformation"
	case PredicatePlugin:
		return "Predicate"
	case HeaderConverterPlugin:
		return "HeaderConverter"
	}
	return "Converter"
}
