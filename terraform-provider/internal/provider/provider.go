package provider

import (
	"cmp"
	"context"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
)

// Environment variables that stand in for what the provider's connect_rest block leaves out.
const (
	envURL      = "CONNECTLESS_CONNECT_URL"
	envUsername = "CONNECTLESS_CONNECT_USERNAME"
	envPassword = "CONNECTLESS_CONNECT_PASSWORD" //nolint:gosec // a name
	envToken    = "CONNECTLESS_CONNECT_TOKEN"    //nolint:gosec // a name
)

// New returns the constructor of the provider that plugin servers take.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &connectless{version: version} }
}

type connectless struct{ version string }

var (
	_ provider.ProviderWithFunctions      = (*connectless)(nil)
	_ provider.ProviderWithValidateConfig = (*connectless)(nil)
)

type providerModel struct {
	Worker      types.Map `tfsdk:"worker"`
	ConnectREST *struct {
		URL            types.String `tfsdk:"url"`
		Username       types.String `tfsdk:"username"`
		Password       types.String `tfsdk:"password"`
		Token          types.String `tfsdk:"token"`
		Headers        types.Map    `tfsdk:"headers"`
		CACertificates types.String `tfsdk:"ca_certificates"`
		Insecure       types.Bool   `tfsdk:"insecure"`
	} `tfsdk:"connect_rest"`
}

// configured is what the provider hands to resources and data sources.
type configured struct {
	// connect is nil when no cluster is configured, or its address is not known yet.
	connect *cluster
	// later says that the address of the cluster is not known yet.
	later  bool
	worker properties
	said   map[string]bool // what validation said of it
}

func (p *connectless) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "connectless", p.version
}

func (p *connectless) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Connectors of Kafka Connect as resources. Paste the configuration of a connector: every key of it, of its transforms, predicates and converters is judged when Terraform plans.",
		Attributes: map[string]schema.Attribute{
			"worker": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "What Kafka Connect's worker properties say and a connector's configuration lacks: `key.converter`, `value.converter` and their options, `bootstrap.servers`, `config.providers`... " +
					"Defaults for every connector; a connector overrides single keys with its own `worker`. A worker reached by `connect_rest` has properties of its own: there the map describes them, so that a plan can judge connectors that rely on them and show their effective configuration, and is not sent.",
			},
		},
		Blocks: map[string]schema.Block{
			"connect_rest": schema.SingleNestedBlock{
				MarkdownDescription: "The Kafka Connect REST API that connectors with the target `connect_rest` are created at: `connectless local`, or any Kafka Connect cluster. Several clusters are several provider configurations with an `alias`.",
				Attributes: map[string]schema.Attribute{
					"url": schema.StringAttribute{Optional: true,
						MarkdownDescription: "URL of a worker, or of what balances between workers, for example `http://localhost:8083`. Without it the environment variable `" + envURL + "`."},
					"username": schema.StringAttribute{Optional: true,
						MarkdownDescription: "For HTTP basic authentication. Without it `" + envUsername + "`."},
					"password": schema.StringAttribute{Optional: true, Sensitive: true,
						MarkdownDescription: "For HTTP basic authentication. Without it `" + envPassword + "`."},
					"token": schema.StringAttribute{Optional: true, Sensitive: true,
						MarkdownDescription: "Bearer token, instead of user name and password. Without it `" + envToken + "`.",
						Validators:          []validator.String{stringvalidator.ConflictsWith(path.MatchRelative().AtParent().AtName("username"), path.MatchRelative().AtParent().AtName("password"))}},
					"headers": schema.MapAttribute{ElementType: types.StringType, Optional: true, Sensitive: true,
						MarkdownDescription: "Further headers of every request."},
					"ca_certificates": schema.StringAttribute{Optional: true,
						MarkdownDescription: "Certificates, PEM, of the authorities that may have signed the worker's certificate. Without it the system's."},
					"insecure": schema.BoolAttribute{Optional: true,
						MarkdownDescription: "Accept any certificate. For tests: whoever is on the way can read and change everything."},
				},
			},
		},
	}
}

// ValidateConfig judges the worker map by itself.
func (p *connectless) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var m providerModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	for _, p := range judgeWorker(propertiesOf(m.Worker)) {
		addDiagnostic(&resp.Diagnostics, path.Root("worker").AtMapKey(p.Key), p.Severity, "Worker map: "+p.Key, p.Message)
	}
}

// judgeWorker is what there is to say of a worker map whatever connector runs with it.
func judgeWorker(worker properties) config.Problems {
	ps := catalog().Judge(worker.values(), nil, config.Options{UnknownWorker: worker.isUnknown}).Problems
	return slices.DeleteFunc(ps, func(p config.Problem) bool { return !p.Worker })
}

func (p *connectless) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var m providerModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	data := &configured{worker: propertiesOf(m.Worker), said: map[string]bool{}}
	for _, p := range judgeWorker(data.worker) {
		data.said[p.Message] = true
	}
	resp.ResourceData, resp.DataSourceData = data, data

	c := connectrest.Config{
		URL: os.Getenv(envURL), Username: os.Getenv(envUsername), Password: config.Password(os.Getenv(envPassword)), Token: config.Password(os.Getenv(envToken)),
		UserAgent: "terraform-provider-connectless/" + p.version,
	}
	if r := m.ConnectREST; r != nil {
		for _, v := range []interface{ IsUnknown() bool }{r.URL, r.Username, r.Password, r.Token, r.Headers, r.CACertificates, r.Insecure} {
			data.later = data.later || v.IsUnknown()
		}
		c.URL = cmp.Or(r.URL.ValueString(), c.URL)
		if !r.Username.IsNull() || !r.Password.IsNull() || !r.Token.IsNull() { // one way to sign in, from one place
			c.Username, c.Password, c.Token = r.Username.ValueString(), config.Password(r.Password.ValueString()), config.Password(r.Token.ValueString())
		}
		c.CACertificates, c.Insecure = r.CACertificates.ValueString(), r.Insecure.ValueBool()
		c.Headers = map[string]config.Password{}
		for name, value := range propertiesOf(r.Headers).known {
			c.Headers[name] = config.Password(value)
		}
	}
	if c.URL == "" || data.later {
		return // connectors say what they miss
	}
	client, err := connectrest.New(c)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("connect_rest"), "Kafka Connect cannot be called", err.Error())
		return
	}
	data.connect = &cluster{client: client}
}

func (p *connectless) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &connectorResource{} }}
}

func (p *connectless) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &statusDataSource{} },
		func() datasource.DataSource { return &pluginsDataSource{} },
	}
}

func (p *connectless) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		func() function.Function { return parseProperties{} },
		func() function.Function { return validateConfig{} },
	}
}
