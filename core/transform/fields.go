package transform

import (
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/data/javatext"
)

// ExtractField are the settings of ExtractField.
type ExtractField struct {
	Field                  string
	SyntaxVersion          string
	ReplaceNullWithDefault bool
}

func (c *ExtractField) Define(d *config.Def) {
	d.String(&c.Field, "field", "", "The field that takes the place of the whole.", config.Required())
	replaceNull(d, &c.ReplaceNullWithDefault)
	d.String(&c.SyntaxVersion, "field.syntax.version", "V1", "How field is read. V1: one literal name. "+
		"V2: a path with dots between names, where backticks enclose a name that has dots.",
		config.Rank(config.High), config.OneOfFold("V1", "V2"))
	d.Rule(c.Check)
}

func (c *ExtractField) Check() (string, error) {
	_, err := ParsePath(c.Field, c.SyntaxVersion)
	return "field", err
}

// Flatten are the settings of Flatten.
type Flatten struct{ Delimiter string }

func (c *Flatten) Define(d *config.Def) {
	d.String(&c.Delimiter, "delimiter", ".", "What stands between the joined names.")
}

// HoistField are the settings of HoistField.
type HoistField struct{ Field string }

func (c *HoistField) Define(d *config.Def) {
	d.String(&c.Field, "field", "", "The name of the one field of the result.", config.Required())
}

// InsertField are the settings of InsertField. A nil name means that nothing is inserted for it.
type InsertField struct {
	TopicField, PartitionField, OffsetField, TimestampField, StaticField *string

	StaticValue            *string
	ReplaceNullWithDefault bool
}

func (c *InsertField) Define(d *config.Def) {
	const suffix = " A ! at the end of the name makes it required in the schema, a ? optional, which it is without."
	nullable(d, &c.TopicField, "topic.field", "The field that takes the topic's name."+suffix)
	nullable(d, &c.PartitionField, "partition.field", "The field that takes the partition."+suffix)
	nullable(d, &c.OffsetField, "offset.field", "The field that takes the offset; in sinks only."+suffix)
	nullable(d, &c.TimestampField, "timestamp.field", "The field that takes the record's time."+suffix)
	nullable(d, &c.StaticField, "static.field", "The field that takes static.value."+suffix)
	nullable(d, &c.StaticValue, "static.value", "The text for static.field.")
	replaceNull(d, &c.ReplaceNullWithDefault)
	d.Rule(c.Check)
}

func (c *InsertField) Check() (string, error) {
	switch {
	case c.TopicField == nil && c.PartitionField == nil && c.OffsetField == nil && c.TimestampField == nil && c.StaticField == nil:
		return "topic.field", said("No field insertion configured")
	case c.StaticField != nil && c.StaticValue == nil:
		return "static.value", says("Invalid value null for configuration static.value: No value specified for static field: %s", *c.StaticField)
	}
	return "", nil
}

// MaskField are the settings of MaskField.
type MaskField struct {
	Fields                 []string
	Replacement            *string
	ReplaceNullWithDefault bool
}

func (c *MaskField) Define(d *config.Def) {
	d.List(&c.Fields, "fields", "", "The fields to mask.", config.Required(), nonEmptyList(), config.Rank(config.High))
	nullable(d, &c.Replacement, "replacement", "What numbers and texts become, instead of 0 and the empty text.",
		config.NonEmpty(), config.Rank(config.Low))
	replaceNull(d, &c.ReplaceNullWithDefault)
}

// ReplaceField are the settings of ReplaceField.
type ReplaceField struct {
	Exclude, Include, Renames []string
	Blacklist, Whitelist      []string // former names of Exclude and Include
	ReplaceNullWithDefault    bool
}

func (c *ReplaceField) Define(d *config.Def) {
	d.List(&c.Exclude, "exclude", "", "The fields to drop; include does not bring them back.")
	d.List(&c.Blacklist, "blacklist", "", "Former name of exclude, gone in Kafka 4.0.", config.NoDefault(), config.Rank(config.Low))
	d.List(&c.Include, "include", "", "The only fields to keep; all when empty.")
	d.List(&c.Whitelist, "whitelist", "", "Former name of include, gone in Kafka 4.0.", config.NoDefault(), config.Rank(config.Low))
	d.List(&c.Renames, "renames", "", "New names: a list of old:new. The other lists use the old names.", config.Example("ts:timestamp"))
	replaceNull(d, &c.ReplaceNullWithDefault)
	d.Rule(c.Validate, "renames")
}

