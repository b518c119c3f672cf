package migrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/connectless/connectless/core/config"
)

// Connector is a connector as it was found.
type Connector struct {
	Name   string
	From   string            // the file or URL
	Config map[string]string // without the name
	State  string            // RUNNING, PAUSED or STOPPED; "" when nothing says
	Exists bool              // in a cluster, so that Terraform has to import it
	// Lost are parts of the source that a connector's configuration has no place for, by name, each with what to do.
	Lost []Lost
}

// Lost is something beside the configuration that does not carry over.
type Lost struct{ What, Why string }

// ReadFile reads the connectors of a file: a .properties file of a standalone worker; JSON, which is a connector in any
// form of Kafka Connect's REST API, a list of them, or the answer of GET /connectors?expand=info; or manifests of Strimzi's
// KafkaConnectors, as they are kept in .yaml files or as kubectl -o json or yaml prints them.
func ReadFile(path string) ([]Connector, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	var found []Connector
	switch strings.ToLower(filepath.Ext(path)) {
	case ".properties":
		found, err = readProperties(text)
	case ".yaml", ".yml":
		found, err = readYAML(text)
	default:
		found, err = readJSON(text)
	}
	if err == nil && len(found) == 0 {
		err = errors.New("there is no connector in it")
	}
	if err != nil {
		return nil, fmt.Errorf("migrate: %s: %w", path, err)
	}
	for i := range found {
		found[i].From = path
	}
	return found, nil
}

var (
	errNoName      = errors.New("a connector has no name")
	errNoConnector = errors.New("there is no KafkaConnector among the manifests")
)

