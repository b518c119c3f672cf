package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	tfconfig "github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/connectless/connectless/terraform-provider/internal/provider"
)

// realTerraform finds a terraform or tofu, and keeps it from asking the network and from reading the user's settings.
func realTerraform(t *testing.T) string {
	t.Helper()
	bin := os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, name := range []string{"terraform", "tofu"} {
		if found, err := exec.LookPath(name); err == nil && bin == "" {
			bin = found
		}
	}
	if bin == "" {
		t.Skip("there is no terraform or tofu on PATH; the same is tested over protocol 6 without one")
	}
	cli := filepath.Join(t.TempDir(), "terraform.rc")
	if err := os.WriteFile(cli, []byte("disable_checkpoint = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TF_ACC_TERRAFORM_PATH", bin)
	t.Setenv("TF_CLI_CONFIG_FILE", cli)
	t.Setenv("CHECKPOINT_DISABLE", "1")
	if strings.HasPrefix(filepath.Base(bin), "tofu") {
		t.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org")
	}
	return bin
}

// secretCheck looks for a secret in everything that terraform shows of a plan or a state.
type secretCheck struct{ secret string }

func (c secretCheck) look(what string, v any) error {
	text, err := json.Marshal(v)
	if err == nil && bytes.Contains(text, []byte(c.secret)) {
		err = errors.New("the secret is in the " + what)
	}
	return err
}

func TestAcceptance(t *testing.T) {
	realTerraform(t)
	cloud := newLocalCloud(t)
	const secret = cosmosKey
	address := "connectless_connector.orders"
	hcl := func(config, rest string) string {
		return `
			variable "secret" {
				type      = string
				ephemeral = true
			}
			provider "connectless" {
				connect_rest {
					url = "` + cloud.url + `"
				}
			}
			` + strings.Replace(cosmos(config, `
			config_wo         = { "azure.cosmos.account.key" = var.secret }
			config_wo_version = 1
			`+rest), `"azure.cosmos.account.key"                = "$${env:COSMOS_KEY}"`, "", 1)
	}
	vars := tfconfig.Variables{"secret": tfconfig.StringVariable(secret)}
	resource.UnitTest(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_11_0)},
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"connectless": providerserver.NewProtocol6WithError(provider.New("test")()),
		},
		Steps: []resource.TestStep{
			{
				Config: hcl(`"tasks.max" = 0`, ""), ConfigVariables: vars,
				ExpectError: regexp.MustCompile(`(?s)in resource "connectless_connector" "orders".*Invalid value 0 for configuration tasks.max`),
			},
			{
				Config: hcl(`"tasks.max" = 2`, ""), ConfigVariables: vars,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate), noSecretInPlan{secretCheck{secret}}},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("type"), knownvalue.StringExact("sink")),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("tasks"), knownvalue.Int64Exact(2)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("status").AtMapKey("state"), knownvalue.StringExact("RUNNING")),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("effective_config").AtMapKey("azure.cosmos.account.key"), knownvalue.StringExact("[hidden]")),
					noSecretInState{secretCheck{secret}},
				},
			},
			{
				Config: hcl(`transforms = "t"
					"transforms.t.type"        = "org.apache.kafka.connect.transforms.RegexRouter"
					"transforms.t.regex"       = "a"
					"transforms.t.replacement" = "b"`, `state = "PAUSED"`), ConfigVariables: vars,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(address, tfjsonpath.New("status").AtMapKey("state"), knownvalue.StringExact("PAUSED")),
				},
			},
			{
				ConfigVariables: vars, ResourceName: address, ImportState: true, ImportStateId: "orders", ImportStateVerify: true,
				ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"config_wo_version"},
			},
			{
				PreConfig: func() {
					if err := cloud.herder.Delete(t.Context(), "orders"); err != nil {
						t.Error(err)
					}
				},
				Config: hcl("", ""), ConfigVariables: vars,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)}},
			},
		},
	})
	if names := cloud.herder.Names(); len(names) > 0 {
		t.Errorf("%v were not destroyed", names)
	}
}

