package arch

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fake makes a graph from lines "package: imports | imports of its tests".
func fake(lines ...string) graph {
	g := graph{}
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, ":")
		imports, tests, _ := strings.Cut(rest, "|")
		g[name] = &pkg{name: name, imports: strings.Fields(imports), testImports: strings.Fields(tests)}
	}
	return g
}

// fakes are graphs and the beginnings of the messages that they must give.
var fakes = []struct {
	name  string
	graph graph
	want  []string
}{
	{"a layout that holds", fake(
		"./core/data: encoding/json ./core/data/internal/scan | github.com/google/go-cmp/cmp",
		"./core/config: time",
		"./core/connect: ./core/data ./core/config ./core/trigger",
		"./core/connect/connecttest: testing github.com/google/go-cmp/cmp ./core/connect",
		"./core/transform: ./core/connect ./core/config",
		"./core/transform/smt: github.com/dlclark/regexp2 ./core/transform",
		"./core/kafka: github.com/twmb/franz-go/pkg/kgo",
		"./core/task: ./core/connect | github.com/twmb/franz-go/pkg/kfake github.com/twmb/franz-go/pkg/kgo",
		"./core/host: github.com/twmb/franz-go/pkg/kfake github.com/twmb/franz-go/pkg/kadm | github.com/aws/aws-lambda-go/lambda",
		"./core/platform/awslambda: github.com/aws/aws-lambda-go/lambda",
		"./core/function: ./core/platform/awslambda ./core/kafka ./core/task",
		"./core/internal/arch: | ./scripts/gobuild",
		"./scripts/bench: ./connectors/cosmos/cosmossink",
		"./scripts/bench/handwritten: github.com/aws/aws-lambda-go/events",
		"./connectors: ./core/connect ./connectors/cosmos",
		"./connectors/cosmos: ./core/connect ./core/config",
		"./connectors/cosmos/cosmossink: ./connectors/cosmos ./core/errpolicy github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos | ./core/task",
		"./connectors/cosmos/cosmostest: net/http testing",
		"./connectors/mirror/mirrorsource: github.com/twmb/franz-go/pkg/kgo",
		"./connectors/mirror: ./core/connect",
		"./functions/cosmos-sink: ./core/function ./connectors/cosmos ./connectors/cosmos/cosmossink",
		"./infra/local: ./core/host ./connectors ./connectors/cosmos/cosmostest github.com/twmb/franz-go/pkg/kadm",
		"./terraform-provider/internal/provider: ./connectors ./core/transform github.com/hashicorp/terraform-plugin-framework/provider",
		"./scripts/package: ./scripts/gobuild",
	), []string{"./connectors does not import ./connectors/mirror"}}, // the one thing forgotten

	{"core/data grows a dependency", fake("./core/data: github.com/google/uuid"), []string{"./core/data imports github.com/google/uuid: it may import only std"}},
	{"core/config uses connect", fake("./core/config: ./core/connect"), []string{"./core/config imports ./core/connect"}},
	{"core/trigger uses data", fake("./core/trigger: ./core/data"), []string{"./core/trigger imports ./core/data"}},
	{"connect uses the engine", fake("./core/connect: ./core/errpolicy"), []string{"./core/connect imports ./core/errpolicy"}},
	{"the suite uses the engine", fake("./core/connect/connecttest: ./core/task"), []string{"./core/connect/connecttest imports ./core/task"}},
	{"the REST API runs connectors", fake("./core/rest/herder: ./core/host/eventsource"), []string{"./core/rest/herder imports ./core/host/eventsource"}},
	{"a definition is heavy", fake("./core/transform: github.com/dlclark/regexp2"), []string{"./core/transform imports github.com/dlclark/regexp2"}},
	{"core knows a connector", fake("./core/task: ./connectors/cosmos"), []string{"./core/task imports ./connectors/cosmos"}},
	{"a core test knows a connector", fake("./core/task: | ./connectors/cosmos/cosmostest"), []string{"a test of ./core/task imports ./connectors/cosmos/cosmostest"}},
	{"core uses scripts", fake("./core/host: ./scripts/gobuild"), []string{"./core/host imports ./scripts/gobuild"}},
	{"the list is heavy", fake("./connectors: ./connectors/cosmos/cosmossink"), []string{"./connectors imports ./connectors/cosmos/cosmossink"}},
	{"a light package is heavy", fake("./connectors/cosmos: github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"), []string{"./connectors/cosmos imports github.com/Azure"}},
	{"a connector knows its host", fake("./connectors/cosmos/cosmossink: ./core/platform/awslambda ./core/function"), []string{
		"./connectors/cosmos/cosmossink imports ./core/function", "./connectors/cosmos/cosmossink imports ./core/platform/awslambda"}},
	{"a connector uses another", fake("./connectors/s3/s3sink: ./connectors/cosmos/cosmossink"), []string{"./connectors/s3/s3sink imports ./connectors/cosmos/cosmossink"}},
	{"kgo in a runner", fake("./core/task: github.com/twmb/franz-go/pkg/kgo"), []string{"./core/task imports github.com/twmb/franz-go/pkg/kgo"}},
	{"kadm in the client package", fake("./core/kafka: github.com/twmb/franz-go/pkg/kadm"), []string{"./core/kafka imports github.com/twmb/franz-go/pkg/kadm"}},
	{"lambda events in a runner", fake("./core/task: github.com/aws/aws-lambda-go/events"), []string{"./core/task imports github.com/aws/aws-lambda-go/events"}},
	{"a function signs in to AWS", fake("./core/function: ./core/secrets/secretsmanager github.com/aws/aws-sdk-go-v2/config", "./core/secrets/secretsmanager: github.com/aws/aws-sdk-go-v2/aws"),
		[]string{"./core/function imports github.com/aws/aws-sdk-go-v2/config"}},
	{"a connector reads secrets", fake("./connectors/x/xsink: github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"), []string{"./connectors/x/xsink imports github.com/Azure"}},
	{"a connector is not listed", fake("./connectors:", "./connectors/s3: ./core/connect"), []string{"./connectors does not import ./connectors/s3"}},

	{"a function without the engine", fake("./functions/x: ./connectors/x/xsink"), []string{"./functions/x does not import ./core/function"}},
	{"a function with two connectors", fake("./functions/x: ./core/function ./connectors/x/xsink ./connectors/x/xfeed"), []string{"./functions/x imports 2 connector implementations"}},
	{"a function with another's definition", fake("./functions/x: ./core/function ./connectors/x/xsink ./connectors/y"), []string{"./functions/x imports ./connectors/y, which is neither"}},
	{"a function with a library", fake("./functions/x: os ./core/function ./connectors/x/xsink github.com/a/b"), []string{"./functions/x imports github.com/a/b, which is neither"}},
	{"a function links the local cloud", fake(
		"./functions/x: ./core/function ./connectors/x/xsink",
		"./core/function: ./core/task",
		"./core/task: ./core/host",
		"./core/host: github.com/twmb/franz-go/pkg/kfake",
	), []string{"./functions/x links ./core/host (./functions/x > ./core/function > ./core/task > ./core/host)"}},
	{"a function links what ends pruning", fake(
		"./functions/x: ./core/function ./connectors/x/xsink",
		"./core/function: github.com/a/b",
		"github.com/a/b: text/template",
		"text/template: text/template/parse",
	), []string{"./functions/x links text/template (./functions/x > ./core/function > github.com/a/b > text/template)"}},
	{"a function links a fake", fake(
		"./functions/x: ./core/function ./connectors/x/xsink",
		"./connectors/x/xsink: ./connectors/x/xtest",
	), []string{"./functions/x links ./connectors/x/xtest"}},
	{"the provider links an SDK", fake(
		"./terraform-provider/internal/provider: ./connectors/x/xsink",
		"./connectors/x/xsink: "+strings.TrimSuffix(cosmosSDK, "/..."),
	), []string{"./terraform-provider/internal/provider links ./connectors/x/xsink"}},
}

