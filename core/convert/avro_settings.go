package convert

import (
	"errors"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// AvroConverter is the Java class name of Confluent's Avro converter.
const AvroConverter = "io.confluent.connect.avro.AvroConverter"

// Avro is the settings of AvroConverter.
type Avro struct {
	Registry
	Serializer
	AvroData
}

// Serializer is the settings that say which schema a record is written with.
type Serializer struct {
	// AutoRegister registers a record's schema; otherwise it must be known already.
	AutoRegister bool
	// UseSchemaID writes with this schema; -1 for none.
	UseSchemaID   int
	IDStrict      bool
	UseLatest     bool
	LatestStrict  bool
	Normalize     bool
	KeyStrategy   string
	ValueStrategy string
}

// Names of the subject name strategies, without the package.
const (
	TopicNameStrategy       = "TopicNameStrategy"
	RecordNameStrategy      = "RecordNameStrategy"
	TopicRecordNameStrategy = "TopicRecordNameStrategy"
)

const strategies = "io.confluent.kafka.serializers.subject."

// SubjectStrategy is the simple name of a strategy given by its class name; "" for one that is not ours.
func SubjectStrategy(class string) string {
	name := strings.TrimPrefix(class, strategies)
	switch name {
	case TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy:
		return name
	}
	return ""
}

// AvroData is the settings of the mapping between Avro's schemas and Connect's.
type AvroData struct {
	GeneralizedSums       bool
	IgnoreDefaultNullable bool
	CacheSize             int
	Enhanced              bool
	ScrubNames            bool
	MetaData              bool
	DiscardTypeDocDefault bool
	OptionalMapKeys       bool
	FlattenSingletons     bool
}

func (a *Avro) Define(d *config.Def) {
	a.Registry.Define(d)
	a.Serializer.Define(d)
	a.AvroData.Define(d)
}

// Define declares the keys.
func (s *Serializer) Define(d *config.Def) {
	g, low := config.Group("Schemas"), config.Rank(config.Low)
	d.Bool(&s.AutoRegister, "auto.register.schemas", true, "Whether a schema that the registry does not know is registered.", g)
	d.Int(&s.UseSchemaID, "use.schema.id", -1, "ID of the schema to write with, when schemas are not registered.", low, g)
	d.Bool(&s.IDStrict, "id.compatibility.strict", true, "Whether the schema of use.schema.id must be backward compatible with the record's.", low, g)
	d.Bool(&s.UseLatest, "use.latest.version", false, "Whether to write with the latest version of the subject, when schemas are not registered.", low, g)
	d.Bool(&s.LatestStrict, "latest.compatibility.strict", true, "Whether the latest version must be backward compatible with the record's schema.", low, g)
	d.Bool(&s.Normalize, "normalize.schemas", false, "Whether the registry normalizes schemas before it compares them.", g)
	strategy := config.Check(func(raw string) error {
		if SubjectStrategy(raw) == "" {
			return errors.New("this strategy is not supported; TopicNameStrategy, RecordNameStrategy and TopicRecordNameStrategy are")
		}
		return nil
	})
	d.Class(&s.KeyStrategy, "key.subject.name.strategy", strategies+TopicNameStrategy, "How the subject of a key's schema is named.", g, strategy)
	d.Class(&s.ValueStrategy, "value.subject.name.strategy", strategies+TopicNameStrategy, "How the subject of a value's schema is named.", g, strategy)

	const null = "io.confluent.kafka.serializers.context.NullContextNameStrategy"
	d.Class(new(string), "context.name.strategy", null, "How the context of a subject is named; only the default is supported.", g, config.Check(func(raw string) error {
		if raw != null && raw != "NullContextNameStrategy" {
			return errors.New("contexts are not supported; name the context in the URL of the registry (.../contexts/name)")
		}
		return nil
	}))
	d.String(new(string), "use.latest.with.metadata", "", "Metadata of the version to write with; not supported.", low, g, config.Check(refuse("choosing a version by metadata is not supported; use use.latest.version or use.schema.id")))
	const rules = "data contract rules are not run here"
	d.List(new([]string), "rule.executors", "", "Executors of data contract rules; not supported.", low, g, config.Check(refuse(rules)))
	d.List(new([]string), "rule.actions", "", "Actions of data contract rules; not supported.", low, g, config.Check(refuse(rules)))
	d.Bool(new(bool), "rule.service.loader.enable", true, "Whether Java's service loader looks for rules.", low, g, config.NoEffect(rules+"."))
	d.Bool(new(bool), "propagate.schema.tags", false, "Whether tags go from schema to schema.", low, g, config.NoEffect("tags are not propagated."))
	d.String(new(string), "schema.format", "", "Format in which the registry returns schemas.", low, g, config.NoEffect("schemas are read as they were registered."))
	// The other keys of Java's serializer choose between Java classes; a converter reads generic data whatever they say.
	const generic = "Java classes play no part here; data is read generically, as the converter has it."
	for _, key := range []string{"schema.reflection", "specific.avro.reader"} {
		d.Bool(new(bool), key, false, "For serializers of Java classes.", low, g, config.NoEffect(generic))
	}
	for _, key := range []string{"avro.reflection.allow.null", "avro.remove.java.properties"} {
		d.Bool(new(bool), key, false, "For serializers of Java classes.", g, config.NoEffect(generic))
	}
	for _, key := range []string{"specific.avro.key.type", "specific.avro.value.type"} {
		d.Class(new(string), key, "", "For serializers of Java classes.", low, g, config.NoDefault(), config.NoEffect(generic))
	}
	d.Bool(new(bool), "avro.use.logical.type.converters", false, "For serializers of Java classes; not supported.", g, config.Check(func(raw string) error {
		if strings.EqualFold(raw, "true") {
			return errors.New("AvroConverter cannot work with Avro's own logical type classes")
		}
		return nil
	}))
}

// Define declares the keys.
func (a *AvroData) Define(d *config.Def) {
	g, low := config.Group("Avro"), config.Rank(config.Low)
	d.Bool(&a.GeneralizedSums, "generalized.sum.type.support", false, "Whether enums and unions have the form that all of Confluent's converters share.", g)
	d.Bool(&a.IgnoreDefaultNullable, "ignore.default.for.nullables", false, "Whether a null is written as null even if its schema has a default.", g)
	d.Int(&a.CacheSize, "schemas.cache.config", 1000, "How many schemas are remembered, in each direction.", low, g)
	d.Bool(&a.Enhanced, "enhanced.avro.schema.support", false, "Whether enums are written as enums, and branches of unions go by their full names.", g)
	d.Bool(&a.ScrubNames, "scrub.invalid.names", false, "Whether characters that Avro does not allow in names are replaced.", g)
	d.Bool(&a.MetaData, "connect.meta.data", true, "Whether Connect's names, versions, docs and parameters are kept in Avro's schemas.", low, g)
	d.Bool(&a.DiscardTypeDocDefault, "discard.type.doc.default", false, "Whether docs and defaults are those of fields only.", low, g)
	d.Bool(&a.OptionalMapKeys, "allow.optional.map.keys", false, "Whether a map whose keys are optional strings is written as a map.", low, g)
	d.Bool(&a.FlattenSingletons, "flatten.singleton.unions", true, "Whether a union of one branch is that branch.", low, g)
}
