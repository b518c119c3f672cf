# The demo's connector as a resource. earthquakes.json is Kafka Connect's JSON as one has it; here it is declared, and a
# field is added to each document that says which revision of the declaration wrote it.

terraform {
  required_providers {
    connectless = {
      source = "connectless/connectless"
    }
  }
}

variable "connect_url" {
  description = "Where connectless local, or a Kafka Connect cluster, has its REST API."
  type        = string
  default     = "http://127.0.0.1:8083"
}

variable "revision" {
  description = "What the field revision of a document is to be."
  type        = number
  default     = 1
}

variable "extra" {
  description = "Further keys of the connector's configuration."
  type        = map(string)
  default     = {}
}

provider "connectless" {
  connect_rest {
    url = var.connect_url
  }
}

locals {
  pasted = jsondecode(file("${path.module}/earthquakes.json"))
}

resource "connectless_connector" "earthquakes" {
  name = local.pasted.name

  config = merge(local.pasted.config, {
    "transforms.origin.static.field" = "revision"
    "transforms.origin.static.value" = tostring(var.revision)
  }, var.extra)

  connect_rest {}
}
