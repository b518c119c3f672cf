package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/connectless/connectless/core/config"
)

const secret = "s3cr3t-w0rd"

// prints lists what every way of printing makes of a value. (%p is beyond a type's control: package fmt does not ask it.)
func prints(t *testing.T, v any) map[string]string {
	t.Helper()
	all := map[string]string{"Sprint": fmt.Sprint(v), "Sprintln": fmt.Sprintln(v)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%e", "%c", "%U", "%10v", "%[1]v %[1]s"} {
		all[verb] = fmt.Sprintf(verb, v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	all["JSON"] = string(text)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("m", "value", v, slog.Group("group", "value", v))
		all[name] = b.String()
	}
	return all
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Setenv("WORD", secret)
	connector := cosmos("azure.cosmos.account.key", secret, "azure.cosmos.account.endpoint", "${env:WORD}", "producer.override.sasl.jaas.config", secret)
	refs := catalog.Resolve(context.Background(), worker(), connector)
	v := catalog.Judge(worker("sasl.jaas.config", secret), connector, config.Options{References: refs})
	settings := &cosmosSink{}
	if err := config.Parse(v.Effective.Connector, settings).Err(); err != nil {
		t.Fatal(err)
	}
	if settings.Key != secret || v.Effective.Producer["sasl.jaas.config"] != secret {
		t.Fatal("the test has no secrets to hide")
	}
	settings.Endpoint = "" // a plain string, filled from a reference
	for name, value := range map[string]any{
		"a password":                  config.Password(secret),
		"a pointer to one":            func() any { p := config.Password(secret); return &p }(),
		"passwords":                   []config.Password{secret},
		"settings":                    *settings,
		"a pointer to settings":       settings,
		"properties":                  config.Properties{"k": secret},
		"references":                  refs,
		"references by value":         *refs,
		"client properties":           v.Effective.Producer,
		"a converter":                 config.Use{Config: config.Properties{"schema.registry.basic.auth.user.info": secret}},
		"the effective configuration": *v.Effective,
		"the problems":                v.Problems,
		"the validate answer":         v.Infos(),
		"the lines":                   v.Lines(),
	} {
		if name == "the effective configuration" { // its keys have functions, which JSON has not
			value = fmt.Sprintf("%v %+v", value, value)
		}
		for how, text := range prints(t, value) {
			if strings.Contains(text, secret) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", secret)) {
				t.Errorf("%s with %s: %s", name, how, text)
			}
		}
	}
	type element struct{ P config.Password }
	if text, err := xml.Marshal(element{secret}); err != nil || strings.Contains(string(text), secret) {
		t.Errorf("XML: %s, %v", text, err)
	}
	if got := fmt.Sprint(config.Properties{"b": "x", "a": "y"}); got != "{a=[hidden], b=[hidden]}" {
		t.Errorf("properties print as %s", got)
	}
}

// refuser refuses whatever it is given and says what it was.
type refuser struct {
	Password config.Password
	Text     string
	List     []string
}

func (r *refuser) Define(d *config.Def) {
	refuse := config.Check(func(raw string) error { return fmt.Errorf("%q is no good", raw) })
	d.Password(&r.Password, "r.password", "", "", refuse)
	d.String(&r.Text, "r.text", "", "", refuse)
	d.List(&r.List, "r.list", "", "", config.OneOf("x"))
	d.Int(new(int), "r.int", 0, "")
	d.Rule(func() (string, error) {
		return "r.rule", fmt.Errorf("%s with %s", r.Password, string(r.Password)+r.Text)
	}, "none")
}

func TestProblemsHideSecrets(t *testing.T) {
	t.Setenv("WORD", secret)
	c := &config.Catalog{Connectors: []config.Connector{{Name: "r", Kind: "sink", Config: func(string) config.Definer { return &refuser{} }}}}
	props := map[string]string{
		"name": "n", "connector.class": "r", "topics": "t", "r.password": " " + secret + " ",
		"r.text": "${env:WORD}", "r.list": "${env:WORD}", "r.int": "${env:WORD}",
		"tasks.max": "${env:WORD}", "transforms": "a", "transforms.a.type": "${env:WORD}", "transforms.a.predicate": "${env:WORD}",
		"predicates": "p", "predicates.p.type": "${env:WORD}", "key.converter": "${env:WORD}", "errors.tolerance": "x${env:WORD}",
	}
	v := c.Judge(worker("security.protocol", "${env:WORD}"), props, config.Options{References: c.Resolve(context.Background(), worker("security.protocol", "${env:WORD}"), props)})
	if len(v.Problems) < 9 {
		t.Errorf("only %d problems: %v", len(v.Problems), v.Problems)
	}
	for _, p := range v.Problems {
		if strings.Contains(p.Message, secret) {
			t.Errorf("%s: %s", p.Key, p.Message)
		}
	}
	if text := fmt.Sprintf("%+v", v.Infos().Rejection()); strings.Contains(text, secret) {
		t.Errorf("the rejection shows it: %s", text)
	}
	props["connector.class"] = "${env:WORD}"
	v = c.Judge(worker(), props, config.Options{References: c.Resolve(context.Background(), worker(), props)})
	if err := v.Problems.Err(); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("an unknown class: %v", err)
	}
	if ps := config.Parse(map[string]string{"r.password": secret}, &refuser{}); strings.Contains(fmt.Sprint(ps), secret) || len(ps) == 0 {
		t.Errorf("Parse: %v", ps)
	}
}
