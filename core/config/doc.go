// Package config declares configuration keys once and reads the declaration four times: to fill a typed struct at run
// time, to answer Kafka Connect's validate call, to judge a Terraform plan key by key, and to write reference tables.
//
// A settings struct implements [Definer]: its Define method binds each field to a key with type, default, documentation
// and checks. [Parse] runs it against a map of properties. Messages are those of Kafka's ConfigDef where it has one.
//
// A [Catalog] knows what a configuration may name: connectors, transforms, predicates, converters, config providers. Its
// Judge puts a worker map and a connector together by Kafka Connect's rules and judges every key of both; whoever asks
// (a function that starts, REST, a plan, a command line) gets the same [Verdict].
//
// The package imports the standard library only; it opens no file and no connection except through a [Provider].
package config
