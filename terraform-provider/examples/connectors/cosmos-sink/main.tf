resource "connectless_connector" "orders" {
  name = "orders"

  config = {
    "connector.class" = "cosmos-sink"
    "topics"          = "orders,returns"

    "value.converter"                = "org.apache.kafka.connect.json.JsonConverter"
    "value.converter.schemas.enable" = false

    "azure.cosmos.account.endpoint"         = "https://shop.documents.azure.com:443/"
    "azure.cosmos.account.key"              = "$${env:COSMOS_KEY}" # resolved where the connector runs
    "azure.cosmos.sink.database.name"       = "shop"
    "azure.cosmos.sink.containers.topicMap" = "orders#orders,returns#orders"
  }

  connect_rest {}
}
