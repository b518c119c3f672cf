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

// reading is an error of ToConnect that Java's deserializer would throw.
func reading(topic string, err error) error {
	return failure(topic, fmt.Sprintf("Failed to deserialize data for topic %s to Avro: ", topic), err)
}

// writing is an error of FromConnect that Java's serializer would throw.
func writing(topic string, err error) error {
	return failure(topic, fmt.Sprintf("Failed to serialize Avro data from topic %s :", topic), err)
}

// failure wraps an error as AvroConverter does. A registry that cannot be reached is retriable; one that refuses its
// client is an error of the configuration, and so, for Java, is every answer with a plain status of HTTP.
func failure(topic, message string, err error) error {
	var answer *registry.Error
	switch known := errors.As(err, &answer); {
	case connect.IsRetriable(err):
		return connect.Retriable(data.Errorf(data.RetriableException, "%s", message).Because(err))
	case connect.IsMarked(err) && connect.Classify(err) == connect.ClassFatal:
		return connect.Fatal(inaccessible(topic, err))
	case known && answer.Code/100 == 4:
		return inaccessible(topic, err)
	}
	why := data.Errorf(data.SerializationException, "%s", err)
	return data.Errorf(data.DataException, "%s", message).Because(why)
}

func inaccessible(topic string, err error) *data.Error {
	return data.Errorf(data.ConfigException, "Failed to access Avro data from topic %s : %s", topic, err)
}
