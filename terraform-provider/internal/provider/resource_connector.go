package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
)

// connectorResource is connectless_connector.
type connectorResource struct{ configured *configured }

var (
	_ resource.ResourceWithConfigure      = (*connectorResource)(nil)
	_ resource.ResourceWithImportState    = (*connectorResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*connectorResource)(nil)
	_ resource.ResourceWithValidateConfig = (*connectorResource)(nil)
)

type connectorModel struct {
	Name            types.String   `tfsdk:"name"`
	Config          types.Map      `tfsdk:"config"`
	ConfigWO        types.Map      `tfsdk:"config_wo"`
	ConfigWOVersion types.Int64    `tfsdk:"config_wo_version"`
	Worker          types.Map      `tfsdk:"worker"`
	State           types.String   `tfsdk:"state"`
	RestartTrigger  types.String   `tfsdk:"restart_trigger"`
	Type            types.String   `tfsdk:"type"`
	Tasks           types.Int64    `tfsdk:"tasks"`
	Status          types.Object   `tfsdk:"status"`
	EffectiveConfig types.Map      `tfsdk:"effective_config"`
	ConnectREST     types.Object   `tfsdk:"connect_rest"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
}

var (
	taskType   = types.ObjectType{AttrTypes: map[string]attr.Type{"id": types.Int64Type, "state": types.StringType, "worker_id": types.StringType, "trace": types.StringType}}
	statusType = types.ObjectType{AttrTypes: map[string]attr.Type{"state": types.StringType, "worker_id": types.StringType, "trace": types.StringType, "tasks": types.ListType{ElemType: taskType}}}
)

// statusOf is a status for Terraform; nil is null.
func statusOf(s *connectrest.Status) types.Object {
	if s == nil {
		return types.ObjectNull(statusType.AttrTypes)
	}
	tasks := []attr.Value{}
	for _, t := range s.Tasks {
		tasks = append(tasks, types.ObjectValueMust(taskType.AttrTypes, map[string]attr.Value{
			"id": types.Int64Value(int64(t.ID)), "state": types.StringValue(string(t.State)), "worker_id": types.StringValue(t.WorkerID), "trace": textOrNull(t.Trace),
		}))
	}
	return types.ObjectValueMust(statusType.AttrTypes, map[string]attr.Value{
		"state": types.StringValue(string(s.Connector.State)), "worker_id": types.StringValue(s.Connector.WorkerID), "trace": textOrNull(s.Connector.Trace),
		"tasks": types.ListValueMust(taskType, tasks),
	})
}

func textOrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func (r *connectorResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_connector"
}

func (r *connectorResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if data, ok := req.ProviderData.(*configured); ok { // nil before the provider is configured
		r.configured = data
	}
}

func (r *connectorResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	waits := timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: "How long to wait for the connector and its tasks to be in `state`; 5m if not set.",
		ReadDescription:   "How long to wait for an answer when the state is refreshed; 30s if not set.",
		UpdateDescription: "How long an update may take until connector and tasks are in `state`; 5m if not set.",
		DeleteDescription: "How long to wait until the connector is gone; 5m if not set.",
	}
	wait := timeouts.Block(ctx, waits).(schema.SingleNestedBlock)
	wait.MarkdownDescription = "How long to wait, as texts like `30s` or `10m`."
	resp.Schema = schema.Schema{
		Version:             0,
		MarkdownDescription: connectorDoc,
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true,
				MarkdownDescription: "Name of the connector, the `name` of its JSON. It names the consumer group of a sink. Another name is another connector.",
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`\A[^\pC\s]([^\pC]*[^\pC\s])?\z`),
					"must not be empty, begin or end with white space, or have control characters")}},
			"config": schema.MapAttribute{ElementType: types.StringType, Required: true,
				MarkdownDescription: "Configuration of the connector: the `config` of its JSON. Every key is judged when Terraform plans, and what is found stands at the key; values that are not known yet are left out. A key with the value null counts as missing. " +
					"References to config providers are resolved where the connector runs; Terraform wants their dollar sign twice: `\"$${env:COSMOS_KEY}\"`.",
				Validators: []validator.Map{mapvalidator.KeysAre(stringvalidator.LengthAtLeast(1))}},
			"config_wo": schema.MapAttribute{ElementType: types.StringType, Optional: true, WriteOnly: true,
				MarkdownDescription: "Further keys of the configuration whose values are in no plan and in no state: secrets. They are written when something of the connector changes; raise `config_wo_version` to write them alone. " +
					"A salted hash tells whether somebody else changed them. Needs Terraform 1.11.",
				Validators: []validator.Map{mapvalidator.KeysAre(stringvalidator.LengthAtLeast(1)), mapvalidator.AlsoRequires(path.MatchRoot("config_wo_version"))}},
			"config_wo_version": schema.Int64Attribute{Optional: true,
				MarkdownDescription: "Any number; another one makes Terraform write `config_wo` again. It is empty in the state after somebody else changed one of the values, so that the next apply puts them right."},
			"worker": schema.MapAttribute{ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Worker properties for this connector, over those of the provider's `worker`. With `connect_rest` they say what the worker has, and are not sent."},
			"state": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(string(connectrest.Running)),
				MarkdownDescription: "`RUNNING`, `PAUSED` (tasks wait) or `STOPPED` (there are no tasks). `RUNNING` if not set. A connector that fails stays `RUNNING` here; see `status`. Kafka Connect knows `STOPPED` since 3.5, and creates connectors in other states than `RUNNING` since 3.7.",
				Validators:          []validator.String{stringvalidator.OneOf(string(connectrest.Running), string(connectrest.Paused), string(connectrest.Stopped))}},
			"restart_trigger": schema.StringAttribute{Optional: true,
				MarkdownDescription: "Any text; another one restarts the connector and all its tasks."},
			"type": schema.StringAttribute{Computed: true,
				MarkdownDescription: "`sink` or `source`."},
			"tasks": schema.Int64Attribute{Computed: true,
				MarkdownDescription: "Number of tasks."},
			"status": schema.SingleNestedAttribute{Computed: true,
				MarkdownDescription: "State of the connector and of its tasks when it was last read.",
				Attributes: map[string]schema.Attribute{
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
				}},
			"effective_config": schema.MapAttribute{ElementType: types.StringType, Computed: true,
				MarkdownDescription: "What the connector runs with: its configuration, the worker's, and defaults, as far as they are known; settings of Kafka clients under `consumer.`, `producer.` and `admin.`. Secrets are `[hidden]`."},
		},
		Blocks: map[string]schema.Block{
			"connect_rest": schema.SingleNestedBlock{
				MarkdownDescription: "Target: create the connector over the Kafka Connect REST API that the provider's `connect_rest` block names."},
			"timeouts": wait,
		},
	}
}

const connectorDoc = `A connector, with the keys that Kafka Connect uses.

The connector runs where its target block says; there has to be one. Where ` + "`connectless local`" + ` answers, every key of the connector, its transforms, predicates and converters is judged by the declarations that the functions themselves run with. Where any other Kafka Connect cluster answers, its own validation decides, and Connectless adds warnings about what would not work as a function. A cluster that cannot be reached is a warning in a plan, and an error in an apply.

- **Drift**: what somebody changed over REST shows as a change to be made, and a connector that somebody deleted is created again.
- **Failed connectors**: if the connector or a task fails while it is created or updated, the apply fails with the trace. What was created is tainted then, and the next apply creates it anew; offsets survive that. A connector that fails later is a warning with the trace in every plan; change its configuration or ` + "`restart_trigger`" + ` to start it again.
- **Secrets** belong into ` + "`config_wo`" + `, or into a config provider of the worker.`
