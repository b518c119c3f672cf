package transform

import (
	"github.com/connectless/connectless/core/config"
)

// nullable declares a STRING key without a default: p stays nil when the key is absent.
func nullable(d *config.Def, p **string, name, doc string, opts ...config.Option) {
	var s string
	given := config.Check(func(string) error { *p = &s; return nil })
	d.String(&s, name, "", doc, append(opts, config.NoDefault(), given)...)
}

// nonEmptyList refuses a list without items.
func nonEmptyList() config.Option {
	return config.Check(func(raw string) error {
		if len(config.SplitList(raw)) == 0 {
			return said("Empty list")
		}
		return nil
	})
}

// replaceNull declares replace.null.with.default, which most transforms of structs have.
func replaceNull(d *config.Def, p *bool) {
	d.Bool(p, "replace.null.with.default", true,
		"Whether a null field that has a default in its schema is read as the default. False keeps the null.")
}
