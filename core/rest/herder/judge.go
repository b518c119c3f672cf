package herder

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/rest"
)

const classKey = "connector.class"

// A judgeError is a configuration that is not even judged. Kafka's validate call shows the exception's class with it.
type judgeError struct {
	exception string
	answer    *rest.Error
}

// judge judges a configuration whose connector exists. What is wrong with its settings is in the verdict.
func (h *Herder) judge(props map[string]string) (*config.Verdict, *judgeError) {
	class := strings.TrimSpace(props[classKey])
	if class == "" {
		return nil, &judgeError{"org.apache.kafka.connect.runtime.rest.errors.BadRequestException",
			rest.Errorf(http.StatusBadRequest, "Connector config %s contains no connector type", javaMap(props))}
	}
	v := h.o.Catalog.Judge(h.o.Worker, props, config.Options{})
	if v.Connector == nil {
		return nil, &judgeError{"org.apache.kafka.connect.errors.ConnectException",
			rest.Errorf(http.StatusInternalServerError, "Failed to find any class that implements Connector and which name matches %s, available connectors are: %s",
				class, h.descriptions())}
	}
	if err := clientNumbers(props); err != nil {
		return nil, &judgeError{"org.apache.kafka.common.config.ConfigException", err}
	}
	return v, nil
}

// accept returns the verdict on a configuration that can run.
func (h *Herder) accept(props map[string]string) (*config.Verdict, error) {
	v, err := h.judge(props)
	if err != nil {
		return nil, err.answer
	}
	if message := rejection(v); message != "" {
		return nil, rest.Errorf(http.StatusBadRequest, "%s", message)
	}
	return v, nil
}

// rejection says what keeps a configuration from running, "" if nothing does. What Kafka does not see (the worker map has
// no converter, a key is misspelled) is said in the same form.
func rejection(v *config.Verdict) string {
	if message := v.Infos().Rejection(); message != "" {
		return message
	}
	var others config.Infos
	for _, p := range v.Problems {
		if p.Severity == config.Error {
			others.ErrorCount++
			others.Configs = append(others.Configs, config.Info{Value: config.ValueInfo{Errors: []string{p.Message}}})
		}
	}
	return others.Rejection()
}

// javaMap writes properties as Java's Map.toString does. Which values are secret depends on the connector, which is not
// known here, so only those of the framework are shown.
func javaMap(props map[string]string) string {
	public := map[string]bool{}
	for _, settings := range []config.Definer{&config.SinkSettings{}, &config.SourceSettings{}} {
		for _, k := range config.Keys(settings) {
			public[k.Name] = !k.Secret
		}
	}
	var all []string
	for _, key := range slices.Sorted(maps.Keys(props)) {
		value := props[key]
		if !public[key] {
			value = "[hidden]"
		}
		all = append(all, key+"="+value)
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// descriptions lists the connectors as Kafka does in the message about one that does not exist.
func (h *Herder) descriptions() string {
	var all []string
	plugins := h.Plugins(true)
	slices.SortFunc(plugins, func(a, b rest.Plugin) int { return strings.Compare(a.Class, b.Class) })
	for _, p := range plugins {
		version := cmp.Or(p.Version, "undefined")
		all = append(all, fmt.Sprintf("PluginDesc{klass=class %s, name='%s', version='%s', encodedVersion=%s, type=%s, typeName='%s', location='classpath'}",
			p.Class, p.Class, version, version, p.Type, p.Type))
	}
	return strings.Join(all, ", ")
}

// kindOf is sink or source, which is all that Kafka knows: a feed is a source.
func kindOf(c *config.Connector) string {
	if c.Kind == "sink" {
		return "sink"
	}
	return "source"
}

var pluginOrder = []string{"sink", "source",
	string(config.TransformPlugin), string(config.PredicatePlugin), string(config.ConverterPlugin), string(config.HeaderConverterPlugin)}

// Plugins lists connectors under every Java class they answer to, else under their own name.
func (h *Herder) Plugins(connectorsOnly bool) []rest.Plugin {
	var all []rest.Plugin
	for i := range h.o.Catalog.Connectors {
		c := &h.o.Catalog.Connectors[i]
		classes := c.Classes
		if len(classes) == 0 {
			classes = []string{c.Name}
		}
		for _, class := range classes {
			all = append(all, rest.Plugin{Class: class, Type: kindOf(c), Version: c.Version})
		}
	}
	if !connectorsOnly {
		for _, p := range h.o.Catalog.Plugins {
			all = append(all, rest.Plugin{Class: p.Class, Type: string(p.Kind), Version: h.o.Version})
		}
	}
	slices.SortFunc(all, func(a, b rest.Plugin) int {
		return cmp.Or(cmp.Compare(slices.Index(pluginOrder, a.Type), slices.Index(pluginOrder, b.Type)), strings.Compare(a.Class, b.Class))
	})
	return all
}

// Keys returns a connector's own settings, then the framework's; or the settings of another class.
func (h *Herder) Keys(class string) ([]config.KeyInfo, error) {
	if c, err := h.o.Catalog.Connector(class); err == nil {
		framework, own := c.Keys(class)
		return config.KeyInfos(append(own, framework...)), nil
	}
	for _, kind := range []config.PluginKind{config.TransformPlugin, config.PredicatePlugin, config.ConverterPlugin, config.HeaderConverterPlugin} {
		if p, err := h.o.Catalog.Plugin(kind, class); err == nil {
			return config.KeyInfos(config.Keys(p.Config())), nil
		}
	}
	return nil, rest.Errorf(http.StatusNotFound, "Unknown plugin %s.", class)
}

// Validate judges a configuration, which has to name the class itself.
func (h *Herder) Validate(class string, props map[string]string) (*config.Infos, error) {
	if given := strings.TrimSpace(props[classKey]); given != "" && !h.same(given, class) {
		return nil, rest.Errorf(http.StatusBadRequest, "Included connector type %s does not match request type %s", given, class)
	}
	v, err := h.judge(props)
	if err != nil {
		return nil, rest.Errorf(http.StatusInternalServerError, "%s: %s", err.exception, err.answer.Message)
	}
	return v.Infos(), nil
}

// same says whether a value of connector.class and the class in a path are the same connector: as Kafka sees it, by the
// end of the name, or because both are names of it.
func (h *Herder) same(given, path string) bool {
	short := func(s string) string {
		if s == "Connector" {
			return s
		}
		return strings.TrimSuffix(s, "Connector")
	}
	if strings.HasSuffix(short(given), short(path)) {
		return true
	}
	c, err := h.o.Catalog.Connector(given)
	return err == nil && c.Is(path)
}
