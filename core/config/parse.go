package config

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Severity says whether a problem stops a connector.
type Severity uint8

const (
	Error Severity = iota
	Warning
)

func (s Severity) String() string { return [...]string{"error", "warning"}[s] }

// Problem is one finding about one key.
type Problem struct {
	Key      string
	Worker   bool // the key is of the worker map, not of the connector
	Severity Severity
	Message  string // complete, with the key's name in it; never a secret's value
	Passing  bool   // an error that may go away by itself: what the value is kept in is out of reach
}

func (p Problem) String() string { return p.Severity.String() + ": " + p.Message }

// Problems are findings in the order of the keys' declarations.
type Problems []Problem

// Err is an error that lists every Error, nil when there is none. It is passing ([IsPassing]) when all of them are.
func (ps Problems) Err() error {
	var lines []string
	for _, p := range ps {
		if p.Severity == Error && !slices.Contains(lines, p.Message) { // a rule may blame two keys with one message
			lines = append(lines, p.Message)
		}
	}
	var err error
	switch len(lines) {
	case 0:
		return nil
	case 1:
		err = fmt.Errorf("config: %s", lines[0])
	default:
		err = fmt.Errorf("config: %d errors:\n  %s", len(lines), strings.Join(lines, "\n  "))
	}
	if !slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Error && !p.Passing }) {
		return Passing(err)
	}
	return err
}

// Parse fills target from props and returns what is wrong with them. Keys that target does not declare are left to the
// caller (see [Undeclared]). A value that is wrong leaves its field at the zero value.
func Parse(props map[string]string, target Definer) Problems {
	var ps Problems
	for _, f := range define(target).judge(plain(props), "") {
		for _, message := range f.errs {
			ps = append(ps, Problem{Key: f.name, Message: message})
		}
	}
	return ps
}

// A cell is a property's value on its way through the checks.
type cell struct {
	raw    string // as the user wrote it, references included
	text   string // what it means; empty while held
	held   bool   // not known yet: checks that need the value are skipped
	secret bool   // never shown
}

type cells map[string]cell

func plain(props map[string]string) cells {
	c := make(cells, len(props))
	for k, v := range props {
		c[k] = cell{raw: v, text: v}
	}
	return c
}

// below cuts prefix off, like [Below].
func (c cells) below(prefix string) cells {
	b := cells{}
	for k, v := range c {
		if rest, ok := strings.CutPrefix(k, prefix); ok && rest != "" {
			b[rest] = v
		}
	}
	return b
}

// texts are the values that are known.
func (c cells) texts() map[string]string {
	m := make(map[string]string, len(c))
	for k, v := range c {
		if !v.held {
			m[k] = v.text
		}
	}
	return m
}

// A finding is a declared key with the value it has and what is wrong with it.
type finding struct {
	key   *Key   // as it was declared, without a prefix
	name  string // complete
	cell  cell
	given bool
	value string // in ConfigDef's spelling
	null  bool   // there is no value
	errs  []string
}

func define(target Definer) *Def {
	var d Def
	target.Define(&d)
	return &d
}

// judge sets every bound field from props (keys without prefix) and returns a finding per declared key, in the order of
// the declaration. Prefix is put before the keys it names.
func (d *Def) judge(props cells, prefix string) []finding {
	found := make([]finding, 0, len(d.entries))
	at := make(map[string]int, len(d.entries))
	unsure := map[string]bool{} // wrong or held
	for _, e := range d.entries {
		if e.Prefix {
			*e.rest = props.below(e.Name).texts()
			continue
		}
		f := e.judge(props, prefix)
		if len(f.errs) > 0 || f.cell.held {
			unsure[e.Name] = true
		}
		at[e.Name] = len(found)
		found = append(found, f)
	}
	for _, r := range d.rules {
		if r.blocked(unsure) {
			continue
		}
		key, err := r.check()
		if err == nil {
			continue
		}
		message := hide(err.Error(), props, found)
		if i, ok := at[key]; ok {
			found[i].errs = append(found[i].errs, message)
			continue
		}
		c, given := props[key] // a key below a declared prefix
		found = append(found, finding{key: &Key{Prefix: true}, name: prefix + key, cell: c, given: given, errs: []string{message}})
	}
	return found
}

func (r rule) blocked(unsure map[string]bool) bool {
	if len(r.reads) == 0 {
		return len(unsure) > 0
	}
	for _, key := range r.reads {
		if unsure[key] {
			return true
		}
	}
	return false
}

func (e *entry) judge(props cells, prefix string) finding {
	f := finding{key: &e.Key, name: prefix + e.Name}
	f.cell, f.given = props[e.Name]
	f.cell.secret = f.cell.secret || e.Secret
	switch {
	case f.cell.held:
		return f
	case f.given:
	case e.Required:
		f.null = true
		f.errs = append(f.errs, fmt.Sprintf("Missing required configuration %q which has no default value.", f.name))
		if e.absent != "" {
			f.errs = append(f.errs, e.absent)
		}
		return f
	case !e.HasDefault:
		f.null = true
		return f
	default:
		f.cell.text = e.Default
	}
	raw := trim(f.cell.text)
	f.value = raw
	err := e.set(raw)
	if err != nil {
		f.value, f.null = "", true
	} else {
		if e.text != nil {
			f.value = e.text()
		}
		for _, check := range e.checks {
			if err = check(raw); err != nil {
				break
			}
		}
	}
	if err != nil {
		shown, why := f.cell.text, err.Error()
		switch {
		case f.cell.secret:
			shown = hidden
			if raw != "" {
				why = strings.ReplaceAll(why, raw, hidden)
			}
		case e.Type == TypeList:
			shown = "[" + strings.Join(SplitList(raw), ", ") + "]"
		}
		f.errs = append(f.errs, fmt.Sprintf("Invalid value %s for configuration %s: %s", shown, f.name, why))
	}
	return f
}

// hide hides secret values in a message that somebody else wrote. Values of less than four bytes are no secrets, and
// hiding them would garble the message.
func hide(message string, props cells, found []finding) string {
	cover := func(c cell) {
		if c.secret && len(trim(c.text)) >= 4 {
			message = strings.ReplaceAll(message, trim(c.text), hidden)
		}
	}
	for _, c := range props {
		cover(c)
	}
	for i := range found {
		cover(found[i].cell)
	}
	return message
}

// Below returns the properties whose keys begin with prefix, the prefix cut off.
func Below(props map[string]string, prefix string) map[string]string {
	below := map[string]string{}
	for k, v := range props {
		if rest, ok := strings.CutPrefix(k, prefix); ok && rest != "" {
			below[rest] = v
		}
	}
	return below
}

// Undeclared returns the keys of props that target does not declare, sorted.
func Undeclared(props map[string]string, target Definer) []string {
	keys := Keys(target)
	var unknown []string
next:
	for k := range props {
		for i := range keys {
			if k == keys[i].Name || keys[i].Prefix && strings.HasPrefix(k, keys[i].Name) {
				continue next
			}
		}
		unknown = append(unknown, k)
	}
	sort.Strings(unknown)
	return unknown
}
