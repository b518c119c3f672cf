package docs

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/connectless/connectless/connectors"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/transform"
	"github.com/connectless/connectless/terraform-provider/internal/provider"
)

// Pages returns the pages by their path below docs. examples is the directory of that name.
func Pages(ctx context.Context, examples fs.FS) (map[string]string, error) {
	server, err := providerserver.NewProtocol6WithError(provider.New("docs")())()
	if err != nil {
		return nil, fmt.Errorf("docs: %w", err)
	}
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, fmt.Errorf("docs: %w", err)
	}
	w := &writer{examples: examples, pages: map[string]string{}}
	w.provider(schemas.Provider)
	for name, s := range schemas.ResourceSchemas {
		w.resource(name, s)
	}
	for name, s := range schemas.DataSourceSchemas {
		w.dataSource(name, s)
	}
	for name, f := range schemas.Functions {
		w.function(name, f)
	}
	for _, d := range connectors.All() {
		w.connector(&d)
	}
	w.framework()
	w.plugins("transforms", "Transforms and predicates", "Every transform and predicate of Apache Kafka, by the name that `transforms.<alias>.type` and `predicates.<alias>.type` take: the full class, or its last part.", transform.Plugins())
	w.plugins("converters", "Converters", "What `key.converter`, `value.converter` and `header.converter` take. Options follow under the converter's own key: `value.converter.schemas.enable`.", converters())
	return w.pages, w.err
}

// converters are the converters, each once: most are header converters too.
func converters() []config.Plugin {
	seen := map[string]bool{}
	return slices.DeleteFunc(convert.Plugins(), func(p config.Plugin) bool {
		double := seen[p.Class]
		seen[p.Class] = true
		return double
	})
}

// A writer writes pages and keeps the first error.
type writer struct {
	examples fs.FS
	pages    map[string]string
	err      error
}

func (w *writer) page(path, title, subcategory, description string, body *strings.Builder) {
	w.pages[path] = fmt.Sprintf("---\npage_title: %q\nsubcategory: %q\ndescription: %q\n---\n\n%s", title, subcategory, firstSentence(description), body.String())
}

func firstSentence(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if i := strings.Index(text, ". "); i >= 0 {
		text = text[:i+1]
	}
	return text
}

// example writes a file of the examples as a block of code.
func (w *writer) example(b *strings.Builder, language, path string) {
	text, err := fs.ReadFile(w.examples, path)
	if err != nil {
		if w.err == nil {
			w.err = fmt.Errorf("docs: an example is missing: %w", err)
		}
		return
	}
	fmt.Fprintf(b, "```%s\n%s```\n", language, text)
}

func (w *writer) keys(b *strings.Builder, keys []config.Key) {
	var table strings.Builder
	if err := config.Markdown(&table, keys); err != nil && w.err == nil {
		w.err = fmt.Errorf("docs: %w", err)
	}
	b.WriteString(table.String())
}

func (w *writer) provider(s *tfprotov6.Schema) {
	var b strings.Builder
	fmt.Fprintf(&b, "# connectless Provider\n\n%s\n\n", s.Block.Description)
	w.example(&b, "terraform", "provider/provider.tf")
	b.WriteString("\n## Connectors\n\n")
	for _, d := range connectors.All() {
		fmt.Fprintf(&b, "- [%s](guides/%[1]s.md): %s\n", d.Name, d.Doc)
	}
	b.WriteString("\nKeys that connectors share: [of Kafka Connect itself](guides/connect-keys.md), [transforms and predicates](guides/transforms.md), [converters](guides/converters.md).\n")
	writeSchema(&b, s.Block)
	w.page("index.md", "connectless Provider", "", s.Block.Description, &b)
}

func (w *writer) resource(name string, s *tfprotov6.Schema) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s (Resource)\n\n%s\n\n## Example\n\n", name, s.Block.Description)
	w.example(&b, "terraform", "resources/"+name+"/resource.tf")
	b.WriteString("\nFrom JSON:\n\n")
	w.example(&b, "terraform", "resources/"+name+"/from-json.tf")
	writeSchema(&b, s.Block)
	b.WriteString("\n## Import\n\n")
	w.example(&b, "shell", "resources/"+name+"/import.sh")
	w.page("resources/"+strings.TrimPrefix(name, "connectless_")+".md", name+" Resource", "", s.Block.Description, &b)
}

