package transform

import (
	"strings"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/data"
)

// Cast are the settings of Cast.
type Cast struct {
	Spec                   []string
	ReplaceNullWithDefault bool
}

func (c *Cast) Define(d *config.Def) {
	d.List(&c.Spec, "spec", "", "What to cast: a list of field:type, or one type for everything. "+
		"Types are int8, int16, int32, int64, float32, float64, boolean and string.",
		config.Required(), config.AbsentSays(nothingToCast), config.Rank(config.High), config.Example("id:string,amount:float64"))
	replaceNull(d, &c.ReplaceNullWithDefault)
	d.Rule(c.Validate, "spec")
}

func (c *Cast) Validate() (string, error) {
	_, err := c.Casts()
	return "spec", err
}

const nothingToCast = "Must specify at least one field to cast."

// CastTo is one item of a cast's spec.
type CastTo struct {
	Field string
	Whole bool // everything, and no field
	Type  data.Type
}

// Casts reads the spec. Of a field that is listed twice the last item counts.
func (c *Cast) Casts() ([]CastTo, error) {
	if len(c.Spec) == 0 {
		return nil, said(nothingToCast)
	}
	var casts []CastTo
	whole := false
	for _, item := range c.Spec {
		parts := splitPair(item)
		var to CastTo
		switch len(parts) {
		case 1:
			to.Whole, whole = true, true
		case 2:
			to.Field = trim(parts[0])
		default:
			return nil, errPairs(c.Spec, item)
		}
		name := trim(parts[len(parts)-1])
		var ok bool
		if to.Type, ok = data.ParseType(name); !ok {
			return nil, says("Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.%s for configuration Invalid type found in casting spec: %s",
				strings.ToUpper(name), name)
		}
		if to.Type > data.TypeString {
			return nil, says("Cast transformation does not support casting to %s; supported types are [%s]", to.Type, castOutputs)
		}
		casts = replaceCast(casts, to)
	}
	if whole && len(c.Spec) > 1 {
		return nil, said("Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec")
	}
	return casts, nil
}

const castOutputs = "INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING"

func replaceCast(casts []CastTo, to CastTo) []CastTo {
	for i := range casts {
		if casts[i].Field == to.Field && casts[i].Whole == to.Whole {
			casts[i] = to
			return casts
		}
	}
	return append(casts, to)
}
