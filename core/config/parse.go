package config

import (
	"fmt"
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
	Severity Severity
	Message  string // complete, with the key's name in it; never a secret's value
}

func (p Problem) String() string { return p.Severity.String() + ": " + p.Message }

// Problems are findings in the order of the keys' declarations.
type Problems []Problem

// Err is an error that lists every Error, nil when there is none.
func (ps Problems) Err() error {
	var lines []string
	for _, p := range ps {
		if p.Severity == Error {
			lines = append(lines, p.Message)
		}
	}
	switch len(lines) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("config: %s", lines[0])
	}
	return fmt.Errorf("config: %d errors:\n  %s", len(lines), strings.Join(lines, "\n  "))
}

// Parse fills target from props and returns what is wrong with them. Keys that target does not declare are left to the
// caller (see [Undeclared]). A value that is wrong leaves its field at the zero value.
func Parse(props map[string]string, target Definer) Problems {
	var d Def
	target.Define(&d)
	var ps Problems
	for i := range d.entries {
		e := &d.entries[i]
		if e.Prefix {
			*e.rest = Below(props, e.Name)
			continue
		}
		raw, given := props[e.Name]
		if !given {
			if e.Required {
				ps = append(ps, Problem{Key: e.Name, Message: fmt.Sprintf("Missing required configuration %q which has no default value.", e.Name)})
				continue
			}
			if !e.HasDefault {
				continue
			}
			raw = e.Default
		}
		if e.Type != TypePassword {
			raw = strings.TrimSpace(raw)
		}
		if err := e.parse(raw); err != nil {
			shown := raw
			if e.Secret {
				shown = hidden
			}
			ps = append(ps, Problem{Key: e.Name, Message: fmt.Sprintf("Invalid value %s for configuration %s: %s", shown, e.Name, err)})
		}
	}
	if len(ps) > 0 {
		return ps
	}
	for _, rule := range d.rules {
		if key, err := rule(); err != nil {
			ps = append(ps, Problem{Key: key, Message: err.Error()})
		}
	}
	return ps
}

func (e *entry) parse(raw string) error {
	if err := e.set(raw); err != nil {
		return err
	}
	for _, check := range e.checks {
		if err := check(raw); err != nil {
			return err
		}
	}
	return nil
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
