package transform

import (
	"github.com/connectless/connectless/core/config"
)

// Filter has no settings.
type Filter struct{}

func (*Filter) Define(*config.Def) {}

// DropHeaders are the settings of DropHeaders.
type DropHeaders struct{ Headers []string }

func (c *DropHeaders) Define(d *config.Def) {
	d.List(&c.Headers, "headers", "", "The names of the headers to remove.", config.Required(), nonEmptyList(), config.Rank(config.High))
}

// HeaderFrom are the settings of HeaderFrom.
type HeaderFrom struct {
	Fields, Headers        []string
	Operation              string
	ReplaceNullWithDefault bool
}

func (c *HeaderFrom) Define(d *config.Def) {
	d.List(&c.Fields, "fields", "", "The fields to put into headers.", config.Required(), nonEmptyList(), config.Rank(config.High))
	d.List(&c.Headers, "headers", "", "The headers' names, one for each field.", config.Required(), nonEmptyList(), config.Rank(config.High))
	d.String(&c.Operation, "operation", "", "Whether the fields stay (copy) or go (move).",
		config.Required(), config.Rank(config.High), config.OneOf("move", "copy"))
	replaceNull(d, &c.ReplaceNullWithDefault)
	d.Rule(c.Check)
}

func (c *HeaderFrom) Check() (string, error) {
	if len(c.Fields) != len(c.Headers) {
		return "headers", said("'fields' config must have the same number of elements as 'headers' config.")
	}
	return "", nil
}

// InsertHeader are the settings of InsertHeader.
type InsertHeader struct{ Header, Literal string }

func (c *InsertHeader) Define(d *config.Def) {
	d.String(&c.Header, "header", "", "The name of the header.", config.Required(), config.Rank(config.High))
	d.String(&c.Literal, "value.literal", "", "The value; its type is found as for a header that is read: 42 is a number.",
		config.Required(), config.Rank(config.High))
}

// RegexRouter are the settings of RegexRouter. Whether the expression is valid is up to the implementation, which has
// Java's syntax; Go's own engine would refuse look-around and back references.
type RegexRouter struct{ Regex, Replacement string }

func (c *RegexRouter) Define(d *config.Def) {
	d.String(&c.Regex, "regex", "", "A Java regular expression that the whole topic name has to match.", config.Required(), config.Rank(config.High))
	d.String(&c.Replacement, "replacement", "", "What the match becomes; $1 is a group.", config.Required(), config.Rank(config.High))
}

// TimestampRouter are the settings of TimestampRouter.
type TimestampRouter struct{ TopicFormat, TimestampFormat string }

func (c *TimestampRouter) Define(d *config.Def) {
	d.String(&c.TopicFormat, "topic.format", "${topic}-${timestamp}", "The new name, with ${topic} and ${timestamp} replaced.", config.Rank(config.High))
	d.String(&c.TimestampFormat, "timestamp.format", "yyyyMMdd", "The SimpleDateFormat pattern of ${timestamp}. In UTC.", config.Rank(config.High))
}

// HasHeaderKey are the settings of the predicate.
type HasHeaderKey struct{ Name string }

func (c *HasHeaderKey) Define(d *config.Def) {
	d.String(&c.Name, "name", "", "The header's name.", config.Required(), config.NonEmpty())
}

// RecordIsTombstone has no settings.
type RecordIsTombstone struct{}

func (*RecordIsTombstone) Define(*config.Def) {}

// TopicNameMatches are the settings of the predicate. See [RegexRouter] for who checks the expression.
type TopicNameMatches struct{ Pattern string }

func (c *TopicNameMatches) Define(d *config.Def) {
	d.String(&c.Pattern, "pattern", "", "A Java regular expression that the whole topic name has to match.", config.Required(), config.NonEmpty())
}
