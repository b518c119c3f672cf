package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
)

// A declaration is what a connector's resource says about its configuration.
type declaration struct {
	name              properties // one key, name
	config, writeOnly properties
	worker            properties // the provider's, under the connector's own
	ownWorker         properties
	said              map[string]bool // of the worker map when the provider's configuration was validated
}

// connector is every property, as the connector gets it.
func (d *declaration) connector() properties { return d.writeOnly.over(d.config).over(d.name) }

// path is where the user wrote a connector's key, or would.
func (d *declaration) path(key string) path.Path {
	switch {
	case d.writeOnly.has(key):
		return path.Root("config_wo").AtMapKey(key)
	case key == "name" && !d.config.has(key):
		return path.Root("name")
	}
	return path.Root("config").AtMapKey(key)
}

// A verdict is what a judgement came to.
type verdict struct {
	diags diag.Diagnostics
	// effective is what the connector runs with, secrets hidden; nil: not known yet.
	effective map[string]string
	// here says that effective is our own work, and so the same whenever it is asked for.
	here bool
}

// judge judges a declaration. On the local cloud, our own declarations decide. On any other cluster its validation
// decides, and ours only adds warnings; while it does not answer, all are.
func judge(ctx context.Context, target *cluster, d *declaration) verdict {
	var v verdict
	all := d.connector()
	if all.all || all.isUnknown("connector.class") {
		return v
	}
	own := judgeHere(d, all)
	class := strings.TrimSpace(all.known["connector.class"])
	if class == "" {
		v.add(d, own, certain)
		return v
	}
	secret := secretKeys(class, all.values())
	v.warnClear(d, secret)
	if target == nil {
		v.add(d, own, doubtful)
		return v
	}
	facts, err := target.ask(ctx)
	switch {
	case err != nil:
		v.diags.AddAttributeWarning(path.Root("connect_rest"), "Kafka Connect was not asked", fmt.Sprintf("The configuration could not be checked where it is to run, and is checked again when it is applied: %v", err))
		v.add(d, own, doubtful)
	case facts.ours && own.Connector != nil:
		v.add(d, own, certain)
		if all.complete() && !v.diags.HasError() {
			v.effective, v.here = effectiveHere(d, own), true
		}
	default:
		v.askRemote(ctx, target, facts, d, all, class, secret)
		v.add(d, own, elsewhere)
	}
	return v
}

// described are keys of the worker map that every worker has. Where the user does not say what they are, they are not known.
var described = []string{"bootstrap.servers", "key.converter", "value.converter", "offset.storage.topic"}

// judgeHere judges with our own declarations.
func judgeHere(d *declaration, all properties) *config.Verdict {
	worker := d.worker.values()
	for _, key := range described {
		if !d.worker.has(key) {
			worker[key] = ""
		}
	}
	return catalog().Judge(worker, all.values(), config.Options{
		Unknown: func(key string) bool {
			// A worker whose config providers are not described may know any.
			return all.isUnknown(key) || !d.worker.has("config.providers") && config.HasReference(all.known[key])
		},
		UnknownWorker: func(key string) bool {
			return d.worker.isUnknown(key) || slices.Contains(described, key) && !d.worker.has(key)
		},
	})
}

// A weight says what our own judgement is worth.
type weight int

const (
	certain   weight = iota
	doubtful         // who decides did not answer
	elsewhere        // somebody else decides
)

func (v *verdict) add(d *declaration, own *config.Verdict, w weight) {
	if w != certain && own.Connector == nil {
		return // we know nothing of it, and somebody else may
	}
	for _, p := range own.Problems {
		at, summary, message := d.path(p.Key), "Connector configuration: "+p.Key, hide(p.Message, d.writeOnly.known)
		if p.Worker {
			at, summary = path.Root("worker").AtMapKey(p.Key), "Worker map: "+p.Key
			if !d.ownWorker.has(p.Key) {
				if d.said[p.Message] {
					continue
				}
				at, summary = path.Root("worker"), "The provider's worker map: "+p.Key
			}
		}
		severity := p.Severity
		if w != certain && severity == config.Error {
			severity = config.Warning
			if w == elsewhere {
				message = "This cluster's own validation decides. As a function, the connector would be refused: " + message
			}
		}
		addDiagnostic(&v.diags, at, severity, summary, message)
	}
}

func addDiagnostic(ds *diag.Diagnostics, at path.Path, s config.Severity, summary, message string) {
	if s == config.Error {
		ds.AddAttributeError(at, summary, message)
		return
	}
	ds.AddAttributeWarning(at, summary, message)
}

