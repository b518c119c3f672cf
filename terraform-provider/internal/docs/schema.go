package docs

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// writeSchema writes what may be set and what may be read, and the content of blocks and nested attributes below.
func writeSchema(b *strings.Builder, block *tfprotov6.SchemaBlock) {
	b.WriteString("\n## Schema\n")
	writeLevel(b, "", block.Attributes, block.BlockTypes)
}

func writeLevel(b *strings.Builder, at string, attributes []*tfprotov6.SchemaAttribute, blocks []*tfprotov6.SchemaNestedBlock) {
	for _, section := range []struct {
		title string
		is    func(*tfprotov6.SchemaAttribute) bool
	}{
		{"Required", func(a *tfprotov6.SchemaAttribute) bool { return a.Required }},
		{"Optional", func(a *tfprotov6.SchemaAttribute) bool { return a.Optional }},
		{"Read-Only", func(a *tfprotov6.SchemaAttribute) bool { return a.Computed && !a.Optional }},
	} {
		var lines strings.Builder
		for _, a := range attributes {
			if section.is(a) {
				writeAttribute(&lines, at, a)
			}
		}
		if lines.Len() > 0 {
			fmt.Fprintf(b, "\n### %s\n\n%s", title(section.title, at), lines.String())
		}
	}
	if len(blocks) > 0 {
		fmt.Fprintf(b, "\n### %s\n\n", title("Blocks", at))
	}
	for _, n := range blocks {
		fmt.Fprintf(b, "- `%s` %s\n", n.TypeName, n.Block.Description)
	}
	for _, a := range attributes {
		if a.NestedType != nil {
			writeLevel(b, at+a.Name+".", a.NestedType.Attributes, nil)
		}
	}
	for _, n := range blocks {
		writeLevel(b, at+n.TypeName+".", n.Block.Attributes, n.Block.BlockTypes)
	}
}

func title(section, at string) string {
	if at == "" {
		return section
	}
	return section + " in `" + strings.TrimSuffix(at, ".") + "`"
}

func writeAttribute(b *strings.Builder, at string, a *tfprotov6.SchemaAttribute) {
	notes := []string{typeName(a.ValueType())}
	if a.NestedType != nil {
		notes[0] = "see `" + at + a.Name + "` below"
	}
	if a.Sensitive {
		notes = append(notes, "sensitive")
	}
	if a.WriteOnly {
		notes = append(notes, "write-only")
	}
	fmt.Fprintf(b, "- `%s` (%s) %s\n", a.Name, strings.Join(notes, ", "), a.Description)
}

// typeName is a type as people write it in Terraform.
func typeName(t tftypes.Type) string {
	switch t := t.(type) {
	case tftypes.List:
		return "list of " + typeName(t.ElementType)
	case tftypes.Map:
		return "map of " + typeName(t.ElementType)
	case tftypes.Object:
		return "object"
	}
	switch {
	case t.Is(tftypes.String):
		return "string"
	case t.Is(tftypes.Number):
		return "number"
	case t.Is(tftypes.Bool):
		return "bool"
	}
	return t.String()
}
