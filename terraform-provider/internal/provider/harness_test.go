package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/connectless/connectless/terraform-provider/internal/provider"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest/workertest"
)

// terraform plays Terraform for one resource and the provider's data sources: it speaks protocol 6 with the provider in the
// order in which Terraform does, and checks what Terraform would check.
type terraform struct {
	t       *testing.T
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
	vars    map[string]cty.Value
	locals  map[string]cty.Value
	dir     string    // of the configuration, for file()
	state   cty.Value // of connectless_connector; null: none
	private []byte
	wire    []string // everything that Terraform would keep or show
}

const connectorType = "connectless_connector"

func newTerraform(t *testing.T) *terraform {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(provider.New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	tf := &terraform{t: t, server: server, vars: map[string]cty.Value{}, locals: map[string]cty.Value{}}
	if tf.schemas, err = server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	tf.noErrors(tf.schemas.Diagnostics)
	tf.state = cty.NullVal(typeOf(t, tf.schema(connectorType)))
	return tf
}

// onWorker is Terraform with a provider that is configured for a worker.
func onWorker(t *testing.T, w *workertest.Worker) *terraform {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	tf := newTerraform(t)
	tf.vars["url"] = cty.StringVal(server.URL)
	tf.noErrors(tf.configure(`provider "connectless" {
		connect_rest {
			url = var.url
		}
	}`))
	return tf
}

func (tf *terraform) schema(name string) *tfprotov6.Schema {
	tf.t.Helper()
	for _, all := range []map[string]*tfprotov6.Schema{tf.schemas.ResourceSchemas, tf.schemas.DataSourceSchemas} {
		if s := all[name]; s != nil {
			return s
		}
	}
	tf.t.Fatalf("the provider has no %s", name)
	return nil
}

func typeOf(t *testing.T, s *tfprotov6.Schema) cty.Type {
	t.Helper()
	return ctyType(t, s.ValueType())
}

func ctyType(t *testing.T, in tftypes.Type) cty.Type {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	ty, err := ctyjson.UnmarshalType(text)
	if err != nil {
		t.Fatal(err)
	}
	return ty
}

// blocks parses HCL and evaluates its blocks by their schemas: provider, resource and data blocks. Others are left out.
type block struct {
	kind, name string
	value      cty.Value
}

func (tf *terraform) blocks(text string) []block {
	tf.t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(text), "main.tf", hcl.InitialPos)
	if diags.HasErrors() {
		tf.t.Fatal(diags)
	}
	ctx := tf.scope()
	var list []block
	for _, b := range file.Body.(*hclsyntax.Body).Blocks {
		switch b.Type {
		case "provider":
			list = append(list, block{b.Type, b.Labels[0], tf.evaluate(ctx, b.Body, tf.schemas.Provider.Block)})
		case "resource", "data":
			if strings.HasPrefix(b.Labels[0], "connectless_") {
				list = append(list, block{b.Type, b.Labels[0], tf.evaluate(ctx, b.Body, tf.schema(b.Labels[0]).Block)})
			}
		case "locals":
			for name, a := range b.Body.Attributes {
				v, diags := a.Expr.Value(ctx)
				if diags.HasErrors() {
					tf.t.Fatal(diags)
				}
				tf.locals[name] = v
			}
			ctx = tf.scope()
		case "variable":
			if _, ok := tf.vars[b.Labels[0]]; !ok {
				tf.vars[b.Labels[0]] = cty.UnknownVal(cty.DynamicPseudoType)
			}
			ctx = tf.scope()
		}
	}
	return list
}

func (tf *terraform) scope() *hcl.EvalContext {
	ctx := &hcl.EvalContext{Functions: map[string]function.Function{}, Variables: map[string]cty.Value{"var": cty.ObjectVal(tf.vars), "local": cty.ObjectVal(tf.locals)}}
	ctx.Functions["length"], ctx.Functions["jsondecode"] = stdlib.LengthFunc, stdlib.JSONDecodeFunc
	ctx.Functions["file"] = function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}}, Type: function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			content, err := os.ReadFile(filepath.Join(tf.dir, args[0].AsString()))
			return cty.StringVal(string(content)), err
		},
	})
	for name, f := range tf.schemas.Functions {
		ctx.Functions["provider::connectless::"+name] = tf.function(name, f)
	}
	return ctx
}

