data "connectless_connector_status" "orders" {
  name = "orders"
}

check "orders_run" {
  assert {
    condition     = alltrue([for t in data.connectless_connector_status.orders.tasks : t.state == "RUNNING"])
    error_message = "A task of the connector orders does not run."
  }
}
