package arch

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/connectless/connectless/scripts/gobuild"
)

// A rule limits what packages import. A package has to be matched by of and not by except for the rule to hold for it.
type rule struct {
	of     []string
	except []string
	only   []string // nothing but these; no limit when nil
	never  []string
	linked bool // never counts what is imported through other packages too
	tests  bool // never counts the imports of test files too
	why    string
}

const (
	franz     = "github.com/twmb/franz-go/pkg/"
	lambdaSDK = "github.com/aws/aws-lambda-go/..."
	awsSDK    = "github.com/aws/aws-sdk-go-v2/..."
	vaultSDK  = "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/..."
	cosmosSDK = "github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos/..."
)

// implementations are the packages that carry a connector's SDK, with the fakes beside them.
var implementations = []string{"./connectors/*/*/..."}

var rules = []rule{
	{
		of:   []string{"./core/data/..."},
		only: []string{"std", "./core/data/..."},
		why:  "every package speaks in its types, so whatever it imports is linked into everything",
	},
	{
		of:   []string{"./core/config/..."},
		only: []string{"std", "./core/config/..."},
		why:  "one declaration of settings is read by the runtime, REST, Terraform and the docs; it must cost none of them a dependency",
	},
	{
		of:   []string{"./core/trigger/..."},
		only: []string{"std", "./core/trigger/..."},
		why:  "an event is what a platform hands over and a runner takes; it belongs to neither",
	},
	{
		of:     []string{"./core/connect/..."},
		except: []string{"./core/connect/connecttest/..."},
		only:   []string{"std", "./core/connect/...", "./core/data/...", "./core/config/...", "./core/trigger/..."},
		why:    "it is the contract that connectors are written against; a connector must not inherit the engine through it",
	},
	{
		of:   []string{"./core/connect/connecttest/..."},
		only: []string{"std", "github.com/google/go-cmp/...", "./core/connect/...", "./core/data/...", "./core/config/...", "./core/trigger/..."},
		why:  "the suites test a connector through the contract, without the engine",
	},
	{
		of:   []string{"./core/rest/..."},
		only: []string{"std", "./core/config", "./core/rest/..."},
		why:  "the REST API speaks to a Herder and a Runner; what they run is somebody else's business",
	},
	{
		of:   []string{"./core/transform", "./core/convert"},
		only: []string{"std", "./core/data/...", "./core/config/...", "./core/connect"},
		why:  "definitions of transforms and converters are read by the Terraform provider; implementations live in packages below",
	},
	{
		of:    []string{"./core/..."},
		never: []string{"./connectors/...", "./functions/...", "./terraform-provider/...", "./infra/..."},
		tests: true,
		why:   "core never knows a connector or who embeds it: dependencies point towards core",
	},
	{
		of:    []string{"./core/...", "./connectors/...", "./functions/...", "./infra/...", "./terraform-provider/..."},
		never: []string{"./scripts/..."},
		why:   "scripts are for building and testing; nothing that ships depends on them",
	},
	{
		of:   []string{"./connectors"},
		only: []string{"std", "./core/connect", "./connectors/*"},
		why:  "the list of connectors holds light definitions, so that whoever reads it links no SDK",
	},
	{
		of:   []string{"./connectors/*"},
		only: []string{"std", "./core/connect", "./core/config", "./core/data/...", "./core/trigger"},
		why:  "a definition is light: the Terraform provider, REST and the docs link every one of them; the SDK belongs in the package below",
	},
	{
		of:    implementations,
		never: []string{"./core/platform/...", "./core/task/...", "./core/host/...", "./core/function/...", "./functions/...", "./infra/..."},
		why:   "a connector does not know what runs it",
	},
	{
		of:     []string{"./..."},
		except: []string{"./core/kafka/...", "./core/checkpoint/kafkastore/...", "./core/host/...", "./connectors/mirror/...", "./infra/...", "./scripts/demo/..."},
		never:  []string{franz + "kgo/..."},
		why:    "Kafka clients are made in one place, core/kafka, from Kafka Connect's properties; others deliver through its connect.Sink",
	},
	{
		of:     []string{"./..."},
		except: []string{"./core/host/...", "./infra/...", "./scripts/demo/..."},
		never:  []string{franz + "kadm/...", franz + "kfake/..."},
		why:    "administration and the embedded broker belong to the local cloud; a function has no use for them",
	},
	{
		of:     []string{"./..."},
		except: []string{"./core/platform/awslambda/...", "./scripts/bench/..."},
		never:  []string{lambdaSDK},
		why:    "one package knows AWS Lambda; its event types lose the difference between null and empty",
	},
	{
		of:     []string{"./..."},
		except: []string{"./core/secrets/secretsmanager/...", "./core/deadletter/..."},
		never:  []string{awsSDK},
		why:    "AWS's SDK is in the config provider of its secret store and in what writes dead letters to S3 and SQS, which only binaries built for AWS link",
	},
	{
		of:     []string{"./..."},
		except: []string{"./core/secrets/keyvault/..."},
		never:  []string{vaultSDK},
		why:    "Key Vault's SDK is in its config provider, which only binaries built for it link",
	},
	{
		of:     []string{"./functions/*"},
		never:  []string{franz + "kadm/...", franz + "kfake/...", "./core/host/...", "./infra/...", "./scripts/..."},
		linked: true,
		why:    "the local cloud does not ship inside a function",
	},
	{
		of:     []string{"./functions/*"},
		never:  []string{"testing/...", "./core/*/*test/...", "./core/*/*/*test/...", "./connectors/*/*test/..."},
		linked: true,
		why:    "fakes and test suites do not ship",
	},
	{
		of:     []string{"./functions/*"},
		never:  []string{"net/rpc/...", "text/template/...", "html/template/..."},
		linked: true,
		why:    "it calls methods by name, which makes the linker keep every method of every type: megabytes in each binary",
	},
	{
		of:     []string{"./terraform-provider/..."},
		never:  append([]string{franz + "...", lambdaSDK, cosmosSDK, "./core/host/...", "./core/kafka/...", "./core/platform/...", "./core/function/..."}, implementations...),
		linked: true,
		why:    "the provider links light definitions only; what needs Kafka or an SDK it asks of `connectless admin`",
	},
}