// function is a function of the provider, called over the protocol.
func (tf *terraform) function(name string, f *tfprotov6.Function) function.Function {
	spec := &function.Spec{Type: function.StaticReturnType(ctyType(tf.t, f.Return.Type))}
	for _, p := range f.Parameters {
		spec.Params = append(spec.Params, function.Parameter{Name: p.Name, Type: ctyType(tf.t, p.Type), AllowNull: p.AllowNullValue})
	}
	spec.Impl = func(args []cty.Value, ret cty.Type) (cty.Value, error) {
		req := &tfprotov6.CallFunctionRequest{Name: name}
		for _, a := range args {
			req.Arguments = append(req.Arguments, tf.dynamic(a))
		}
		resp, err := tf.server.CallFunction(tf.t.Context(), req)
		if err != nil {
			tf.t.Fatal(err)
		}
		if resp.Error != nil {
			return cty.NilVal, fmt.Errorf("%s", resp.Error.Text)
		}
		return msgpack.Unmarshal(resp.Result.MsgPack, ret)
	}
	return function.New(spec)
}

func (tf *terraform) evaluate(ctx *hcl.EvalContext, body *hclsyntax.Body, schema *tfprotov6.SchemaBlock) cty.Value {
	tf.t.Helper()
	values := map[string]cty.Value{}
	for _, a := range schema.Attributes {
		want := ctyType(tf.t, a.ValueType())
		values[a.Name] = cty.NullVal(want)
		if given, ok := body.Attributes[a.Name]; ok {
			v, diags := given.Expr.Value(ctx)
			if diags.HasErrors() {
				tf.t.Fatal(diags)
			}
			v, err := convert.Convert(v, want)
			if err != nil {
				tf.t.Fatalf("%s: %v", a.Name, err)
			}
			values[a.Name] = v
		}
	}
	for _, b := range schema.BlockTypes {
		values[b.TypeName] = cty.NullVal(ctyType(tf.t, b.ValueType()))
		for _, given := range body.Blocks {
			if given.Type == b.TypeName {
				values[b.TypeName] = tf.evaluate(ctx, given.Body, b.Block)
			}
		}
	}
	for name := range body.Attributes {
		if _, ok := values[name]; !ok {
			tf.t.Fatalf("there is no attribute %s", name)
		}
	}
	for _, given := range body.Blocks {
		if _, ok := values[given.Type]; !ok && given.Type != "lifecycle" {
			tf.t.Fatalf("there is no block %s", given.Type)
		}
	}
	return cty.ObjectVal(values)
}

func (tf *terraform) dynamic(v cty.Value) *tfprotov6.DynamicValue {
	tf.t.Helper()
	text, err := msgpack.Marshal(v, v.Type())
	if err != nil {
		tf.t.Fatal(err)
	}
	return &tfprotov6.DynamicValue{MsgPack: text}
}

func (tf *terraform) static(d *tfprotov6.DynamicValue, ty cty.Type) cty.Value {
	tf.t.Helper()
	v, err := msgpack.Unmarshal(d.MsgPack, ty)
	if err != nil {
		tf.t.Fatal(err)
	}
	tf.wire = append(tf.wire, v.GoString())
	return v
}

type diags []*tfprotov6.Diagnostic

// String has a line for each: severity, path, summary and detail.
func (ds diags) String() string {
	var lines []string
	for _, d := range ds {
		at := "(no path)"
		if d.Attribute != nil {
			at = pathString(d.Attribute)
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s: %s", strings.ToLower(d.Severity.String()), at, d.Summary, d.Detail))
	}
	return strings.Join(lines, "\n")
}

func pathString(p *tftypes.AttributePath) string {
	var b strings.Builder
	for _, step := range p.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(string(s))
		case tftypes.ElementKeyString:
			fmt.Fprintf(&b, "[%q]", string(s))
		default:
			fmt.Fprintf(&b, "[%v]", s)
		}
	}
	return b.String()
}

