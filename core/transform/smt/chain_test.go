package smt_test

import (
	"errors"
	"testing"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform/smt"
)

// TestNewChainErrors are messages that users know from a Kafka Connect worker.
func TestNewChainErrors(t *testing.T) {
	filter := "transforms.a.type=" + java + "Filter"
	tests := []struct {
		name    string
		props   []string
		class   string
		message string
	}{
		{"no type", []string{"transforms=a"},
			data.ConfigException, "Invalid value null for configuration transforms.a.type: Not a Transformation"},
		{"unknown class", []string{"transforms=a", "transforms.a.type=com.acme.Shout"},
			data.ConfigException, "Invalid value com.acme.Shout for configuration transforms.a.type: Class com.acme.Shout could not be found."},
		{"a predicate's class", []string{"transforms=a", "transforms.a.type=" + java + "predicates.RecordIsTombstone"},
			data.ConfigException, "Class class " + java + "predicates.RecordIsTombstone does not implement the Transformation interface"},
		{"neither key nor value", []string{"transforms=a", "transforms.a.type=" + java + "Cast"},
			data.ConfigException, "This class is abstract and cannot be created. Did you mean " + java + "Cast$Key, " + java + "Cast$Value?"},
		{"alias twice", []string{"transforms=a, a", filter},
			data.ConfigException, "Invalid value [a, a] for configuration transforms: Duplicate alias provided."},
		{"predicate alias twice", []string{"predicates=p,p", "predicates.p.type=" + java + "predicates.RecordIsTombstone"},
			data.ConfigException, "Invalid value [p, p] for configuration predicates: Duplicate alias provided."},
		{"negate alone", []string{"transforms=a", filter, "transforms.a.negate=true"},
			data.ConfigException, "Config 'transforms.a.negate' was provided but there is no config 'transforms.a.predicate' defining a predicate to be negated."},
		{"negate is no boolean", []string{"transforms=a", filter, "transforms.a.predicate=p", "transforms.a.negate=maybe"},
			data.ConfigException, "Invalid value maybe for configuration transforms.a.negate: Expected value to be either true or false"},
		{"predicate not listed", []string{"transforms=a", filter, "transforms.a.predicate=p", "predicates.p.type=" + java + "predicates.RecordIsTombstone"},
			data.ConnectException, "org.apache.kafka.common.config.ConfigException: Unknown configuration 'predicates.p.type'"},
		{"missing key", []string{"transforms=a", "transforms.a.type=" + java + "Cast$Value"},
			data.ConfigException, `Missing required configuration "transforms.a.spec" which has no default value.`},
		{"wrong value", []string{"transforms=a", "transforms.a.type=" + java + "MaskField$Value", "transforms.a.fields="},
			data.ConfigException, "Invalid value [] for configuration transforms.a.fields: Empty list"},
		{"wrong value whose message has no prefix", []string{"transforms=a", "transforms.a.type=" + java + "ReplaceField$Value", "transforms.a.renames=x"},
			data.ConfigException, "Invalid value [x] for configuration renames: Invalid rename mapping: x"},
		{"bad expression", []string{"transforms=a", "transforms.a.type=" + java + "RegexRouter", "transforms.a.regex=("},
			data.ConfigException, "Invalid value ( for configuration transforms.a.regex: Invalid regex: Unclosed group near index 1\n("},
		{"found when configured", []string{"transforms=a", "transforms.a.type=" + java + "InsertField$Value"},
			data.ConnectException, "org.apache.kafka.common.config.ConfigException: No field insertion configured"},
		{"a predicate's key", []string{"predicates=p", "predicates.p.type=" + java + "predicates.HasHeaderKey", "predicates.p.name="},
			data.ConfigException, "Invalid value  for configuration predicates.p.name: String must be non-empty"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := smt.NewChain(props(tc.props...))
			var e *data.Error
			if !errors.As(err, &e) || e.Class != tc.class || e.Message != tc.message {
				t.Errorf("got  %v\nwant %s: %s", err, tc.class, tc.message)
			}
		})
	}
}

func TestNewErrors(t *testing.T) {
	tests := []struct {
		class, message string
	}{
		{"Shout", "Class Shout could not be found."},
		{"RecordIsTombstone", "Class RecordIsTombstone could not be found."},
		{"Cast$Value", `Missing required configuration "spec" which has no default value.`},
		{"InsertField$Key", "No field insertion configured"},
	}
	for _, tc := range tests {
		_, err := smt.New(tc.class, nil)
		var e *data.Error
		if !errors.As(err, &e) || e.Class != data.ConfigException || e.Message != tc.message {
			t.Errorf("%s: got %v, want %s", tc.class, err, tc.message)
		}
	}
	if _, err := smt.NewPredicate("Filter", nil); err == nil {
		t.Error("a transform was taken for a predicate")
	}
}

func TestNewChain(t *testing.T) {
	base := []string{"transforms=drop,hoist",
		"transforms.drop.type=" + java + "Filter", "transforms.drop.predicate=gone",
		"predicates=gone", "predicates.gone.type=" + java + "predicates.RecordIsTombstone",
		"transforms.hoist.type=" + java + "HoistField$Value", "transforms.hoist.field=w"}
	tests := []struct {
		name  string
		more  []string
		value string
		want  string // "" when dropped
	}{
		{"predicate false", nil, `1`, `{"w":1}`},
		{"predicate true", nil, `null`, ``},
		{"negated", []string{"transforms.drop.negate=TRUE"}, `1`, ``},
		{"negated the other way", []string{"transforms.drop.negate=true"}, `null`, `{"w":null}`},
		{"simple class name", []string{"transforms.hoist.type=HoistField$Value"}, `1`, `{"w":1}`},
		{"no transforms", []string{"transforms="}, `1`, `1`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			chain, err := smt.NewChain(props(append(base, tc.more...)...))
			if err != nil {
				t.Fatal(err)
			}
			r := record(t, tc.value)
			keep, err := chain.Apply(r)
			if err != nil || keep != (tc.want != "") || keep && text(&r.Value) != tc.want {
				t.Errorf("keep %v, value %s, error %v; want %q", keep, text(&r.Value), err, tc.want)
			}
		})
	}
	if _, err := smt.NewChain(props(append(base, tests[4].more...)...), smt.FullNames()); err == nil {
		t.Error("FullNames takes a simple name")
	}
}
