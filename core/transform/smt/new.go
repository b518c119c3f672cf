package smt

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/internal/javaregex"
	"github.com/connectless/connectless/core/transform"
)

// New returns the transform of a class, configured. The class is the Java name, or its part after the last dot. Errors
// are *data.Error with Kafka's class and message.
func New(class string, props map[string]string) (transform.Transform, error) {
	p, err := find(config.TransformPlugin, class, false)
	if err != nil {
		return nil, configError(err)
	}
	settings, err := parse(p, props, "")
	if err != nil {
		return nil, err
	}
	return newTransform(p.Class, settings)
}

// NewPredicate is [New] for predicates.
func NewPredicate(class string, props map[string]string) (transform.Predicate, error) {
	p, err := find(config.PredicatePlugin, class, false)
	if err != nil {
		return nil, configError(err)
	}
	settings, err := parse(p, props, "")
	if err != nil {
		return nil, err
	}
	return newPredicate(settings)
}

// interfaces are what Java calls the two kinds.
var interfaces = map[config.PluginKind]string{config.TransformPlugin: "Transformation", config.PredicatePlugin: "Predicate"}

// unknownClass is the error of find for a class that nobody has; messages about a key say which key names it.
type unknownClass struct{ class string }

func (e *unknownClass) Error() string { return fmt.Sprintf("Class %s could not be found.", e.class) }

// plugins are made once: a chain looks for several, and is part of every cold start.
var plugins = sync.OnceValue(transform.Plugins)

// find finds a class among the plug-ins of a kind. full refuses anything but its full name.
func find(kind config.PluginKind, class string, full bool) (*config.Plugin, error) {
	plugins := plugins()
	var halves []string
	for i := range plugins {
		p := &plugins[i]
		switch {
		case p.Class == class && p.Kind != kind:
			return nil, data.Errorf(data.ConfigException, "Class class %s does not implement the %s interface", class, interfaces[kind])
		case p.Class == class, !full && p.Kind == kind && config.ClassMatches(class, p.Class, ""):
			return p, nil
		case strings.HasPrefix(p.Class, class+"$"):
			halves = append(halves, p.Class)
		}
	}
	if len(halves) > 0 {
		return nil, data.Errorf(data.ConfigException, "This class is abstract and cannot be created. Did you mean %s?", strings.Join(halves, ", "))
	}
	return nil, &unknownClass{class}
}

// parse fills the plug-in's settings. The error is that of the first key, whose name in messages begins with prefix.
func parse(p *config.Plugin, props map[string]string, prefix string) (config.Definer, error) {
	settings := p.Config()
	props = currentNames(settings, props)
	problems := config.Parse(props, settings)
	if key, pattern := expression(settings); pattern != "" && !slices.ContainsFunc(problems, func(p config.Problem) bool { return p.Key == key }) {
		if _, err := javaregex.Compile(pattern); err != nil {
			return nil, data.Errorf(data.ConfigException, "Invalid value %s for configuration %s: Invalid regex: %s", pattern, prefix+key, javaMessage(err))
		}
	}
	if len(problems) == 0 {
		return settings, nil
	}
	first := problems[0]
	if err := check(settings); err != nil && err.Error() == first.Message {
		return settings, nil // a worker comes to it later: see newTransform
	}
	if prefix == "" || complete(settings, first.Message) {
		return nil, data.Errorf(data.ConfigException, "%s", first.Message)
	}
	text := strings.Replace(first.Message, fmt.Sprintf("configuration %q", first.Key), fmt.Sprintf("configuration %q", prefix+first.Key), 1)
	text = strings.Replace(text, " for configuration "+first.Key+": ", " for configuration "+prefix+first.Key+": ", 1)
	return nil, data.Errorf(data.ConfigException, "%s", text)
}

// check is the check that Kafka makes when it configures the plug-in.
func check(settings config.Definer) error {
	c, ok := settings.(transform.Checker)
	if !ok {
		return nil
	}
	_, err := c.Check()
	return err
}

// complete says whether a message is of a check that puts no key before it.
func complete(settings config.Definer, message string) bool {
	v, ok := settings.(transform.Validator)
	if !ok {
		return false
	}
	_, err := v.Validate()
	return err != nil && err.Error() == message
}

// currentNames replaces keys that were renamed; the new name wins where both are given.
func currentNames(settings config.Definer, props map[string]string) map[string]string {
	if _, ok := settings.(*transform.ReplaceField); !ok {
		return props
	}
	renamed := make(map[string]string, len(props))
	for k, v := range props {
		renamed[k] = v
	}
	for old, current := range map[string]string{"blacklist": "exclude", "whitelist": "include"} {
		if v, given := props[old]; given {
			if _, given = props[current]; !given {
				renamed[current] = v
			}
		}
	}
	return renamed
}

// expression is the key of a regular expression and what it is set to.
func expression(settings config.Definer) (key, pattern string) {
	switch s := settings.(type) {
	case *transform.RegexRouter:
		return "regex", s.Regex
	case *transform.TopicNameMatches:
		return "pattern", s.Pattern
	}
	return "", ""
}

func newTransform(class string, settings config.Definer) (transform.Transform, error) {
	if err := check(settings); err != nil {
		return nil, configError(err)
	}
	half := side(strings.HasSuffix(class, "$Value"))
	switch c := settings.(type) {
	case *transform.Cast:
		return newCast(half, c)
	case *transform.DropHeaders:
		return newDropHeaders(c)
	case *transform.ExtractField:
		return newExtractField(half, c)
	case *transform.Filter:
		return filter{}, nil
	case *transform.Flatten:
		return newFlatten(half, c)
	case *transform.HeaderFrom:
		return newHeaderFrom(half, c)
	case *transform.HoistField:
		return newHoistField(half, c)
	case *transform.InsertField:
		return newInsertField(half, c)
	case *transform.InsertHeader:
		return newInsertHeader(c)
	case *transform.MaskField:
		return newMaskField(half, c)
	case *transform.RegexRouter:
		return newRegexRouter(c)
	case *transform.ReplaceField:
		return newReplaceField(half, c)
	case *transform.SetSchemaMetadata:
		return newSetSchemaMetadata(half, c)
	case *transform.TimestampConverter:
		return newTimestampConverter(half, c)
	case *transform.TimestampRouter:
		return newTimestampRouter(c)
	case *transform.ValueToKey:
		return newValueToKey(c)
	}
	return nil, fmt.Errorf("smt: no implementation of %s", class)
}

func newPredicate(settings config.Definer) (transform.Predicate, error) {
	switch c := settings.(type) {
	case *transform.HasHeaderKey:
		return hasHeaderKey{c.Name}, nil
	case *transform.RecordIsTombstone:
		return recordIsTombstone{}, nil
	case *transform.TopicNameMatches:
		return newTopicNameMatches(c)
	}
	return nil, fmt.Errorf("smt: no implementation of the predicate %T", settings)
}
