package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// statusDataSource is connectless_connector_status.
type statusDataSource struct{ configured *configured }

var _ datasource.DataSourceWithConfigure = (*statusDataSource)(nil)

type statusModel struct {
	Name     types.String `tfsdk:"name"`
	Type     types.String `tfsdk:"type"`
	State    types.String `tfsdk:"state"`
	WorkerID types.String `tfsdk:"worker_id"`
	Trace    types.String `tfsdk:"trace"`
	Tasks    types.List   `tfsdk:"tasks"`
}

func (s *statusDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_connector_status"
}

func (s *statusDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if data, ok := req.ProviderData.(*configured); ok {
		s.configured = data
	}
}

func (s *statusDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The status of a connector at the provider's `connect_rest`, whoever created it. A connector that failed is no error here: use it in a `check` block.",
		Attributes: map[string]schema.Attribute{
			"name":      schema.StringAttribute{Required: true, MarkdownDescription: "Name of the connector."},
			"type":      schema.StringAttribute{Computed: true, MarkdownDescription: "`sink` or `source`."},
			"state":     schema.StringAttribute{Computed: true, MarkdownDescription: "State of the connector: `RUNNING`, `PAUSED`, `STOPPED`, `FAILED`, `UNASSIGNED` or `RESTARTING`."},
			"worker_id": schema.StringAttribute{Computed: true, MarkdownDescription: "The worker that runs it."},
			"trace":     schema.StringAttribute{Computed: true, MarkdownDescription: "Why it failed."},
			"tasks": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "Its tasks, by id.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"id":        schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the task."},
					"state":     schema.StringAttribute{Computed: true, MarkdownDescription: "State of the task."},
					"worker_id": schema.StringAttribute{Computed: true, MarkdownDescription: "The worker that runs it."},
					"trace":     schema.StringAttribute{Computed: true, MarkdownDescription: "Why it failed."},
				}}},
		},
	}
}

func (s *statusDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m statusModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	target := s.configured.need(&resp.Diagnostics, path.Root("name"))
	if target == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	name := m.Name.ValueString()
	info, err := target.client.Get(ctx, name)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("name"), "The connector cannot be read", err.Error())
		return
	}
	status, err := target.client.Hiding(secretValues(info)...).Status(ctx, name)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("name"), "The connector's status cannot be read", err.Error())
		return
	}
	of := statusOf(status).Attributes()
	m.Type, m.State, m.WorkerID, m.Trace = types.StringValue(info.Type), types.StringValue(string(status.Connector.State)), types.StringValue(status.Connector.WorkerID), textOrNull(status.Connector.Trace)
	m.Tasks = of["tasks"].(types.List)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
