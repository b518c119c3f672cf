// Package convert declares Kafka Connect's converters: their classes, keys and documentation, and the interfaces their
// implementations have (package codec, and one package per format that needs a library). It converts nothing itself.
package convert
