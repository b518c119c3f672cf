package smt

import (
	"errors"

	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/data/javatext"
)

// javaError turns an exception of Java's own classes into the error that everybody else looks for.
func javaError(err error) error {
	var j *javatext.Error
	if !errors.As(err, &j) {
		return err
	}
	return data.Errorf(j.Class, "%s", j.Message)
}

// configError turns Kafka's text about a configuration into the error that everybody else looks for.
func configError(err error) error {
	var d *data.Error
	if errors.As(err, &d) {
		return err
	}
	return data.Errorf(data.ConfigException, "%s", err.Error())
}

// javaMessage is the message of an exception of Java's own classes, without its class.
func javaMessage(err error) string {
	var j *javatext.Error
	if errors.As(err, &j) {
		return j.Message
	}
	return err.Error()
}
