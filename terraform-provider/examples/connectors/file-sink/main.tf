resource "connectless_connector" "lines" {
  name = "lines"

  config = {
    "connector.class" = "file-sink"
    "topics"          = "lines"
    "file"            = "/tmp/lines.txt"
    "key.converter"   = "org.apache.kafka.connect.storage.StringConverter"
    "value.converter" = "org.apache.kafka.connect.storage.StringConverter"
  }

  connect_rest {}
}
