package config_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connectless/connectless/core/config"
)

func TestReferences(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	props := write("secret.properties", "user=u\ndb:main=colon\nnested=${env:A_WORD}\nempty=\n")
	write("token", "line\n")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	write("sub/inner", "x")
	t.Setenv("A_WORD", "word")
	t.Setenv("EMPTY", "")

	for _, tc := range []struct{ name, value, want, problem string }{
		{"no reference", "plain", "plain", ""},
		{"an environment variable", "${env:A_WORD}", "word", ""},
		{"several in one value", "a-${env:A_WORD}-${env:A_WORD}-${file:" + props + ":user}", "a-word-word-u", ""},
		{"empty is a value", "[${env:EMPTY}]", "[]", ""},
		{"there is no escape", "$${env:A_WORD}", "$word", ""},
		{"no recursion", "${file:" + props + ":nested}", "${env:A_WORD}", ""},
		{"an empty property", "${file:" + props + ":empty}", "", ""},
		{"a file's content is not trimmed", "<${dir:" + dir + ":token}>", "<line\n>", ""},
		{"no colon, no reference", "${topic}-${partition}", "${topic}-${partition}", ""},
		{"not closed", "${env:A_WORD", "${env:A_WORD", ""},

		{"not set", "${env:NOT_THERE}", "", "my.key: ${env:NOT_THERE} cannot be resolved: there is no NOT_THERE; set that environment variable where the function runs"},
		{"no such provider", "${vault:secret/a:k}", "", `my.key: ${vault:secret/a:k} names the config provider "vault", which does not exist here: declare it in config.providers of the worker map, or use one of dir, env, file, keyvault, secretsmanager`},
		{"an environment variable has no path", "${env:a:A_WORD}", "", "my.key: ${env:a:A_WORD} cannot be resolved: an environment variable has no path"},
		{"no such property", "${file:" + props + ":password}", "", "my.key: ${file:" + props + ":password} cannot be resolved: there is no password; add the key to that properties file"},
		{"no such file", "${file:/no/such/file:k}", "", "my.key: ${file:/no/such/file:k} cannot be resolved: open /no/such/file: no such file or directory"},
		{"no path", "${file:k}", "", "my.key: ${file:k} cannot be resolved: the reference has no path"},
		{"no such key in a directory", "${dir:" + dir + ":nope}", "", "my.key: ${dir:" + dir + ":nope} cannot be resolved: there is no nope; put a file of that name into the directory"},
		{"out of the directory", "${dir:" + dir + "/sub:../token}", "", "my.key: ${dir:" + dir + "/sub:../token} cannot be resolved: there is no ../token; put a file of that name into the directory"},
		{"a file is no directory", "${dir:" + props + ":user}", "", "my.key: ${dir:" + props + ":user} cannot be resolved: " + props + " is not a directory"},
		{"one of two", "${env:A_WORD}${env:NOT_THERE}", "", "my.key: ${env:NOT_THERE} cannot be resolved: there is no NOT_THERE; set that environment variable where the function runs"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := cosmos("my.key", tc.value)
			v := catalog.Judge(worker(), c, config.Options{References: catalog.Resolve(context.Background(), worker(), c)})
			var problem string
			for _, p := range v.Problems {
				if p.Severity == config.Error {
					problem += p.Message
				}
			}
			if problem != tc.problem {
				t.Errorf("problem %q, want %q", problem, tc.problem)
			}
			if got, ok := v.Effective.Connector["my.key"]; tc.problem == "" && (!ok || got != tc.want) || tc.problem != "" && ok {
				t.Errorf("value %q (%v), want %q", got, ok, tc.want)
			}
		})
	}
}

func TestLoadRefusesWhatIsNotResolved(t *testing.T) {
	_, err := catalog.Load(context.Background(), worker("producer.sasl.jaas.config", "${env:NOT_THERE}"), cosmos("azure.cosmos.account.key", "${env:NOR_THIS}"))
	if err == nil || !strings.Contains(err.Error(), "producer.sasl.jaas.config: ${env:NOT_THERE}") || !strings.Contains(err.Error(), "azure.cosmos.account.key: ${env:NOR_THIS}") {
		t.Errorf("err = %v", err)
	}
}

