package function

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// Document is the configuration of a function: one JSON document, connector.json in the package or the working directory,
// or what the environment variable CONNECTLESS_CONFIG names or holds. It is a connector's configuration in any form that
// Kafka Connect's REST interface takes or gives ({"name": ..., "config": {...}}, or the flat map), to which "worker" and
// "trigger" may be added. Secrets are not in it but referred to.
type Document struct {
	// Config is the connector's configuration in Kafka Connect's keys, its name among them.
	Config map[string]string `json:"config"`
	// Worker is what Kafka Connect's worker properties hold and connector configurations lack.
	Worker map[string]string `json:"worker,omitempty"`
	// Trigger tells the function what it cannot see of its trigger. Only what deploys the trigger writes it.
	Trigger Trigger `json:"trigger,omitzero"`
}

// Trigger is what a function must know of its trigger.
type Trigger struct {
	// ReportBatchItemFailures says that the event source mapping has that function response type: the mapping must
	// have it before the function is told, because a mapping without it takes any answer for success.
	ReportBatchItemFailures bool `json:"report.batch.item.failures,omitempty"`
}

const (
	documentFile = "connector.json"
	documentEnv  = "CONNECTLESS_CONFIG"
)

// LoadDocument reads the document that this process was deployed with.
func LoadDocument() (*Document, error) {
	if v := os.Getenv(documentEnv); strings.HasPrefix(strings.TrimSpace(v), "{") {
		return ParseDocument([]byte(v), documentEnv)
	} else if v != "" {
		return ReadDocument(v)
	}
	places := []string{documentFile}
	if root := os.Getenv("LAMBDA_TASK_ROOT"); root != "" {
		places = append(places, filepath.Join(root, documentFile))
	}
	if exe, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(exe), documentFile))
	}
	for _, path := range places {
		d, err := ReadDocument(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return d, err
		}
	}
	return nil, fmt.Errorf("function: there is no %s in the package or the working directory, and %s is not set: put the connector's configuration there",
		documentFile, documentEnv)
}

// ReadDocument reads a document from a file.
func ReadDocument(path string) (*Document, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("function: %w", err)
	}
	return ParseDocument(b, path)
}

// ParseDocument reads a document; from names its source in errors.
func ParseDocument(b []byte, from string) (*Document, error) {
	d := &Document{}
	if err := d.parse(b); err != nil {
		return nil, fmt.Errorf("function: %s: %w", from, err)
	}
	return d, nil
}

func (d *Document) parse(b []byte) error {
	var err error
	if !bytes.Contains(b, []byte(`"worker"`)) && !bytes.Contains(b, []byte(`"trigger"`)) { // read it once: it is part of every cold start
		d.Config, err = config.ReadConnector(bytes.NewReader(b))
		return err
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(b, &whole); err != nil {
		return err
	}
	for key, member := range whole { // a null member is as good as none
		if string(member) == "null" {
			delete(whole, key)
		}
	}
	worker, trigger := whole["worker"], whole["trigger"]
	if worker != nil {
		if d.Worker, err = config.ReadConnector(bytes.NewReader(worker)); err != nil {
			return fmt.Errorf("worker: %w", err)
		}
	}
	if trigger != nil {
		strict := json.NewDecoder(bytes.NewReader(trigger))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&d.Trigger); err != nil {
			return fmt.Errorf("trigger: %w", err)
		}
	}
	if worker != nil || trigger != nil {
		delete(whole, "worker")
		delete(whole, "trigger")
		if b, err = json.Marshal(whole); err != nil {
			return err
		}
	}
	d.Config, err = config.ReadConnector(bytes.NewReader(b))
	return err
}
