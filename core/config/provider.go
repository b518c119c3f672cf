package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Provider looks up the values that references ${provider:path:key} stand for. It is safe for concurrent use.
type Provider interface {
	// Get returns the values of those of keys that exist at path ("" when the reference has none).
	Get(ctx context.Context, path string, keys []string) (map[string]string, error)
}

// ProviderPlugin declares a config provider.
type ProviderPlugin struct {
	// Name is the name under which it works without being declared in config.providers; "" for none.
	Name string
	// Classes are the Java classes it stands for.
	Classes []string
	Doc     string
	// Missing says what to do about a key that is not there, in half a sentence.
	Missing string
	// Params returns new settings that declare its config.providers.<name>.param.* properties; nil: they are not judged.
	Params func() Definer
	// New makes a provider from those properties, the prefix cut off. nil: it exists, but is not linked here, so that
	// references to it are known but cannot be resolved.
	New func(params map[string]string) (Provider, error)
	// Linked says where it is linked, when it is not here.
	Linked string
}

// KeyErrors are a [Provider]'s errors for single keys; the values of the others stand beside it.
type KeyErrors map[string]error

func (e KeyErrors) Error() string {
	var texts []string
	for _, key := range sortedKeys(e) {
		texts = append(texts, e[key].Error())
	}
	return strings.Join(texts, "; ")
}

// Passing marks an error of a [Provider] that may go away by itself: its source is out of reach, or too busy.
func Passing(err error) error { return passing{err} }

// IsPassing says whether an error, or one that it wraps, is marked so.
func IsPassing(err error) bool {
	var p passing
	return errors.As(err, &p)
}

type passing struct{ error }

func (p passing) Unwrap() error { return p.error }

// BuiltinProviders are the config providers that come with Apache Kafka. Here they work under the names env, file and
// dir without being declared.
func BuiltinProviders() []ProviderPlugin {
	return []ProviderPlugin{
		{
			Name: "env", Classes: []string{"org.apache.kafka.common.config.provider.EnvVarConfigProvider"},
			Doc:     "Environment variables: ${env:NAME}.",
			Missing: "set that environment variable where the function runs",
			New:     newEnv,
		},
		{
			Name: "file", Classes: []string{"org.apache.kafka.common.config.provider.FileConfigProvider"},
			Doc:     "Keys of a properties file: ${file:/path/to.properties:key}.",
			Missing: "add the key to that properties file",
			New:     newFile,
		},
		{
			Name: "dir", Classes: []string{"org.apache.kafka.common.config.provider.DirectoryConfigProvider"},
			Doc:     "Files of a directory, a key each: ${dir:/path:file}.",
			Missing: "put a file of that name into the directory",
			New:     newDir,
		},
	}
}

// A reference is one ${provider:[path:]key} in a value.
type reference struct{ provider, path, key string }

func (r reference) String() string {
	if r.path == "" {
		return "${" + r.provider + ":" + r.key + "}"
	}
	return "${" + r.provider + ":" + r.path + ":" + r.key + "}"
}

// The pattern is Kafka's (ConfigTransformer): the path ends at the first colon, so a key may have colons and a path may
// not. There is no escape.
var referencePattern = pattern(`\$\{([^}]*?):(?:([^}]*?):)?([^}]*?)\}`)

func references(value string) []reference {
	if !strings.Contains(value, "${") {
		return nil
	}
	var refs []reference
	for _, m := range referencePattern().FindAllStringSubmatch(value, -1) {
		refs = append(refs, reference{m[1], m[2], m[3]})
	}
	return refs
}

// HasReference says whether a value refers to a config provider.
func HasReference(value string) bool { return len(references(value)) > 0 }

// References are the values that a configuration's references stand for, looked up once. Their values are secrets:
// printed, a References shows nothing.
type References struct {
	values map[reference]Password
	errs   map[reference]error
}

// substitute replaces every reference, once: what a reference stands for is not looked at again.
func (r *References) substitute(value string) (string, error) {
	if !strings.Contains(value, "${") {
		return value, nil
	}
	var failed error
	text := referencePattern().ReplaceAllStringFunc(value, func(match string) string {
		ref := references(match)[0]
		if err := r.errs[ref]; err != nil {
			failed = errors.Join(failed, err)
			return match
		}
		return string(r.values[ref])
	})
	return text, failed
}

// providerSet is the providers that a worker map declares, by name, and the built-in ones.
type providerSet struct {
	plugins map[string]ProviderPlugin
	params  map[string]map[string]string
}

const providersKey = "config.providers"

// providerPlugins are all providers: the catalog's, those of Kafka, and those that exist and are not linked.
func (c *Catalog) providerPlugins() []ProviderPlugin {
	all := append(slices.Clone(c.Providers), BuiltinProviders()...)
	for _, p := range []ProviderPlugin{SecretsManager(), KeyVault()} {
		if !slices.ContainsFunc(c.Providers, func(linked ProviderPlugin) bool { return linked.Name == p.Name }) {
			all = append(all, p)
		}
	}
	return all
}

func (p *ProviderPlugin) notLinked() error {
	text := fmt.Sprintf("config provider %q is not linked into this program", p.Name)
	if p.Linked != "" {
		text += ": " + p.Linked
	}
	return errors.New(text)
}

