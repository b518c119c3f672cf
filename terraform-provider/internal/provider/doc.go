// Package provider is the Terraform provider connectless: the resource connectless_connector, the data sources
// connectless_connector_status and connectless_connector_plugins, and the functions parse_properties and validate_config.
//
// A plan judges every key of a connector with the declarations that the function runs with (package config), and puts each
// finding on config["key"]; where a Kafka Connect cluster runs the connector, that cluster's own validation decides. The
// package links declarations only, no connector and no Kafka client. What it says to a cluster goes through a package of
// internal/target.
package provider
