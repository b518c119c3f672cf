package migrate

import (
	"maps"
	"regexp"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// anything is the settings of a connector of which nothing is known.
type anything struct{ rest map[string]string }

func (a *anything) Define(d *config.Def) { d.Prefix(&a.rest, "", "") }

// standIn returns the catalog with something that answers to a connector class it lacks, so that all the rest of a
// configuration can be judged.
func standIn(c *config.Catalog, class string, props map[string]string) *config.Catalog {
	kind := "source"
	if props["topics"] != "" || props["topics.regex"] != "" {
		kind = "sink"
	}
	own := *c
	own.Connectors = []config.Connector{{Name: class, Kind: kind, Config: func(string) config.Definer { return &anything{} }}}
	return &own
}

var (
	reference = regexp.MustCompile(`\$\{[^}]*:[^}]*\}`)
	// login finds a password in a longer text: a URL with a user, a JDBC URL, a line of JAAS, a connection string.
	login = regexp.MustCompile(`(?i)://[^/\s:@]+:[^/\s@]+@|(password|passwd|pwd|passphrase|secret|token|accountkey|accesskey|sig)\s*=\s*["']?[^\s"';&,]`)
	// masked is what some services answer in the place of a secret.
	masked = regexp.MustCompile(`^(\*{3,}|\[hidden\])$`)
)

// secrets are the keys of a connector whose values must not be written down: those that a declaration calls a secret,
// those that sound like one where nothing declares them, and those that have a password in their text. A value that is a
// reference is none.
func secrets(catalog *config.Catalog, props map[string]string) map[string]bool {
	if _, err := catalog.Connector(strings.TrimSpace(props["connector.class"])); err != nil {
		const unknown = "unknown"
		catalog, props = standIn(catalog, unknown, props), maps.Clone(props)
		props["connector.class"] = unknown
	}
	found := map[string]bool{}
	for _, l := range catalog.Judge(nil, props, config.Options{}).Lines() {
		if l.Value != "[hidden]" {
			continue
		}
		key := l.Key
		switch l.Section {
		case "consumer", "producer", "admin":
			key = l.Section + ".override." + l.Key
		}
		if props[key] != "" {
			found[key] = true
		}
	}
	for key, value := range props {
		if masked.MatchString(value) || login.MatchString(reference.ReplaceAllString(value, "")) {
			found[key] = true
		}
	}
	return found
}

// workerSecrets are the keys of a worker map whose values must not be written down.
func workerSecrets(worker map[string]string) map[string]bool {
	const unheard = "x." // so that every key counts as one that nothing declares
	props := map[string]string{}
	for key, value := range worker {
		props[unheard+key] = value
	}
	found := map[string]bool{}
	for key := range secrets(&config.Catalog{}, props) {
		found[strings.TrimPrefix(key, unheard)] = true
	}
	return found
}
