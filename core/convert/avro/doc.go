// Package avro is Confluent's AvroConverter: records in Confluent's wire format (a zero byte, the schema's ID in four
// bytes, Avro binary) with their schemas in a schema registry.
//
// What a schema means in Connect is worked out once per schema ID, into a plan that decodes the bytes straight into
// values of the record's arena; in the other direction once per Connect schema. The mapping between the two kinds of
// schemas is that of Confluent's AvroData 7.8 (https://docs.confluent.io/platform/7.8/connect/userguide.html), with
// every key of it.
//
// The package knows Avro's binary encoding; schemas themselves are package avroschema's, and the registry's protocol
// package registry's. It does not read Avro container files, and runs no data contract rules.
package avro
