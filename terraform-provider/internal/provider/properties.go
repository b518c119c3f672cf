package provider

import (
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// properties is a map of strings as Terraform has it: values, or the whole map, may not be known yet. A key whose value is
// null is as good as a missing one.
type properties struct {
	known   map[string]string
	unknown map[string]bool
	all     bool // nothing is known
}

func propertiesOf(m types.Map) properties {
	p := properties{known: map[string]string{}, unknown: map[string]bool{}, all: m.IsUnknown()}
	for key, v := range m.Elements() {
		s, ok := v.(types.String)
		switch {
		case !ok || s.IsNull():
		case s.IsUnknown():
			p.unknown[key] = true
		default:
			p.known[key] = s.ValueString()
		}
	}
	return p
}

func (p properties) isUnknown(key string) bool { return p.all || p.unknown[key] }

func (p properties) complete() bool { return !p.all && len(p.unknown) == 0 }

func (p properties) has(key string) bool {
	_, ok := p.known[key]
	return ok || p.unknown[key]
}

// values has all keys; those whose values are not known are empty.
func (p properties) values() map[string]string {
	v := maps.Clone(p.known)
	for key := range p.unknown {
		v[key] = ""
	}
	return v
}

// over puts p over base.
func (p properties) over(base properties) properties {
	m := properties{known: maps.Clone(base.known), unknown: maps.Clone(base.unknown), all: p.all || base.all}
	for key, v := range p.known {
		m.set(key, v)
	}
	for key := range p.unknown {
		delete(m.known, key)
		m.unknown[key] = true
	}
	return m
}

func (p properties) set(key, value string) {
	delete(p.unknown, key)
	p.known[key] = value
}

// stringMap is a map of strings for Terraform.
func stringMap(m map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(m))
	for key, v := range m {
		elements[key] = types.StringValue(v)
	}
	return types.MapValueMust(types.StringType, elements)
}

const hidden = "[hidden]"

// hide takes secrets out of a text that others wrote. Values of less than four bytes are no secrets, and hiding them would
// garble it.
func hide(text string, secrets map[string]string) string {
	for _, s := range secrets {
		if s = strings.TrimSpace(s); len(s) >= 4 {
			text = strings.ReplaceAll(text, s, hidden)
		}
	}
	return text
}
