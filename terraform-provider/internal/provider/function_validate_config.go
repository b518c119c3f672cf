package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// validateConfig is the function validate_config.
type validateConfig struct{}

var problemType = types.ObjectType{AttrTypes: map[string]attr.Type{"key": types.StringType, "worker": types.BoolType, "severity": types.StringType, "message": types.StringType}}

func (validateConfig) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "validate_config"
}

func (validateConfig) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Judges the configuration of a connector",
		MarkdownDescription: "Judges every key of a connector and of the worker map that it runs with by the declarations of the functions, without asking anybody, and returns the problems as a list, empty for none: objects with " +
			"`key`, `worker` (whether the key is the worker map's), `severity` (`error` or `warning`) and `message`. Values of secrets are in no message.",
		Parameters: []function.Parameter{
			function.MapParameter{Name: "config", ElementType: types.StringType, MarkdownDescription: "The connector's configuration. The name may be left out."},
			function.MapParameter{Name: "worker", ElementType: types.StringType, AllowNullValue: true, MarkdownDescription: "The worker map; what it lacks is taken for known to the worker. `null` for none."},
		},
		Return: function.ListReturn{ElementType: problemType},
	}
}

func (validateConfig) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var connector, worker types.Map
	if resp.Error = req.Arguments.Get(ctx, &connector, &worker); resp.Error != nil {
		return
	}
	d := &declaration{config: propertiesOf(connector), worker: propertiesOf(worker)}
	if !d.config.has("name") {
		d.config.set("name", "connector")
	}
	problems := []attr.Value{}
	for _, p := range judgeHere(d, d.config).Problems {
		problems = append(problems, types.ObjectValueMust(problemType.AttrTypes, map[string]attr.Value{
			"key": types.StringValue(p.Key), "worker": types.BoolValue(p.Worker), "severity": types.StringValue(p.Severity.String()), "message": types.StringValue(p.Message),
		}))
	}
	resp.Error = resp.Result.Set(ctx, types.ListValueMust(problemType, problems))
}