func (ds diags) errors() diags {
	var list diags
	for _, d := range ds {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			list = append(list, d)
		}
	}
	return list
}

// note keeps diagnostics for the search for secrets, and checks that each has a path.
func (tf *terraform) note(ds diags) diags {
	tf.t.Helper()
	for _, d := range ds {
		if d.Attribute == nil || len(d.Attribute.Steps()) == 0 {
			tf.t.Errorf("a diagnostic without a path: %s: %s", d.Summary, d.Detail)
		}
		tf.wire = append(tf.wire, d.Summary, d.Detail)
	}
	return ds
}

func (tf *terraform) noErrors(ds diags) {
	tf.t.Helper()
	if e := ds.errors(); len(e) > 0 {
		tf.t.Fatal(e)
	}
}

func (tf *terraform) configure(text string) diags {
	tf.t.Helper()
	value := tf.blocks(text)[0].value
	validated, err := tf.server.ValidateProviderConfig(tf.t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: tf.dynamic(value)})
	if err != nil {
		tf.t.Fatal(err)
	}
	ds := tf.note(validated.Diagnostics)
	if len(ds.errors()) > 0 {
		return ds
	}
	resp, err := tf.server.ConfigureProvider(tf.t.Context(), &tfprotov6.ConfigureProviderRequest{Config: tf.dynamic(value), TerraformVersion: "1.11.4"})
	if err != nil {
		tf.t.Fatal(err)
	}
	return append(ds, tf.note(resp.Diagnostics)...)
}

// A plan is what Terraform would show.
type plan struct {
	config, planned cty.Value
	private         []byte
	replace         []string
	diags           diags
	action          string // none, create, update, replace; "" when there were errors
}

// connector evaluates the one connector of a configuration.
func (tf *terraform) connector(text string) cty.Value {
	tf.t.Helper()
	for _, b := range tf.blocks(text) {
		if b.name == connectorType {
			return b.value
		}
	}
	tf.t.Fatal("there is no connector")
	return cty.NilVal
}

// plan validates, refreshes and plans.
func (tf *terraform) plan(text string) plan {
	tf.t.Helper()
	ds := tf.refresh()
	if len(ds.errors()) > 0 {
		return plan{diags: ds}
	}
	p := tf.planOnly(text)
	p.diags = append(ds, p.diags...)
	return p
}

func (tf *terraform) planOnly(text string) plan {
	tf.t.Helper()
	ctx, ty := tf.t.Context(), tf.state.Type()
	p := plan{config: tf.connector(text)}
	validated, err := tf.server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: connectorType, Config: tf.dynamic(p.config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}})
	if err != nil {
		tf.t.Fatal(err)
	}
	p.diags = append(p.diags, tf.note(validated.Diagnostics)...)
	if len(p.diags.errors()) > 0 {
		return p
	}
	resp, err := tf.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: connectorType, PriorState: tf.dynamic(tf.state), ProposedNewState: tf.dynamic(tf.proposed(p.config)), Config: tf.dynamic(p.config), PriorPrivate: tf.private,
	})
	if err != nil {
		tf.t.Fatal(err)
	}
	p.diags = append(p.diags, tf.note(resp.Diagnostics)...)
	if len(p.diags.errors()) > 0 {
		return p
	}
	p.planned, p.private = tf.static(resp.PlannedState, ty), resp.PlannedPrivate
	for _, path := range resp.RequiresReplace {
		p.replace = append(p.replace, pathString(path))
	}
	switch {
	case tf.state.IsNull():
		p.action = "create"
	case p.planned.RawEquals(tf.state):
		p.action = "none"
	case len(p.replace) > 0:
		p.action = "replace"
	default:
		p.action = "update"
	}
	return p
}

