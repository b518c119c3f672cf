package config_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
		{"no such provider", "${vault:secret/a:k}", "", `my.key: ${vault:secret/a:k} names the config provider "vault", which does not exist here: declare it in config.providers of the worker map, or use one of dir, env, file`},
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
		`worker config.providers.a.class: error: Invalid value FileConfigProvder for configuration config.providers.a.class: Class FileConfigProvder could not be found. Did you mean "org.apache.kafka.common.config.provider.FileConfigProvider"? Known: org.apache.kafka.common.config.provider.EnvVarConfigProvider, org.apache.kafka.common.config.provider.FileConfigProvider, org.apache.kafka.common.config.provider.DirectoryConfigProvider`,
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
