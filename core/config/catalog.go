package config

import (
	"fmt"
	"slices"
	"strings"
)

// Connector declares a connector to a [Catalog]; connect.Definition makes one of itself.
type Connector struct {
	Name     string   // our short name
	Classes  []string // Java class names, the current one first
	Kind     string   // sink, source or feed
	Version  string
	Doc      string
	Prefixes []string // of its own keys
	Config   func(class string) Definer
}

// Is says whether the connector answers to a value of connector.class: its name, one of its classes, or a class's simple
// name with or without "Connector" at its end.
func (c *Connector) Is(class string) bool {
	return class == c.Name || slices.ContainsFunc(c.Classes, func(java string) bool { return ClassMatches(class, java, "Connector") })
}

// framework returns new settings of the framework for the kind of connector.
func (c *Connector) framework() (Definer, *CommonSettings) {
	if c.Kind == "sink" {
		s := &SinkSettings{}
		return s, &s.CommonSettings
	}
	s := &SourceSettings{}
	return s, &s.CommonSettings
}

// Keys returns the framework's keys and the connector's own for a value of connector.class.
func (c *Connector) Keys(class string) (framework, own []Key) {
	settings, _ := c.framework()
	return Keys(settings), Keys(c.Config(class))
}

// Catalog is what a configuration may name: connectors, transforms, predicates, converters and config providers. It is
// not changed while it is used.
type Catalog struct {
	Connectors []Connector
	Plugins    []Plugin
	Providers  []ProviderPlugin // beside the built-in ones
	// Resolves says that this program looks references up itself: one to a provider that it does not link is a warning even
	// where references are left alone.
	Resolves bool
}

// Connector finds a connector by a value of connector.class.
func (c *Catalog) Connector(class string) (*Connector, error) {
	for i := range c.Connectors {
		if c.Connectors[i].Is(class) {
			return &c.Connectors[i], nil
		}
	}
	var names, known []string
	for i := range c.Connectors {
		known = append(append(known, c.Connectors[i].Name), c.Connectors[i].Classes...)
		names = append(names, c.Connectors[i].Name)
		if len(c.Connectors[i].Classes) > 0 {
			names[i] += " (" + strings.Join(c.Connectors[i].Classes, ", ") + ")"
		}
	}
	return nil, says("Failed to find any class that implements Connector and which name matches %s, available connectors are: %s%s",
		class, strings.Join(names, ", "), didYouMean("", nearestClass(class, known)))
}

// Plugin finds a transform, predicate or converter by class.
func (c *Catalog) Plugin(kind PluginKind, class string) (*Plugin, error) {
	for i := range c.Plugins {
		if p := &c.Plugins[i]; p.Kind == kind && ClassMatches(class, p.Class, kind.suffix()) {
			return p, nil
		}
	}
	return nil, says("Class %s could not be found.%s", class, suggestClass(class, c.classes(kind)))
}

func (c *Catalog) classes(kind PluginKind) []string {
	var classes []string
	for i := range c.Plugins {
		if c.Plugins[i].Kind == kind {
			classes = append(classes, c.Plugins[i].Class)
		}
	}
	slices.Sort(classes)
	return classes
}

// suggestClass is the end of a message about a class that does not exist.
func suggestClass(class string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	if near := nearestClass(class, known); near != "" {
		return fmt.Sprintf(" Did you mean %q? Known: %s", near, strings.Join(known, ", "))
	}
	return " Known: " + strings.Join(known, ", ")
}

// didYouMean is the end of a message about a name; "" when nothing is near.
func didYouMean(prefix, near string) string {
	if near == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", prefix+near)
}
