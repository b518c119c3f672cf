package smt

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

// Stage is one transform of a chain. With a predicate it applies to the records for which the predicate is true; with
// Negate, to those for which it is not.
type Stage struct {
	Alias     string
	Class     string // the Java class name
	Transform transform.Transform
	Predicate transform.Predicate
	Negate    bool
}

// Chain is a list of stages. It is safe for concurrent use on different records.
type Chain struct{ stages []Stage }

// ChainOf returns a chain of the stages.
func ChainOf(stages ...Stage) *Chain { return &Chain{stages} }

// Stages are the chain's stages, not to be changed.
func (c *Chain) Stages() []Stage { return c.stages }

// Apply runs the record through the stages, in place. keep is false when one of them dropped it. An error is a
// [*StageError]; no further stage has seen the record.
func (c *Chain) Apply(r *connect.Record) (keep bool, err error) {
	for i := range c.stages {
		s := &c.stages[i]
		if s.Predicate != nil {
			is, err := s.Predicate.Test(r)
			if err != nil {
				return false, &StageError{s.Alias, s.Class, err}
			}
			if is == s.Negate {
				continue
			}
		}
		keep, err := s.Transform.Apply(r)
		if err != nil {
			return false, &StageError{s.Alias, s.Class, err}
		}
		if !keep {
			return false, nil
		}
	}
	return true, nil
}

// StageError is the failure of one stage, or of its predicate, on one record. Class is what a dead letter names as the
// class that failed.
type StageError struct {
	Alias string
	Class string
	Err   error
}

func (e *StageError) Error() string { return fmt.Sprintf("transforms.%s: %v", e.Alias, e.Err) }
func (e *StageError) Unwrap() error { return e.Err }

// Option changes how [NewChain] reads a configuration.
type Option func(*builder)

// FullNames refuses class names that are not complete. Kafka Connect's plug-in loader knows every class by its simple
// name too; its configuration classes without that loader do not.
func FullNames() Option { return func(b *builder) { b.full = true } }

// NewChain builds the chain that a connector's properties list (transforms, transforms.<alias>.type and so on,
// predicates). Other properties are not looked at. Errors are *data.Error with the class and message that a worker of
// Kafka Connect gives for the first thing that is wrong, in its order: classes, keys, then the configuration of each
// transform.
func NewChain(props map[string]string, options ...Option) (*Chain, error) {
	b := &builder{props: props}
	for _, o := range options {
		o(b)
	}
	transforms, err := b.declared("transforms", config.TransformPlugin)
	if err != nil {
		return nil, err
	}
	predicates, err := b.declared("predicates", config.PredicatePlugin)
	if err != nil {
		return nil, err
	}
	for _, list := range []string{"transforms", "predicates"} {
		if aliases := config.SplitList(props[list]); len(distinct(aliases)) < len(aliases) {
			return nil, data.Errorf(data.ConfigException, "Invalid value [%s] for configuration %s: Duplicate alias provided.", strings.Join(aliases, ", "), list)
		}
	}
	for _, d := range transforms {
		if err := b.validateTransform(d); err != nil {
			return nil, err
		}
	}
	for _, d := range predicates {
		if err := b.validate(d); err != nil {
			return nil, err
		}
	}
	chain := &Chain{}
	for _, d := range transforms {
		s, err := b.stage(d, predicates)
		if err != nil {
			return nil, wrapped(err)
		}
		chain.stages = append(chain.stages, s)
	}
	return chain, nil
}

type builder struct {
	props map[string]string
	full  bool
}

// declaration is a transform or predicate that the properties list.
type declaration struct {
	alias    string
	prefix   string
	plugin   *config.Plugin
	props    map[string]string // below prefix
	settings config.Definer
	negate   bool
}

// declared finds the classes of a list of aliases.
func (b *builder) declared(list string, kind config.PluginKind) ([]*declaration, error) {
	var all []*declaration
	for _, alias := range distinct(config.SplitList(b.props[list])) {
		d := &declaration{alias: alias, prefix: list + "." + alias + "."}
		d.props = config.Below(b.props, d.prefix)
		key := d.prefix + "type"
		class, given := b.props[key]
		if !given {
			return nil, data.Errorf(data.ConfigException, "Invalid value null for configuration %s: Not a %s", key, interfaces[kind])
		}
		var err error
		d.plugin, err = find(kind, strings.TrimSpace(class), b.full)
		var unknown *unknownClass
		if errors.As(err, &unknown) {
			return nil, data.Errorf(data.ConfigException, "Invalid value %s for configuration %s: %v", class, key, err)
		}
		if err != nil {
			return nil, configError(err)
		}
		all = append(all, d)
	}
	return all, nil
}

func distinct(list []string) []string {
	var d []string
	for _, s := range list {
		if !slices.Contains(d, s) {
			d = append(d, s)
		}
	}
	return d
}

// implicit are the keys that every transform has.
type implicit struct{ negate bool }

func (i *implicit) Define(d *config.Def) {
	var predicate string
	d.String(&predicate, "predicate", "", "Alias of a predicate.", config.NoDefault())
	d.Bool(&i.negate, "negate", false, "Whether the transform applies where the predicate is false.")
}

func (b *builder) validateTransform(d *declaration) error {
	_, negated := d.props["negate"]
	if _, given := d.props["predicate"]; negated && !given {
		return data.Errorf(data.ConfigException, "Config '%snegate' was provided but there is no config '%spredicate' defining a predicate to be negated.", d.prefix, d.prefix)
	}
	var own implicit
	settings := config.Plugin{Config: func() config.Definer { return &own }}
	if _, err := parse(&settings, d.props, d.prefix); err != nil {
		return err
	}
	d.negate = own.negate
	return b.validate(d)
}

// validate parses a plug-in's keys.
func (b *builder) validate(d *declaration) error {
	var err error
	d.settings, err = parse(d.plugin, d.props, d.prefix)
	return err
}

func (b *builder) stage(d *declaration, predicates []*declaration) (Stage, error) {
	s := Stage{Alias: d.alias, Class: d.plugin.Class, Negate: d.negate}
	var err error
	if s.Transform, err = newTransform(d.plugin.Class, d.settings); err != nil {
		return s, err
	}
	alias, given := d.props["predicate"]
	if !given {
		return s, nil
	}
	for _, p := range predicates {
		if p.alias == alias {
			s.Predicate, err = newPredicate(p.settings)
			return s, err
		}
	}
	return s, data.Errorf(data.ConfigException, "Unknown configuration 'predicates.%s.type'", alias)
}

// wrapped is what Kafka Connect makes of an exception of a plug-in that it configures.
func wrapped(err error) error {
	var d *data.Error
	if !errors.As(err, &d) {
		return err
	}
	return data.Errorf(data.ConnectException, "%s: %s", d.Class, d.Message).Because(err)
}