func TestDeclaredProviders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"in/a.properties", "out/a.properties", "inside/a.properties"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("k=v"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SAFE_A", "a")
	t.Setenv("UNSAFE", "b")
	w := worker("config.providers", "files, e,dirs", "config.providers.files.class", "org.apache.kafka.common.config.provider.FileConfigProvider",
		"config.providers.files.param.allowed.paths", dir+"/in",
		"config.providers.e.class", "EnvVarConfigProvider", "config.providers.e.param.allowlist.pattern", "SAFE_.*",
		"config.providers.dirs.class", "DirectoryConfigProvider", "config.providers.dirs.param.allowed.paths", "relative")
	for _, tc := range []struct{ value, want, problem string }{
		{"${files:" + dir + "/in/a.properties:k}", "v", ""},
		{"${files:" + dir + "/in/../out/a.properties:k}", "", "is outside of allowed.paths"},
		{"${files:" + dir + "/inside/a.properties:k}", "", "is outside of allowed.paths"},
		{"${file:" + dir + "/out/a.properties:k}", "v", ""}, // under its own name it has no limits
		{"${e:SAFE_A}", "a", ""},
		{"${e:UNSAFE}", "", "UNSAFE does not match allowlist.pattern"},
		{"${dirs:" + dir + "/in:a.properties}", "", "relative is not absolute"},
	} {
		c := cosmos("my.key", tc.value)
		v := catalog.Judge(w, c, config.Options{References: catalog.Resolve(context.Background(), w, c)})
		err := v.Problems.Err()
		if tc.problem == "" && (err != nil || v.Effective.Connector["my.key"] != tc.want) {
			t.Errorf("%s is %q, %v; want %q", tc.value, v.Effective.Connector["my.key"], err, tc.want)
		}
		if tc.problem != "" && (err == nil || !strings.Contains(err.Error(), tc.problem)) {
			t.Errorf("%s: %v, want %s", tc.value, err, tc.problem)
		}
	}

	w = worker("config.providers", "a,b", "config.providers.a.class", "FileConfigProvder")
	want := []string{
		`worker config.providers.a.class: error: Invalid value FileConfigProvder for configuration config.providers.a.class: Class FileConfigProvder could not be found. Did you mean "org.apache.kafka.common.config.provider.FileConfigProvider"? Known: org.apache.kafka.common.config.provider.EnvVarConfigProvider, org.apache.kafka.common.config.provider.FileConfigProvider, org.apache.kafka.common.config.provider.DirectoryConfigProvider, ` +
			`com.amazonaws.kafka.config.providers.SecretsManagerConfigProvider, io.confluent.csid.config.provider.aws.SecretsManagerConfigProvider, com.github.jcustenborder.kafka.config.aws.SecretsManagerConfigProvider, io.lenses.connect.secrets.providers.AWSSecretProvider, ` +
			`io.confluent.csid.config.provider.azure.KeyVaultConfigProvider, io.lenses.connect.secrets.providers.AzureSecretProvider, com.github.jcustenborder.kafka.config.azure.KeyVaultConfigProvider`,
		`worker config.providers.b.class: error: Missing required configuration "config.providers.b.class" which has no default value.`,
	}
	if diff := cmp.Diff(want, problems(catalog.Judge(w, cosmos(), config.Options{}).Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestEnvironment(t *testing.T) {
	w := worker("config.providers", "e", "config.providers.e.class", "EnvVarConfigProvider", "sasl.jaas.config", "${env:USER_NAME}:${e:PASS}")
	c := cosmos("a", "${env:PASS}${file:/a:ENV}", "b", "${vault:X}", "c", "${topic}")
	if diff := cmp.Diff([]string{"PASS", "USER_NAME"}, catalog.Environment(w, c)); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}

// store is a provider of somebody else's.
type store struct{ asked *[][]string }

func (s store) Get(_ context.Context, path string, keys []string) (map[string]string, error) {
	*s.asked = append(*s.asked, append([]string{path}, keys...))
	if path == "down" {
		return nil, errors.New("the store is down")
	}
	return map[string]string{"k": "value of " + path}, nil
}

func TestPluggedInProviders(t *testing.T) {
	var asked [][]string
	c := *catalog
	c.Providers = []config.ProviderPlugin{
		{Name: "store", Missing: "create it", New: func(map[string]string) (config.Provider, error) { return store{&asked}, nil }},
		{Name: "elsewhere"},
	}
	props := cosmos("a", "${store:p:k}${store:p:k}", "b", "${store:p:other}", "c", "${store:down:k}", "d", "${elsewhere:p:k}")
	if ps := c.Judge(worker(), props, config.Options{Strict: false}).Problems; ps.Err() != nil {
		t.Errorf("a plan knows both providers: %v", ps.Err())
	}
	v := c.Judge(worker(), props, config.Options{References: c.Resolve(context.Background(), worker(), props)})
	var got []string
	for _, p := range v.Problems {
		if p.Severity == config.Error {
			got = append(got, p.Message)
		}
	}
	want := []string{
		"b: ${store:p:other} cannot be resolved: there is no other; create it",
		"c: ${store:down:k} cannot be resolved: the store is down",
		`d: ${elsewhere:p:k} cannot be resolved: config provider "elsewhere" is not linked into this program`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if v.Effective.Connector["a"] != "value of pvalue of p" || len(asked) != 2 {
		t.Errorf("a = %q after %v: a path is asked for once", v.Effective.Connector["a"], asked)
	}
}

// failing is a provider of somebody else's that has errors for single keys.
type failing struct{}

func (failing) Get(_ context.Context, _ string, keys []string) (map[string]string, error) {
	values, errs := map[string]string{}, config.KeyErrors{}
	for _, key := range keys {
		switch key {
		case "away":
			errs[key] = fmt.Errorf("store: %w", config.Passing(errors.New("out of reach")))
		case "denied":
			errs[key] = errors.New("may not be read")
		default:
			values[key] = "v"
		}
	}
	return values, errs
}

// A reference that may resolve later is told from one that somebody has to mend, each on its own key.
func TestPassingErrors(t *testing.T) {
	c := *catalog
	c.Providers = []config.ProviderPlugin{{Name: "store", New: func(map[string]string) (config.Provider, error) { return failing{}, nil }}}
	for _, tc := range []struct {
		a, b    string
		err     string
		passing bool
	}{
		{"${store:k}", "${store:k}", "", false},
		{"${store:away}", "${store:k}", "a: ${store:away} cannot be resolved: store: out of reach", true},
		{"${store:away}${store:away}", "${store:away}", "out of reach", true},
		{"${store:away}", "${store:denied}", "b: ${store:denied} cannot be resolved: may not be read", false},
		{"${store:away}${store:denied}", "", "may not be read", false},
	} {
		_, err := c.Load(t.Context(), worker(), cosmos("a", tc.a, "b", tc.b))
		if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) || config.IsPassing(err) != tc.passing {
			t.Errorf("%s, %s: %v (passing: %t), want %q (passing: %t)", tc.a, tc.b, err, config.IsPassing(err), tc.err, tc.passing)
		}
	}
}

// Providers that are not linked are known everywhere, and missed where references are looked up.
func TestStoresThatAreNotLinked(t *testing.T) {
	props := cosmos("a", "${secretsmanager:db:user}", "b", "${kv:vault:secret}")
	w := worker("config.providers", "kv", "config.providers.kv.class", "io.lenses.connect.secrets.providers.AzureSecretProvider")
	var quiet []string
	for _, p := range catalog.Judge(w, props, config.Options{}).Problems {
		if strings.Contains(p.Message, "linked") {
			quiet = append(quiet, p.Message)
		}
	}
	if len(quiet) > 0 {
		t.Errorf("a plan is made elsewhere than the function runs: %v", quiet)
	}
	aws := `config provider "secretsmanager" is not linked into this program: the packages for AWS Lambda have it; elsewhere build with -tags secretsmanager`
	azure := `config provider "keyvault" is not linked into this program: the packages for Azure Functions have it; elsewhere build with -tags keyvault`
	c := *catalog
	c.Resolves = true
	ps := c.Judge(w, props, config.Options{}).Problems
	for _, want := range []string{"a: ${secretsmanager:db:user}: " + aws, "b: ${kv:vault:secret}: " + azure} {
		if !slices.ContainsFunc(ps, func(p config.Problem) bool { return p.Severity == config.Warning && p.Message == want }) {
			t.Errorf("no warning %q in %v", want, ps)
		}
	}
	_, err := c.Load(t.Context(), w, props)
	if err == nil || !strings.Contains(err.Error(), aws) || !strings.Contains(err.Error(), azure) || config.IsPassing(err) {
		t.Errorf("error %v", err)
	}
}

func TestProviderParameters(t *testing.T) {
	declare := func(name, class string, params ...string) map[string]string {
		w := worker("config.providers", name, "config.providers."+name+".class", class)
		for i := 0; i < len(params); i += 2 {
			w["config.providers."+name+".param."+params[i]] = params[i+1]
		}
		return w
	}
	const aws, azure = "com.amazonaws.kafka.config.providers.SecretsManagerConfigProvider", "KeyVaultConfigProvider"
	for _, tc := range []struct {
		name   string
		worker map[string]string
		want   []string
	}{
		{"right", declare("sm", aws, "region", "us-west-2"), nil},
		{"without effect", declare("sm", aws, "NotFoundStrategy", "ignore", "secret.ttl.ms", "1000"), []string{
			"worker config.providers.sm.param.secret.ttl.ms: warning: config.providers.sm.param.secret.ttl.ms has no effect: a function reads its secrets when it starts, and again after a failure that new ones may mend.",
			"worker config.providers.sm.param.NotFoundStrategy: warning: config.providers.sm.param.NotFoundStrategy has no effect: a reference that cannot be resolved refuses to start, always."}},
		{"unknown", declare("sm", aws, "aws.regin", "us-west-2"), []string{
			`worker config.providers.sm.param.aws.regin: warning: config.providers.sm.param.aws.regin is not a parameter of secretsmanager: did you mean "config.providers.sm.param.aws.region"?`}},
		{"wrong", declare("kv", azure, "retry.count", "often", "credential.type", "ClientCertificate", "client.secret", "hush-hush"), []string{
			`worker config.providers.kv.param.credential.type: error: Invalid value ClientCertificate for configuration config.providers.kv.param.credential.type: not supported; DefaultAzure and ClientSecret are`,
			`worker config.providers.kv.param.retry.count: error: Invalid value often for configuration config.providers.kv.param.retry.count: Not a number of type INT`}},
		{"halves", declare("sm", aws, "aws.secret.key", "hush-hush"), []string{
			`worker config.providers.sm.param.aws.secret.key: error: aws.access.key and aws.secret.key belong together: one is missing`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := problems(catalog.Judge(tc.worker, cosmos(), config.Options{}).Problems)
			slices.Sort(got)
			slices.Sort(tc.want)
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// echo answers every reference with its own text.
type echo struct{}

func (echo) Get(_ context.Context, path string, keys []string) (map[string]string, error) {
	values := map[string]string{}
	for _, key := range keys {
		values[key] = "${env:" + path + ":" + key + "}"
		if path == "" {
			values[key] = "${env:" + key + "}"
		}
	}
	return values, nil
}

// FuzzReferences replaces every reference by itself: whatever a value is made of, nothing of it may change.
func FuzzReferences(f *testing.F) {
	for _, seed := range []string{"x", "${env:A}", "$${env:A}", "${env:A}${env:B}", "${env:b:c:d}", "${env:}", "${a ${env:A}", "${env:A}}", "${\n:x}"} {
		f.Add(seed)
	}
	c := *catalog
	c.Providers = []config.ProviderPlugin{{Name: "env", New: func(map[string]string) (config.Provider, error) { return echo{}, nil }}}
	f.Fuzz(func(t *testing.T, value string) {
		props := cosmos()
		props["my.key"] = value
		v := c.Judge(worker(), props, config.Options{References: c.Resolve(context.Background(), worker(), props)})
		got, ok := v.Effective.Connector["my.key"]
		switch {
		case v.Problems.Err() != nil:
			if ok || !config.HasReference(value) {
				t.Errorf("%q: %v", value, v.Problems.Err())
			}
		case got != value && !strings.Contains(value, "::"): // an empty path is as good as none
			t.Errorf("%q became %q", value, got)
		}
	})
}
