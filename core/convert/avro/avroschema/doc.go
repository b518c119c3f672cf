// Package avroschema reads, compares and writes Avro schemas (Apache Avro 1.11 specification).
//
// It keeps everything that Kafka Connect's AvroConverter looks at: properties in their order, docs, aliases, defaults and
// logical types as they were written; and it prints a schema as Java's Schema.toString does, because a schema registry
// tells schemas apart by their text. It does not encode or decode data, and it gives logical types no meaning.
package avroschema
