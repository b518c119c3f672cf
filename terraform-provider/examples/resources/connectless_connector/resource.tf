variable "cosmos_key" {
  type      = string
  ephemeral = true
}

resource "connectless_connector" "orders" {
  name = "orders"

  config = {
    "connector.class" = "com.azure.cosmos.kafka.connect.CosmosSinkConnector"
    "tasks.max"       = 2
    "topics"          = "orders"

    "azure.cosmos.account.endpoint"         = "https://shop.documents.azure.com:443/"
    "azure.cosmos.sink.database.name"       = "shop"
    "azure.cosmos.sink.containers.topicMap" = "orders#orders"

    "transforms"                     = "source"
    "transforms.source.type"         = "org.apache.kafka.connect.transforms.InsertField$Value"
    "transforms.source.offset.field" = "offset"

    "errors.tolerance"                  = "all"
    "errors.deadletterqueue.topic.name" = "orders-dead"
  }

  # Not in the plan and not in the state. Raise the version to write another value.
  config_wo         = { "azure.cosmos.account.key" = var.cosmos_key }
  config_wo_version = 1

  connect_rest {}
}
