package migrate

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Targets are the target blocks that connectless_connector has.
func Targets() []string { return []string{"connect_rest"} }

// Options say what to write.
type Options struct {
	Target  string // one of [Targets]
	URL     string // of the cluster, for the provider; "" leaves it to the environment
	OneFile bool   // all connectors in one
	// Worker is the worker map for the provider block; nil for none. Its secrets are left out.
	Worker map[string]string
}

// File is a file of Terraform, formatted as terraform fmt leaves it.
type File struct {
	Name string
	Text []byte
}

// Result is Terraform, and what there is to say about it.
type Result struct {
	Files  []File
	Report string
	// Errors and Warnings count the findings.
	Errors, Warnings int
}

// Terraform writes connectors as resources. What it writes depends on its arguments only.
func (j *Judge) Terraform(connectors []Connector, o Options) (*Result, error) {
	connectors = slices.Clone(connectors)
	slices.SortStableFunc(connectors, func(a, b Connector) int { return strings.Compare(a.Name, b.Name) })
	w := writer{o: o, labels: map[string]bool{}}
	for _, reserved := range []string{"provider", "variables", "imports", "connectors"} {
		w.labels[reserved] = true // names of files
	}
	var worker []Finding
	for i, c := range connectors {
		if i > 0 && connectors[i-1].Name == c.Name {
			return nil, fmt.Errorf("migrate: there are two connectors named %s: in %s and in %s", c.Name, connectors[i-1].From, c.From)
		}
		k, ws := j.judge(c)
		k.label = w.label(c.Name)
		k.nameVariables()
		w.connectors = append(w.connectors, k)
		worker = append(worker, ws...)
	}
	worker = append(worker, w.provider()...)
	w.resources()
	w.variables()
	w.imports()
	r := &Result{Files: w.files}
	r.report(unique(worker), w.connectors)
	return r, nil
}

type writer struct {
	o          Options
	labels     map[string]bool // taken, in lower case: some file systems know no other
	connectors []*judged
	files      []File
}

// label makes an identifier of a name.
func (w *writer) label(name string) string {
	base := identifier(name)
	label := base
	for n := 2; w.labels[strings.ToLower(label)]; n++ {
		label = fmt.Sprintf("%s_%d", base, n)
	}
	w.labels[strings.ToLower(label)] = true
	return label
}

func identifier(name string) string {
	id := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, name)
	if id == "" || id[0] >= '0' && id[0] <= '9' || id[0] == '-' {
		id = "_" + id
	}
	return id
}

func (k *judged) nameVariables() {
	k.variables = map[string]string{}
	taken := map[string]bool{}
	for _, key := range sorted(k.secret) {
		base := identifier(k.label + "_" + strings.ReplaceAll(key, "-", "_"))
		name := base
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		taken[name] = true
		k.variables[key] = name
	}
}

func (w *writer) add(name string, f *hclwrite.File) {
	w.files = append(w.files, File{name, append(bytes.TrimSpace(hclwrite.Format(f.Bytes())), '\n')})
}

// provider writes the provider's block, and says which of the worker's secrets are not in it.
func (w *writer) provider() (left []Finding) {
	f := hclwrite.NewEmptyFile()
	terraform := f.Body().AppendNewBlock("terraform", nil).Body()
	terraform.SetAttributeValue("required_version", cty.StringVal(">= 1.11")) // write-only arguments
	terraform.AppendNewline()
	terraform.AppendNewBlock("required_providers", nil).Body().SetAttributeValue("connectless",
		cty.ObjectVal(map[string]cty.Value{"source": cty.StringVal("connectless/connectless")}))
	f.Body().AppendNewline()
	comment(f.Body(), "User name and password, or a token, come from CONNECTLESS_CONNECT_USERNAME, CONNECTLESS_CONNECT_PASSWORD and CONNECTLESS_CONNECT_TOKEN.")
	block := f.Body().AppendNewBlock("provider", []string{"connectless"}).Body()
	if w.o.Worker != nil {
		secret := workerSecrets(w.o.Worker)
		shown := maps.Clone(w.o.Worker)
		for _, key := range sorted(secret) {
			delete(shown, key)
			left = append(left, Finding{"note", key, "it is a secret of the worker, and was left out of the provider's worker map: refer to it, as in \"$${env:NAME}\""})
		}
		block.SetAttributeRaw("worker", object(shown))
		block.AppendNewline()
	}
	rest := block.AppendNewBlock(w.o.Target, nil).Body()
	if w.o.URL != "" {
		rest.SetAttributeValue("url", cty.StringVal(w.o.URL))
	} else {
		comment(rest, "url comes from CONNECTLESS_CONNECT_URL.")
	}
	w.add("provider.tf", f)
	return left
}

func (w *writer) resources() {
	all := hclwrite.NewEmptyFile()
	for i, k := range w.connectors {
		if !w.o.OneFile {
			f := hclwrite.NewEmptyFile()
			w.resource(f.Body(), k)
			w.add(k.label+".tf", f)
			continue
		}
		if i > 0 {
			all.Body().AppendNewline()
		}
		w.resource(all.Body(), k)
	}
	if w.o.OneFile {
		w.add("connectors.tf", all)
	}
}

