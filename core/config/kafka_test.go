package config_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connectless/connectless/core/config"
)

// The files in testdata hold what Apache Kafka 3.9.0 answered: its ConfigDefs, PUT .../config/validate, and POST
// /connectors with bad configurations.

func eachLine(t *testing.T, file string, f func(line []byte)) {
	t.Helper()
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		f(lines.Bytes())
	}
	if err := lines.Err(); err != nil || n == 0 {
		t.Fatalf("%s: %d lines, %v", file, n, err)
	}
}

func TestValidateAnswersLikeKafka(t *testing.T) {
	eachLine(t, "testdata/kafka-validate.jsonl", func(line []byte) {
		var rec struct {
			Request map[string]string
			Answer  config.Infos
		}
		if err := json.Unmarshal(line, &rec); err != nil {
			t.Fatal(err)
		}
		got := catalog.Judge(worker(), rec.Request, config.Options{}).Infos()
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var again config.Infos
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		for i, c := range rec.Answer.Configs { // what type and default an overridden client key has is the client's business
			if c.Definition.Name == "consumer.override.client.id" {
				rec.Answer.Configs[i].Definition.DefaultValue, rec.Answer.Configs[i].Definition.Importance = nil, "MEDIUM"
			}
		}
		if diff := cmp.Diff(rec.Answer, again,
			cmpopts.IgnoreFields(config.KeyInfo{}, "Documentation"), // our own words
			cmp.FilterPath(hasAdvice, cmp.Comparer(func(kafka, ours []string) bool { // we know less classes
				return len(kafka) > 0 == (len(ours) > 0)
			}))); diff != "" {
			t.Errorf("%v (-kafka +ours):\n%s", rec.Request, diff)
		}
	})
}

func hasAdvice(p cmp.Path) bool { return p.Last().String() == ".RecommendedValues" }

func TestRejectsLikeKafka(t *testing.T) {
	// A transform's own check of a missing value is Java's only.
	extra := []string{"Must specify at least one field to cast."}
	eachLine(t, "testdata/kafka-rejected.jsonl", func(line []byte) {
		var rec struct {
			Note   string
			Config map[string]string
			Errors []string
		}
		if err := json.Unmarshal(line, &rec); err != nil {
			t.Fatal(err)
		}
		want := slices.DeleteFunc(rec.Errors, func(e string) bool { return slices.Contains(extra, e) })
		lines := strings.Split(catalog.Judge(worker(), rec.Config, config.Options{}).Infos().Rejection(), "\n")
		if head := fmt.Sprintf("Connector configuration is invalid and contains the following %d error(s):", len(want)); lines[0] != head {
			t.Errorf("%s: %q, want %q", rec.Note, lines[0], head)
		}
		got := lines[1 : len(lines)-1]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-kafka +ours):\n%s", rec.Note, diff)
		}
	})
}

// TestFrameworkKeysAreKafkas compares the declarations with Kafka's, key by key and in order.
func TestFrameworkKeysAreKafkas(t *testing.T) {
	defs := kafkaDefs(t)
	for class, settings := range map[string]config.Definer{"SinkConnectorConfig": &config.SinkSettings{}, "SourceConnectorConfig": &config.SourceSettings{}} {
		var got []kafkaKey
		for _, k := range config.Keys(settings) {
			if k.Ours {
				continue
			}
			got = append(got, kafkaKey{Name: k.Name, Type: k.Type, Required: k.Required, Default: defaultOf(k), Importance: k.Importance, Group: k.Group, Width: k.Width, DisplayName: k.Label})
			if k.Doc == "" {
				t.Errorf("%s has no documentation", k.Name)
			}
		}
		if diff := cmp.Diff(defs[class], got); diff != "" {
			t.Errorf("%s (-kafka +ours):\n%s", class, diff)
		}
	}
}

func defaultOf(k config.Key) *string {
	if !k.HasDefault {
		return nil
	}
	return &k.Default
}

type kafkaKey struct {
	Name        string            `json:"name"`
	Type        config.Type       `json:"type"`
	Required    bool              `json:"required"`
	Default     *string           `json:"default"`
	Importance  config.Importance `json:"importance"`
	Group       string            `json:"group"`
	Width       config.Width      `json:"width"`
	DisplayName string            `json:"displayName"`
}

func kafkaDefs(t *testing.T) map[string][]kafkaKey {
	t.Helper()
	text, err := os.ReadFile("testdata/kafka-configdefs.json")
	if err != nil {
		t.Fatal(err)
	}
	var defs map[string][]kafkaKey
	if err := json.Unmarshal(text, &defs); err != nil {
		t.Fatal(err)
	}
	return defs
}

// TestEveryWorkerKeyIsKnown sets each key of a distributed worker: none is unknown.
func TestEveryWorkerKeyIsKnown(t *testing.T) {
	for _, k := range kafkaDefs(t)["DistributedConfig"] {
		value := "1"
		if k.Default != nil {
			value = *k.Default
		}
		w := worker()
		if _, ok := w[k.Name]; !ok && k.Name != "config.providers" {
			w[k.Name] = value
		}
		for _, p := range catalog.Judge(w, cosmos(), config.Options{Strict: true}).Problems {
			if p.Severity == config.Error && p.Key != "ssl.engine.factory.class" {
				t.Errorf("%s=%s: %v", k.Name, value, p)
			}
		}
	}
}