// TestBinary runs the provider's program under the real terraform, as a user does, with every log there is, and looks for a
// secret in all that it leaves behind.
func TestBinary(t *testing.T) {
	bin := realTerraform(t)
	cloud := newLocalCloud(t)
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "bin", "terraform-provider-connectless"), "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rc", fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    \"registry.terraform.io/connectless/connectless\" = %q\n  }\n  direct {}\n}\n", filepath.Join(dir, "bin")))
	for name, value := range map[string]string{
		"TF_CLI_CONFIG_FILE": filepath.Join(dir, "rc"), "TF_LOG": "TRACE", "TF_LOG_PATH": filepath.Join(dir, "log"),
		"TF_IN_AUTOMATION": "1", "CONNECTLESS_CONNECT_URL": cloud.url, "TF_VAR_secret": cosmosKey,
	} {
		t.Setenv(name, value)
	}
	var outputs []string
	terraform := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), bin, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		write(fmt.Sprintf("output-%d", len(outputs)), string(out))
		outputs = append(outputs, string(out))
		if err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
		return string(out)
	}
	hcl := func(application string) string {
		return `
			terraform {
				required_providers {
					connectless = { source = "registry.terraform.io/connectless/connectless" }
				}
			}
			variable "secret" {
				type      = string
				ephemeral = true
			}
			` + strings.Replace(cosmos(`"azure.cosmos.application.name" = "`+application+`"`, `
			config_wo         = { "azure.cosmos.account.key" = var.secret }
			config_wo_version = 1`), `"azure.cosmos.account.key"                = "$${env:COSMOS_KEY}"`, "", 1)
	}
	write("main.tf", hcl("shop"))
	terraform("validate", "-no-color")
	terraform("plan", "-no-color", "-input=false", "-out=plan")
	if out := terraform("show", "-json", "plan"); !strings.Contains(out, "azure.cosmos.application.name") {
		t.Errorf("the plan is not shown:\n%s", out)
	}
	terraform("apply", "-no-color", "-input=false", "-auto-approve")
	if out := terraform("plan", "-no-color", "-input=false"); !strings.Contains(out, "No changes") {
		t.Errorf("planned again:\n%s", out)
	}
	write("main.tf", hcl("store"))
	if out := terraform("apply", "-no-color", "-input=false", "-auto-approve"); !strings.Contains(out, "0 added, 1 changed, 0 destroyed") {
		t.Errorf("applied:\n%s", out)
	}
	if info, err := cloud.herder.Info("orders"); err != nil || info.Config["azure.cosmos.account.key"] != cosmosKey || info.Config["azure.cosmos.application.name"] != "store" {
		t.Errorf("%v %v", info, err)
	}
	if out := terraform("show", "-json"); !strings.Contains(out, "effective_config") {
		t.Errorf("the state is not shown:\n%s", out)
	}
	terraform("destroy", "-no-color", "-input=false", "-auto-approve")
	if names := cloud.herder.Names(); len(names) > 0 {
		t.Errorf("%v were not destroyed", names)
	}

	looked := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, string(filepath.Separator)+"bin"+string(filepath.Separator)) {
			return err
		}
		content, err := os.ReadFile(path)
		looked[filepath.Base(path)] = len(content) > 0
		if bytes.Contains(content, []byte(cosmosKey)) {
			t.Errorf("the secret is in %s", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"log", "terraform.tfstate", "terraform.tfstate.backup", "output-1"} {
		if !looked[name] {
			t.Errorf("there is no %s to look into", name)
		}
	}
}

type noSecretInPlan struct{ secretCheck }

func (c noSecretInPlan) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = c.look("plan", req.Plan)
}

type noSecretInState struct{ secretCheck }

func (c noSecretInState) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	resp.Error = c.look("state", req.State)
}
