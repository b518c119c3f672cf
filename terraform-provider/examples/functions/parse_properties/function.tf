# A standalone worker's connector file, as it is.
resource "connectless_connector" "lines" {
  name   = "lines"
  config = provider::connectless::parse_properties(file("connect-file-sink.properties"))

  connect_rest {}
}