// proposed merges a configuration into the state as Terraform does before it asks for a plan.
func (tf *terraform) proposed(config cty.Value) cty.Value {
	values := config.AsValueMap()
	for _, a := range tf.schema(connectorType).Block.Attributes {
		switch {
		case a.WriteOnly:
			values[a.Name] = cty.NullVal(values[a.Name].Type())
		case a.Computed && values[a.Name].IsNull() && !tf.state.IsNull():
			values[a.Name] = tf.state.GetAttr(a.Name)
		}
	}
	return cty.ObjectVal(values)
}

// apply applies a plan. What was created and then failed is in the state, as in Terraform.
func (tf *terraform) apply(p plan) diags {
	tf.t.Helper()
	if p.action == "replace" {
		tf.noErrors(tf.destroy())
		config := p.config
		tf.state, tf.private = cty.NullVal(tf.state.Type()), nil
		resp, err := tf.server.PlanResourceChange(tf.t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: connectorType, PriorState: tf.dynamic(tf.state), ProposedNewState: tf.dynamic(tf.proposed(config)), Config: tf.dynamic(config),
		})
		if err != nil {
			tf.t.Fatal(err)
		}
		p.planned, p.private = tf.static(resp.PlannedState, tf.state.Type()), resp.PlannedPrivate
	}
	resp, err := tf.server.ApplyResourceChange(tf.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: connectorType, PriorState: tf.dynamic(tf.state), PlannedState: tf.dynamic(p.planned), Config: tf.dynamic(p.config), PlannedPrivate: p.private,
	})
	if err != nil {
		tf.t.Fatal(err)
	}
	ds := tf.note(resp.Diagnostics)
	tf.state, tf.private = tf.static(resp.NewState, tf.state.Type()), resp.Private
	tf.wire = append(tf.wire, tf.unpack(resp.Private)...)
	if len(ds.errors()) == 0 {
		if err := asPlanned(p.planned, tf.state, cty.Path{}); err != nil {
			tf.t.Errorf("the provider produced an inconsistent result after apply: %v", err)
		}
	}
	return ds
}

// unpack is what is in a private state, which hides everything behind base64.
func (tf *terraform) unpack(private []byte) []string {
	tf.t.Helper()
	var kept map[string][]byte
	if err := json.Unmarshal(private, &kept); err != nil && len(private) > 0 {
		tf.t.Fatal(err)
	}
	var values []string
	for key, value := range kept {
		values = append(values, key, string(value))
		var sealed struct{ Hashes map[string][]byte }
		if json.Unmarshal(value, &sealed) == nil {
			for _, hash := range sealed.Hashes {
				values = append(values, string(hash))
			}
		}
	}
	return values
}

// asPlanned checks that everything that was known in the plan came true, and that nothing is unknown.
func asPlanned(planned, got cty.Value, at cty.Path) error {
	if !got.IsKnown() {
		return at.NewErrorf("%#v is not known", at)
	}
	if !planned.IsKnown() {
		return nil
	}
	if planned.IsNull() || got.IsNull() || !planned.CanIterateElements() {
		if !planned.RawEquals(got) {
			return at.NewErrorf("%#v: planned %#v, got %#v", at, planned, got)
		}
		return nil
	}
	if planned.LengthInt() != got.LengthInt() {
		return at.NewErrorf("%#v: planned %#v, got %#v", at, planned, got)
	}
	for it := planned.ElementIterator(); it.Next(); {
		key, value := it.Element()
		next := append(at, cty.IndexStep{Key: key})
		var other cty.Value
		switch {
		case planned.Type().IsObjectType():
			other = got.GetAttr(key.AsString())
		case got.HasIndex(key).False():
			return next.NewErrorf("%#v is missing", next)
		default:
			other = got.Index(key)
		}
		if err := asPlanned(value, other, next); err != nil {
			return err
		}
	}
	return nil
}

// up plans and applies and wants no error.
func (tf *terraform) up(text string) plan {
	tf.t.Helper()
	p := tf.plan(text)
	tf.noErrors(p.diags)
	if p.action != "none" {
		tf.noErrors(tf.apply(p))
	}
	return p
}

