package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/connectless/connectless/core/config"
)

// parseProperties is the function parse_properties.
type parseProperties struct{}

func (parseProperties) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "parse_properties"
}

func (parseProperties) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary:             "Reads a Java properties file",
		MarkdownDescription: "Reads the text of a Java properties file, such as a standalone connector's or a worker's, into a map: comments, continued lines and escapes as Java has them, the text as UTF-8. Of a key that is given twice the last value counts.",
		Parameters:          []function.Parameter{function.StringParameter{Name: "text", MarkdownDescription: "The text, for example `file(\"connector.properties\")`."}},
		Return:              function.MapReturn{ElementType: types.StringType},
	}
}

func (parseProperties) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	props, err := config.ReadProperties(strings.NewReader(text))
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, strings.TrimPrefix(err.Error(), "config: "))
		return
	}
	resp.Error = resp.Result.Set(ctx, props)
}