func (c *ReplaceField) Validate() (string, error) {
	_, err := c.RenamePairs()
	return "renames", err
}

// Rename is one item of renames.
type Rename struct{ From, To string }

// RenamePairs reads renames. Of a field that is renamed twice the last item counts.
func (c *ReplaceField) RenamePairs() ([]Rename, error) {
	var pairs []Rename
next:
	for _, item := range c.Renames {
		parts := splitPair(item)
		if len(parts) != 2 {
			return nil, errPairs(c.Renames, item)
		}
		for i := range pairs {
			if pairs[i].From == parts[0] {
				pairs[i].To = parts[1]
				continue next
			}
		}
		pairs = append(pairs, Rename{parts[0], parts[1]})
	}
	return pairs, nil
}

// SetSchemaMetadata are the settings of SetSchemaMetadata.
type SetSchemaMetadata struct {
	SchemaName             *string
	SchemaVersion          *int32
	ReplaceNullWithDefault bool
}

func (c *SetSchemaMetadata) Define(d *config.Def) {
	nullable(d, &c.SchemaName, "schema.name", "The name to set.", config.Rank(config.High))
	var version int
	given := config.Check(func(string) error {
		v := int32(version) // an INT has 32 bits
		c.SchemaVersion = &v
		return nil
	})
	d.Int(&version, "schema.version", 0, "The version to set.", config.NoDefault(), config.Rank(config.High), given)
	replaceNull(d, &c.ReplaceNullWithDefault)
	d.Rule(c.Check)
}

func (c *SetSchemaMetadata) Check() (string, error) {
	if c.SchemaName == nil && c.SchemaVersion == nil {
		return "schema.name", said("Neither schema name nor version configured")
	}
	return "", nil
}

// TimestampConverter are the settings of TimestampConverter.
type TimestampConverter struct {
	Field                  string
	TargetType             string
	Format                 string
	UnixPrecision          string
	ReplaceNullWithDefault bool
}

func (c *TimestampConverter) Define(d *config.Def) {
	d.String(&c.Field, "field", "", "The field to convert; everything when empty.", config.Rank(config.High))
	d.String(&c.TargetType, "target.type", "", "What it becomes: a text, a number, or a logical Date, Time or Timestamp.",
		config.Required(), config.Rank(config.High), config.OneOf("string", "unix", "Date", "Time", "Timestamp"))
	d.String(&c.Format, "format", "", "The SimpleDateFormat pattern of texts, read or written. In UTC.", config.Example("yyyy-MM-dd'T'HH:mm:ss.SSSXXX"))
	d.String(&c.UnixPrecision, "unix.precision", "milliseconds", "The unit of numbers, read or written.",
		config.Rank(config.Low), config.OneOf("nanoseconds", "microseconds", "milliseconds", "seconds"))
	replaceNull(d, &c.ReplaceNullWithDefault)
	d.Rule(c.Check)
}

func (c *TimestampConverter) Check() (string, error) {
	_, err := c.DateFormat()
	return "format", err
}

// DateFormat compiles Format; nil when there is none.
func (c *TimestampConverter) DateFormat() (*javatext.DateFormat, error) {
	if trim(c.Format) == "" {
		if c.TargetType == "string" {
			return nil, said("TimestampConverter requires format option to be specified when using string timestamps")
		}
		return nil, nil
	}
	f, err := javatext.ParsePattern(c.Format)
	if err != nil {
		return nil, says("Invalid value %v for configuration TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: %s", err, c.Format)
	}
	return f, nil
}

// ValueToKey are the settings of ValueToKey.
type ValueToKey struct {
	Fields                 []string
	ReplaceNullWithDefault bool
}

func (c *ValueToKey) Define(d *config.Def) {
	d.List(&c.Fields, "fields", "", "The fields of the value that make the key.", config.Required(), nonEmptyList(), config.Rank(config.High))
	replaceNull(d, &c.ReplaceNullWithDefault)
}
