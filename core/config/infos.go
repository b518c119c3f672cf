package config

import (
	"fmt"
	"slices"
	"strings"
)

// Infos is the answer of PUT /connector-plugins/{class}/config/validate. Keys that nobody declares are not in it, as in
// Kafka Connect; warnings are not either.
type Infos struct {
	Name       string   `json:"name"`
	ErrorCount int      `json:"error_count"`
	Groups     []string `json:"groups"`
	Configs    []Info   `json:"configs"`
}

// Info is one key of an [Infos].
type Info struct {
	Definition KeyInfo   `json:"definition"`
	Value      ValueInfo `json:"value"`
}

// KeyInfo is a key's declaration as REST shows it; GET /connector-plugins/{class}/config answers a list of them.
type KeyInfo struct {
	Name          string   `json:"name"`
	Type          Type     `json:"type"`
	Required      bool     `json:"required"`
	DefaultValue  *string  `json:"default_value"`
	Importance    string   `json:"importance"`
	Documentation string   `json:"documentation"`
	Group         *string  `json:"group"`
	Width         Width    `json:"width"`
	DisplayName   string   `json:"display_name"`
	Dependents    []string `json:"dependents"`
	Order         int      `json:"order"`
}

// ValueInfo is a key's value and what is wrong with it.
type ValueInfo struct {
	Name              string   `json:"name"`
	Value             *string  `json:"value"`
	RecommendedValues []string `json:"recommended_values"`
	Errors            []string `json:"errors"`
	Visible           bool     `json:"visible"`
}

// KeyInfos are declarations as REST shows them: those that Kafka has.
func KeyInfos(keys []Key) []KeyInfo {
	infos := []KeyInfo{}
	for i := range keys {
		if !keys[i].Prefix && !keys[i].Ours {
			infos = append(infos, keyInfo(&keys[i]))
		}
	}
	return infos
}

func keyInfo(k *Key) KeyInfo {
	info := KeyInfo{
		Name: k.Name, Type: k.Type, Required: k.Required, Importance: string(k.Importance), Documentation: k.Doc,
		Width: k.Width, DisplayName: k.Label, Dependents: []string{}, Order: k.Order,
	}
	if k.HasDefault {
		info.DefaultValue = &k.Default
		if k.Secret {
			info.DefaultValue = ptr(hidden)
		}
	}
	if k.Group != "" {
		info.Group = &k.Group
	}
	return info
}

func ptr(s string) *string { return &s }

// Infos is the verdict as Kafka Connect's validate call answers it.
func (v *Verdict) Infos() *Infos {
	infos := &Infos{Name: v.Class, Groups: []string{}, Configs: []Info{}}
	for i := range v.findings {
		f := &v.findings[i]
		if f.key.Ours && !f.given {
			continue
		}
		if f.key.Group != "" && !slices.Contains(infos.Groups, f.key.Group) {
			infos.Groups = append(infos.Groups, f.key.Group)
		}
		value := ValueInfo{Name: f.name, RecommendedValues: []string{}, Errors: []string{}, Visible: true}
		value.RecommendedValues = append(value.RecommendedValues, v.recommend[f.name]...)
		value.Errors = append(value.Errors, f.errs...)
		if !f.null {
			value.Value = ptr(shown(f.cell, f.value, ""))
			if f.key.Secret {
				value.Value = ptr(hidden)
			}
		}
		infos.ErrorCount += len(f.errs)
		definition := keyInfo(f.key)
		definition.Name = f.name
		infos.Configs = append(infos.Configs, Info{Definition: definition, Value: value})
	}
	return infos
}

// Rejection is the message with which POST /connectors and PUT /connectors/{name}/config refuse a configuration; "" when
// there is nothing to refuse.
func (i *Infos) Rejection() string {
	if i.ErrorCount == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Connector configuration is invalid and contains the following %d error(s):", i.ErrorCount)
	for _, c := range i.Configs {
		for _, message := range c.Value.Errors {
			b.WriteString("\n" + message)
		}
	}
	b.WriteString("\nYou can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`")
	return b.String()
}
