package transform_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/transform"
)

// TestKeysAreKafkas compares every declaration with what Kafka's own classes declare.
func TestKeysAreKafkas(t *testing.T) {
	golden, err := os.ReadFile("testdata/keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(string(golden)), "\n") {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	want := sections(lines)

	var ours []string
	for _, p := range transform.Plugins() {
		class := p.Class[strings.LastIndexByte(p.Class, '.')+1:]
		if strings.HasSuffix(class, "$Key") {
			continue // the same declaration as $Value
		}
		ours = append(ours, class)
		for _, k := range config.Keys(p.Config()) {
			def := "-"
			switch {
			case k.Required:
				def = "required"
			case k.HasDefault:
				def = fmt.Sprintf("%q", k.Default)
			}
			ours = append(ours, fmt.Sprintf("  %s %s %s %s", k.Name, k.Type, def, k.Importance))
		}
	}
	if diff := cmp.Diff(want, sections(ours)); diff != "" {
		t.Errorf("declarations differ from Kafka's (-Kafka +ours):\n%s", diff)
	}
}

// sections are lines by the class they belong to, in no order.
func sections(lines []string) map[string][]string {
	all := map[string][]string{}
	class := ""
	for _, line := range lines {
		if !strings.HasPrefix(line, " ") {
			class = line
			all[class] = []string{}
			continue
		}
		all[class] = append(all[class], line)
	}
	for _, keys := range all {
		slices.Sort(keys)
	}
	return all
}

func TestPluginsAreDocumented(t *testing.T) {
	plugins := transform.Plugins()
	for _, p := range plugins {
		if p.Doc == "" {
			t.Errorf("%s has no documentation", p.Class)
		}
		for _, k := range config.Keys(p.Config()) {
			if k.Doc == "" {
				t.Errorf("%s: %s has no documentation", p.Class, k.Name)
			}
		}
		if other, ok := strings.CutSuffix(p.Class, "$Key"); ok &&
			!slices.ContainsFunc(plugins, func(p config.Plugin) bool { return p.Class == other+"$Value" }) {
			t.Errorf("%s has no $Value", p.Class)
		}
	}
}

func TestParsePath(t *testing.T) {
	tests := []struct {
		path, version string
		want          []string
		err           string
	}{
		{"a.b", "V1", []string{"a.b"}, ""},
		{"a.b", "v2", []string{"a", "b"}, ""},
		{"", "V1", []string{""}, ""},
		{"", "V2", nil, ""},
		{"a.", "V2", []string{"a", ""}, ""},
		{".", "V2", []string{"", ""}, ""},
		{"`a.b`.c", "V2", []string{"a.b", "c"}, ""},
		{"a.`b.c`", "V2", []string{"a", "b.c"}, ""},
		{"a`b", "V2", []string{"a`b"}, ""},
		{"`a`b`.c", "V2", []string{"a`b", "c"}, ""},
		{"`a\\`.b`", "V2", []string{"a`.b"}, ""},
		{"a.`b", "V2", nil, "Incomplete backtick pair in path: [a.`b], consider adding a backslash before backtick at position 2 to escape it"},
		{"🚀.`b", "V2", nil, "Incomplete backtick pair in path: [🚀.`b], consider adding a backslash before backtick at position 3 to escape it"},
		{"`a\\`", "V2", nil, "Incomplete backtick pair in path: [`a\\`], consider adding a backslash before backtick at position 0 to escape it"},
	}
	for _, tc := range tests {
		t.Run(tc.path+" "+tc.version, func(t *testing.T) {
			got, err := transform.ParsePath(tc.path, tc.version)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || text != tc.err {
				t.Errorf("got %q, error %q; want %q, error %q", got, text, tc.want, tc.err)
			}
		})
	}
}

// TestRules checks that a plan, which links no implementation, finds what it can of wrong settings.
func TestRules(t *testing.T) {
	tests := []struct {
		class string
		props map[string]string
		key   string
		want  string
	}{
		{"Cast$Value", map[string]string{"spec": ""}, "spec", "Must specify at least one field to cast."},
		{"Cast$Value", map[string]string{"spec": "a:date"}, "spec", "Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.DATE for configuration Invalid type found in casting spec: date"},
		{"Cast$Value", map[string]string{"spec": "a:b:c"}, "spec", "Invalid value [a:b:c] for configuration renames: Invalid rename mapping: a:b:c"},
		{"ReplaceField$Key", map[string]string{"renames": "a:b,c"}, "renames", "Invalid value [a:b, c] for configuration renames: Invalid rename mapping: c"},
		{"DropHeaders", map[string]string{"headers": ""}, "headers", "Invalid value [] for configuration headers: Empty list"},
		{"HeaderFrom$Value", map[string]string{"fields": "a,b", "headers": "h", "operation": "copy"}, "headers", "'fields' config must have the same number of elements as 'headers' config."},
		{"InsertField$Value", map[string]string{"static.field": "s"}, "static.value", "Invalid value null for configuration static.value: No value specified for static field: s"},
		{"TimestampConverter$Value", map[string]string{"target.type": "string", "format": "yyyy-bb"}, "format", "Invalid value java.lang.IllegalArgumentException: Illegal pattern character 'b' for configuration TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: yyyy-bb"},
		{"SetSchemaMetadata$Value", nil, "schema.name", "Neither schema name nor version configured"},
		{"ExtractField$Value", map[string]string{"field": "`a", "field.syntax.version": "V2"}, "field", "Incomplete backtick pair in path: [`a], consider adding a backslash before backtick at position 0 to escape it"},
	}
	for _, tc := range tests {
		t.Run(tc.class+" "+tc.key, func(t *testing.T) {
			problems := config.Parse(tc.props, settings(t, tc.class))
			if len(problems) != 1 || problems[0].Key != tc.key || problems[0].Message != tc.want {
				t.Errorf("got %v; want one problem of %s: %s", problems, tc.key, tc.want)
			}
		})
	}
}

func settings(t *testing.T, class string) config.Definer {
	for _, p := range transform.Plugins() {
		if strings.HasSuffix(p.Class, "."+class) {
			return p.Config()
		}
	}
	t.Fatalf("no class %s", class)
	return nil
}
