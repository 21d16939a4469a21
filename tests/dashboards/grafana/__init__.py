"""Grafana: what is built for it, asked of a real InfluxDB, pushed to a server that knows its published interface."""
