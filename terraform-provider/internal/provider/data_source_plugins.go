package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// pluginsDataSource is connectless_connector_plugins.
type pluginsDataSource struct{ configured *configured }

var _ datasource.DataSourceWithConfigure = (*pluginsDataSource)(nil)

type pluginsModel struct {
	ConnectorsOnly types.Bool   `tfsdk:"connectors_only"`
	Version        types.String `tfsdk:"version"`
	Commit         types.String `tfsdk:"commit"`
	KafkaClusterID types.String `tfsdk:"kafka_cluster_id"`
	Plugins        types.List   `tfsdk:"plugins"`
}

var pluginType = types.ObjectType{AttrTypes: map[string]attr.Type{"class": types.StringType, "type": types.StringType, "version": types.StringType}}

func (p *pluginsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_connector_plugins"
}

func (p *pluginsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if data, ok := req.ProviderData.(*configured); ok {
		p.configured = data
	}
}

func (p *pluginsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "What a configuration may name at the provider's `connect_rest`: connectors, transforms, predicates and converters.",
		Attributes: map[string]schema.Attribute{
			"connectors_only":  schema.BoolAttribute{Optional: true, MarkdownDescription: "Leave out everything but connectors."},
			"version":          schema.StringAttribute{Computed: true, MarkdownDescription: "Version of Kafka Connect."},
			"commit":           schema.StringAttribute{Computed: true, MarkdownDescription: "Commit it was built from."},
			"kafka_cluster_id": schema.StringAttribute{Computed: true, MarkdownDescription: "Id of its Kafka cluster."},
			"plugins": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The plugins, in the cluster's order.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"class":   schema.StringAttribute{Computed: true, MarkdownDescription: "What `connector.class`, or a `type`, takes."},
					"type":    schema.StringAttribute{Computed: true, MarkdownDescription: "`sink`, `source`, `transformation`, `predicate`, `converter` or `header_converter`."},
					"version": schema.StringAttribute{Computed: true, MarkdownDescription: "Its version."},
				}}},
		},
	}
}

func (p *pluginsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m pluginsModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	target := p.configured.need(&resp.Diagnostics, path.Root("plugins"))
	if target == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	server, err := target.client.Server(ctx)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("version"), "Kafka Connect cannot be asked", err.Error())
		return
	}
	list, err := target.client.Plugins(ctx, !m.ConnectorsOnly.ValueBool())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("plugins"), "The plugins cannot be read", err.Error())
		return
	}
	plugins := []attr.Value{}
	for _, plugin := range list {
		plugins = append(plugins, types.ObjectValueMust(pluginType.AttrTypes, map[string]attr.Value{
			"class": types.StringValue(plugin.Class), "type": types.StringValue(plugin.Type), "version": textOrNull(plugin.Version),
		}))
	}
	m.Plugins = types.ListValueMust(pluginType, plugins)
	m.Version, m.Commit, m.KafkaClusterID = types.StringValue(server.Version), textOrNull(server.Commit), textOrNull(server.KafkaClusterID)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
