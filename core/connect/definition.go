package connect

import "github.com/connectless/connectless/core/config"

// Kind is what a connector implements.
type Kind string

const (
	SinkKind   Kind = "sink"
	SourceKind Kind = "source"
	FeedKind   Kind = "feed"
)

// Definition declares a connector without linking what it needs to run: names, documentation, configuration keys.
// Terraform plans, REST validation and the documentation read it; a function pairs it with an implementation.
type Definition struct {
	// Name is our short name, which connector.class takes: cosmos-sink.
	Name string
	// Classes are the Java class names that users paste, the current one first.
	Classes []string
	Kind    Kind
	Version string
	Doc     string
	// Prefixes are the connector's own key prefixes: an unknown key below one of them that is nearly a known key is
	// an error with a suggestion.
	Prefixes []string
	// Config returns new settings for connector.class as it was given (classes of different generations may have
	// different keys); it parses the connector's own keys only.
	Config func(class string) config.Definer
}

// Is says whether the definition answers to a value of connector.class: its name or one of its classes; Kafka Connect's
// aliases count too: a class's simple name, with or without "Connector" at its end.
func (d *Definition) Is(class string) bool {
	c := d.Declaration()
	return c.Is(class)
}

// Declaration is the definition as an entry of a [config.Catalog].
func (d *Definition) Declaration() config.Connector {
	return config.Connector{
		Name: d.Name, Classes: d.Classes, Kind: string(d.Kind), Version: d.Version, Doc: d.Doc, Prefixes: d.Prefixes, Config: d.Config,
	}
}
