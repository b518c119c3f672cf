package cosmos

import (
	"fmt"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// IDStrategy says where a document's id comes from: a template, or a place in the record's key or value.
type IDStrategy struct {
	From IDSource
	// Template is for FromTemplate: literal text and variables in turn.
	Template []TemplatePart
	// Path is for FromKey and FromValue.
	Path Path
}

// IDSource is the kind of an [IDStrategy].
type IDSource uint8

const (
	FromValue IDSource = iota
	FromKey
	FromTemplate
)

// TemplatePart is a piece of a template: a variable, or literal text where Variable is None.
type TemplatePart struct {
	Variable Variable
	Text     string
}

// Variable is what a template takes from the record.
type Variable uint8

const (
	None Variable = iota
	Topic
	Partition
	Offset
	Key
)

// The names that the keys take, for both generations; V1 takes them as class names.
const (
	providedInValue = "ProvidedInValueStrategy"
	providedInKey   = "ProvidedInKeyStrategy"
	fullKey         = "FullKeyStrategy"
	kafkaMetadata   = "KafkaMetadataStrategy"
	template        = "TemplateStrategy"

	strategyPackage = "com.azure.cosmos.kafka.connect.sink.id.strategy."
)

// idStrategy declares the strategy key and its pass-through keys below it.
func (c *SinkConfig) idStrategy(d *config.Def, key string) {
	group := config.Group(groupID)
	var name, text, delimiter, path string
	const doc = "Where a document's id comes from: ProvidedInValueStrategy or ProvidedInKeyStrategy (a JSON path in the value or key), FullKeyStrategy (the key), KafkaMetadataStrategy (topic, partition and offset) or TemplateStrategy. The characters / \\ ? # become _, and the id replaces an id that the value has."
	check := config.Check(func(raw string) error {
		short, ok := strategyName(raw)
		if !ok {
			return fmt.Errorf("must be one of: %s, %s, %s, %s, %s", providedInValue, providedInKey, fullKey, kafkaMetadata, template)
		}
		name = short
		return nil
	})
	if c.Generation == V1 {
		d.Class(&name, key, strategyPackage+providedInValue, doc, group, check)
	} else {
		d.String(&name, key, providedInValue, doc, group, check)
	}
	d.String(&text, key+".template", "", "For TemplateStrategy: text with ${topic}, ${partition}, ${offset} and ${key}.", group, config.Example("${topic}-${key}"))
	d.String(&delimiter, key+".delimiter", "-", "For KafkaMetadataStrategy: what stands between topic, partition and offset.", group)
	d.String(&path, key+".jsonPath", "$.id", "For the ProvidedIn strategies: the place of the id, a JSON path of names and array indexes.", group)
	d.Rule(func() (string, error) {
		switch name {
		case providedInValue, providedInKey:
			steps, err := ParsePath(path)
			if err != nil {
				return key + ".jsonPath", fmt.Errorf("%s.jsonPath = %s: %w", key, path, err)
			}
			c.ID = IDStrategy{From: FromValue, Path: steps}
			if name == providedInKey {
				c.ID.From = FromKey
			}
			return "", nil
		case fullKey:
			text = "${key}"
		case kafkaMetadata:
			text = "${topic}" + delimiter + "${partition}" + delimiter + "${offset}"
		default:
			if text == "" {
				return key + ".template", fmt.Errorf("%s.template is missing: TemplateStrategy needs a template, like ${topic}-${key}", key)
			}
		}
		c.ID = IDStrategy{From: FromTemplate, Template: parseTemplate(text)}
		return "", nil
	}, key, key+".template", key+".delimiter", key+".jsonPath")
}

// strategyName reduces a short name, with or without "Strategy", or a class name of either generation to the short name.
func strategyName(raw string) (string, bool) {
	simple := raw[strings.LastIndexByte(raw, '.')+1:]
	for _, n := range []string{providedInValue, providedInKey, fullKey, kafkaMetadata, template} {
		if strings.EqualFold(simple, n) || strings.EqualFold(simple, strings.TrimSuffix(n, "Strategy")) {
			return n, true
		}
	}
	return "", false
}

// parseTemplate splits a template at its variables. Anything else that looks like a variable is literal text, as it is
// for the Java connector.
func parseTemplate(s string) []TemplatePart {
	var parts []TemplatePart
	literal := func(text string) {
		if text == "" {
			return
		}
		if n := len(parts); n > 0 && parts[n-1].Variable == None {
			parts[n-1].Text += text
			return
		}
		parts = append(parts, TemplatePart{Text: text})
	}
	for {
		before, rest, ok := strings.Cut(s, "${")
		literal(before)
		if !ok {
			return parts
		}
		name, after, closed := strings.Cut(rest, "}")
		v, known := map[string]Variable{"topic": Topic, "partition": Partition, "offset": Offset, "key": Key}[name]
		if !closed || !known {
			literal("${")
			s = rest
			continue
		}
		parts = append(parts, TemplatePart{Variable: v})
		s = after
	}
}
