# Judges a connector's JSON, as POST /connectors takes it, without asking anybody.
locals {
  problems = provider::connectless::validate_config(jsondecode(file("lines.json")).config, null)
}

output "problems" {
  value = [for p in local.problems : "${p.severity}: ${p.message}"]
}
