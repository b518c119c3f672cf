package convert

import (
	"bufio"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

// TestAvroKeysAreConfluents compares the keys with those that Confluent's AvroConverter 7.8 has: name, type, default,
// importance. What only some of its parts declare is no key of the converter's.
func TestAvroKeysAreConfluents(t *testing.T) {
	f, err := os.Open("testdata/avroconverter.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), "\t")
		want[name] = rest
	}
	got := map[string]string{}
	for _, k := range config.Keys(new(Avro)) {
		if k.Doc == "" {
			t.Errorf("%s has no documentation", k.Name)
		}
		got[k.Name] = strings.Join([]string{string(k.Type), k.Default, string(k.Importance)}, "\t")
	}
	// What is ours: keys that Java reads undeclared or by their prefix, and a default that would name a source without a
	// token.
	for _, undeclared := range []string{"converter.type", "sasl.jaas.config", "request.header.", "specific.avro.key.type", "specific.avro.value.type"} {
		delete(got, undeclared)
	}
	maps.DeleteFunc(got, func(key, _ string) bool { return strings.HasPrefix(key, "schema.registry.ssl.") }) // of Kafka's clients
	want["bearer.auth.credentials.source"] = "STRING\t\tMEDIUM"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-Confluent +ours):\n%s", diff)
	}
}
