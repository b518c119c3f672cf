package avro

import (
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/data"
)

// parse fills settings; the first problem is the error, as Kafka's is.
func parse(props map[string]string, settings config.Definer) error {
	for _, p := range config.Parse(props, settings) {
		if p.Severity == config.Error {
			return data.Errorf(data.ConfigException, "%s", p.Message)
		}
	}
	return nil
}
