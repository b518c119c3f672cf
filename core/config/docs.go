package config

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes a reference table of keys, a table per group in the order of first appearance.
func Markdown(w io.Writer, keys []Key) error {
	p := printer{w: w}
	for i, group := range groupsOf(keys) {
		if i > 0 {
			p.f("\n")
		}
		if group != "" {
			p.f("### %s\n\n", group)
		}
		p.f("| Key | Type | Default | Importance | Description |\n|---|---|---|---|---|\n")
		for _, k := range keys {
			if k.Group != group {
				continue
			}
			p.f("| `%s` | %s | %s | %s | %s |\n", k.pattern(), strings.ToLower(string(k.Type)), k.markdownDefault(),
				strings.ToLower(string(k.Importance)), cellText(k.description("`")))
		}
	}
	return p.err
}

// Document writes a reference for a terminal.
func Document(w io.Writer, keys []Key) error {
	p := printer{w: w}
	for i, group := range groupsOf(keys) {
		if i > 0 {
			p.f("\n")
		}
		if group != "" {
			p.f("%s\n\n", strings.ToUpper(group))
		}
		for _, k := range keys {
			if k.Group != group {
				continue
			}
			p.f("%s  (%s, %s)\n", k.pattern(), strings.ToLower(string(k.Type)), k.textDefault())
			for _, line := range wrap(k.description(""), 100) {
				p.f("    %s\n", line)
			}
		}
	}
	return p.err
}

// A printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func groupsOf(keys []Key) []string {
	var groups []string
	seen := map[string]bool{}
	for _, k := range keys {
		if !seen[k.Group] {
			seen[k.Group] = true
			groups = append(groups, k.Group)
		}
	}
	return groups
}

// pattern is the key's name; a prefix ends in a star.
func (k *Key) pattern() string {
	if k.Prefix {
		return k.Name + "*"
	}
	return k.Name
}

func (k *Key) markdownDefault() string {
	switch {
	case k.Required:
		return "*required*"
	case !k.HasDefault:
		return ""
	case k.Default == "":
		return "(empty)"
	}
	return "`" + cellText(k.Default) + "`"
}

func (k *Key) textDefault() string {
	switch {
	case k.Required:
		return "required"
	case !k.HasDefault:
		return "no default"
	case k.Default == "":
		return "default: empty"
	}
	return "default: " + k.Default
}

// description is the documentation with the choices and the example, each between quotes.
func (k *Key) description(quote string) string {
	text := k.Doc
	if k.NoEffect != "" {
		text = strings.TrimSpace(text + " Accepted without effect: " + k.NoEffect)
	}
	if len(k.Choices) > 0 {
		text += " One of " + quote + strings.Join(k.Choices, quote+", "+quote) + quote + "."
	}
	if k.Example != "" {
		text += " Example: " + quote + k.Example + quote + "."
	}
	return strings.TrimSpace(text)
}

func cellText(s string) string {
	return strings.NewReplacer("|", `\|`, "\r\n", " ", "\n", " ").Replace(s)
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line == "" {
		return lines
	}
	return append(lines, line)
}
