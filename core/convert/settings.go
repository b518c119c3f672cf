package convert

import (
	"errors"

	"github.com/connectless/connectless/core/config"
)

// Plain is the settings of a converter that has none of its own.
type Plain struct {
	// Type is key, value or header: the engine knows, so it is rarely set.
	Type string
}

func (p *Plain) Define(d *config.Def) {
	d.String(&p.Type, "converter.type", "", "What the converter is for. Kafka Connect sets it.",
		config.Required(), config.Rank(config.Low), config.OneOf("key", "value", "header"))
}

// JSON is the settings of JsonConverter.
type JSON struct {
	Plain
	// SchemasEnable: every document is an envelope of schema and payload.
	SchemasEnable bool
	// SchemasCacheSize is how many schemas are remembered in each direction.
	SchemasCacheSize int
	// DecimalFormat is BASE64 or NUMERIC in any case; it counts when decimals are written.
	DecimalFormat string
	// ReplaceNullWithDefault: a null whose schema has a default is read and written as the default.
	ReplaceNullWithDefault bool
}

func (j *JSON) Define(d *config.Def) {
	j.Plain.Define(d)
	schemas, serialization := config.Group("Schemas"), config.Group("Serialization")
	d.Bool(&j.SchemasEnable, "schemas.enable", true, "Whether each document is an envelope that holds the schema beside the payload.", config.Rank(config.High), schemas, config.Form("Enable Schemas", config.MediumWidth, 0))
	d.Int(&j.SchemasCacheSize, "schemas.cache.size", 1000, "How many schemas are remembered, in each direction.", config.Rank(config.High), schemas, config.Form("Schema Cache Size", config.MediumWidth, 1))
	d.String(&j.DecimalFormat, "decimal.format", "BASE64", "How decimals are written: BASE64 is their unscaled bytes, NUMERIC a JSON number.",
		config.Rank(config.Low), serialization, config.OneOfFold("NUMERIC", "BASE64"), config.Form("Decimal Format", config.MediumWidth, 0))
	d.Bool(&j.ReplaceNullWithDefault, "replace.null.with.default", true, "Whether null becomes the default of its schema, if there is one.", config.Rank(config.Low), serialization, config.Form("Replace null with default", config.MediumWidth, 1))
}

// Text is the settings of StringConverter.
type Text struct {
	Plain
	// Encoding is a Java charset name that [Charset] knows.
	Encoding string
}

func (t *Text) Define(d *config.Def) {
	t.Plain.Define(d)
	d.String(&t.Encoding, "converter.encoding", "UTF-8", "The character encoding.", config.Rank(config.High), config.Form("Encoding", config.MediumWidth, -1), config.Check(func(raw string) error {
		if Charset(raw) == "" {
			return errors.New("this character encoding is not supported")
		}
		return nil
	}))
}
