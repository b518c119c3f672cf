package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/connectless/connectless/connectors"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/function"
	"github.com/connectless/connectless/infra/local/internal/functions"
)

// shelf is the function binaries of a directory and everything that a configuration may name with them.
type shelf struct {
	dir     string
	found   []functions.Binary
	missing error // why there are none to look at
	catalog *config.Catalog
}

// openShelf looks at dir, or where function binaries usually are if it is empty. The catalog has the project's own
// connectors in any case, and those of other people's binaries.
func openShelf(ctx context.Context, dir string) *shelf {
	own := connectors.All()
	s := &shelf{dir: cmp.Or(dir, functions.Default()), catalog: function.Catalog(own...)}
	s.found, s.missing = functions.Find(ctx, s.dir)
	for _, b := range s.found {
		if !slices.ContainsFunc(own, func(d connect.Definition) bool { return d.Name == b.Name }) {
			s.catalog.Connectors = append(s.catalog.Connectors, b.Declaration())
		}
	}
	return s
}

// binary is the function of the connector with our short name.
func (s *shelf) binary(name string) (functions.Binary, error) {
	if s.missing != nil {
		return functions.Binary{}, s.missing
	}
	return functions.Of(s.found, s.dir, name)
}