func (tf *terraform) refresh() diags {
	tf.t.Helper()
	if tf.state.IsNull() {
		return nil
	}
	resp, err := tf.server.ReadResource(tf.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: connectorType, CurrentState: tf.dynamic(tf.state), Private: tf.private})
	if err != nil {
		tf.t.Fatal(err)
	}
	ds := tf.note(resp.Diagnostics)
	if len(ds.errors()) == 0 {
		tf.state, tf.private = tf.static(resp.NewState, tf.state.Type()), resp.Private
	}
	return ds
}

func (tf *terraform) destroy() diags {
	tf.t.Helper()
	null := cty.NullVal(tf.state.Type())
	planned, err := tf.server.PlanResourceChange(tf.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: connectorType, PriorState: tf.dynamic(tf.state), ProposedNewState: tf.dynamic(null), Config: tf.dynamic(null), PriorPrivate: tf.private,
	})
	if err != nil {
		tf.t.Fatal(err)
	}
	tf.noErrors(planned.Diagnostics)
	resp, err := tf.server.ApplyResourceChange(tf.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: connectorType, PriorState: tf.dynamic(tf.state), PlannedState: planned.PlannedState, Config: tf.dynamic(null), PlannedPrivate: planned.PlannedPrivate,
	})
	if err != nil {
		tf.t.Fatal(err)
	}
	if ds := tf.note(resp.Diagnostics); len(ds.errors()) > 0 {
		return ds
	}
	tf.state, tf.private = null, nil
	return nil
}

// adopt imports a connector by name.
func (tf *terraform) adopt(name string) diags {
	tf.t.Helper()
	resp, err := tf.server.ImportResourceState(tf.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: connectorType, ID: name})
	if err != nil {
		tf.t.Fatal(err)
	}
	ds := tf.note(resp.Diagnostics)
	if len(ds.errors()) > 0 {
		return ds
	}
	tf.state, tf.private = tf.static(resp.ImportedResources[0].State, tf.state.Type()), resp.ImportedResources[0].Private
	return append(ds, tf.refresh()...)
}

// read reads a data source.
func (tf *terraform) read(text string) (cty.Value, diags) {
	tf.t.Helper()
	b := tf.blocks(text)[0]
	resp, err := tf.server.ReadDataSource(tf.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: b.name, Config: tf.dynamic(b.value)})
	if err != nil {
		tf.t.Fatal(err)
	}
	ds := tf.note(resp.Diagnostics)
	if len(ds.errors()) > 0 {
		return cty.NilVal, ds
	}
	return tf.static(resp.State, b.value.Type()), ds
}

// text is an attribute of the state, or of one of its objects, as text.
func text(v cty.Value, steps ...string) string {
	for _, s := range steps {
		if v.IsNull() || !v.IsKnown() {
			break
		}
		if v.Type().IsObjectType() {
			v = v.GetAttr(s)
			continue
		}
		if v.HasIndex(cty.StringVal(s)).False() {
			return "(missing)"
		}
		v = v.Index(cty.StringVal(s))
	}
	switch {
	case !v.IsKnown():
		return "(unknown)"
	case v.IsNull():
		return "(null)"
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil {
		return v.GoString()
	}
	return s.AsString()
}

// serve serves a handler for the time of a test and returns its URL.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// noSecret searches everything that went to Terraform, except what Terraform gave, for secrets.
func (tf *terraform) noSecret(secrets ...string) {
	tf.t.Helper()
	if len(tf.wire) == 0 {
		tf.t.Error("there is nothing to search")
	}
	for _, text := range tf.wire {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				tf.t.Errorf("a secret shows in %s", text)
			}
		}
	}
}

func upgrade(state []byte) *tfprotov6.UpgradeResourceStateRequest {
	return &tfprotov6.UpgradeResourceStateRequest{TypeName: connectorType, Version: 0, RawState: &tfprotov6.RawState{JSON: state}}
}

func call(name string, args ...*tfprotov6.DynamicValue) *tfprotov6.CallFunctionRequest {
	return &tfprotov6.CallFunctionRequest{Name: name, Arguments: args}
}
