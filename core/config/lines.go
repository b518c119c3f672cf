package config

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
)

// Line is one setting of what a connector runs with, to be shown to people: secrets are hidden, references stand as the
// user wrote them.
type Line struct {
	Section string // "", or the component: value.converter, transforms.a, consumer, producer, admin
	Key     string // complete, as it would be written in the connector's configuration or the worker map
	Value   string
	Origin  string // connector, worker, or default
}

const notYetKnown = "(not known yet)"

// Lines are the effective configuration: what is set, and what defaults make of the rest.
func (v *Verdict) Lines() []Line { return v.lines() }

// Explain writes the effective configuration as a table.
func (v *Verdict) Explain(w io.Writer) error {
	lines := v.Lines()
	keyWidth, originWidth := 0, len("connector")
	for _, l := range lines {
		keyWidth = max(keyWidth, len(l.Key))
	}
	section := ""
	for _, l := range lines {
		if l.Section != section {
			section = l.Section
			if _, err := fmt.Fprintf(w, "\n%s\n", section); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "%-*s  %-*s  %s\n", keyWidth, l.Key, originWidth, l.Origin, l.Value); err != nil {
			return err
		}
	}
	return nil
}

func (j *judgement) lines() []Line {
	if j.v.Effective == nil {
		return nil
	}
	var lines []Line
	covered := map[string]bool{}
	for _, l := range j.layers {
		if l.worker && l.owner == "" {
			continue // the worker map itself: its keys show where they have an effect
		}
		if slices.ContainsFunc(clientRoles, func(r ClientRole) bool { return l.prefix == r.overridePrefix() }) {
			continue // shown with the client
		}
		if l.worker { // a converter whose class the connector does not set
			key := strings.TrimSuffix(l.prefix, ".")
			_, given := j.worker[key]
			lines = append(lines, Line{Section: key, Key: key, Value: l.use.Class, Origin: origin(given, true)})
		}
		for _, f := range l.findings {
			if f.key.Prefix || covered[f.name] || !f.given && (f.null || f.value == "" || f.key.NoEffect != "") {
				continue
			}
			covered[f.name] = true
			lines = append(lines, Line{Section: strings.TrimSuffix(l.prefix, "."), Key: f.name, Value: shown(f.cell, f.value, ""), Origin: origin(f.given, l.worker)})
		}
	}
	for _, key := range sortedKeys(j.connector) {
		if !covered[key] && !j.overridden(key) {
			lines = append(lines, Line{Key: key, Value: shown(j.connector[key], j.connector[key].text, key), Origin: "connector"})
		}
	}
	for _, role := range clientRoles {
		lines = append(lines, j.clientLines(role)...)
	}
	order := map[string]int{"consumer": 1, "producer": 2, "admin": 3}
	first := map[string]int{}
	for i, l := range lines {
		if _, ok := first[l.Section]; !ok {
			first[l.Section] = i
		}
	}
	sort.SliceStable(lines, func(i, j int) bool { // package slices would be compiled once more, for Line
		a, b := lines[i].Section, lines[j].Section
		switch {
		case a == "" || b == "":
			return a < b
		case order[a] != order[b]:
			return order[a] < order[b]
		}
		return first[a] < first[b]
	})
	return lines
}

func (j *judgement) overridden(key string) bool {
	return slices.ContainsFunc(clientRoles, func(r ClientRole) bool { return strings.HasPrefix(key, r.overridePrefix()) })
}

func (j *judgement) clientLines(role ClientRole) []Line {
	var lines []Line
	for _, key := range sortedKeys(j.clients[role]) {
		c := j.clients[role][key]
		from := "default"
		if _, ok := j.connector[role.overridePrefix()+key]; ok {
			from = "connector"
		} else if _, ok := j.worker[role.prefix()+key]; ok || fromTop(j.worker, key, c) {
			from = "worker"
		}
		lines = append(lines, Line{Section: string(role), Key: key, Value: shown(c, c.text, key), Origin: from})
	}
	return lines
}

func fromTop(worker cells, key string, c cell) bool {
	top, ok := worker[key]
	return ok && top == c
}

func origin(given, worker bool) string {
	switch {
	case !given:
		return "default"
	case worker:
		return "worker"
	}
	return "connector"
}

// shown is a value that people may see. guess is the name of a key that no declaration calls a secret or not.
func shown(c cell, value, guess string) string {
	switch {
	case HasReference(c.raw):
		return c.raw
	case c.held:
		return notYetKnown
	case c.secret || soundsSecret(guess):
		return hidden
	}
	return value
}

// soundsSecret guesses from a key's name, for keys that no declaration covers.
func soundsSecret(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"password", "secret", "jaas.config", "credential", "user.info", "private", "passphrase", "connection.string", "connectionstring"} {
		if strings.Contains(key, word) {
			return !strings.HasSuffix(key, "credentials.source")
		}
	}
	for _, end := range []string{".key", ".token", "apikey", "accountkey", "accesskey", "_key", ".certificate.chain", ".sas"} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}
