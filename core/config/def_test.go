package config_test

import (
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connectless/connectless/core/config"
)

// every has a key of every type and every check.
type every struct {
	Text, Class, Mode, Fold, Slug, Absent, Name string
	Pass                                        config.Password
	On                                          bool
	Int                                         int
	Short                                       int16
	Long                                        int64
	Double                                      float64
	List                                        []string
	Tags                                        map[string]string
}

func (e *every) Define(d *config.Def) {
	d.String(&e.Text, "text", "default", "", config.NonEmpty())
	d.Class(&e.Class, "class", "x.Y", "")
	d.String(&e.Mode, "mode", "a", "", config.OneOf("a", "b"))
	d.String(&e.Fold, "fold", "a", "", config.OneOfFold("a", "b"))
	d.String(&e.Slug, "slug", "a-b", "", config.Pattern(regexp.MustCompile(`[a-z-]+`), "lower-case letters and dashes"))
	d.String(&e.Absent, "absent", "ignored", "", config.NoDefault())
	d.String(&e.Name, "name", "n", "", config.NoControls())
	d.Password(&e.Pass, "pass", "", "")
	d.Bool(&e.On, "on", true, "")
	d.Int(&e.Int, "int", 7, "", config.Between(1, 10))
	d.Short(&e.Short, "short", 7, "")
	d.Long(&e.Long, "long", 7, "", config.AtLeast(0))
	d.Double(&e.Double, "double", 0.5, "", config.Between(0, 1))
	d.List(&e.List, "list", "x,y", "", config.Unique("Twice."))
	d.Prefix(&e.Tags, "tag.", "")
}

