package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ReadConnector reads a connector's configuration in the forms in which it is passed around: the body of
// POST /connectors ({"name": ..., "config": {...}}), what GET /connectors/x answers, or the flat map of its properties.
// The name becomes the property name, as it does in Kafka Connect. Numbers and booleans are taken as their text; a null
// is as good as a missing key. A key that is given twice and a nested value are errors that name the key.
func ReadConnector(r io.Reader) (map[string]string, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("config: read connector: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	c := connectorReader{dec: json.NewDecoder(bytes.NewReader(text))}
	c.dec.UseNumber() // whose text is the number's
	props, err := c.read()
	if err != nil {
		return nil, fmt.Errorf("config: connector JSON: %w", err)
	}
	return props, nil
}

type connectorReader struct {
	dec *json.Decoder
	// config is the content of a member "config" that is an object; nil when there is none.
	config map[string]string
}

func (c *connectorReader) read() (map[string]string, error) {
	outer, err := c.object(true)
	if err != nil {
		return nil, err
	}
	if _, err := c.dec.Token(); err != io.EOF {
		return nil, errors.New("more text after the closing brace")
	}
	if c.config == nil {
		return outer, nil
	}
	name := outer["name"]
	delete(outer, "name")
	for key := range outer {
		switch key {
		case "type", "initial_state": // what GET answers, and how a connector begins: not of its configuration
		default:
			return nil, fmt.Errorf("%q stands beside \"config\"; a property belongs into it", key)
		}
	}
	switch inner, given := c.config["name"]; {
	case name == "" || inner == name:
	case given:
		return nil, says("Connector name configuration (%s) doesn't match connector name (%s)", inner, name)
	default:
		c.config["name"] = name
	}
	return c.config, nil
}

// object reads an object of scalars. The outermost one may have a member "config" that is an object, and a member
// "tasks", which is left out.
func (c *connectorReader) object(outermost bool) (map[string]string, error) {
	if t, err := c.dec.Token(); err != nil {
		return nil, syntax(err)
	} else if t != json.Delim('{') {
		return nil, errors.New("want an object")
	}
	return c.members(outermost)
}

// members reads the rest of an object.
func (c *connectorReader) members(outermost bool) (map[string]string, error) {
	props, seen := map[string]string{}, map[string]bool{}
	for c.dec.More() {
		t, err := c.dec.Token()
		if err != nil {
			return nil, syntax(err)
		}
		key := t.(string) // a decoder reports anything else as an error
		if seen[key] {
			return nil, fmt.Errorf("%q is given twice", key)
		}
		seen[key] = true
		if t, err = c.dec.Token(); err != nil {
			return nil, syntax(err)
		}
		switch t := t.(type) {
		case string:
			props[key] = t
		case json.Number:
			props[key] = t.String()
		case bool:
			props[key] = strconv.FormatBool(t)
		case json.Delim:
			switch {
			case t == '{' && outermost && key == "config":
				if c.config, err = c.members(false); err != nil {
					return nil, err
				}
			case t == '[' && outermost && key == "tasks":
				if err := c.skip(); err != nil {
					return nil, err
				}
			default:
				return nil, fmt.Errorf("the value of %q is nested; write it as one text", key)
			}
		}
	}
	if _, err := c.dec.Token(); err != nil {
		return nil, syntax(err)
	}
	return props, nil
}

// skip reads what is left of an array.
func (c *connectorReader) skip() error {
	for depth := 1; depth > 0; {
		t, err := c.dec.Token()
		if err != nil {
			return syntax(err)
		}
		switch t {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
	return nil
}

func syntax(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