// askRemote has a cluster judge.
func (v *verdict) askRemote(ctx context.Context, target *cluster, f *facts, d *declaration, all properties, class string, secret map[string]bool) {
	ctx, cancel := context.WithTimeout(ctx, planPatience)
	defer cancel()
	if err := target.unknown(ctx, f, class); err != nil {
		v.diags.AddAttributeError(d.path("connector.class"), "Unknown connector class", fmt.Sprintf("%s: %v", target.client.URL(), err))
		return
	}
	infos, err := target.client.Once().Hiding(secretsOf(d, all)...).Validate(ctx, all.known)
	if err != nil {
		v.diags.AddAttributeWarning(path.Root("config"), "The cluster did not judge the configuration", fmt.Sprintf("It is judged when it is applied. %v", err))
		return
	}
	for _, info := range infos.Configs {
		if key := info.Definition.Name; info.Definition.Type == config.TypePassword && !secret[key] {
			v.warnClear(d, map[string]bool{key: true})
		}
	}
	for _, info := range infos.Configs {
		key := info.Value.Name
		for _, message := range slices.Compact(info.Value.Errors) {
			if all.isUnknown(key) || !all.complete() && !all.has(key) && !strings.HasPrefix(message, "Missing required configuration") {
				continue // it may be for want of what is not known yet
			}
			v.diags.AddAttributeError(d.path(key), "Connector configuration: "+key, message)
		}
	}
	if all.complete() {
		v.effective = effectiveThere(d, infos)
	}
}

// warnClear warns of secrets that would stand in the state.
func (v *verdict) warnClear(d *declaration, secret map[string]bool) {
	for _, key := range slices.Sorted(maps.Keys(secret)) {
		if value, given := d.config.known[key]; given && !config.HasReference(value) && value != "" && !d.writeOnly.has(key) {
			v.diags.AddAttributeWarning(d.path(key), "A secret in clear", fmt.Sprintf("%s is a secret. In config it is written into the plan and the state: move it to config_wo, or refer to it, as in \"$${env:NAME}\".", key))
		}
	}
}

// effectiveHere is the effective configuration by our own judgement.
func effectiveHere(d *declaration, own *config.Verdict) map[string]string {
	effective := map[string]string{}
	for _, l := range own.Lines() {
		if l.Origin == "worker" && slices.Contains(described, l.Key) && !d.worker.has(l.Key) {
			continue // nobody has said what it is
		}
		key, value := l.Key, l.Value
		switch l.Section {
		case "consumer", "producer", "admin":
			key = l.Section + "." + key
			if override := l.Section + ".override." + l.Key; d.writeOnly.has(override) {
				value = hidden
			}
		}
		if d.writeOnly.has(l.Key) {
			value = hidden
		}
		effective[key] = value
	}
	return effective
}

// effectiveThere is the effective configuration as a cluster's validation tells it: values and defaults of the keys that it
// knows, and the other keys as they are.
func effectiveThere(d *declaration, infos *config.Infos) map[string]string {
	all := d.connector().known
	effective := maps.Clone(all)
	for _, info := range infos.Configs {
		if info.Value.Value == nil {
			continue
		}
		effective[info.Value.Name] = *info.Value.Value
		if given := all[info.Value.Name]; config.HasReference(given) {
			effective[info.Value.Name] = given
		}
	}
	return hideKeys(effective, d)
}

func hideKeys(effective map[string]string, d *declaration) map[string]string {
	secret := secretKeys(effective["connector.class"], effective)
	for key, value := range effective {
		if d.writeOnly.has(key) || secret[key] && !config.HasReference(value) && value != "" {
			effective[key] = hidden
		}
	}
	return effective
}

// secretsOf are the values that no message may show.
func secretsOf(d *declaration, all properties) []string {
	secrets := slices.Collect(maps.Values(d.writeOnly.known))
	for key := range secretKeys(all.known["connector.class"], all.known) {
		secrets = append(secrets, all.known[key])
	}
	return secrets
}

// anything is the settings of a connector of which nothing is known.
type anything struct{ rest map[string]string }

func (a *anything) Define(d *config.Def) { d.Prefix(&a.rest, "", "") }

// secretKeys are the keys of a connector that are secrets: by our declarations, and by their names where none of them
// covers a key.
func secretKeys(class string, props map[string]string) map[string]bool {
	c := catalog()
	if _, err := c.Connector(class); err != nil {
		c.Connectors = []config.Connector{{Name: class, Config: func(string) config.Definer { return &anything{} }}}
	}
	secret := map[string]bool{}
	for _, l := range c.Judge(nil, props, config.Options{}).Lines() {
		if l.Value != hidden {
			continue
		}
		key := l.Key
		switch l.Section {
		case "consumer", "producer", "admin":
			key = l.Section + ".override." + l.Key
		}
		if _, given := props[key]; given {
			secret[key] = true
		}
	}
	return secret
}

// secretValues are the values of the secret keys among a connector's properties.
func secretValues(info *connectrest.Info) []string {
	var values []string
	for key := range secretKeys(info.Config["connector.class"], info.Config) {
		values = append(values, info.Config[key])
	}
	return values
}