// Each rule is shown to fail, and to let through what it must.
func TestRulesFail(t *testing.T) {
	var all strings.Builder
	for _, tc := range fakes {
		t.Run(tc.name, func(t *testing.T) {
			got := violations(tc.graph, rules)
			all.WriteString(strings.Join(got, "\n"))
			if len(got) != len(tc.want) {
				t.Fatalf("violations (-want +got):\n%s", cmp.Diff(tc.want, got))
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("violation %q does not begin with %q", got[i], want)
				}
			}
		})
	}
	for _, r := range rules {
		if !strings.Contains(all.String(), r.why) {
			t.Errorf("no fake graph breaks the rule for %v (%s)", r.of, r.why)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		name, pattern string
		want          bool
	}{
		{"net/http", "std", true},
		{"golang.org/x/net", "std", false},
		{"./core", "std", false},
		{"./core/data", "./core/data/...", true},
		{"./core/data/json", "./core/data/...", true},
		{"./core/database", "./core/data/...", false},
		{"./core/data/json", "./core/data", false},
		{"./connectors/x", "./connectors/*", true},
		{"./connectors/x/xsink", "./connectors/*", false},
		{"./connectors/x", "./connectors/*/*/...", false},
		{"./connectors/x/xsink", "./connectors/*/*/...", true},
		{"./connectors/x/xsink/internal/y", "./connectors/*/*/...", true},
		{"./connectors/x/xtest", "./connectors/*/*test/...", true},
		{"./core/task", "./...", true},
		{"net/http", "./...", false},
	} {
		if got := matches(tc.name, []string{tc.pattern}); got != tc.want {
			t.Errorf("matches(%q, %q) = %t", tc.name, tc.pattern, got)
		}
	}
}
