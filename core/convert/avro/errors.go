package avro

import (
	"errors"
	"fmt"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/registry"
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

// serialization is the SerializationException that Confluent's (de)serializers throw.
func serialization(cause error, format string, args ...any) error {
	return data.Errorf(data.SerializationException, format, args...).Because(cause)
}

// reading is what becomes of an error in ToConnect that Java's deserializer would throw.
func reading(topic string, err error) error {
	return failure(topic, fmt.Sprintf("Failed to deserialize data for topic %s to Avro: ", topic), err)
}

// writing is what becomes of an error in FromConnect that Java's serializer would throw.
func writing(topic string, err error) error {
	return failure(topic, fmt.Sprintf("Failed to serialize Avro data from topic %s :", topic), err)
}

// failure wraps an error as AvroConverter does. A registry that cannot be reached is retriable; one that refuses its
// client is an error of the configuration, and so, for Java, is every answer with a plain status of HTTP.
func failure(topic, message string, err error) error {
	var answer *registry.Error
	known := errors.As(err, &answer)
	if connect.IsRetriable(err) {
		return connect.Retriable(data.Errorf(data.RetriableException, "%s", message).Because(err))
	}
	if known && answer.Code/100 == 4 {
		wrong := data.Errorf(data.ConfigException, "Failed to access Avro data from topic %s : %s", topic, answer)
		if connect.Classify(err) == connect.ClassFatal {
			return connect.Fatal(wrong)
		}
		return wrong
	}
	return data.Errorf(data.DataException, "%s", message).Because(err)
}
