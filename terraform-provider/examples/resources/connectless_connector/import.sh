# By name. Secrets are left out of the state: put them into config_wo.
terraform import connectless_connector.orders orders
