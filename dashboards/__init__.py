"""What people look at: Grafana, the console with its REST interface, and reports."""