// violations lists what breaks the rules, each with its reason.
func violations(g graph, rules []rule) []string {
	var found []string
	for _, r := range rules {
		for _, name := range g.own() {
			if !matches(name, r.of) || matches(name, r.except) {
				continue
			}
			found = append(found, r.check(g, name)...)
		}
	}
	found = append(found, mains(g)...)
	found = append(found, siblings(g)...)
	return append(found, unlisted(g)...)
}

func (r rule) check(g graph, name string) []string {
	var found []string
	p := g[name]
	for _, dep := range p.imports {
		if r.only != nil && !matches(dep, r.only) {
			found = append(found, fmt.Sprintf("%s imports %s: it may import only %s: %s", name, dep, strings.Join(r.only, ", "), r.why))
		}
		if !r.linked && matches(dep, r.never) {
			found = append(found, fmt.Sprintf("%s imports %s: %s", name, dep, r.why))
		}
	}
	if r.tests {
		for _, dep := range p.testImports {
			if matches(dep, r.never) {
				found = append(found, fmt.Sprintf("a test of %s imports %s: %s", name, dep, r.why))
			}
		}
	}
	if r.linked {
		via := g.closure(name)
		for dep := range via {
			// One message for each way in, not one for everything behind it.
			if matches(dep, r.never) && !matches(via[dep], r.never) {
				found = append(found, fmt.Sprintf("%s links %s (%s): %s", name, dep, chain(via, dep), r.why))
			}
		}
	}
	slices.Sort(found)
	return found
}

// mains checks that a function is core/function and one connector, and no other package of the module.
func mains(g graph) []string {
	const why = "a function is ten lines that name one connector, so that n connectors are n small binaries and each links one SDK"
	var found []string
	for _, name := range g.own() {
		if !matches(name, []string{"./functions/*"}) {
			continue
		}
		var impls, rest []string
		runs := false
		for _, dep := range g[name].imports {
			switch {
			case matches(dep, implementations):
				impls = append(impls, dep)
			case dep == "./core/function":
				runs = true
			case !matches(dep, []string{"std"}):
				rest = append(rest, dep)
			}
		}
		if !runs {
			found = append(found, fmt.Sprintf("%s does not import ./core/function: %s", name, why))
		}
		if len(impls) != 1 {
			found = append(found, fmt.Sprintf("%s imports %d connector implementations (%s), want one: %s", name, len(impls), strings.Join(impls, ", "), why))
		}
		for _, dep := range rest {
			if len(impls) != 1 || !strings.HasPrefix(impls[0], dep+"/") {
				found = append(found, fmt.Sprintf("%s imports %s, which is neither core/function nor its connector: %s", name, dep, why))
			}
		}
	}
	return found
}

// siblings checks that no connector uses another.
func siblings(g graph) []string {
	var found []string
	for _, name := range g.own() {
		if !matches(name, []string{"./connectors/*/..."}) {
			continue
		}
		connector := strings.Split(name, "/")[2]
		for _, dep := range g[name].imports {
			if matches(dep, []string{"./connectors/*/..."}) && strings.Split(dep, "/")[2] != connector {
				found = append(found, fmt.Sprintf("%s imports %s: a connector never uses another one: a change of one must not reach the other's binary; what both need belongs in core", name, dep))
			}
		}
	}
	return found
}

// unlisted checks that connectors.All() has been told of every connector: it imports each one's definition.
func unlisted(g graph) []string {
	list := g["./connectors"]
	if list == nil {
		return nil
	}
	var found []string
	for _, name := range g.own() {
		if matches(name, []string{"./connectors/*"}) && !slices.Contains(list.imports, name) {
			found = append(found, fmt.Sprintf("./connectors does not import %s: All() is the one list of connectors; one that is missing there is unknown to REST, Terraform and the docs", name))
		}
	}
	return found
}

func TestDependencies(t *testing.T) {
	for _, v := range violations(load(t), rules) {
		t.Error(v)
	}
	for _, v := range violations(load(t, gobuild.Stores...), rules) {
		t.Errorf("with every secret store: %s", v)
	}
}
