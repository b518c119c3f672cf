# The JSON of a connector that exists, as GET /connectors/lines answers it.
resource "connectless_connector" "lines" {
  name   = "lines"
  config = jsondecode(file("lines.json")).config

  connect_rest {}
}
