package transform

import "github.com/connectless/connectless/core/config"

const (
	transforms = "org.apache.kafka.connect.transforms."
	predicates = transforms + "predicates."
)

// Plugins are the transforms and predicates of Apache Kafka 3.9, by class name. A transform of keys or values has two.
func Plugins() []config.Plugin {
	var all []config.Plugin
	one := func(kind config.PluginKind, class, doc string, settings func() config.Definer) {
		all = append(all, config.Plugin{Kind: kind, Class: class, Doc: doc, Config: settings})
	}
	both := func(name, doc string, settings func() config.Definer) {
		one(config.TransformPlugin, transforms+name+"$Key", doc+" Works on the key.", settings)
		one(config.TransformPlugin, transforms+name+"$Value", doc+" Works on the value.", settings)
	}
	single := func(name, doc string, settings func() config.Definer) {
		one(config.TransformPlugin, transforms+name, doc, settings)
	}
	predicate := func(name, doc string, settings func() config.Definer) {
		one(config.PredicatePlugin, predicates+name, doc, settings)
	}
	both("Cast", "Changes the type of fields, or of everything.", func() config.Definer { return &Cast{} })
	single("DropHeaders", "Removes headers by name.", func() config.Definer { return &DropHeaders{} })
	both("ExtractField", "Puts one field in the place of the whole.", func() config.Definer { return &ExtractField{} })
	single("Filter", "Drops every record it is applied to: give it a predicate.", func() config.Definer { return &Filter{} })
	both("Flatten", "Lifts nested fields to the top, with the names on the way joined.", func() config.Definer { return &Flatten{} })
	both("HeaderFrom", "Copies or moves fields to headers.", func() config.Definer { return &HeaderFrom{} })
	both("HoistField", "Wraps the whole into one field.", func() config.Definer { return &HoistField{} })
	both("InsertField", "Adds fields with what is known of the record, or with a fixed text.", func() config.Definer { return &InsertField{} })
	single("InsertHeader", "Adds a header with a fixed value.", func() config.Definer { return &InsertHeader{} })
	both("MaskField", "Replaces fields by an empty value of their type, or by a given one.", func() config.Definer { return &MaskField{} })
	single("RegexRouter", "Renames topics by a regular expression.", func() config.Definer { return &RegexRouter{} })
	both("ReplaceField", "Keeps, drops and renames fields.", func() config.Definer { return &ReplaceField{} })
	both("SetSchemaMetadata", "Sets the name or version of the schema.", func() config.Definer { return &SetSchemaMetadata{} })
	both("TimestampConverter", "Turns points in time from one representation into another.", func() config.Definer { return &TimestampConverter{} })
	single("TimestampRouter", "Puts the record's time into its topic's name.", func() config.Definer { return &TimestampRouter{} })
	single("ValueToKey", "Makes the key from fields of the value.", func() config.Definer { return &ValueToKey{} })
	predicate("HasHeaderKey", "True for records that have a header of the name.", func() config.Definer { return &HasHeaderKey{} })
	predicate("RecordIsTombstone", "True for records whose value is null.", func() config.Definer { return &RecordIsTombstone{} })
	predicate("TopicNameMatches", "True for records whose topic matches a regular expression.", func() config.Definer { return &TopicNameMatches{} })
	return all
}

// A Checker is a settings struct with a check that Kafka Connect makes when the plug-in is configured, after all keys of
// the connector were found good. Define includes it as a rule; who has to tell the two kinds of error apart asks again.
type Checker interface {
	config.Definer
	Check() (key string, err error)
}

// A Validator is a settings struct with a check of a key whose message is complete: Kafka Connect does not put the name
// of the key, and the prefix it has in a connector, before it. Define includes it as a rule.
type Validator interface {
	config.Definer
	Validate() (key string, err error)
}

var (
	_ = []Checker{(*ExtractField)(nil), (*HeaderFrom)(nil), (*InsertField)(nil), (*SetSchemaMetadata)(nil), (*TimestampConverter)(nil)}
	_ = []Validator{(*Cast)(nil), (*ReplaceField)(nil)}
)