// providers reads config.providers.* of a worker map.
func (c *Catalog) providers(worker map[string]string) (providerSet, Problems) {
	set := providerSet{plugins: map[string]ProviderPlugin{}, params: map[string]map[string]string{}}
	var known []string
	plugins := c.providerPlugins()
	for _, p := range plugins {
		if p.Name != "" {
			set.plugins[p.Name] = p
		}
		known = append(known, p.Classes...)
	}
	var ps Problems
	for _, name := range SplitList(worker[providersKey]) {
		prefix := providersKey + "." + name + "."
		class := trim(worker[prefix+"class"])
		i := slices.IndexFunc(plugins, func(p ProviderPlugin) bool {
			return slices.ContainsFunc(p.Classes, func(java string) bool { return ClassMatches(class, java, "ConfigProvider") })
		})
		switch {
		case class == "":
			ps = append(ps, Problem{Key: prefix + "class", Worker: true, Message: fmt.Sprintf("Missing required configuration %q which has no default value.", prefix+"class")})
		case i < 0:
			ps = append(ps, Problem{Key: prefix + "class", Worker: true, Message: fmt.Sprintf("Invalid value %s for configuration %s: Class %s could not be found.%s", class, prefix+"class", class, suggestClass(class, known))})
		default:
			set.plugins[name] = plugins[i]
			set.params[name] = Below(worker, prefix+"param.")
		}
	}
	return set, ps
}

// missing is an error when no provider has the reference's name.
func (s providerSet) check(ref reference) error {
	if _, ok := s.plugins[ref.provider]; ok {
		return nil
	}
	return fmt.Errorf("%s names the config provider %q, which does not exist here: declare it in %s of the worker map, or use one of %s",
		ref, ref.provider, providersKey, strings.Join(slices.Sorted(maps.Keys(s.plugins)), ", "))
}

// unlinked is an error when a value refers to a provider that is not linked.
func (s providerSet) unlinked(value string) error {
	for _, ref := range references(value) {
		if plugin, ok := s.plugins[ref.provider]; ok && plugin.New == nil {
			return fmt.Errorf("%s: %w", ref, plugin.notLinked())
		}
	}
	return nil
}

// allPassing says whether every one of the errors that a value has may go away by itself.
func allPassing(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(joined.Unwrap(), func(e error) bool { return !allPassing(e) })
	}
	return IsPassing(err)
}

// Environment returns the names of the environment variables that references in both maps need, sorted: what has to be set
// where the connector runs.
func (c *Catalog) Environment(worker, connector map[string]string) []string {
	set, _ := c.providers(worker)
	needed := map[string]bool{}
	for _, props := range []map[string]string{worker, connector} {
		for _, value := range props {
			for _, ref := range references(value) {
				if set.plugins[ref.provider].Name == "env" {
					needed[ref.key] = true
				}
			}
		}
	}
	return sortedKeys(needed)
}

// Resolve looks up what the references in both maps stand for. What cannot be looked up is reported by [Catalog.Judge],
// on the key that needs it.
func (c *Catalog) Resolve(ctx context.Context, worker, connector map[string]string) *References {
	set, _ := c.providers(worker)
	refs := &References{values: map[reference]Password{}, errs: map[reference]error{}}
	type place struct{ provider, path string }
	wanted := map[place][]string{}
	for _, props := range []map[string]string{worker, connector} {
		for k, v := range props {
			if strings.HasPrefix(k, providersKey) {
				continue
			}
			for _, ref := range references(v) {
				at := place{ref.provider, ref.path}
				if !slices.Contains(wanted[at], ref.key) {
					wanted[at] = append(wanted[at], ref.key)
				}
			}
		}
	}
	opened := map[string]Provider{}
	for at, keys := range wanted {
		values, err := set.get(ctx, opened, at.provider, at.path, keys)
		for _, key := range keys {
			ref := reference{at.provider, at.path, key}
			value, ok := values[key]
			err, single := err, KeyErrors(nil)
			if errors.As(err, &single) {
				err = single[key]
			}
			switch {
			case err != nil:
				refs.errs[ref] = fmt.Errorf("%s cannot be resolved: %w", ref, err)
				if unknown := set.check(ref); unknown != nil {
					refs.errs[ref] = unknown
				}
			case !ok:
				refs.errs[ref] = fmt.Errorf("%s cannot be resolved: there is no %s; %s", ref, key, set.plugins[at.provider].Missing)
			default:
				refs.values[ref] = Password(value)
			}
		}
	}
	return refs
}

func (s providerSet) get(ctx context.Context, opened map[string]Provider, name, path string, keys []string) (map[string]string, error) {
	p := opened[name]
	if p == nil {
		plugin, ok := s.plugins[name]
		if !ok {
			return nil, fmt.Errorf("config provider %q does not exist", name)
		}
		if plugin.New == nil {
			return nil, plugin.notLinked()
		}
		var err error
		if p, err = plugin.New(s.params[name]); err != nil {
			return nil, fmt.Errorf("config provider %q: %w", name, err)
		}
		opened[name] = p
	}
	return p.Get(ctx, path, keys)
}

// Format shows nothing of the values, in any format.
func (References) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, hidden) }
