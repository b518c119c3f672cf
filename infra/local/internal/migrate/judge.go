package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// Judge judges connectors by what they run with here.
type Judge struct {
	Catalog *config.Catalog
	Worker  map[string]string
	// Assumed says that nobody has said what the worker map is.
	Assumed bool
}

// Finding is one thing that does not carry over to a function, or needs a hand.
type Finding struct {
	Severity string // error: it would not run; warning: it would run otherwise; note
	Key      string
	Message  string
}

// judged is a connector with what there is to say of it.
type judged struct {
	Connector
	label     string
	secret    map[string]bool
	variables map[string]string // of each secret key
	findings  []Finding
}

// judge judges the connector, and what is wrong with the worker map.
func (j *Judge) judge(c Connector) (_ *judged, worker []Finding) {
	props := map[string]string{"name": c.Name}
	maps.Copy(props, c.Config)
	k := &judged{Connector: c, secret: secrets(j.Catalog, props)}
	delete(k.secret, "name") // which has an attribute of its own
	catalog, class := j.Catalog, strings.TrimSpace(props["connector.class"])
	if _, err := catalog.Connector(class); err != nil && class != "" && !config.HasReference(class) {
		catalog = standIn(catalog, class, props)
		k.add("error", "connector.class", "there is no implementation of %s here: it has to stay on a Kafka Connect cluster. Its own keys were not judged.", class)
	}
	v := catalog.Judge(j.Worker, props, config.Options{})
	for _, p := range v.Problems {
		message, _, _ := strings.Cut(p.Message, " Known: ") // what else there is would fill the page
		f := Finding{p.Severity.String(), p.Key, k.hide(message)}
		switch {
		case p.Worker && !j.Assumed:
			worker = append(worker, f)
		case !p.Worker:
			k.findings = append(k.findings, f)
		}
	}
	k.remark(j.Assumed)
	return k, worker
}

// remark adds what is not wrong but should be known.
func (k *judged) remark(assumed bool) {
	if assumed {
		for _, key := range []string{"key.converter", "value.converter"} {
			if k.Config[key] == "" {
				k.add("note", key, "it is the worker's: name the worker's properties with --worker-config, or set it here, before the connector becomes a function")
			}
		}
	}
	for _, key := range sorted(k.secret) {
		if masked.MatchString(k.Config[key]) {
			k.add("note", key, "its value is masked: give it to the variable")
		}
	}
	for _, l := range k.Lost {
		k.add("note", l.What, "%s", l.Why)
	}
}

func (k *judged) add(severity, key, format string, args ...any) {
	k.findings = append(k.findings, Finding{severity, key, fmt.Sprintf(format, args...)})
}

// hide takes secrets out of a message. Short values are no secrets, and hiding them would garble it.
func (k *judged) hide(message string) string {
	for key := range k.secret {
		if value := strings.TrimSpace(k.Config[key]); len(value) >= 4 {
			message = strings.ReplaceAll(message, value, "[hidden]")
		}
	}
	return message
}

// text is a finding in a line.
func (f Finding) text() string {
	if strings.HasPrefix(f.Message, f.Key+" ") || strings.HasPrefix(f.Message, f.Key+":") {
		return f.Severity + ": " + oneLine(f.Message)
	}
	return f.Severity + ": " + f.Key + ": " + oneLine(f.Message)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func unique(fs []Finding) []Finding {
	var u []Finding
	for _, f := range fs {
		if !slices.Contains(u, f) {
			u = append(u, f)
		}
	}
	return u
}
