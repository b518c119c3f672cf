terraform {
  required_providers {
    connectless = {
      source = "connectless/connectless"
    }
  }
}

# `connectless local`, or a worker of any Kafka Connect cluster.
provider "connectless" {
  connect_rest {
    url = "http://localhost:8083"
  }

  # What that worker's properties say about converters, so that a plan can judge connectors that set none.
  worker = {
    "key.converter"                  = "org.apache.kafka.connect.storage.StringConverter"
    "value.converter"                = "org.apache.kafka.connect.json.JsonConverter"
    "value.converter.schemas.enable" = false
  }
}
