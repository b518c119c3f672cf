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

// Warner is implemented by settings that have something to say beside errors. It is asked after they have been filled
// without any.
type Warner interface{ Warnings() Problems }

// SinkChecker is implemented by a sink's settings that depend on the framework's, as a map from topics does. It is asked
// after both have been filled without errors; keys are complete.
type SinkChecker interface {
	CheckSink(s *SinkSettings) Problems
}

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