func TestParse(t *testing.T) {
	defaults := every{
		Text: "default", Class: "x.Y", Mode: "a", Fold: "a", Slug: "a-b", Name: "n", On: true, Int: 7, Short: 7, Long: 7, Double: 0.5,
		List: []string{"x", "y"}, Tags: map[string]string{},
	}
	for _, tc := range []struct {
		name  string
		props map[string]string
		want  func(*every)
	}{
		{"defaults", nil, func(*every) {}},
		{"values", map[string]string{
			"text": "t", "class": "z", "mode": "b", "fold": "B", "slug": "c", "absent": "here", "pass": "p", "on": "FALSE", "int": "+3", "short": "-4",
			"long": "9223372036854775807", "double": "1e-1", "list": "a , b,,c ", "tag.a": " 1 ", "tag.b.c": "2", "tag.": "no", "other": "ignored",
		}, func(e *every) {
			*e = every{
				Text: "t", Class: "z", Mode: "b", Fold: "B", Slug: "c", Absent: "here", Name: "n", Pass: "p", Int: 3, Short: -4,
				Long: 9223372036854775807, Double: 0.1, List: []string{"a", "b", "", "c"}, Tags: map[string]string{"a": " 1 ", "b.c": "2"},
			}
		}},
		{"Java trims every value", map[string]string{"text": " t\n", "pass": "\tp \n", "int": " 3 ", "on": " false ", "list": " a "}, func(e *every) {
			e.Text, e.Pass, e.Int, e.On, e.List = "t", "p", 3, false, []string{"a"}
		}},
		{"and no more than Java does", map[string]string{"text": "\u00a0t\u2003"}, func(e *every) { e.Text = "\u00a0t\u2003" }},
		{"an empty list", map[string]string{"list": " "}, func(e *every) { e.List = nil }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := defaults
			tc.want(&want)
			var got every
			if err := config.Parse(tc.props, &got).Err(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ key, value, why string }{
		{"text", "  ", "Invalid value    for configuration text: String must be non-empty"},
		{"mode", "A", "Invalid value A for configuration mode: String must be one of: a, b"},
		{"fold", "c", "Invalid value c for configuration fold: String must be one of (case insensitive): A, B"},
		{"slug", "a b", "Invalid value a b for configuration slug: must be lower-case letters and dashes"},
		{"name", "", "Invalid value  for configuration name: String may not be empty"},
		{"on", "1", "Invalid value 1 for configuration on: Expected value to be either true or false"},
		{"int", "", "Invalid value  for configuration int: Not a number of type INT"},
		{"int", "2147483648", "Invalid value 2147483648 for configuration int: Not a number of type INT"},
		{"int", "0", "Invalid value 0 for configuration int: Value must be at least 1"},
		{"int", "11", "Invalid value 11 for configuration int: Value must be no more than 10"},
		{"short", "32768", "Invalid value 32768 for configuration short: Not a number of type SHORT"},
		{"long", "9223372036854775808", "Invalid value 9223372036854775808 for configuration long: Not a number of type LONG"},
		{"long", "-1", "Invalid value -1 for configuration long: Value must be at least 0"},
		{"double", "half", "Invalid value half for configuration double: Not a number of type DOUBLE"},
		{"double", "1.5", "Invalid value 1.5 for configuration double: Value must be no more than 1"},
		{"list", "a, b,a", "Invalid value [a, b, a] for configuration list: Twice."},
	} {
		t.Run(tc.key+"="+tc.value, func(t *testing.T) {
			got := config.Parse(map[string]string{tc.key: tc.value}, &every{})
			if len(got) != 1 || got[0].Key != tc.key || got[0].Severity != config.Error || got[0].Message != tc.why {
				t.Errorf("%v, want %s", got, tc.why)
			}
		})
	}
}

// ruled has rules that need different keys.
type ruled struct {
	a, b int
	ran  []string
}

func (r *ruled) Define(d *config.Def) {
	d.Int(&r.a, "a", 1, "")
	d.Int(&r.b, "b", 1, "")
	rule := func(name, key string, err error, reads ...string) {
		d.Rule(func() (string, error) { r.ran = append(r.ran, name); return key, err }, reads...)
	}
	rule("both", "a", errors.New("a and b do not fit"), "a", "b")
	rule("a alone", "", nil, "a")
	rule("everything", "c.below", errors.New("c.below is no good"))
}

func TestRulesRunOnWhatTheyNeed(t *testing.T) {
	for _, tc := range []struct {
		props     map[string]string
		ran, says []string
	}{
		{nil, []string{"both", "a alone", "everything"}, []string{"a: a and b do not fit", "c.below: c.below is no good"}},
		{map[string]string{"b": "x"}, []string{"a alone"}, []string{"b: Invalid value x for configuration b: Not a number of type INT"}},
		{map[string]string{"a": "x"}, nil, []string{"a: Invalid value x for configuration a: Not a number of type INT"}},
	} {
		r := &ruled{}
		var says []string
		for _, p := range config.Parse(tc.props, r) {
			says = append(says, p.Key+": "+p.Message)
		}
		if diff := cmp.Diff(tc.ran, r.ran); diff != "" {
			t.Errorf("%v: rules (-want +got):\n%s", tc.props, diff)
		}
		if diff := cmp.Diff(tc.says, says); diff != "" {
			t.Errorf("%v: problems (-want +got):\n%s", tc.props, diff)
		}
	}
}

func TestUndeclared(t *testing.T) {
	got := config.Undeclared(map[string]string{"z": "", "text": "", "tag.x": "", "tags": "", "a": ""}, &every{})
	if diff := cmp.Diff([]string{"a", "tags", "z"}, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestClassMatches(t *testing.T) {
	const class = "org.apache.kafka.connect.json.JsonConverter"
	for given, want := range map[string]bool{
		class: true, "JsonConverter": true, "Json": true, "json": false, "json.JsonConverter": false, "": false, "Converter": false,
	} {
		if got := config.ClassMatches(given, class, "Converter"); got != want {
			t.Errorf("%q: %v, want %v", given, got, want)
		}
	}
	if config.ClassMatches("Json", class, "") {
		t.Error("without a suffix nothing is cut off")
	}
}

func ExampleParse() {
	settings := &cosmosSink{}
	problems := config.Parse(map[string]string{
		"azure.cosmos.account.endpoint":   "https://orders.documents.azure.com",
		"azure.cosmos.account.key":        "a secret",
		"azure.cosmos.sink.database.name": "shop",
		"azure.cosmos.sink.maxRetryCount": "many",
	}, settings)
	fmt.Println(settings.Database, settings.Key)
	fmt.Println(problems.Err())
	// Output:
	// shop [hidden]
	// config: Invalid value many for configuration azure.cosmos.sink.maxRetryCount: Not a number of type INT
}
