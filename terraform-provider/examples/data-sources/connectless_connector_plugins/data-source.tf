data "connectless_connector_plugins" "all" {}

output "sinks" {
  value = [for p in data.connectless_connector_plugins.all.plugins : p.class if p.type == "sink"]
}