func (w *writer) resource(body *hclwrite.Body, k *judged) {
	comment(body, fmt.Sprintf("Connector %s, from %s.", oneLine(k.Name), oneLine(k.From)))
	if len(k.findings) > 0 {
		comment(body, "")
		comment(body, "When it becomes a function:")
		for _, f := range k.findings {
			comment(body, "- "+f.text())
		}
	}
	r := body.AppendNewBlock("resource", []string{"connectless_connector", k.label}).Body()
	r.SetAttributeValue("name", cty.StringVal(k.Name))
	if k.State == "PAUSED" || k.State == "STOPPED" {
		r.SetAttributeValue("state", cty.StringVal(k.State))
	}
	plain := maps.Clone(k.Config)
	for key := range k.secret {
		delete(plain, key)
	}
	r.AppendNewline()
	r.SetAttributeRaw("config", object(plain))
	if len(k.secret) > 0 {
		r.AppendNewline()
		var items []hclwrite.ObjectAttrTokens
		for _, key := range sorted(k.secret) {
			items = append(items, hclwrite.ObjectAttrTokens{Name: text(key), Value: hclwrite.TokensForTraversal(variable(k.variables[key]))})
		}
		r.SetAttributeRaw("config_wo", hclwrite.TokensForObject(items))
		r.SetAttributeValue("config_wo_version", cty.NumberIntVal(1))
	}
	r.AppendNewline()
	r.AppendUnstructuredTokens(hclwrite.Tokens{
		{Type: hclsyntax.TokenIdent, Bytes: []byte(w.o.Target)}, {Type: hclsyntax.TokenOBrace, Bytes: []byte("{")},
		{Type: hclsyntax.TokenCBrace, Bytes: []byte("}")}, {Type: hclsyntax.TokenNewline, Bytes: []byte("\n")},
	})
}

func (w *writer) variables() {
	f := hclwrite.NewEmptyFile()
	first := true
	for _, k := range w.connectors {
		for _, key := range sorted(k.variables) {
			if !first {
				f.Body().AppendNewline()
			}
			first = false
			v := f.Body().AppendNewBlock("variable", []string{k.variables[key]}).Body()
			v.SetAttributeRaw("type", hclwrite.TokensForTraversal(hcl.Traversal{hcl.TraverseRoot{Name: "string"}}))
			v.SetAttributeValue("description", cty.StringVal(fmt.Sprintf("%s of connector %s. Raise config_wo_version when it changes.", key, k.Name)))
			v.SetAttributeValue("sensitive", cty.True)
			v.SetAttributeValue("ephemeral", cty.True)
		}
	}
	if !first {
		w.add("variables.tf", f)
	}
}

// imports takes over what runs already, instead of creating it.
func (w *writer) imports() {
	f := hclwrite.NewEmptyFile()
	first := true
	for _, k := range w.connectors {
		if !k.Exists {
			continue
		}
		if first {
			comment(f.Body(), "The connectors exist: terraform apply takes them over. These blocks may be removed after that.")
		}
		f.Body().AppendNewline()
		first = false
		b := f.Body().AppendNewBlock("import", nil).Body()
		b.SetAttributeTraversal("to", hcl.Traversal{hcl.TraverseRoot{Name: "connectless_connector"}, hcl.TraverseAttr{Name: k.label}})
		b.SetAttributeValue("id", cty.StringVal(k.Name))
	}
	if !first {
		w.add("imports.tf", f)
	}
}

func variable(name string) hcl.Traversal {
	return hcl.Traversal{hcl.TraverseRoot{Name: "var"}, hcl.TraverseAttr{Name: name}}
}

// text is a quoted string in which nothing is a template.
func text(s string) hclwrite.Tokens { return hclwrite.TokensForValue(cty.StringVal(s)) }

func object(props map[string]string) hclwrite.Tokens {
	var items []hclwrite.ObjectAttrTokens
	for _, key := range sorted(props) {
		items = append(items, hclwrite.ObjectAttrTokens{Name: text(key), Value: text(props[key])})
	}
	return hclwrite.TokensForObject(items)
}

// comment writes a comment, wrapped.
func comment(body *hclwrite.Body, what string) {
	const width = 118
	indent := ""
	if strings.HasPrefix(what, "- ") {
		indent = "  "
	}
	line := "#"
	for _, word := range strings.Fields(what) {
		if len(line)+1+len(word) > width && line != "#" {
			commentLine(body, line)
			line = "#" + indent
		}
		line += " " + word
	}
	commentLine(body, line)
}

func commentLine(body *hclwrite.Body, line string) {
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte(line + "\n")}})
}

// report puts the findings together, for people.
func (r *Result) report(worker []Finding, connectors []*judged) {
	var b strings.Builder
	section := func(title string, fs []Finding) {
		fmt.Fprintf(&b, "%s\n", title)
		for _, f := range fs {
			switch f.Severity {
			case "error":
				r.Errors++
			case "warning":
				r.Warnings++
			}
			fmt.Fprintf(&b, "  %s\n", f.text())
		}
	}
	if len(worker) > 0 {
		section("worker", worker)
	}
	for _, k := range connectors {
		section(fmt.Sprintf("%s (%s), from %s", k.Name, k.Config["connector.class"], k.From), k.findings)
		if len(k.findings) == 0 {
			b.WriteString("  every key carries over\n")
		}
		for _, key := range sorted(k.variables) {
			fmt.Fprintf(&b, "  secret: %s is var.%s\n", key, k.variables[key])
		}
	}
	fmt.Fprintf(&b, "%d connectors, %d errors, %d warnings\n", len(connectors), r.Errors, r.Warnings)
	r.Report = b.String()
}
