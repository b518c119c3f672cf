package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/connectless/connectless/scripts/gobuild"
)

// A binary reads secrets of the store that it was built with, and says of the other where it is.
func TestSecretStores(t *testing.T) {
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ SecretId string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.SecretId != "files" {
			t.Errorf("asked for %+v, %v", in, err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprint(w, `{"SecretString":"{\"path\":\"/tmp/out.txt\"}"}`)
	}))
	defer store.Close()

	root, err := gobuild.Root(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "bootstrap")
	if _, err := gobuild.Build(t.Context(), gobuild.Options{Dir: root, Package: "./functions/file-sink", Out: binary, Version: "test", Tags: []string{gobuild.SecretsManager}}); err != nil {
		t.Fatal(err)
	}
	validate := func(file string) (string, error) {
		doc, err := json.Marshal(map[string]any{
			"name":   "n",
			"config": map[string]string{"connector.class": "file-sink", "topics": "t", "file": file},
			"worker": map[string]string{
				"key.converter":    "org.apache.kafka.connect.storage.StringConverter",
				"value.converter":  "org.apache.kafka.connect.storage.StringConverter",
				"config.providers": "sm", "config.providers.sm.class": "io.confluent.csid.config.provider.aws.SecretsManagerConfigProvider",
				"config.providers.sm.param.aws.region": "eu-west-1", "config.providers.sm.param.endpoint.override": store.URL,
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "connector.json")
		if err := os.WriteFile(path, doc, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), binary, "validate", "--effective", "--config", path)
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=key")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := validate("${sm:files:path}"); err != nil || !strings.Contains(out, "${sm:files:path}") || strings.Contains(out, "/tmp/out.txt") {
		t.Errorf("%v: want no error, and the reference in the secret's place:\n%s", err, out)
	}
	if out, err := validate("${sm:files:pth}"); err == nil || !strings.Contains(out, "there is no pth; add the key to that secret's JSON object") {
		t.Errorf("a key that is missing: %v\n%s", err, out)
	}
	if out, err := validate("${keyvault:vault:path}"); err == nil || !strings.Contains(out, "the packages for Azure Functions have it; elsewhere build with -tags keyvault") {
		t.Errorf("another store: %v\n%s", err, out)
	}
}
