package config

import (
	"fmt"
	"slices"
	"strings"
)

// undeclared reports the connector's keys that nothing declares, and those that cannot have an effect.
func (j *judgement) undeclared(framework, own []*entry) {
	for _, key := range sortedKeys(j.connector) {
		if !j.claimed(key) {
			j.problem(j.unknownKey(key, framework, own))
		}
	}
}

// claimed says whether a layer declares the key, or may.
func (j *judgement) claimed(key string) bool {
	for _, role := range clientRoles {
		if strings.HasPrefix(key, role.overridePrefix()) {
			return true
		}
	}
	for _, list := range []string{"transforms", "predicates"} {
		if j.held(list) && strings.HasPrefix(key, list+".") {
			return true
		}
	}
	for _, l := range j.layers {
		rest, ok := strings.CutPrefix(key, l.prefix)
		if !ok || l.worker {
			continue
		}
		if l.open {
			return true
		}
		for i := range l.declared {
			if rest == l.declared[i].Name || l.declared[i].Prefix && strings.HasPrefix(rest, l.declared[i].Name) {
				return true
			}
		}
	}
	return false
}

func (j *judgement) unknownSeverity() Severity {
	if j.o.Strict {
		return Error
	}
	return Warning
}

func (j *judgement) unknownKey(key string, framework, own []*entry) Problem {
	p := Problem{Key: key, Severity: j.unknownSeverity()}
	say := func(format string, args ...any) Problem {
		p.Message = key + " " + fmt.Sprintf(format, args...)
		return p
	}
	if reason, ok := excluded(connectorExclusions, key); ok {
		p.Severity = Warning
		return say("has no effect: %s.", reason)
	}
	for _, list := range []string{"transforms", "predicates"} {
		rest, ok := strings.CutPrefix(key, list+".")
		if alias, _, dotted := strings.Cut(rest, "."); ok && dotted && !j.lists(list, alias) {
			return say("has no effect: %s does not list %q%s", list, alias, didYouMean("", nearest(alias, "", SplitList(j.connector[list].text))))
		}
	}
	if rest, ok := strings.CutPrefix(key, creationPrefix); ok && j.v.Effective.Source != nil {
		group, _, _ := strings.Cut(rest, ".")
		return say("has no effect: topic.creation.groups does not list %q%s", group, didYouMean("", nearest(group, "", j.v.Effective.Source.TopicCreationGroups)))
	}
	if converter := converterOption(key); converter != "" {
		if _, given := j.connector[converter]; !given {
			return say("has no effect: the connector does not set %s, so the converter's class and all its options come from the worker map.", converter)
		}
	}
	for _, l := range j.layers { // an option of a transform, predicate or converter
		rest, ok := strings.CutPrefix(key, l.prefix)
		if !ok || l.prefix == "" || l.worker {
			continue
		}
		return say("is not a key of %s%s", l.owner, didYouMean(l.prefix, nearest(rest, "", names(l.declared, ""))))
	}
	c := j.v.Connector
	for _, prefix := range c.Prefixes {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if near := nearest(key, prefix, names(own, prefix)); near != "" {
			p.Severity = Error
			return say("is not a key of %s%s", c.Name, didYouMean("", near))
		}
		return say("is not a key of %s", c.Name)
	}
	if other, who := c.otherFramework(); slices.Contains(names(define(other).entries, ""), key) {
		return say("has no effect: only a %s has it.", who)
	}
	if _, ok := excluded(workerExclusions, key); ok || slices.Contains(names(define(&WorkerSettings{}).entries, ""), key) || findClientKey(AdminClient, key) != nil {
		return say("has no effect here: it is a key of the worker map.")
	}
	return say("is not a key of %s%s", c.Name, didYouMean("", nearest(key, "", append(names(framework, ""), names(own, "")...))))
}

func (c *Connector) otherFramework() (Definer, string) {
	if c.Kind == "sink" {
		return &SourceSettings{}, "source"
	}
	return &SinkSettings{}, "sink"
}

func (j *judgement) lists(list, alias string) bool {
	return slices.Contains(SplitList(j.connector[list].text), alias)
}

// converterOption returns the converter key that an option belongs to: value.converter for value.converter.schemas.enable.
func converterOption(key string) string {
	for _, converter := range []string{"key.converter", "value.converter", "header.converter"} {
		if strings.HasPrefix(key, converter+".") {
			return converter
		}
	}
	return ""
}