func readProperties(text []byte) ([]Connector, error) {
	props, err := config.ReadProperties(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c, err := named(props)
	return []Connector{c}, err
}

// named takes the name out of the properties.
func named(props map[string]string) (Connector, error) {
	c := Connector{Name: strings.TrimSpace(props["name"]), Config: props}
	if c.Name == "" {
		return c, errNoName
	}
	delete(props, "name")
	return c, nil
}

func readJSON(text []byte) ([]Connector, error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	if !json.Valid(text) {
		var anything any
		return nil, fmt.Errorf("not JSON: %w", json.Unmarshal(text, &anything))
	}
	if text[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, err
		}
		return readAll(list)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, errors.New("neither a connector nor a list of connectors")
	}
	switch {
	case members["kind"] != nil && members["apiVersion"] != nil:
		return readManifest(text)
	case isExpanded(members):
		return readExpanded(text)
	}
	props, err := config.ReadConnector(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c, err := named(props)
	if err != nil {
		return nil, err
	}
	if members["config"] != nil && members["initial_state"] != nil { // how POST /connectors says how it begins
		if err := json.Unmarshal(members["initial_state"], &c.State); err != nil {
			return nil, fmt.Errorf("%s: initial_state: %w", c.Name, err)
		}
		c.State = strings.ToUpper(c.State)
	}
	return []Connector{c}, nil
}

func readAll(list []json.RawMessage) ([]Connector, error) {
	var found []Connector
	for i, one := range list {
		cs, err := readJSON(one)
		if err != nil {
			return nil, fmt.Errorf("item %s: %w", strconv.Itoa(i+1), err)
		}
		found = append(found, cs...)
	}
	return found, nil
}

// expanded is the answer of GET /connectors?expand=info&expand=status.
type expanded map[string]struct {
	Info *struct {
		Config map[string]string `json:"config"`
	} `json:"info"`
	Status *struct {
		Connector struct {
			State string `json:"state"`
		} `json:"connector"`
	} `json:"status"`
}

func isExpanded(members map[string]json.RawMessage) bool {
	for _, m := range members {
		var inner map[string]json.RawMessage
		if json.Unmarshal(m, &inner) != nil || inner["info"] == nil {
			return false
		}
	}
	return len(members) > 0
}

func readExpanded(text []byte) ([]Connector, error) {
	var all expanded
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	return all.connectors()
}

func (all expanded) connectors() ([]Connector, error) {
	var found []Connector
	for _, name := range sorted(all) {
		one := all[name]
		if one.Info == nil || one.Info.Config == nil {
			return nil, fmt.Errorf("%s: there is no configuration", name)
		}
		c := Connector{Name: name, Config: one.Info.Config}
		delete(c.Config, "name")
		if one.Status != nil {
			c.settle(one.Status.Connector.State)
		}
		found = append(found, c)
	}
	return found, nil
}

// settle makes a state to want of one that is.
func (c *Connector) settle(state string) {
	switch state {
	case "PAUSED", "STOPPED":
		c.State = state
	case "FAILED":
		c.Lost = append(c.Lost, Lost{"status", "the connector is FAILED now, and Terraform will want it RUNNING"})
	}
}

// manifest is a Kubernetes object, as far as a KafkaConnector has something to say
// (https://strimzi.io/docs/operators/latest/configuring#type-KafkaConnector-reference).
type manifest struct {
	Kind     string            `json:"kind"`
	Items    []json.RawMessage `json:"items"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Class    string          `json:"class"`
		TasksMax json.Number     `json:"tasksMax"`
		Config   json.RawMessage `json:"config"`
		State    string          `json:"state"`
		Pause    *bool           `json:"pause"`

		AutoRestart, Version, ListOffsets, AlterOffsets json.RawMessage
	} `json:"spec"`
}

// readYAML reads the documents of a file, which mean what they mean to kubectl: its library makes JSON of them.
func readYAML(text []byte) ([]Connector, error) {
	var items []json.RawMessage
	for _, document := range documents(text) {
		item, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, err
		}
		if string(item) != "null" { // comments only
			items = append(items, item)
		}
	}
	if len(items) == 1 {
		return readJSON(items[0])
	}
	return readManifests(items)
}

// documents splits YAML at its lines "---". Each document begins with as many empty lines as were before it, so that an
// error names the line of the file.
func documents(text []byte) (all [][]byte) {
	var document []byte
	before := 0
	for line := range bytes.Lines(text) {
		if before++; bytes.HasPrefix(line, []byte("---")) && len(bytes.TrimSpace(line)) == 3 {
			all = append(all, document)
			document = bytes.Repeat([]byte("\n"), before)
			continue
		}
		document = append(document, line...)
	}
	return append(all, document)
}

// readManifests reads the KafkaConnectors among objects; the others are left out.
func readManifests(items []json.RawMessage) ([]Connector, error) {
	var found []Connector
	for _, item := range items {
		var kind struct{ Kind string }
		if err := json.Unmarshal(item, &kind); err != nil || kind.Kind != "KafkaConnector" && !strings.HasSuffix(kind.Kind, "List") {
			continue
		}
		cs, err := readManifest(item)
		if err != nil && !errors.Is(err, errNoConnector) {
			return nil, err
		}
		found = append(found, cs...)
	}
	if len(found) == 0 {
		return nil, errNoConnector
	}
	return found, nil
}

// readManifest reads a KafkaConnector, or those of a list.
func readManifest(text []byte) ([]Connector, error) {
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	switch {
	case strings.HasSuffix(m.Kind, "List"):
		return readManifests(m.Items)
	case m.Kind != "KafkaConnector":
		return nil, fmt.Errorf("a %s is not a KafkaConnector", m.Kind)
	case m.Metadata.Name == "":
		return nil, errNoName
	}
	c, err := m.connector()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Metadata.Name, err)
	}
	return []Connector{c}, nil
}

func (m *manifest) connector() (Connector, error) {
	c := Connector{Name: m.Metadata.Name, Config: map[string]string{}}
	if len(m.Spec.Config) > 0 && string(m.Spec.Config) != "null" {
		props, err := config.ReadConnector(bytes.NewReader(m.Spec.Config))
		if err != nil {
			return c, err
		}
		c.Config = props
	}
	delete(c.Config, "name") // the operator's own; the same goes for the next two
	if m.Spec.Class != "" {
		c.Config["connector.class"] = m.Spec.Class
	}
	if m.Spec.TasksMax != "" {
		c.Config["tasks.max"] = m.Spec.TasksMax.String()
	}
	switch state := strings.ToUpper(m.Spec.State); {
	case state != "":
		c.State = state
	case m.Spec.Pause != nil && *m.Spec.Pause:
		c.State = "PAUSED"
	}
	for _, l := range []struct {
		given     json.RawMessage
		what, why string
	}{
		{m.Spec.AutoRestart, "spec.autoRestart", "a function is tried again by its trigger; a connector on a cluster is not restarted by Terraform, but by restart_trigger"},
		{m.Spec.Version, "spec.version", "a function has one version of its connector, the one it was built with"},
		{m.Spec.ListOffsets, "spec.listOffsets", "offsets are read with GET /connectors/" + c.Name + "/offsets"},
		{m.Spec.AlterOffsets, "spec.alterOffsets", "offsets are changed with PATCH /connectors/" + c.Name + "/offsets"},
	} {
		if len(l.given) > 0 && string(l.given) != "null" {
			c.Lost = append(c.Lost, Lost{l.what, l.why})
		}
	}
	return c, nil
}