func (w *writer) dataSource(name string, s *tfprotov6.Schema) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s (Data Source)\n\n%s\n\n## Example\n\n", name, s.Block.Description)
	w.example(&b, "terraform", "data-sources/"+name+"/data-source.tf")
	writeSchema(&b, s.Block)
	w.page("data-sources/"+strings.TrimPrefix(name, "connectless_")+".md", name+" Data Source", "", s.Block.Description, &b)
}

func (w *writer) function(name string, f *tfprotov6.Function) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s (Function)\n\n%s\n\n## Example\n\n", name, f.Description)
	w.example(&b, "terraform", "functions/"+name+"/function.tf")
	var names []string
	for _, p := range f.Parameters {
		names = append(names, p.Name+" "+typeName(p.Type))
	}
	fmt.Fprintf(&b, "\n## Signature\n\n```text\n%s(%s) %s\n```\n\n## Arguments\n\n", name, strings.Join(names, ", "), typeName(f.Return.Type))
	for i, p := range f.Parameters {
		null := ""
		if p.AllowNullValue {
			null = ", may be null"
		}
		fmt.Fprintf(&b, "%d. `%s` (%s%s) %s\n", i+1, p.Name, typeName(p.Type), null, p.Description)
	}
	w.page("functions/"+name+".md", name+" Function", "", f.Summary+".", &b)
}

// connector writes a connector's page: its keys, for each class that has keys of its own.
func (w *writer) connector(d *connect.Definition) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s A %s.\n\n## Example\n\n", d.Name, d.Doc, d.Kind)
	w.example(&b, "terraform", "connectors/"+d.Name+"/main.tf")
	type group struct {
		table   string
		classes []string
	}
	var groups []group
	for _, class := range append([]string{d.Name}, d.Classes...) {
		var table strings.Builder
		w.keys(&table, config.Keys(d.Config(class)))
		i := slices.IndexFunc(groups, func(g group) bool { return g.table == table.String() })
		if i < 0 {
			groups = append(groups, group{table: table.String()})
			i = len(groups) - 1
		}
		groups[i].classes = append(groups[i].classes, "`"+class+"`")
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## Keys of %s\n\n%s", strings.Join(g.classes, " and "), g.table)
	}
	b.WriteString("\nThe keys that every connector has are [Kafka Connect's own](connect-keys.md).\n")
	w.page("guides/"+d.Name+".md", d.Name, "Connectors", d.Doc, &b)
}

// framework writes the keys that do not belong to a connector.
func (w *writer) framework() {
	const about = "The keys of Kafka Connect itself: those of every sink and of every source, and those of the worker map."
	var b strings.Builder
	fmt.Fprintf(&b, "# Kafka Connect's own keys\n\n%s\n", about)
	for _, part := range []struct {
		title, about string
		keys         []config.Key
	}{
		{"Sinks", "In `config` of a sink, beside the connector's own.", config.Keys(&config.SinkSettings{})},
		{"Sources", "In `config` of a source, beside the connector's own.", config.Keys(&config.SourceSettings{})},
		{"Worker map", "In `worker` of the provider or of a connector.", config.WorkerKeys()},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", part.title, part.about)
		w.keys(&b, part.keys)
	}
	w.page("guides/connect-keys.md", "Kafka Connect's own keys", "Keys", about, &b)
}

// plugins writes the keys of transforms, predicates or converters. A transform of keys or values is described once.
func (w *writer) plugins(file, title, about string, plugins []config.Plugin) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", title, about)
	for _, p := range plugins {
		class, value := strings.CutSuffix(p.Class, "$Value")
		if value {
			continue
		}
		doc := p.Doc
		class, key := strings.CutSuffix(class, "$Key")
		heading := "`" + class + "`"
		if key {
			heading, doc = "`"+class+"$Key` and `$Value`", strings.TrimSuffix(doc, " Works on the key.")
		}
		if p.Kind == config.PredicatePlugin {
			doc = "A predicate. " + doc
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", heading, doc)
		if keys := config.Keys(p.Config()); len(keys) > 0 {
			b.WriteString("\n")
			w.keys(&b, keys)
		}
	}
	w.page("guides/"+file+".md", title, "Keys", about, &b)
}
